// The worker thread of kernel-thread.ts: a kernel in TypeScript, one pass for each message.

import { parentPort, workerData } from 'node:worker_threads';
import type { Batch, FleetShape } from './fleet.ts';
import { TypeScriptKernel } from './kernel.ts';

const kernel = new TypeScriptKernel(workerData as FleetShape);
parentPort!.postMessage({ columns: kernel.columns });
parentPort!.on('message', ({ batch, nowSec }: { batch: Batch; nowSec: number }) => {
  kernel.pass(batch, nowSec).then(
    (found) => parentPort!.postMessage({ found }),
    (error: unknown) => parentPort!.postMessage({ error }),
  );
});

// The kernel in TypeScript on a thread of its own, for machines without the addon: a pass over millions of results takes long,
// and the thread that asks for it has queries or timers to serve. State and findings are shared memory, not copied.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  type Batch,
  checkBatch,
  checkShape,
  type Findings,
  type FleetColumns,
  type FleetKernel,
  type FleetShape,
} from './fleet.ts';

type Reply = { readonly found: Findings } | { readonly error: Error };

/** Starts the thread. Throws a RangeError if the shape is impossible. Columns of a batch in unshared memory are copied. */
export async function openKernelThread(shape: FleetShape): Promise<FleetKernel> {
  checkShape(shape);
  const worker = new Worker(new URL('./kernel-worker.js', import.meta.url), { workerData: shape });
  const [{ columns }] = (await once(worker, 'message')) as [{ columns: FleetColumns }];
  worker.unref();
  let isBusy = false;
  let isClosed = false;
  return {
    columns,
    pass: async (batch: Batch, nowSec: number) => {
      checkBatch(batch, nowSec);
      if (isBusy || isClosed) throw new Error(`fleet: pass: the kernel is ${isClosed ? 'closed' : 'busy with another pass'}`);
      isBusy = true;
      worker.ref();
      try {
        const reply = await replyTo(worker, { batch, nowSec });
        if (isClosed) throw closedMeanwhile(); // the thread may have been done before it was ended
        if ('error' in reply) throw reply.error;
        return reply.found;
      } finally {
        isBusy = false;
        worker.unref();
      }
    },
    close: () => {
      isClosed = true;
      void worker.terminate();
    },
  };
}

const closedMeanwhile = (): Error => new Error('fleet: pass: the kernel was closed during the pass');

function replyTo(worker: Worker, question: { readonly batch: Batch; readonly nowSec: number }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(closedMeanwhile());
    worker.once('exit', onExit);
    worker.once('error', reject);
    worker.once('message', (reply: Reply) => {
      worker.off('exit', onExit);
      worker.off('error', reject);
      resolve(reply);
    });
    worker.postMessage(question);
  });
}

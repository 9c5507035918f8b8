// Loaded into a server before its program (node --import): on SIGURG the DNS worker that was started first gets a message that no
// worker survives, as if it had a bug.

import { isMainThread, type Worker } from 'node:worker_threads';

if (isMainThread) {
  let victim: Worker | undefined;
  // The event came with Node 16.2; its types are not complete.
  (process as unknown as NodeJS.EventEmitter).on('worker', (worker: Worker) => {
    worker.on('message', ({ kind }: { kind?: string }) => {
      if (kind === 'listening') victim ??= worker;
    });
  });
  process.on('SIGURG', () => victim!.postMessage({ kind: 'install', images: null }));
}

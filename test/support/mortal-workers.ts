// Preloaded into the real program (NODE_OPTIONS=--import): SIGURG, which means nothing to the server, makes the second DNS worker fail
// with an uncaught exception, as a bug in it would. Every thread loads this file; the rows of the DNS workers are in their workerData.

import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';

const ROW = 1;
const channel = new BroadcastChannel('test: the end of a worker');

if (isMainThread) process.on('SIGURG', () => channel.postMessage(null));
else if ((workerData as { row?: number } | null)?.row === ROW) {
  channel.onmessage = () => {
    throw new Error('struck down by the test');
  };
}
channel.unref();

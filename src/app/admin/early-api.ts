// The thread of the API, started before anything is loaded: it reads its code, a third of a second of it, while the files are read.
// Whoever knows what it shall serve takes it; if nobody does, it was for nothing.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Role } from '../../model/mesh.ts';
import type { ApiStart } from './api-messages.ts';

/** What the API may hold; beyond it the thread ends and begins anew. Requests are small, lists of 100,000 members are not. */
const MOST_HEAP_MB = 512;

/** A thread of the API; with null it waits for its start as its first message. */
export const startApiThread = (start: ApiStart | null): Worker =>
  new Worker(new URL('./api-thread.js', import.meta.url), {
    workerData: start,
    name: 'api',
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
  });

export class EarlyApi {
  #worker: Worker | null = null;

  /** `roles`: those that were asked for; null = whatever the configuration has. With one core, waiting is all that could be won. */
  constructor(roles: readonly Role[] | null) {
    if (roles?.includes('admin') === false || availableParallelism() === 1) return;
    const worker = startApiThread(null);
    worker.unref(); // a process that cannot start ends at once
    const gone = (): void => {
      this.#worker = null;
    };
    worker.once('error', gone);
    worker.once('exit', gone);
    this.#worker = worker;
  }

  /** The thread, once; null = there is none (any more). */
  take(): Worker | null {
    const worker = this.#worker;
    this.#worker = null;
    worker?.ref();
    return worker;
  }

  /** Nobody needs it. */
  drop(): void {
    void this.#worker?.terminate();
    this.#worker = null;
  }
}

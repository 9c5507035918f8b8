// The DNS workers as the control thread sees them: started, fed with images, restarted when one dies. A worker that dies takes
// no other with it, and the next one starts from the same images.

import { Worker } from 'node:worker_threads';
import type { Problem } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Endpoint, ServerSettings } from '../model/snapshot.ts';
import type { FromWorker, Images, ToWorker, WorkerStart } from './messages.ts';

/** Pause before a dead worker's successor starts; a worker that dies at once must not keep a core busy. */
const RESTART_DELAY_MS = 500;
const CLOSE_TIMEOUT_MS = 5000;

interface Slot {
  worker: Worker;
  /** Generation of the images that the worker has confirmed. */
  installed: number;
}

export class Workers {
  readonly #settings: ServerSettings;
  readonly #count: number;
  readonly #counters: SharedArrayBuffer;
  readonly #log: Logger;
  readonly #slots: Slot[] = [];
  readonly #waiting = new Set<() => void>();
  #endpoints: readonly Endpoint[];
  #images: Images;
  #closing = false;

  constructor(settings: ServerSettings, count: number, counters: SharedArrayBuffer, images: Images, log: Logger) {
    this.#settings = settings;
    this.#count = count;
    this.#endpoints = settings.listen;
    this.#counters = counters;
    this.#images = images;
    this.#log = log;
  }

  /** Addresses and ports that are served; port 0 of the configuration is a real port here once `start` has resolved. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  get count(): number {
    return this.#count;
  }

  /** Starts the workers, the first alone so that a port left to the system is known to the others. */
  async start(): Promise<Problem | undefined> {
    for (let row = 0; row < this.#count; row++) {
      const started = await this.#spawn(row);
      if ('problem' in started) {
        await this.close();
        return started.problem;
      }
      this.#endpoints = started.endpoints;
    }
    return undefined;
  }

  /** Gives new images to every worker and resolves when each answers from them (or from newer ones). */
  async install(images: Images): Promise<void> {
    this.#images = images;
    const message: ToWorker = { kind: 'install', images };
    for (const slot of this.#slots) slot.worker.postMessage(message);
    await this.#until(() => this.#closing || this.#slots.every((slot) => slot.installed >= images.generation));
  }

  /** Lets every worker finish what it has begun, then ends it. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(
      this.#slots.map(({ worker }) => {
        if (worker.threadId < 0) return undefined; // already dead, waiting for its successor
        const message: ToWorker = { kind: 'close' };
        worker.postMessage(message);
        const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS);
        return new Promise<void>((resolve) =>
          worker.once('exit', () => {
            clearTimeout(timer);
            resolve();
          }),
        );
      }),
    );
  }

  #spawn(row: number): Promise<{ endpoints: readonly Endpoint[] } | { problem: Problem }> {
    const images = this.#images;
    const start: WorkerStart = { settings: this.#settings, endpoints: this.#endpoints, images, counters: this.#counters, row };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: start, name: `dns-${row}` });
    const slot: Slot = { worker, installed: images.generation };
    this.#slots[row] = slot;
    return new Promise((resolve) => {
      let isListening = false;
      let reason = 'it ended by itself';
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'listening') {
          isListening = true;
          resolve({ endpoints: message.endpoints });
          this.#checkWaiting(); // it started with images that somebody may be waiting for
        } else if (message.kind === 'failed') {
          reason = message.problem.message;
          if (!isListening) resolve({ problem: message.problem });
        } else if (message.kind === 'installed') {
          slot.installed = message.generation;
          this.#checkWaiting();
        }
      });
      worker.on('error', (error) => {
        reason = error.stack ?? error.message;
      });
      worker.on('exit', () => {
        if (!isListening)
          resolve({ problem: { severity: 'error', code: 'ERR_LISTEN', message: `a DNS worker did not start: ${reason}` } });
        else if (!this.#closing) this.#restart(row, reason);
      });
      // Images that were installed while the worker started.
      if (this.#images !== images) worker.postMessage({ kind: 'install', images: this.#images } satisfies ToWorker);
    });
  }

  #restart(row: number, reason: string): void {
    this.#log.error({ worker: row, reason }, 'a DNS worker died; starting another');
    setTimeout(async () => {
      if (this.#closing) return;
      const started = await this.#spawn(row);
      if ('problem' in started) this.#restart(row, started.problem.message);
      else this.#log.info({ worker: row }, 'the DNS worker is back');
    }, RESTART_DELAY_MS);
  }

  #checkWaiting(): void {
    for (const check of this.#waiting) check();
  }

  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isDone()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

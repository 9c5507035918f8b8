// The DNS workers as the control thread sees them: started, fed with images, replaced when one dies. A worker that dies takes
// no other with it, and the next one starts from the same images.

import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { ServerSettings } from '../../model/snapshot.ts';
import type { SharedLimits } from '../../responder/admission.ts';
import type { Sharing } from '../../transport/packet-io.ts';
import { shareOfWorker } from './inherited-sockets.ts';
import type { ListeningPlan } from './listening-plan.ts';
import type { FromWorker, Images, ToWorker, WorkerStart } from './messages.ts';
import { RestartPace } from './restart-pace.ts';
import { makeSharedLimits } from './shared-limits.ts';
import { threadNotStarted } from './thread-problem.ts';

const CLOSE_TIMEOUT_MS = 5000;
/** A TCP connection that a successor has not got may be silent for so long before it ends: a client that asks on and on is not idle. */
const RETIRE_IDLE_MS = 2000;
/** And lasts so long at most, or an old process would stay as long as a zone transfer or a busy resolver pleases. */
const RETIRE_DRAIN_MS = 30_000;

export interface WorkersOptions {
  readonly settings: ServerSettings;
  readonly plan: ListeningPlan;
  readonly counters: SharedArrayBuffer;
  readonly images: Images;
  readonly log: Logger;
  readonly clock?: Clock;
}

interface Slot {
  readonly pace: RestartPace;
  worker: Worker | undefined;
  /** Generation of the images that the worker has confirmed. */
  installed: number;
  /** Number of the last ping that the worker has answered. */
  answered: number;
  /** When the worker began to answer; undefined while it does not. */
  sinceMs: number | undefined;
  /** Pause before the next one starts. */
  pause: NodeJS.Timeout | undefined;
  /** The last death that the log told of has not been followed by a recovery that it told of. */
  isMissed: boolean;
}

type Started = { readonly endpoints: readonly Endpoint[] } | { readonly problem: Problem };

export class Workers {
  readonly #options: Omit<WorkersOptions, 'images'>;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #slots: Slot[];
  readonly #waiting = new Set<() => void>();
  readonly #limits: SharedLimits | null;
  #endpoints: readonly Endpoint[];
  #images: Images;
  #closing = false;
  #pings = 0;
  #endWith: (problem: Problem) => void = () => {};
  /** Resolves when a worker has died that cannot be replaced. */
  readonly lost = new Promise<Problem>((resolve) => {
    this.#endWith = resolve;
  });

  constructor({ images, ...options }: WorkersOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.#endpoints = options.settings.listen;
    this.#images = images;
    this.#limits = makeSharedLimits(options.settings.rateLimit);
    this.#slots = Array.from({ length: options.plan.workers }, () => ({
      pace: new RestartPace(),
      worker: undefined,
      installed: 0,
      answered: 0,
      sinceMs: undefined,
      pause: undefined,
      isMissed: false,
    }));
  }

  /** Addresses and ports that are served; port 0 of the configuration is a real port here once `start` has resolved. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  get wanted(): number {
    return this.#slots.length;
  }

  /** How many answer now. */
  get alive(): number {
    return this.#slots.filter(({ sinceMs }) => sinceMs !== undefined).length;
  }

  /** Starts the workers. All read their code at once, but the first listens first: a port left to the system is then known to all. */
  async start(): Promise<Problem | undefined> {
    const starting = this.#slots.map((_, row) => this.#spawn(row, row === 0 ? 'first' : 'join', row === 0));
    for (const [row, one] of starting.entries()) {
      const started = await one;
      if (this.#closing) return undefined;
      if ('problem' in started) {
        await this.close();
        return started.problem;
      }
      this.#endpoints = started.endpoints;
      const listen: ToWorker = { kind: 'listen', endpoints: this.#endpoints };
      if (row === 0) for (const { worker } of this.#slots.slice(1)) worker?.postMessage(listen);
    }
    return undefined;
  }

  /** Gives new images to every worker and resolves when each that lives answers from them (or from newer ones). */
  install(images: Images): Promise<void> {
    this.#images = images;
    return this.#send({ kind: 'install', images }, images.generation);
  }

  /** Likewise, for images of which only the steering image is another one. */
  steer(images: Images): Promise<void> {
    const { generation, steering } = images;
    this.#images = images;
    return this.#send({ kind: 'steer', generation, steering }, generation);
  }

  /** Resolves when every worker that lives has shown that it does; never, if one hangs. */
  async pulse(): Promise<void> {
    const number = ++this.#pings;
    for (const { worker } of this.#slots) worker?.postMessage({ kind: 'ping', number } satisfies ToWorker);
    await this.#until(
      () => this.#closing || this.#slots.every(({ worker, answered }) => worker === undefined || answered >= number),
    );
  }

  /** Lets every worker finish what it has begun, then ends it. */
  close(): Promise<void> {
    return this.#end({ kind: 'close' }, CLOSE_TIMEOUT_MS);
  }

  /** Lets another process, which has the same sockets, have whatever comes from now on; resolves when the last connection has ended. */
  retire(): Promise<void> {
    const drain = { idleMs: RETIRE_IDLE_MS, drainMs: RETIRE_DRAIN_MS };
    return this.#end({ kind: 'retire', ...drain }, RETIRE_DRAIN_MS + CLOSE_TIMEOUT_MS);
  }

  async #end(message: ToWorker, timeoutMs: number): Promise<void> {
    this.#closing = true;
    this.#checkWaiting();
    await Promise.all(
      this.#slots.map(({ worker, pause }) => {
        clearTimeout(pause);
        if (worker === undefined) return undefined;
        worker.postMessage(message);
        const timer = setTimeout(() => void worker.terminate(), timeoutMs);
        return new Promise<void>((resolve) =>
          worker.once('exit', () => {
            clearTimeout(timer);
            resolve();
          }),
        );
      }),
    );
  }

  async #send(message: ToWorker, generation: number): Promise<void> {
    for (const { worker } of this.#slots) worker?.postMessage(message);
    await this.#until(
      () => this.#closing || this.#slots.every(({ worker, installed }) => worker === undefined || installed >= generation),
    );
  }

  #spawn(row: number, sharing: Sharing, isTold = true): Promise<Started> {
    const slot = this.#slots[row]!;
    const { settings, counters, plan } = this.#options;
    const images = this.#images;
    const share = (sockets: readonly number[]): readonly number[] => shareOfWorker(sockets, row, plan.workers);
    const start: WorkerStart = {
      settings,
      endpoints: isTold ? this.#endpoints : null,
      sharing: plan.workers === 1 ? 'alone' : sharing,
      inherited: plan.inherited.map(({ udp, tcp }) => ({ udp: share(udp), tcp: share(tcp) })),
      tcpRoom: plan.tcpRoom,
      limits: this.#limits,
      counters,
      row,
    };
    return new Promise((resolve) => {
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: start, name: `dns-${row}` });
      worker.postMessage({ kind: 'install', images } satisfies ToWorker);
      slot.worker = worker;
      slot.installed = images.generation;
      slot.answered = this.#pings;
      let problem = endProblem('it ended by itself');
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'listening') {
          slot.sinceMs = this.#clock.monotonicMs();
          resolve({ endpoints: message.endpoints });
        } else if (message.kind === 'failed') problem = message.problem;
        else if (message.kind === 'pong') slot.answered = message.number;
        else slot.installed = message.generation;
        this.#checkWaiting();
      });
      worker.on('error', (error) => {
        problem = threadNotStarted('a DNS worker', error) ?? endProblem(error.stack ?? error.message);
      });
      worker.on('exit', () => {
        const { sinceMs } = slot;
        slot.worker = undefined;
        slot.sinceMs = undefined;
        this.#checkWaiting(); // somebody may wait for it to install something
        if (sinceMs === undefined) resolve({ problem });
        else this.#replace(row, problem, this.#clock.monotonicMs() - sinceMs);
      });
    });
  }

  /** Starts another worker in a while. `livedMs`: how long the last one answered, if it did. */
  #replace(row: number, problem: Problem, livedMs?: number): void {
    if (this.#closing) return;
    const slot = this.#slots[row]!;
    const { delayMs, deathsToSay } = slot.pace.died(this.#clock.monotonicMs(), livedMs ?? 0);
    const { alive, wanted } = this;
    const facts = { worker: row, deaths: deathsToSay, alive, wanted, code: problem.code, reason: problem.message };
    if (!this.#options.plan.isInheritanceKept) {
      this.#log.error(facts, 'a DNS worker died');
      this.#endWith(endProblem('the inherited sockets went with it, for only the native addon can keep them open'));
      return;
    }
    if (deathsToSay > 0) {
      slot.isMissed = true;
      this.#log.error(
        facts,
        livedMs !== undefined ? 'a DNS worker died; starting another' : 'a DNS worker cannot start; trying again',
      );
    }
    slot.pause = setTimeout(() => void this.#spawn(row, 'join').then((started) => this.#welcome(row, started)), delayMs);
  }

  #welcome(row: number, started: Started): void {
    const slot = this.#slots[row]!;
    if ('problem' in started) this.#replace(row, started.problem);
    else if (slot.isMissed) {
      slot.isMissed = false;
      this.#log.info({ worker: row, alive: this.alive, wanted: this.wanted }, 'the DNS worker is back');
    }
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

const endProblem = (reason: string): Problem => ({
  severity: 'error',
  code: 'ERR_WORKER',
  message: `a DNS worker ended: ${reason}`,
});

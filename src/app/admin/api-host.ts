// The thread of the API as the control thread sees it: started, told what happens, its calls answered, replaced when it dies. The
// control thread builds no reply and reads no request: it hands over plain data.

import type { Worker } from 'node:worker_threads';
import type { AdminPort } from '../../admin/ports.ts';
import type { AdminEvent } from '../../admin/schemas/changes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { AdminSettings } from '../../model/admin.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { PassedSocket } from '../../model/passed-socket.ts';
import { RestartPace } from '../answering/restart-pace.ts';
import { threadNotStarted } from '../answering/thread-problem.ts';
import { type ApiStart, type FromApi, type ToApi, WATCH } from './api-messages.ts';
import { type EarlyApi, startApiThread } from './early-api.ts';

const CLOSE_TIMEOUT_MS = 5000;
const MOST_EVENTS = 1000;

export interface ApiHostOptions {
  readonly settings: () => AdminSettings;
  readonly port: AdminPort;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** What a predecessor listened on. */
  readonly passed: PassedSocket;
  readonly stateDirectory: string;
  /** A thread that was started beforehand. */
  readonly early: EarlyApi;
}

export class ApiHost {
  readonly #options: ApiHostOptions;
  readonly #pace = new RestartPace();
  readonly #revision = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #unsubscribe: readonly (() => void)[];
  #worker: Worker | null = null;
  #pause: NodeJS.Timeout | undefined;
  #isClosing = false;
  #endpoints: readonly Endpoint[] = [];
  #toldSettings: AdminSettings;

  constructor(options: ApiHostOptions) {
    this.#options = options;
    this.#toldSettings = options.settings();
    const { events, watch } = options.port;
    this.#unsubscribe = [
      events.subscribe((event) => this.#tell(event)),
      watch.rates.subscribe((sample) => {
        if (this.#worker !== null) this.#send(this.#worker, { kind: 'rates', sample });
      }),
    ];
  }

  /** Those that are listened on. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Resolves when every address is listened on, or the log has why not. */
  start(): Promise<void> {
    const { settings, version, stateDirectory, passed, port, clock, log } = this.#options;
    this.#toldSettings = settings();
    const listen = this.#addresses();
    const start: ApiStart = {
      settings: { ...this.#toldSettings, listen },
      passed: listen.map((at) => passed(at.address, at.port) ?? null),
      version,
      stateDirectory,
      events: [...port.events.recent(MOST_EVENTS)].reverse(),
      rates: [...port.watch.rates.samples],
      revision: this.#revision,
    };
    const early = this.#options.early.take();
    early?.postMessage(start);
    const worker = early ?? startApiThread(start);
    this.#worker = worker;
    const startMs = clock.monotonicMs();
    return new Promise((resolve) => {
      let reason = 'it ended by itself';
      worker.on('error', (error: NodeJS.ErrnoException) => {
        reason = threadNotStarted('the thread of the admin API', error)?.message ?? error.stack ?? error.message;
      });
      worker.on('exit', () => {
        this.#worker = null;
        if (!this.#isClosing) this.#startAgain(reason, clock.monotonicMs() - startMs);
        resolve();
      });
      worker.on('message', (message: FromApi) => {
        if (message.kind === 'call') void this.#answer(worker, message);
        else if (message.kind === 'log') log[message.level](message.facts, message.message);
        else {
          for (const problem of message.problems) log.error({ ...problem }, 'problem');
          const { endpoints } = message;
          this.#endpoints = endpoints;
          if (endpoints.length > 0) log.info({ endpoints, tls: start.settings.tls !== null }, 'admin API listening');
          resolve();
        }
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#pause);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    const worker = this.#worker;
    if (worker === null) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#send(worker, { kind: 'close' });
    const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** As configured; a port that the system chose stays when the thread is replaced. */
  #addresses(): readonly Endpoint[] {
    const configured = this.#options.settings().listen;
    const isSame = this.#endpoints.length === configured.length;
    return isSame ? this.#endpoints : configured;
  }

  #startAgain(reason: string, livedMs: number): void {
    const { clock, log } = this.#options;
    const { delayMs, deathsToSay } = this.#pace.died(clock.monotonicMs(), livedMs);
    if (deathsToSay > 0)
      log.error({ code: 'ERR_INTERNAL', reason, deaths: deathsToSay }, 'the thread of the admin API died; another follows');
    this.#pause = setTimeout(() => void this.start(), delayMs);
  }

  #tell(event: AdminEvent): void {
    Atomics.add(new Int32Array(this.#revision), 0, 1);
    if (this.#worker === null) return;
    this.#send(this.#worker, { kind: 'event', event });
    const settings = this.#options.settings();
    if (settings === this.#toldSettings) return;
    this.#toldSettings = settings;
    this.#send(this.#worker, { kind: 'settings', settings });
  }

  async #answer(worker: Worker, { id, method, args }: Extract<FromApi, { kind: 'call' }>): Promise<void> {
    const { port } = this.#options;
    const [owner, name] = method.startsWith(WATCH) ? [port.watch, method.slice(WATCH.length)] : [port, method];
    const call = owner[name as keyof typeof owner] as (...args: unknown[]) => unknown;
    try {
      this.#send(worker, { kind: 'reply', id, value: await call.apply(owner, [...args]) });
    } catch (error) {
      this.#send(worker, { kind: 'failed', id, message: (error as Error).stack ?? String(error) });
    }
  }

  #send(worker: Worker, message: ToApi): void {
    worker.postMessage(message);
  }
}

// The life of an HAProxy that the agent runs: a master that outlives the agent, and workers that it replaces. A reload hands the
// listening sockets over to the new worker, and the old one ends when its connections have (management guide, sections 4 and 9.4).
// Nothing here needs a process id: the master is reached over its socket, and the worker over the runtime socket, which is always the
// newest one's.

import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../base/clock.ts';
import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import type { HaproxySettings } from '../../../model/site-driver.ts';
import { failure, messageOf, quote } from '../problem.ts';
import { runProgram } from '../program.ts';
import { infoValue } from './csv.ts';
import { type Rendered, RUNTIME_SOCKET } from './render.ts';
import { ask, isListening } from './socket.ts';

/** A new worker has started long before, even on a slow machine with thousands of servers. */
const START_LIMIT_MS = 30_000;
const LOOK_INTERVAL_MS = 50;
const PACKAGE = 'haproxy';

interface Master {
  readonly pid: number;
  readonly reloads: number;
  /** Whether there is a worker of the last reload. */
  readonly hasNewWorker: boolean;
}

export class HaproxyProcess {
  readonly #settings: HaproxySettings;
  readonly #clock: Clock;
  readonly runtimeSocket: string;
  readonly #masterSocket: string;
  readonly #file: string;

  constructor(settings: HaproxySettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.runtimeSocket = `${settings.directory}/${RUNTIME_SOCKET}`;
    this.#masterSocket = `${settings.directory}/master.sock`;
    this.#file = `${settings.directory}/haproxy.cfg`;
  }

  /** The mark of the configuration that runs; null if none does. */
  async runningMark(): Promise<string | null> {
    const info = await ask(this.runtimeSocket, 'show info', this.#settings.timeoutMs);
    return info.ok ? (infoValue(info.value, 'description') ?? null) : null;
  }

  /** Has HAProxy check a configuration; keeps it beside the one in force. */
  async check({ text }: Rendered): Promise<Result<void, Problem>> {
    const { directory, program, timeoutMs } = this.#settings;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await chmod(directory, 0o700);
      await writeFile(this.#newFile, text, { mode: 0o600 });
    } catch (error) {
      return failure('ERR_DRIVER_REFUSED', `haproxy: the directory ${quote(directory)} cannot be used: ${messageOf(error)}`);
    }
    const limitMs = Math.max(timeoutMs, START_LIMIT_MS);
    const ended = await runProgram([program, '-c', '-f', this.#newFile], { timeoutMs: limitMs, package_: PACKAGE });
    if (!ended.ok) return ended;
    if (ended.value.code === 0) return ok(undefined);
    return failure('ERR_DRIVER_REFUSED', `haproxy: ${complaintIn(ended.value.stderr)}`);
  }

  /** Keeps what `check` found right as the file that the next start or reload reads. */
  async keep(): Promise<void> {
    await rename(this.#newFile, this.#file);
  }

  /** Makes what `check` found right run, or leaves everything as it was. */
  async switchTo({ mark }: Rendered): Promise<Result<void, Problem>> {
    const kept = await readFile(this.#file, 'utf8').catch(() => null);
    const before = (await this.isThere()) ? await this.#settled() : null;
    if (before === undefined)
      return failure('ERR_DRIVER_UNREACHABLE', `haproxy ${this.#masterSocket}: the master does not answer`);
    await this.keep();
    const asked = before === null ? await this.#start() : await this.#reload();
    const done = asked.ok ? await this.#awaitMark(mark, before) : asked;
    if (done.ok) return done;
    if (kept === null) await rm(this.#file, { force: true });
    else await writeFile(this.#file, kept, { mode: 0o600 });
    // A master whose reload failed only waits: with the old file it has a worker of its own again.
    if (before !== null && kept !== null) {
      await this.#reload();
      await this.#settled();
    }
    return done;
  }

  /** Starts what ran before, from the file that is in force. */
  async startAgain({ mark }: Rendered): Promise<Result<void, Problem>> {
    const started = await this.#start();
    return started.ok ? this.#awaitMark(mark, null) : started;
  }

  /** Ends it softly: no new connections, and old ones have until hard-stop-after. */
  async stop(): Promise<void> {
    const master = (await this.isThere()) ? await this.#settled() : undefined;
    if (master === undefined) return;
    try {
      process.kill(master.pid, 'SIGUSR1');
    } catch {
      // It has ended meanwhile.
    }
  }

  get #newFile(): string {
    return `${this.#file}.new`;
  }

  async #start(): Promise<Result<void, Problem>> {
    const { program } = this.#settings;
    const argv = [program, '-W', '-D', '-f', this.#file, '-S', `${this.#masterSocket},mode,600`];
    const ended = await runProgram(argv, { timeoutMs: START_LIMIT_MS, package_: PACKAGE });
    if (!ended.ok) return ended;
    if (ended.value.code === 0) return ok(undefined);
    return failure('ERR_DRIVER_REFUSED', `haproxy: ${complaintIn(ended.value.stderr)}`);
  }

  /** Up to 2.6 the answer is cut off, since the master becomes another program meanwhile. */
  async #reload(): Promise<Result<void, Problem>> {
    const answer = await ask(this.#masterSocket, 'reload', this.#settings.timeoutMs);
    if (answer.ok && /Success=0/.test(answer.value)) {
      return failure('ERR_DRIVER_REFUSED', `haproxy: ${complaintIn(answer.value)}`);
    }
    return ok(undefined);
  }

  /** `before`: the master before the reload; null if it was started. */
  async #awaitMark(mark: string, before: Master | null): Promise<Result<void, Problem>> {
    const deadlineMs = this.#clock.monotonicMs() + START_LIMIT_MS;
    for (;;) {
      const master = await this.#look();
      if (master !== undefined && (await this.runningMark()) === mark) return ok(undefined);
      if (before !== null && master !== undefined && master.reloads > before.reloads && !master.hasNewWorker) {
        return failure('ERR_DRIVER_REFUSED', 'haproxy: the new worker did not start (an address in use?); the old one goes on');
      }
      if (this.#clock.monotonicMs() > deadlineMs) {
        const message = `haproxy: the new configuration did not run within ${START_LIMIT_MS} ms`;
        return failure('ERR_DRIVER_UNREACHABLE', message);
      }
      await pause(LOOK_INTERVAL_MS);
    }
  }

  /** During a reload the master does not listen for a moment: a worker alone is a sign of it. */
  async isThere(): Promise<boolean> {
    return (await isListening(this.#masterSocket)) || (await isListening(this.runtimeSocket));
  }

  /** The master, as soon as it answers; undefined if it does not in time. */
  async #settled(): Promise<Master | undefined> {
    const deadlineMs = this.#clock.monotonicMs() + START_LIMIT_MS;
    for (;;) {
      const master = await this.#look();
      if (master !== undefined || this.#clock.monotonicMs() > deadlineMs) return master;
      await pause(LOOK_INTERVAL_MS);
    }
  }

  /** From lines `<pid> master|worker <reloads since its start> ...`; below `# workers` only those of the last reload that succeeded. */
  async #look(): Promise<Master | undefined> {
    const text = await this.#master('show proc');
    const master = /^(\d+)\s+master\s+(\d+)/m.exec(text);
    if (master === null) return undefined;
    const workers = /# workers\n([^#]*)/.exec(text)?.[1] ?? '';
    return { pid: Number(master[1]), reloads: Number(master[2]), hasNewWorker: /^\d+\s+worker\s+0\s/m.test(workers) };
  }

  async #master(command: string): Promise<string> {
    const answer = await ask(this.#masterSocket, command, this.#settings.timeoutMs);
    return answer.ok ? answer.value : '';
  }
}

/** The first thing that HAProxy calls an alert, without its time and process. */
function complaintIn(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const alert = lines.find((line) => /\[ALERT\]/.test(line)) ?? lines[0] ?? 'it ended without a word';
  return quote(alert.replace(/^\[\w+\]\s*\([^)]*\)\s*:\s*/, ''));
}

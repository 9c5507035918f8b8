// The side of the server that is replaced. It starts its successor, the program that is on the disk now, with the same arguments and
// its own listening sockets, and goes on answering until that is ready; both read the same sockets then, so nothing is lost whatever
// happens to either. If the successor fails or takes too long it is ended, and nothing has changed.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { FlowGroup, LateReply } from '../../model/passed-flows.ts';
import type { SiteHeir } from '../site/site-desk.ts';
import type { FromPredecessor, FromSuccessor, Legacy } from './handover-words.ts';
import { listeningSockets, passedVariable } from './passed-sockets.ts';

/** Millions of records take a while to load; as long as a start has under systemd. */
export const DEFAULT_WITHIN_MS = 600_000;
/** From the commitment on there is nothing left to do but to tell the service manager. */
const COMMIT_TIMEOUT_MS = 20_000;

/** Octets of datagrams that may wait for the successor to take them; more would only come late. */
const MOST_WAITING_SIZE = 1_048_576;
/** Flows that the successor is told of; each is some 20 octets. */
const MOST_TOLD = 65_536;

/** What a running process does for its successor. */
export interface Estate {
  /** Where datagrams are read: for DNS, and for sites. */
  readonly endpoints: readonly Endpoint[];
  /** Writes what is known, and writes no more until `wake`. */
  rest(): Promise<void>;
  wake(): void;
  legacy(): Legacy;
}

/** What `meridian upgrade --json` prints. */
export interface UpgradeReport {
  readonly done: boolean;
  /** Of the process that answers now. */
  readonly pid: number;
  /** Why it was not done. */
  readonly problems: readonly Problem[];
  readonly tookMs: number;
}

export interface HandoverOptions {
  readonly log: Logger;
  /** Something of this process that cannot be handed over, or not now; null = nothing. */
  readonly obstacle: () => string | null;
  /** Called when a successor has failed after it had told others that it is there: that must be taken back. */
  readonly onTakenBack: () => void;
}

export class Handover {
  readonly #options: HandoverOptions;
  #estate: Estate | null = null;
  #successor: ChildProcess | null = null;
  #finish: () => void = () => {};
  #waitingSize = 0;
  /** Resolves when a successor has taken over. */
  readonly taken: Promise<void> = new Promise((resolve) => {
    this.#finish = resolve;
  });

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** There is something to hand over from now on; null = no more. */
  offer(estate: Estate | null): void {
    this.#estate = estate;
  }

  /** Starts a successor. Resolves when it has taken over, or has failed and this process goes on. */
  async upgrade(withinMs: number): Promise<UpgradeReport> {
    const { log } = this.#options;
    const startMs = performance.now();
    const problems = await this.#upgrade(withinMs);
    const tookMs = Math.round(performance.now() - startMs);
    const isDone = problems.length === 0;
    for (const problem of problems) log.error({ ...problem }, 'the upgrade failed; going on as before');
    const pid = isDone ? this.#successor!.pid! : process.pid;
    if (isDone) {
      log.info({ pid, tookMs }, 'a successor has taken over; finishing what was begun');
      this.#finish();
    }
    return { done: isDone, pid, problems, tookMs };
  }

  /** Ends a successor that has not taken over: this process is to stop. */
  abandon(): void {
    if (this.#estate !== null) this.#successor?.kill('SIGKILL');
  }

  /** What a successor sends to the clients of sites. */
  readonly heir: SiteHeir = {
    flows: (groups: readonly FlowGroup[]) => this.#say({ kind: 'flows', groups: first(groups, MOST_TOLD) }),
    reply: ({ message, ...reply }: LateReply) => {
      if (this.#waitingSize > MOST_WAITING_SIZE) return false;
      this.#waitingSize += message.length;
      const text = Buffer.from(message.buffer, message.byteOffset, message.length).toString('base64');
      this.#say({ kind: 'reply', ...reply, message: text }, () => {
        this.#waitingSize -= message.length;
      });
      return this.#successor?.connected === true;
    },
  };

  #say(message: FromPredecessor, said: () => void = () => {}): void {
    if (this.#successor?.connected === true) this.#successor.send(message, said);
    else said();
  }

  /** The last connection has ended. */
  done(counters: Legacy['counters']): void {
    const successor = this.#successor;
    if (successor?.connected !== true) return;
    const message: FromPredecessor = { kind: 'done', counters };
    successor.send(message, () => {
      if (successor.connected) successor.disconnect();
    });
  }

  async #upgrade(withinMs: number): Promise<readonly Problem[]> {
    const estate = this.#estate;
    const reason = this.#successor !== null ? 'a successor is on its way already' : this.#options.obstacle();
    if (reason !== null) return [refusal(reason)];
    if (estate === null) return [refusal('the server has not begun to answer yet; try again')];
    const sockets = listeningSockets(estate.endpoints);
    if (sockets === undefined) return [refusal('/proc/self/net, which tells whose sockets are whose, cannot be read')];
    // No turn between the look at the descriptors and their use: another thread may close one, which fails here, not later.
    const begun = begin(sockets.map(({ fd }) => fd));
    if (begun instanceof Error) return [refusal(`the program cannot be started: ${begun.message}`)];
    this.#successor = begun;
    const problems = await this.#follow(begun, estate, withinMs);
    if (problems.length === 0) {
      this.#estate = null;
      begun.unref();
    } else this.#successor = null;
    return problems;
  }

  #follow(successor: ChildProcess, estate: Estate, withinMs: number): Promise<readonly Problem[]> {
    return new Promise((resolve) => {
      let told: readonly Problem[] = [];
      let isCommitted = false;
      let timer = setTimeout(() => fail(`it was not ready within ${withinMs} ms`), withinMs);
      const say = (message: FromPredecessor): void => void successor.send(message, () => {});
      const end = (problems: readonly Problem[]): void => {
        clearTimeout(timer);
        for (const event of ['message', 'exit', 'disconnect', 'error']) successor.removeAllListeners(event);
        successor.on('error', () => {});
        resolve(problems);
      };
      const fail = (why: string): void => {
        successor.kill('SIGKILL');
        if (successor.connected) successor.disconnect();
        estate.wake();
        if (isCommitted) this.#options.onTakenBack();
        end([refusal(`the successor failed: ${why}`), ...told]);
      };
      successor.on('message', (message: FromSuccessor) => {
        if (message.kind === 'failed') told = message.problems;
        else if (message.kind === 'prepared') void estate.rest().then(() => say({ kind: 'go', legacy: estate.legacy() }));
        else if (message.kind === 'ready') {
          isCommitted = true;
          clearTimeout(timer);
          timer = setTimeout(() => fail('it was ready and did not take over'), COMMIT_TIMEOUT_MS);
          say({ kind: 'commit' });
        } else if (message.kind === 'taken') end([]);
      });
      successor.once('error', (error) => fail(`it cannot be started: ${error.message}`));
      successor.once('exit', (code, signal) => {
        const why = `it ended ${signal === null ? `with code ${code}` : `by ${signal}`}`;
        if (successor.connected)
          successor.once('disconnect', () => fail(why)); // what it said last is heard first
        else fail(why);
      });
    });
  }
}

/** The first so many clients. */
function first(groups: readonly FlowGroup[], most: number): readonly FlowGroup[] {
  let left = most;
  return groups.map((group) => {
    const clients = group.clients.slice(0, left);
    left -= clients.length;
    return { ...group, clients };
  });
}

const refusal = (message: string): Problem => ({ severity: 'error', code: 'ERR_UPGRADE', message });

/** WATCHDOG_PID names this process; without it the successor knows that it is to give signs of life too. */
function begin(fds: readonly number[]): ChildProcess | Error {
  const { WATCHDOG_PID: _, ...env } = process.env;
  try {
    return spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...fds],
      env: { ...env, ...passedVariable(fds.length) },
    });
  } catch (error) {
    return error as Error;
  }
}

/** Why no successor would outlive this process, in whose hands it is; null = it would. */
export function supervisionObstacle(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  parentPid: number,
): string | null {
  if (pid === 1) return 'this is process 1 of a container, which ends with it: start another container beside it instead';
  // INVOCATION_ID goes to every child too; only of the main process is systemd the parent.
  if (env['INVOCATION_ID'] !== undefined && env['NOTIFY_SOCKET'] === undefined && parentPid === 1)
    return 'systemd cannot be told of the successor and would end it: set Type=notify and NotifyAccess=all in the unit';
  return null;
}

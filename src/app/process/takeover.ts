// The side of the successor: what it got from its predecessor, and the steps by which it takes over (handover-words). Until `commit` it
// may fail at any time, and the predecessor goes on as if nothing had been asked.

import type { Problem } from '../../base/errors.ts';
import { COUNTER, type CounterName } from '../../metrics/counters.ts';
import type { FlowGroup, LateReply, PassedFlows } from '../../model/passed-flows.ts';
import type { Loaded } from '../loading/load.ts';
import type { FromPredecessor, FromSuccessor, Legacy } from './handover-words.ts';
import { PassedSockets } from './passed-sockets.ts';

const ORPHANED: Problem = {
  severity: 'error',
  code: 'ERR_UPGRADE',
  message: 'the server that was to be replaced has gone before its successor was ready; start one as usual',
};

/** A predecessor that says nothing for so long after it was let go is not waited for: both read then, and nothing is lost. */
const RELEASE_TIMEOUT_MS = 5_000;

export class Takeover {
  readonly sockets: PassedSockets;
  /** UDP sockets of sites, which are read when the predecessor has said that it does so no more. */
  readonly flows: PassedFlows;
  readonly #waiting: ((groups: readonly FlowGroup[]) => void)[] = [];
  readonly #repliers = new Map<string, (reply: LateReply) => void>();
  #legacy: Legacy | null = null;
  #isOver = false;
  #hear: (message: FromPredecessor | null) => void = () => {};

  private constructor(sockets: PassedSockets) {
    this.sockets = sockets;
    this.flows = {
      take: sockets.takeUdp,
      whenReleased: (begin) => void this.#waiting.push(begin),
      hear: (address, port, send) => void this.#repliers.set(`${address} ${port}`, send),
    };
    process.on('message', (message: FromPredecessor) => this.#hear(message));
    process.on('disconnect', () => this.#hear(null));
  }

  /** Null for a process without a predecessor. */
  static begin(): Takeover | null {
    const sockets = PassedSockets.take();
    return sockets === null || process.send === undefined ? null : new Takeover(sockets);
  }

  /** Configuration and data are good. Resolves with what is handed over, when the state directory is ours; else with the reason. */
  async prepared(): Promise<Legacy | Problem> {
    const reply = await this.#ask({ kind: 'prepared' });
    if (reply?.kind !== 'go') return ORPHANED;
    this.#legacy = reply.legacy;
    return reply.legacy;
  }

  /** Everything listens. Resolves when the predecessor will not go on; with the reason if it has gone. */
  async ready(): Promise<Problem | undefined> {
    return (await this.#ask({ kind: 'ready' }))?.kind === 'commit' ? undefined : ORPHANED;
  }

  /** Lets the predecessor finish. What it still counts is added to `counters`, a row of metrics/counters. */
  taken(counters: Float64Array): void {
    this.sockets.closeRest();
    setTimeout(() => this.#release([]), RELEASE_TIMEOUT_MS).unref();
    this.#hear = (message) => {
      if (message?.kind === 'flows') this.#release(message.groups);
      else if (message?.kind === 'reply') {
        const { address, port, client } = message;
        const reply = { address, port, client, message: Buffer.from(message.message, 'base64') };
        this.#repliers.get(`${address} ${port}`)?.(reply);
      } else {
        if (message?.kind === 'done') addCounters(counters, message.counters, this.#legacy?.counters ?? {});
        this.#release([]);
        this.#end();
      }
    };
    this.#say({ kind: 'taken' });
  }

  /** Tells why it cannot be; this process is about to end. Resolves when that has been told. */
  async failed(problems: readonly Problem[]): Promise<void> {
    if (this.#isOver || !process.connected) return;
    await new Promise<void>((resolve) => {
      process.send!({ kind: 'failed', problems } satisfies FromSuccessor, undefined, undefined, () => resolve());
    });
    this.#end();
  }

  /** Without an answer the predecessor has gone. */
  #ask(message: FromSuccessor): Promise<FromPredecessor | null> {
    return new Promise((resolve) => {
      this.#hear = resolve;
      if (process.connected) this.#say(message);
      else resolve(null);
    });
  }

  #release(groups: readonly FlowGroup[]): void {
    for (const begin of this.#waiting.splice(0)) begin(groups);
  }

  #say(message: FromSuccessor): void {
    process.send!(message, undefined, undefined, () => {}); // if it cannot be said, the channel is closed, which is told by itself
  }

  /** The channel keeps the process alive no longer. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hear = () => {};
    process.removeAllListeners('message');
    process.removeAllListeners('disconnect');
    if (process.connected) process.disconnect();
  }
}

/** Adds what was counted elsewhere, less what is in the row already; what this release does not know is left out. */
export function addCounters(row: Float64Array, counted: Legacy['counters'], known: Legacy['counters'] = {}): void {
  for (const [name, value] of Object.entries(counted)) {
    const column = COUNTER[name as CounterName] as number | undefined;
    if (column !== undefined && Number.isFinite(value)) row[column]! += Math.max(0, value - (known[name] ?? 0));
  }
}

/** The secrets of DNS Cookies: where each process makes up its own, those of the predecessor, by which its clients are known. */
export function inheritSecrets({ snapshot, cookieSecrets }: Pick<Loaded, 'snapshot' | 'cookieSecrets'>, legacy: Legacy | null) {
  const { enabled, secretFile } = snapshot.server.cookies;
  const inherited = legacy?.cookieSecrets ?? [];
  return enabled && secretFile === null && inherited.length > 0
    ? inherited.map((secret) => Uint8Array.from(Buffer.from(secret, 'base64')))
    : cookieSecrets;
}

// Heartbeats and membership over Redis, and with each heartbeat a reading of Redis's clock. Its reply carries the version of the
// peers and the number of the newest entry of the log, so that nothing else is asked while nothing changes.

import type { Peer } from '../model/mesh.ts';
import { decodePeer, encodePeer } from './peer-record.ts';
import { PeerTable } from './peer-table.ts';
import { NUDGE } from './redis-keys.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, pairsOf, type Round } from './redis-part.ts';
import { BEAT, LEAVE } from './redis-scripts.ts';

export interface PeersOptions {
  readonly self: Peer;
  readonly heartbeatMs: number;
  readonly expiryMs: number;
  onChange(peers: readonly Peer[]): void;
  /** Number of the newest entry of the log. */
  onLogNumber(number: number): void;
  /** Version of the reports of loads and demand. */
  onReportsVersion(version: number): void;
}

export class RedisPeers implements Part {
  readonly #desk: Desk;
  readonly #options: PeersOptions;
  readonly #table: PeerTable;
  #asked: readonly ('beat' | 'fetch')[] = [];
  #isStale = true;
  #isAltered = false;
  #version = -1;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #isReady = false;

  constructor(desk: Desk, options: PeersOptions) {
    this.#desk = desk;
    this.#options = options;
    this.#table = new PeerTable(options.self, options.expiryMs);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isHungry(): boolean {
    return this.#isAltered || (this.#isStale && this.#version >= 0);
  }

  get list(): readonly Peer[] {
    return this.#table.list;
  }

  /** Monotonic time of the last heartbeat that Redis took. */
  get answeredMs(): number {
    return this.#answeredMs;
  }

  announce(peer: Peer): void {
    this.#isAltered = true;
    if (this.#table.announce(peer)) this.#options.onChange(this.#table.list);
  }

  nudged(): void {
    this.#isStale = true;
  }

  /** Drops, once the grace after an outage is over, those who did not come back. */
  prune(nowMs: number): void {
    if (this.#isReady && this.#table.prune(nowMs)) this.#options.onChange(this.#table.list);
  }

  ask({ isBeat }: Round): readonly Command[] {
    const { keys } = this.#desk;
    const commands: Command[] = [];
    const asked: ('beat' | 'fetch')[] = [];
    if (isBeat || this.#isAltered) {
      const { id, epoch } = this.#table.self;
      const rest = [id, epoch, encodePeer(this.#table.self), this.#options.expiryMs, keys.nudge, NUDGE.PEERS];
      commands.push([BEAT, keys.state, keys.peers, keys.alive, ...rest]);
      asked.push('beat');
      this.#isAltered = false;
    }
    if (this.#isStale && this.#version >= 0) {
      commands.push(['HGETALL', keys.peers]);
      asked.push('fetch');
      this.#isStale = false;
    }
    this.#asked = asked;
    return commands;
  }

  take(replies: readonly Reply[], round: Round): void {
    for (const [i, what] of this.#asked.entries()) {
      if (what === 'beat') this.#takeBeat(replies[i], round);
      else this.#takePeers(replies[i], round);
    }
    this.#asked = [];
  }

  lost(): void {
    this.#asked = [];
    this.#isStale = true;
    this.#isReady = false;
    this.#version = -1;
  }

  /** What to send when we go. */
  farewell(): Command {
    const { keys } = this.#desk;
    const { id } = this.#table.self;
    return [LEAVE, keys.state, keys.peers, keys.alive, id, encodePeer(this.#table.self), keys.nudge, NUDGE.PEERS];
  }

  #takeBeat(reply: Reply | undefined, { sentMs, receivedMs }: Round): void {
    this.#desk.report('heartbeat', errorOf(reply));
    const numbers = listOf(reply)?.map(Number);
    if (numbers === undefined) return;
    const [seconds, microseconds, added, version, logNumber, reports] = numbers as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.#desk.clock.sample(sentMs, receivedMs, seconds * 1000 + microseconds / 1000);
    const isDouble = added < 0;
    this.#desk.report('id', isDouble ? new Error(`another process that started later has the id ${this.#table.self.id}`) : null);
    const wasOut = added === 1 || receivedMs - this.#answeredMs > 2 * this.#options.heartbeatMs;
    if (wasOut && this.#answeredMs > Number.NEGATIVE_INFINITY) this.#table.doubt(receivedMs);
    if (added === 1 || version !== this.#version) this.#isStale = true;
    this.#answeredMs = receivedMs;
    this.#version = version;
    this.#options.onLogNumber(logNumber);
    this.#options.onReportsVersion(reports);
  }

  #takePeers(reply: Reply | undefined, { receivedMs }: Round): void {
    this.#desk.report('peers', errorOf(reply));
    const list = listOf(reply);
    if (list === undefined) {
      this.#isStale = true;
      return;
    }
    const peers = pairsOf(list).flatMap(([id, record]) => {
      const peer = decodePeer(id, record);
      if (peer === undefined) this.#desk.complaints.ignore('peer', this.#desk.keys.peers);
      return peer ?? [];
    });
    this.#isReady = true;
    if (this.#table.update(peers, receivedMs)) this.#options.onChange(this.#table.list);
  }
}

// The mesh over Redis: what many processes share. Nothing here ever makes anybody wait: what is known is handed over at once, what
// is to be said is queued (the newest of each kind), and whatever happens to Redis ends in a line of the status and another attempt.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Result } from '../base/result.ts';
import type { AgentReport } from '../model/capacity.ts';
import type {
  Mesh,
  MeshEvents,
  MeshStatus,
  Note,
  NoteSet,
  OverrideSet,
  Peer,
  RedisMeshSettings,
  SharedSpill,
} from '../model/mesh.ts';
import type { FleetVerdict, Override, Verdict, Vote } from '../model/verdict.ts';
import { Complaints } from './complaints.ts';
import { EventBox } from './event-box.ts';
import { holderName, unavailable } from './lease-rule.ts';
import { MeshClock } from './mesh-clock.ts';
import { meshFiles } from './mesh-files.ts';
import { Pump } from './pump.ts';
import { RedisBallots } from './redis-ballots.ts';
import { RedisBooks } from './redis-books.ts';
import { RedisCapacity } from './redis-capacity.ts';
import { RedisConnector } from './redis-connector.ts';
import { RedisFleets } from './redis-fleets.ts';
import { keysOf, NUDGE, type RedisKeys } from './redis-keys.ts';
import { RedisLeases } from './redis-leases.ts';
import type { Command, Reply } from './redis-link.ts';
import { whereOf } from './redis-options.ts';
import { RedisOwnFleet } from './redis-own-fleet.ts';
import type { Desk, Part, Round } from './redis-part.ts';
import { RedisPeers } from './redis-peers.ts';
import { RedisResults } from './redis-results.ts';
import { type Trouble, troubleAbout } from './redis-trouble.ts';
import { RedisVerdicts } from './redis-verdicts.ts';
import { TroubleBoard } from './trouble-board.ts';

export interface RedisMeshOptions {
  readonly self: Peer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null = what is known ends with the process. */
  readonly stateDirectory: string | null;
}

/** Heartbeats missed before the status says `stale`. */
const STALE_AFTER_BEATS = 2.5;
/** Between two looks of an aggregator for results. */
const RESULTS_EVERY_MS = 200;
/** A verdict writer that has written nothing for this many expiry times may be replaced. */
const LEASE_EXPIRIES = 3;

export class RedisMesh implements Mesh {
  readonly #settings: RedisMeshSettings;
  readonly #self: Peer;
  readonly #monotonic: Clock;
  readonly #where: string;
  readonly #keys: RedisKeys;
  readonly #clock: MeshClock;
  readonly #complaints: Complaints;
  readonly #box: EventBox;
  readonly #board: TroubleBoard;
  readonly #peers: RedisPeers;
  readonly #ballots: RedisBallots;
  readonly #books: RedisBooks;
  readonly #verdicts: RedisVerdicts;
  readonly #fleets: RedisFleets;
  readonly #ownFleet: RedisOwnFleet;
  readonly #results: RedisResults;
  readonly #capacity: RedisCapacity;
  readonly #leases: RedisLeases;
  readonly #parts: readonly Part[];
  readonly #connector: RedisConnector;
  readonly #pump: Pump;
  #beat: NodeJS.Timeout | null = null;
  #look: NodeJS.Timeout | null = null;
  #beatAtMs = Number.NEGATIVE_INFINITY;
  #checkedMs = Number.NEGATIVE_INFINITY;
  #logNumber: number | null = null;
  #hasJoined = false;
  #joined: () => void = () => undefined;
  #syncedMs: number;
  #shown = '';
  #isClosed = false;

  constructor(settings: RedisMeshSettings, { self, clock, logger, stateDirectory }: RedisMeshOptions) {
    this.#settings = settings;
    this.#self = self;
    this.#monotonic = clock;
    this.#where = whereOf(settings);
    this.#keys = keysOf(settings.prefix);
    this.#clock = new MeshClock(clock);
    this.#complaints = new Complaints(clock, logger);
    this.#box = new EventBox(clock, logger);
    this.#board = new TroubleBoard(this.#complaints, () => this.#showStatus());
    this.#syncedMs = clock.monotonicMs();
    this.#pump = new Pump(clock, () => this.#round());
    this.#connector = new RedisConnector({
      settings,
      channel: this.#keys.nudge,
      onNudge: (kind) => this.#nudged(kind),
      onUp: () => this.#up(),
      onDown: (trouble) => this.#down(trouble),
    });
    const mesh = `${this.#where} ${settings.database} ${settings.prefix}`;
    const files = stateDirectory === null ? null : meshFiles(stateDirectory, mesh, this.#complaints);
    const desk: Desk = {
      keys: this.#keys,
      clock: this.#clock,
      complaints: this.#complaints,
      box: this.#box,
      kick: () => this.#pump.kick(),
      report: (what, error) => this.#report(what, error),
    };
    const { heartbeatMs, expiryMs, confirmingReplicas } = settings;
    this.#peers = new RedisPeers(desk, {
      self,
      heartbeatMs,
      expiryMs,
      onChange: (peers) => this.#peersChanged(peers),
      onLogNumber: (number) => {
        this.#logNumber = number;
      },
      onReportsVersion: (version) => this.#capacity.changed(version),
    });
    this.#ballots = new RedisBallots(desk, self);
    this.#books = new RedisBooks(desk, settings, files);
    const writer = `${self.id} ${self.epoch}`;
    this.#verdicts = new RedisVerdicts(desk, { writer, leaseMs: LEASE_EXPIRIES * expiryMs, file: files?.verdicts ?? null });
    this.#fleets = new RedisFleets(desk, (report) => this.#box.report(report));
    this.#ownFleet = new RedisOwnFleet(desk, self);
    this.#results = new RedisResults(desk, {
      self,
      isConnected: () => this.#connector.link !== null,
      onResults: (prober, epoch, batch) => this.#box.results(prober, epoch, batch),
    });
    this.#capacity = new RedisCapacity(desk, self);
    this.#leases = new RedisLeases(desk, holderName(self), confirmingReplicas);
    const fleet = [this.#fleets, this.#ownFleet, this.#results];
    const shared = [this.#capacity, this.#leases];
    this.#parts = [this.#peers, ...this.#ballots.parts, ...this.#books.parts, this.#verdicts, ...fleet, ...shared];
  }

  get status(): MeshStatus {
    const ageMs = Math.max(0, Math.round(this.#monotonic.monotonicMs() - this.#syncedMs));
    const isStale = ageMs > STALE_AFTER_BEATS * this.#settings.heartbeatMs;
    const state = this.#hasJoined ? (isStale ? 'stale' : 'joined') : 'joining';
    return { kind: 'redis', state, ageMs, ignored: this.#complaints.ignored, trouble: this.#board.line };
  }

  get peers(): readonly Peer[] {
    return this.#peers.list;
  }

  get overrides(): OverrideSet {
    return this.#books.overrides;
  }

  get notes(): NoteSet {
    return this.#books.notes;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  async start(events: MeshEvents, timeoutMs: number): Promise<void> {
    await this.#books.load();
    if (this.#isClosed) return;
    if (events.onLoads ?? events.onDemands ?? events.onSpill) this.#capacity.follow();
    this.#box.open(events);
    this.#box.peers(this.peers);
    this.#showStatus();
    this.#beat = setInterval(() => this.#tick(), this.#settings.heartbeatMs);
    this.#look = setInterval(() => this.#results.due() && this.#pump.kick(), RESULTS_EVERY_MS);
    void this.#connector.open();
    if (this.#hasJoined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#joined = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  announce(peer: Peer): void {
    this.#peers.announce({ ...peer, id: this.#self.id, epoch: this.#self.epoch });
    this.#results.announce(peer);
    this.#pump.kick();
  }

  publish(votes: readonly Vote[]): void {
    this.#ballots.publish(votes);
  }

  withdraw(): void {
    this.#ballots.withdraw();
  }

  sendResults(fleet: string, batch: Uint8Array, isUrgent: boolean): void {
    if (fleet === this.#self.id) this.#box.results(fleet, this.#self.epoch, batch);
    else this.#results.send(fleet, batch, isUrgent);
  }

  reportFleet(listHash: string, atMs: number, verdicts: readonly FleetVerdict[], forgotten: readonly string[]): void {
    this.#box.report(this.#ownFleet.report(listHash, atMs, verdicts, forgotten));
  }

  reportLoad(report: AgentReport): void {
    this.#capacity.reportLoad(report);
  }

  reportDemand(queries: ReadonlyMap<string, number>): void {
    this.#capacity.reportDemand(queries);
  }

  get spill(): SharedSpill | null {
    return this.#capacity.spill;
  }

  shareSpill(base: SharedSpill | null, step: SharedSpill): void {
    this.#capacity.share(base, step);
  }

  saveVerdicts(verdicts: readonly Verdict[]): Promise<void> {
    return this.#verdicts.save(verdicts);
  }

  loadVerdicts(): Promise<readonly Verdict[]> {
    return this.#verdicts.load(this.#connector.link !== null);
  }

  changeOverrides(expectedVersion: number, overrides: readonly Override[]): Promise<Result<OverrideSet, Problem>> {
    return this.#books.changeOverrides(expectedVersion, overrides);
  }

  changeNotes(expectedVersion: number, notes: readonly Note[]): Promise<Result<NoteSet, Problem>> {
    return this.#books.changeNotes(expectedVersion, notes);
  }

  readonly takeLease: Mesh['takeLease'] = async (name, request) =>
    this.#connector.link === null ? unavailable('redis does not answer') : this.#leases.request(name, request);
  readonly releaseLease: Mesh['releaseLease'] = (name, token) => this.#leases.release(name, token);

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pump.stop();
    if (this.#beat !== null) clearInterval(this.#beat);
    if (this.#look !== null) clearInterval(this.#look);
    this.#joined();
    this.#box.close();
    const farewell = [...this.#leases.ask(), ...this.#ballots.farewell(), ...this.#results.farewell(), this.#peers.farewell()];
    await this.#connector.link?.send(farewell, this.#settings.commandTimeoutMs);
    this.#connector.close();
    for (const part of this.#parts) part.lost();
  }

  #peersChanged(peers: readonly Peer[]): void {
    this.#ballots.seen(peers);
    const fleets = peers.filter(({ id, roles }) => roles.includes('fleet') && id !== this.#self.id);
    this.#fleets.follow(fleets.map(({ id }) => id));
    this.#capacity.takePeers(peers.map(({ id }) => id));
    this.#box.peers(peers);
  }

  #nudged(kind: string): void {
    if (kind === NUDGE.VOTES) this.#ballots.nudged();
    else if (kind === NUDGE.PEERS) this.#peers.nudged();
    else if (kind === NUDGE.OVERRIDES || kind === NUDGE.NOTES) this.#books.nudged(kind);
    else if (kind === NUDGE.FLEETS) this.#fleets.nudged();
    else if (kind === NUDGE.SPILL) this.#capacity.nudged();
    else if (kind === NUDGE.RESULTS && !this.#results.due()) return;
    this.#pump.kick();
  }

  #up(): void {
    this.#beatAtMs = Number.NEGATIVE_INFINITY;
    this.#checkedMs = this.#monotonic.monotonicMs();
    this.#pump.kick();
  }

  #down(trouble: Trouble): void {
    for (const part of this.#parts) part.lost();
    this.#board.set('connection', trouble);
  }

  /** Once a heartbeat, whether there is a connection or not. */
  #tick(): void {
    const nowMs = this.nowMs();
    this.#ballots.tick(nowMs);
    this.#capacity.tick(nowMs);
    this.#peers.prune(this.#monotonic.monotonicMs());
    this.#showStatus();
    this.#pump.kick();
  }

  async #round(): Promise<void> {
    const { link } = this.#connector;
    if (link === null) return;
    const sentMs = this.#monotonic.monotonicMs();
    const { heartbeatMs, expiryMs, commandTimeoutMs } = this.#settings;
    const isBeat = sentMs >= this.#beatAtMs;
    if (isBeat) this.#beatAtMs = sentMs + heartbeatMs - heartbeatMs / 10; // the tick decides, not its lateness
    if (sentMs - this.#checkedMs > expiryMs) {
      this.#checkedMs = sentMs;
      void link.checkNudges(this.#keys.nudge, commandTimeoutMs);
    }
    const asked = this.#parts.map((part) => part.ask({ isBeat, sentMs, receivedMs: 0 }));
    if (asked.every((commands) => commands.length === 0)) return;
    const replies = await link.send(asked.flat(), commandTimeoutMs);
    if (replies === undefined || link !== this.#connector.link) return;
    const receivedMs = this.#monotonic.monotonicMs();
    this.#take(asked, replies, { isBeat, sentMs, receivedMs });
    if (this.#connector.link === null) return;
    this.#board.set('connection', null);
    this.#settle();
  }

  #take(asked: readonly (readonly Command[])[], replies: readonly Reply[], round: Round): void {
    let at = 0;
    for (const [i, part] of this.#parts.entries()) {
      const { length } = asked[i]!;
      part.take(replies.slice(at, at + length), round);
      at += length;
    }
    if (this.#logNumber !== null) this.#ballots.checkNumber(this.#logNumber);
    this.#logNumber = null;
  }

  /** After a round: is the picture whole, and is there more to ask? */
  #settle(): void {
    if (this.#parts.every((part) => part.isReady)) {
      this.#connector.proved();
      this.#syncedMs = Math.max(this.#syncedMs, this.#peers.answeredMs);
      if (!this.#hasJoined) {
        this.#hasJoined = true;
        this.#complaints.info(`joined the mesh on ${this.#where}`);
      }
      this.#joined();
      this.#showStatus();
    }
    if (this.#parts.some((part) => part.isHungry)) this.#pump.kick();
  }

  #report(what: string, error: Error | null): void {
    if (error === null) {
      this.#board.set(what, null);
      return;
    }
    const trouble = troubleAbout(what, error, this.#where);
    if (trouble.isFatal) this.#connector.link?.fail(trouble);
    else this.#board.set(what, trouble);
  }

  #showStatus(): void {
    const { status } = this;
    const shown = JSON.stringify([status.state, status.trouble, status.ignored]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#box.status(status);
  }
}

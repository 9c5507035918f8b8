// Loads, demand and the shared spill step over Redis. A heartbeat says whether anything has changed; then one script reads what this
// process follows. Own reports go out with the heartbeat, the newest of each agent; a step at once.

import { deflateRaw, inflateRawSync } from 'node:zlib';
import { type AgentReport, type DemandReport, type HeardReport, REPORT_EXPIRES_MS } from '../model/capacity.ts';
import { AGENTS_MAX, type Peer, type SharedSpill, SPILL_IDLE_MS, SPILL_MAX_LENGTH } from '../model/mesh.ts';
import { CapacityBoard } from './capacity-board.ts';
import { bounded, decodeDemand, decodeLoad, encodeDemand, encodeLoad, isTellable } from './load-record.ts';
import { NUDGE } from './redis-keys.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, pairsOf, type Round } from './redis-part.ts';
import { PUT_REPORT, READ_CAPACITY, SHARE_SPILL } from './redis-scripts.ts';
import { type HeardSide, placesOf, RedisSides, SIDES_EXPIRE_MS } from './redis-sides.ts';
import { SIDE_KINDS, type SideKind } from './side-record.ts';

/** A server that has not said what it was asked for so long is gone. */
const DEMAND_EXPIRES_MS = 15_000;
/** Between two readings of all demand, and two reports of our own: it is averaged over a minute. */
const DEMAND_EVERY_MS = 2000;
const MARK_PATTERN = /^[\x21-\x7e]{1,200}$/;

interface Offer {
  readonly base: SharedSpill | null;
  readonly step: SharedSpill;
  /** Text of the step, deflated, in base64. */
  readonly packed: string;
}

type Asked = 'load' | 'side' | 'demand' | 'share' | 'read';

export class RedisCapacity implements Part {
  readonly #desk: Desk;
  readonly #self: Peer;
  readonly #board = new CapacityBoard();
  readonly #unsentLoads = new Map<string, AgentReport>();
  readonly #sides = new RedisSides();
  readonly #places: ReturnType<typeof placesOf>;
  #readsSides = false;
  #unsentDemand: DemandReport | null = null;
  #demandSeq = 0;
  #demandSentMs = Number.NEGATIVE_INFINITY;
  #demandReadMs = Number.NEGATIVE_INFINITY;
  #spill: SharedSpill | null = null;
  #offer: Offer | null = null;
  #offered: SharedSpill | null = null;
  #isFollowing = false;
  #version: number | null = null;
  #isStale = true;
  #isSpillStale = false;
  #isDemandStale = false;
  #peers: ReadonlySet<string> = new Set();
  #hasRead = false;
  #readsDemand = false;
  #asked: readonly Asked[] = [];

  constructor(desk: Desk, self: Peer) {
    this.#desk = desk;
    this.#places = placesOf(desk.keys);
    this.#self = self;
  }

  get isReady(): boolean {
    return !this.#isFollowing || this.#hasRead;
  }

  get isHungry(): boolean {
    return this.#offer !== null || (this.#isFollowing && (this.#isStale || this.#isSpillStale));
  }

  get spill(): SharedSpill | null {
    return this.#spill;
  }

  /** From now on what others say is read. */
  follow(): void {
    this.#isFollowing = true;
  }

  reportLoad(report: AgentReport): void {
    if (!isTellable(report)) {
      this.#desk.complaints.ignore('load report', 'what we report ourselves');
      return;
    }
    this.#unsentLoads.set(report.agent, report);
    const nowMs = this.#desk.clock.nowMs();
    if (this.#board.takeLoads([{ ...report, atMs: nowMs }], nowMs)) this.#desk.box.loads(this.#board.loads);
  }

  reportDemand(queries: ReadonlyMap<string, number>): void {
    const { id, epoch } = this.#self;
    this.#unsentDemand = { server: id, epoch, seq: ++this.#demandSeq, queries: bounded(queries) };
    if (this.#board.takeDemand(this.#unsentDemand)) this.#desk.box.demands(this.#board.demands);
  }

  share(base: SharedSpill | null, step: SharedSpill): void {
    if (step.text.length > SPILL_MAX_LENGTH || !MARK_PATTERN.test(step.mark)) {
      this.#desk.complaints.ignore('spill step', 'what we share ourselves');
      return;
    }
    // on a thread of the library: this one has answers to think of
    deflateRaw(step.text, { level: 1 }, (error, octets) => {
      if (error !== null) return;
      this.#offer = { base, step, packed: octets.toString('base64') };
      this.#desk.kick();
    });
  }

  /** `version`: counts what was written, as a heartbeat found it. */
  changed(version: number): void {
    if (version !== this.#version) {
      this.#isStale = true;
      this.#isDemandStale = true;
    }
    this.#version = version;
  }

  /** Ids of all live processes: what others were asked no longer counts. */
  takePeers(ids: readonly string[]): void {
    this.#peers = new Set(ids);
    const gone = this.#board.demands.filter(({ server }) => !this.#peers.has(server));
    for (const { server } of gone) this.#board.forgetDemand(server);
    if (gone.length > 0) this.#desk.box.demands(this.#board.demands);
  }

  /** A step was shared. */
  nudged(): void {
    this.#isSpillStale = true;
  }

  tick(nowMs: number): void {
    if (this.#board.sweep(nowMs)) this.#desk.box.loads(this.#board.loads);
  }

  ask({ isBeat, sentMs }: Round): readonly Command[] {
    const commands: Command[] = [];
    const asked: Asked[] = [];
    const put = (what: Asked, command: Command): void => {
      asked.push(what);
      commands.push(command);
    };
    if (isBeat) {
      for (const report of this.#unsentLoads.values()) {
        put('load', this.#putLoad(report));
        for (const kind of this.#sides.due(report, sentMs)) put('side', this.#putSide(kind, report));
      }
      this.#unsentLoads.clear();
      if (this.#unsentDemand !== null && sentMs - this.#demandSentMs >= DEMAND_EVERY_MS) {
        put('demand', this.#putDemand(this.#unsentDemand));
        this.#unsentDemand = null;
        this.#demandSentMs = sentMs;
      }
    }
    if (this.#offer !== null) put('share', this.#share(this.#offer));
    this.#offer = null;
    const isDemandDue = this.#isDemandStale && sentMs - this.#demandReadMs >= DEMAND_EVERY_MS;
    if (this.#isFollowing && (this.#isStale || this.#isSpillStale || (isBeat && isDemandDue))) {
      this.#readsDemand = isDemandDue;
      if (isDemandDue) {
        this.#demandReadMs = sentMs;
        this.#isDemandStale = false;
      }
      this.#readsSides = this.#sides.isReadDue(sentMs);
      put('read', this.#read());
      this.#isStale = false;
      this.#isSpillStale = false;
    }
    this.#asked = asked;
    return commands;
  }

  take(replies: readonly Reply[]): void {
    for (const [i, what] of this.#asked.entries()) {
      const reply = replies[i];
      this.#desk.report('loads', errorOf(reply));
      if (what === 'share') this.#takeShare(reply);
      else if (what === 'read') this.#takeAll(reply);
    }
    this.#asked = [];
  }

  lost(): void {
    this.#asked = [];
    this.#offer = null;
    this.#offered = null;
    this.#sides.lost();
    this.#version = null;
    this.#isStale = true;
    this.#isDemandStale = true;
    this.#hasRead = false;
  }

  #putLoad(report: AgentReport): Command {
    const { loads, loadTimes } = this.#desk.keys;
    return this.#put(loads, loadTimes, report.agent, report, encodeLoad(report), REPORT_EXPIRES_MS);
  }

  #putSide(kind: SideKind, report: AgentReport): Command {
    const { key, times } = this.#places.get(kind)!;
    return this.#put(key, times, report.agent, report, kind.encode(report), SIDES_EXPIRE_MS);
  }

  #putDemand(demand: DemandReport): Command {
    const { demand: key, demandTimes } = this.#desk.keys;
    return this.#put(key, demandTimes, demand.server, demand, encodeDemand(demand), DEMAND_EXPIRES_MS);
  }

  #put(
    key: string,
    times: string,
    id: string,
    { epoch, seq }: { epoch: number; seq: number },
    text: string,
    ms: number,
  ): Command {
    return [PUT_REPORT, key, times, this.#desk.keys.state, id, epoch, seq, text, ms, AGENTS_MAX];
  }

  #share({ base, step, packed }: Offer): Command {
    this.#offered = step;
    const { spill, nudge } = this.#desk.keys;
    const from = base === null ? ['', ''] : [base.tick, base.mark];
    return [SHARE_SPILL, spill, ...from, step.tick, step.mark, packed, SPILL_IDLE_MS, nudge, NUDGE.SPILL];
  }

  #read(): Command {
    const { loads, loadTimes, demand, demandTimes, spill } = this.#desk.keys;
    const sides = SIDE_KINDS.map((kind) => this.#places.get(kind)!.key);
    const known = this.#spill === null ? ['', ''] : [this.#spill.tick, this.#spill.mark];
    const wishes = [this.#readsDemand ? 1 : 0, ...known, DEMAND_EXPIRES_MS, this.#readsSides ? 1 : 0];
    return [READ_CAPACITY, loads, loadTimes, demand, demandTimes, spill, ...sides, ...wishes];
  }

  #takeShare(reply: Reply | undefined): void {
    if (reply?.ok === true && reply.value === 1 && this.#offered !== null) this.#spill = this.#offered;
    else this.#isSpillStale = true; // somebody was first
    this.#offered = null;
  }

  #takeAll(reply: Reply | undefined): void {
    this.#hasRead = true;
    const parts = listOf(reply);
    if (parts === undefined) return;
    const [loads, demands, tick, mark, text, ...sides] = parts;
    const nowMs = this.#desk.clock.nowMs();
    if (this.#readsSides) for (const [i, kind] of SIDE_KINDS.entries()) this.#takeSide(kind, sides[i]);
    const reports = this.#recordsOf(loads, 'load report', this.#desk.keys.loads, (id, record, atMs): HeardReport | undefined => {
      const report = decodeLoad(id, record);
      return report && { ...report, ...this.#sides.saidBy(report, nowMs), atMs: Math.min(atMs, nowMs) };
    });
    if (this.#board.takeLoads(reports, nowMs)) this.#desk.box.loads(this.#board.loads);
    if (this.#readsDemand) {
      const found = this.#recordsOf(demands, 'report of demand', this.#desk.keys.demand, decodeDemand);
      const alive = found.filter(({ server }) => this.#peers.has(server));
      if (alive.length < found.length) this.#isDemandStale = true; // one that is not known as alive yet, or has just left
      if (this.#board.replaceDemands(alive, this.#self.id)) this.#desk.box.demands(this.#board.demands);
    }
    if (text !== '') this.#takeSpill(Number(tick), mark, text);
  }

  #takeSide(kind: SideKind, list: unknown): void {
    const found = this.#recordsOf(list, kind.name, this.#places.get(kind)!.key, (id, record, atMs): HeardSide | undefined => {
      const heard = kind.decode(id, record);
      return heard && { ...heard, atMs };
    });
    this.#sides.take(kind, found);
  }

  /** Triples of id, time and record. */
  #recordsOf<T>(
    list: unknown,
    kind: string,
    key: string,
    decode: (id: unknown, text: unknown, atMs: number) => T | undefined,
  ): T[] {
    return pairsOf(Array.isArray(list) ? list : []).flatMap(([id, value]) => {
      const found = /^(\d{1,16}) (.*)$/s.exec(String(value));
      const record = found === null ? undefined : decode(id, found[2], Number(found[1]));
      if (record === undefined) this.#desk.complaints.ignore(kind, key);
      return record ?? [];
    });
  }

  #takeSpill(tick: number, mark: unknown, packed: unknown): void {
    const text = unpack(packed);
    if (text === undefined || !Number.isSafeInteger(tick) || typeof mark !== 'string' || !MARK_PATTERN.test(mark)) {
      this.#desk.complaints.ignore('spill step', this.#desk.keys.spill);
      return;
    }
    this.#spill = { tick, mark, text };
    this.#desk.box.spill(this.#spill);
  }
}

/** Undefined if it is not what a step is packed into, or too long. */
function unpack(packed: unknown): string | undefined {
  try {
    return inflateRawSync(Buffer.from(String(packed), 'base64'), { maxOutputLength: SPILL_MAX_LENGTH }).toString('utf8');
  } catch {
    return undefined;
  }
}

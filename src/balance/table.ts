// The servers of a service and what is counted of them, in columns by slot. A server keeps its slot for as long as it is
// configured or anything of it is under way, so that a reload loses no count and an end always finds its begin.

import { hashText } from '../base/hash.ts';
import type { SiteServer } from '../model/site.ts';
import { decayedLatency, peakEwma } from './latency.ts';

/** The limit of a server without one. */
export const UNLIMITED: number = 2 ** 31 - 1;
/** The group of servers that are no candidates of any. */
export const NO_GROUP = 0;

/** Time constant of the averages of latency and bandwidth. Envoy's choice: long enough for a page, short enough for a fault. */
export const DECAY_MS = 5000;
/** A load report that is older says nothing any more. */
export const LOAD_EXPIRY_MS = 10_000;
/** Failures are often fast. Counted as slow, they do not make a broken server look like the best one. */
const FAILURE_LATENCY_MS = 1000;
/** e^40 times any rate is far from the largest double. */
const REBASE_AFTER = 40 * DECAY_MS;

const SEED_A = 0x73697465;
const SEED_B = 0x6167656e;

export interface ServerColumns {
  /** As configured, 0..65535. */
  readonly weight: Int32Array;
  readonly priority: Int32Array;
  /** Most that may be active at once: as configured, and now. */
  readonly mostActive: Int32Array;
  readonly limit: Int32Array;
  /** Requests or connections under way. */
  readonly active: Int32Array;
  /** Of those, and of those that have ended: all since the server was added, and how many of them failed. */
  readonly begun: Float64Array;
  readonly failed: Float64Array;
  /** Whose candidate it is; NO_GROUP = nobody's. */
  readonly group: Int32Array;
  /** Two independent hashes of the id: with 32 bits, two servers could hash alike. */
  readonly identityA: Int32Array;
  readonly identityB: Int32Array;
  /** Peak EWMA of the time to respond, and when it was last brought up to date; NaN = never measured. */
  readonly latencyMs: Float64Array;
  readonly latencyAtMs: Float64Array;
  /** Octets, each counted e^((its time - landmark) / DECAY_MS) times: comparable at any time without another exponential. */
  readonly decayedOctets: Float64Array;
  /** As the server reports it, any unit, lower is better; NaN = unknown. */
  readonly load: Float64Array;
  readonly loadAtMs: Float64Array;
}

export class ServerTable {
  columns: ServerColumns = makeColumns(0);
  /** By slot; null = free, or no longer configured and about to be. */
  readonly ids: (string | null)[] = [];
  /** What is active in all servers of a group, by group. */
  readonly groupActive: number[] = [0];
  readonly #slotOf = new Map<string, number>();
  #landmarkMs = 0;

  /** The slots of `servers`, in their order. Servers that are no longer named are forgotten once nothing of them is under way. */
  configure(servers: readonly SiteServer[]): readonly number[] {
    const wanted = new Set(servers.map(({ id }) => id));
    for (const [id, slot] of this.#slotOf) {
      if (wanted.has(id)) continue;
      this.#slotOf.delete(id);
      this.ids[slot] = null;
      this.setGroup(slot, NO_GROUP);
    }
    return servers.map((server) => {
      const slot = this.#slotOf.get(server.id) ?? this.#take(server.id);
      const { weight, priority, mostActive, limit } = this.columns;
      weight[slot] = server.weight;
      priority[slot] = server.priority;
      mostActive[slot] = server.maxActive ?? UNLIMITED;
      limit[slot] = mostActive[slot]!;
      return slot;
    });
  }

  isFree(slot: number): boolean {
    return this.columns.active[slot]! < this.columns.limit[slot]!;
  }

  /** One more request or connection is under way. */
  begin(slot: number): void {
    this.columns.active[slot]!++;
    this.columns.begun[slot]!++;
    this.groupActive[this.columns.group[slot]!]!++;
  }

  /** It has ended, however. Once for each begin. */
  end(slot: number): void {
    this.columns.active[slot]!--;
    this.groupActive[this.columns.group[slot]!]!--;
  }

  /** Makes the server a candidate of `group`, whose count it moves to. */
  setGroup(slot: number, group: number): void {
    const { active, group: groups } = this.columns;
    this.groupActive[groups[slot]!]! -= active[slot]!;
    groups[slot] = group;
    this.groupActive[group] = (this.groupActive[group] ?? 0) + active[slot]!;
  }

  /** During a trial, a server may have one more than what it had at its beginning. */
  setTrial(slot: number, isTrying: boolean): void {
    const { mostActive, limit, active } = this.columns;
    const most = mostActive[slot]!;
    if (!isTrying) limit[slot] = most;
    else if (limit[slot] === most) limit[slot] = Math.min(most, active[slot]! + 1);
  }

  /** How long a request, or making a connection, took until the first octet came back or it failed. */
  observeLatency(slot: number, latencyMs: number, isFailure: boolean, nowMs: number): void {
    const { latencyMs: averages, latencyAtMs } = this.columns;
    if (isFailure) this.columns.failed[slot]!++;
    const counted = isFailure ? Math.max(latencyMs, FAILURE_LATENCY_MS) : latencyMs;
    averages[slot] = peakEwma(averages[slot]!, latencyAtMs[slot]!, counted, nowMs, DECAY_MS);
    latencyAtMs[slot] = Math.max(nowMs, latencyAtMs[slot]!);
  }

  /** Milliseconds; NaN = never measured. Falls while nothing is measured, so that a slow server gets another chance. */
  latencyMs(slot: number, nowMs: number): number {
    return decayedLatency(this.columns.latencyMs[slot]!, this.columns.latencyAtMs[slot]!, nowMs, DECAY_MS);
  }

  /** Octets that went to or came from the server. Source: G. Cormode et al., "Forward decay", 2009. */
  addOctets(slot: number, octetsSize: number, nowMs: number): void {
    if (nowMs - this.#landmarkMs > REBASE_AFTER) this.#rebase(nowMs);
    this.columns.decayedOctets[slot]! += octetsSize * Math.exp((nowMs - this.#landmarkMs) / DECAY_MS);
  }

  octetsPerSec(slot: number, nowMs: number): number {
    const octets = this.columns.decayedOctets[slot]! * Math.exp((this.#landmarkMs - nowMs) / DECAY_MS);
    return (octets * 1000) / DECAY_MS;
  }

  /** What the server says of its load. */
  reportLoad(slot: number, load: number, nowMs: number): void {
    this.columns.load[slot] = load;
    this.columns.loadAtMs[slot] = nowMs;
  }

  /** NaN = unknown or too old. */
  load(slot: number, nowMs: number): number {
    return nowMs - this.columns.loadAtMs[slot]! > LOAD_EXPIRY_MS ? Number.NaN : this.columns.load[slot]!;
  }

  #rebase(nowMs: number): void {
    const factor = Math.exp((this.#landmarkMs - nowMs) / DECAY_MS);
    const { decayedOctets } = this.columns;
    for (let slot = 0; slot < decayedOctets.length; slot++) decayedOctets[slot]! *= factor;
    this.#landmarkMs = nowMs;
  }

  /** A slot for a new server: a free one with nothing under way, or another one. */
  #take(id: string): number {
    let slot = this.ids.findIndex((other, at) => other === null && this.columns.active[at] === 0);
    if (slot < 0) slot = this.ids.length;
    if (slot >= this.columns.active.length) this.#grow();
    this.ids[slot] = id;
    this.#slotOf.set(id, slot);
    const { identityA, identityB, begun, failed, latencyMs, latencyAtMs, decayedOctets, load } = this.columns;
    identityA[slot] = hashText(id, SEED_A);
    identityB[slot] = hashText(id, SEED_B);
    begun[slot] = 0;
    failed[slot] = 0;
    latencyMs[slot] = Number.NaN;
    latencyAtMs[slot] = 0;
    decayedOctets[slot] = 0;
    load[slot] = Number.NaN;
    return slot;
  }

  #grow(): void {
    const larger = makeColumns(Math.max(8, 2 * this.columns.active.length));
    for (const name of Object.keys(larger) as (keyof ServerColumns)[]) larger[name].set(this.columns[name]);
    this.columns = larger;
  }
}

function makeColumns(slots: number): ServerColumns {
  return {
    weight: new Int32Array(slots),
    priority: new Int32Array(slots),
    mostActive: new Int32Array(slots),
    limit: new Int32Array(slots),
    active: new Int32Array(slots),
    begun: new Float64Array(slots),
    failed: new Float64Array(slots),
    group: new Int32Array(slots),
    identityA: new Int32Array(slots),
    identityB: new Int32Array(slots),
    latencyMs: new Float64Array(slots),
    latencyAtMs: new Float64Array(slots),
    decayedOctets: new Float64Array(slots),
    load: new Float64Array(slots),
    loadAtMs: new Float64Array(slots),
  };
}

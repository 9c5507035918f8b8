// One service: its servers by priority, what is known of each, and the algorithm. Says who gets the next request or connection.
// Weights and priorities are worked out when something changes, not for each choice: a change of health, and each step of a slow
// start, make the tables anew before the next choice.

import type { Balancing, BreakerRule, SiteServer } from '../model/site.ts';
import { heedsWeights, isKeyed, makeChooser } from './algorithms.ts';
import { Breaker, type BreakerState } from './breaker.ts';
import { Candidates, WHOLE } from './candidates.ts';
import { type Chooser, NONE, type Random } from './chooser.ts';
import { type Expression, parseExpression } from './expression.ts';
import { saltedKey } from './key.ts';
import { OutlierDetector } from './outlier.ts';
import { type PriorityShare, priorityShares } from './priority.ts';
import { nextStepMs, startingPart } from './slow-start.ts';
import { ServerTable } from './table.ts';

/** Sets the choice of a priority apart from the choice within it. */
const PRIORITY_SALT = 0x7072696f;

interface Group {
  readonly priority: number;
  readonly candidates: Candidates;
  readonly chooser: Chooser;
}

/** `closed` is well. */
export type Condition = 'down' | 'ejected' | BreakerState;

/** What is known of a server. */
interface Standing {
  isUp: boolean;
  /** Since when it has been available; -Infinity = it was there from the start and never gone. */
  sinceMs: number;
  wasAvailable: boolean;
  readonly breaker: Breaker | null;
}

export class Balancer {
  readonly table: ServerTable;
  readonly #balancing: Balancing;
  readonly #outlier: OutlierDetector | null;
  readonly #expression: Expression | null;
  readonly #groups: Group[] = [];
  readonly #standings = new Map<number, Standing>();
  #slots: readonly number[] = [];
  /** By group. */
  #shares: readonly PriorityShare[] = [];
  #refreshAtMs = Number.NEGATIVE_INFINITY;
  #rebuilds = 0;

  /** With another algorithm a service gets a new balancer, which takes over the table, and with it what is under way. */
  constructor(balancing: Balancing, table: ServerTable = new ServerTable()) {
    this.#balancing = balancing;
    this.table = table;
    this.#outlier = balancing.outlier === null ? null : new OutlierDetector(balancing.outlier);
    this.#expression = balancing.algorithm.kind === 'custom-load' ? checkedExpression(balancing.algorithm.expression) : null;
  }

  /** Sets the servers and returns their slots, in their order. Servers that stay keep what is known of them. */
  configure(servers: readonly SiteServer[], nowMs: number): readonly number[] {
    const sinceMs = this.#slots.length === 0 ? Number.NEGATIVE_INFINITY : nowMs;
    const before = new Map(this.#slots.map((slot) => [slot, this.table.ids[slot]]));
    this.#slots = this.table.configure(servers);
    const kept = new Set(this.#slots.filter((slot) => before.get(slot) === this.table.ids[slot]));
    for (const slot of before.keys()) if (!kept.has(slot)) this.#standings.delete(slot);
    for (const slot of this.#slots) {
      if (kept.has(slot)) continue;
      this.#standings.set(slot, { isUp: true, sinceMs, wasAvailable: true, breaker: makeBreaker(this.#balancing.breaker) });
    }
    this.#outlier?.configure([...kept]); // a slot may have a new owner, of whom nothing is known
    this.#outlier?.configure(this.#slots);
    for (const { priority } of servers) this.#addGroup(priority);
    this.#groups.sort((a, b) => a.priority - b.priority);
    this.#refreshAtMs = Number.NEGATIVE_INFINITY;
    return this.#slots;
  }

  /** What checks say of a server. Servers are up until told otherwise. */
  setUp(slot: number, isUp: boolean): void {
    const standing = this.#standings.get(slot);
    if (standing === undefined || standing.isUp === isUp) return;
    standing.isUp = isUp;
    this.#refreshAtMs = Number.NEGATIVE_INFINITY;
  }

  /** What became of a request, or of making a connection. */
  observe(slot: number, latencyMs: number, isFailure: boolean, nowMs: number): void {
    this.table.observeLatency(slot, latencyMs, isFailure, nowMs);
    const isEjected = this.#outlier?.observe(slot, isFailure, nowMs) ?? false;
    const isTurned = this.#standings.get(slot)?.breaker?.observe(isFailure, nowMs) ?? false;
    if (isEjected || isTurned) this.#refreshAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Metrics that a server reports, by name: they make its load by the expression of the custom load, else they are ignored. */
  report(slot: number, metrics: ReadonlyMap<string, number>, nowMs: number): void {
    if (this.#expression === null) return;
    const values = this.#expression.metrics.map((name) => metrics.get(name) ?? Number.NaN);
    this.table.reportLoad(slot, this.#expression.evaluate(values), nowMs);
  }

  /**
   * The slot of a server for one more request or connection, or NONE if nobody can take it. The caller counts it with table.begin
   * before the next choice. `key`: see Chooser.choose.
   */
  choose(key: number, nowMs: number, random: Random): number {
    if (nowMs >= this.#refreshAtMs) this.#refresh(nowMs);
    const first = this.#groups.length === 1 ? 0 : this.#pickGroup(key, random);
    if (first === NONE) return NONE;
    const slot = this.#groups[first]!.chooser.choose(key, nowMs, random);
    if (slot !== NONE || this.#groups.length === 1) return slot;
    // All servers of that priority are full: the others in their order, rather than a queue.
    for (let i = 0; i < this.#groups.length; i++) {
      if (i === first) continue;
      const other = this.#groups[i]!.chooser.choose(key, nowMs, random);
      if (other !== NONE) return other;
    }
    return NONE;
  }

  /** As choose, but none of `tried`: they count as full, so that a key goes where it would go then. */
  chooseOther(tried: readonly number[], key: number, nowMs: number, random: Random): number {
    if (nowMs >= this.#refreshAtMs) this.#refresh(nowMs); // it may set limits
    const { limit } = this.table.columns;
    const limits = tried.map((slot) => limit[slot]!);
    for (const slot of tried) limit[slot] = 0;
    const chosen = this.choose(key, nowMs, random);
    for (const [i, slot] of tried.entries()) limit[slot] = limits[i]!;
    return chosen;
  }

  /** Why a server may not be chosen, or only with care: by checks, as an outlier, or by its breaker. */
  conditionOf(slot: number, nowMs: number): Condition {
    const standing = this.#standings.get(slot);
    if (standing === undefined || !standing.isUp) return 'down';
    if (this.#outlier?.isEjected(slot) ?? false) return 'ejected';
    return standing.breaker?.state(nowMs) ?? 'closed';
  }

  /** Whether a server may be chosen by what is known of it, whatever its weight and its priority. */
  isAvailable(slot: number, nowMs: number): boolean {
    const condition = this.conditionOf(slot, nowMs);
    return condition === 'closed' || condition === 'half-open';
  }

  /** Shares of the priorities that there are, first choice first, as of the last choice. */
  get shares(): readonly PriorityShare[] {
    return this.#shares;
  }

  /** How often the tables of a priority were made anew. */
  get rebuilds(): number {
    return this.#rebuilds;
  }

  #addGroup(priority: number): void {
    if (this.#groups.some((group) => group.priority === priority)) return;
    const candidates = new Candidates(this.table, this.#groups.length + 1);
    this.#groups.push({ priority, candidates, chooser: makeChooser(this.#balancing.algorithm, candidates) });
  }

  #pickGroup(key: number, random: Random): number {
    let point = isKeyed(this.#balancing.algorithm) ? saltedKey(key, PRIORITY_SALT) / 2 ** 32 : random();
    let last = NONE;
    for (let i = 0; i < this.#shares.length; i++) {
      const { share } = this.#shares[i]!;
      if (share === 0) continue;
      if (point < share) return i;
      point -= share;
      last = i; // shares are rounded: the last one takes what is left
    }
    return last;
  }

  #refresh(nowMs: number): void {
    let nextMs = this.#sweep(nowMs);
    for (const slot of this.#slots) nextMs = Math.min(nextMs, this.#settle(slot, nowMs));
    const { weight, priority } = this.table.columns;
    const slotsOf = this.#groups.map((group) =>
      this.#slots.filter((slot) => priority[slot] === group.priority && weight[slot]! > 0),
    );
    const sum = (slots: readonly number[]): number => slots.reduce((total, slot) => total + weight[slot]!, 0);
    const isWell = (slot: number): boolean => this.isAvailable(slot, nowMs);
    const { overflowFactor, panicPercent, slowStart, algorithm } = this.#balancing;
    const weights = slotsOf.map((slots) => ({ total: sum(slots), healthy: sum(slots.filter(isWell)) }));
    this.#shares = priorityShares(weights, overflowFactor, panicPercent);
    const isWeighted = heedsWeights(algorithm);
    const presentWeight = (slot: number): number => {
      const part = startingPart(nowMs - this.#standings.get(slot)!.sinceMs, slowStart);
      return Math.max(1, Math.floor(WHOLE * part * (isWeighted ? weight[slot]! : 1)));
    };
    for (const [i, { candidates, chooser }] of this.#groups.entries()) {
      const all = slotsOf[i]!;
      const mean = isWeighted ? (WHOLE * weights[i]!.total) / Math.max(1, all.length) : WHOLE;
      const slots = this.#shares[i]!.isPanic ? all : all.filter(isWell);
      if (candidates.isSame(slots, presentWeight, mean)) continue;
      candidates.set(slots, presentWeight, mean);
      chooser.update();
      this.#rebuilds++;
    }
    this.#refreshAtMs = nextMs;
  }

  /** Ends an interval of the outlier detector if it is over; when the next one is. */
  #sweep(nowMs: number): number {
    if (this.#outlier === null) return Number.POSITIVE_INFINITY;
    if (!(nowMs < this.#outlier.sweepAtMs)) this.#outlier.sweep(nowMs);
    return this.#outlier.sweepAtMs;
  }

  /** Notes whether a server has come back, and its limit. Returns when something about it changes by itself. */
  #settle(slot: number, nowMs: number): number {
    const standing = this.#standings.get(slot)!;
    const { breaker } = standing;
    const isTrying = breaker?.state(nowMs) === 'half-open';
    this.table.setTrial(slot, isTrying);
    // Trials are made with what a server has at the start of its slow start; the start itself counts from the last of them.
    const isAvailable = this.isAvailable(slot, nowMs) && !isTrying;
    if (isAvailable && !standing.wasAvailable) standing.sinceMs = nowMs;
    if (isTrying) standing.sinceMs = nowMs;
    standing.wasAvailable = isAvailable;
    const startMs = standing.sinceMs + nextStepMs(nowMs - standing.sinceMs, this.#balancing.slowStart);
    const halfOpenMs = breaker?.halfOpenAtMs(nowMs) ?? Number.POSITIVE_INFINITY;
    return Math.min(halfOpenMs, isAvailable && standing.sinceMs > Number.NEGATIVE_INFINITY ? startMs : Number.POSITIVE_INFINITY);
  }
}

/** Configuration has been checked: an expression that cannot be read is a bug. */
function checkedExpression(text: string): Expression {
  const parsed = parseExpression(text);
  if (!parsed.ok)
    throw new Error(`the expression "${text}" was not checked: column ${parsed.error.column} ${parsed.error.message}`);
  return parsed.value;
}

const makeBreaker = (rule: BreakerRule | null): Breaker | null => (rule === null ? null : new Breaker(rule));

// Puts health together: votes, orders and what was concluded before become verdicts and, through watermarks and ramps, the
// facts that steering reads. Keeps what only a new vote can change, so that a round costs little while little happens.

import type { Family } from '../base/address.ts';
import { type HealthSettings, NO_CHANGE_FORESEEN } from '../model/health.ts';
import type { Target } from '../model/probe.ts';
import { type SteeringModel, serves } from '../model/steering.ts';
import type { FleetVerdict, Override, Verdict } from '../model/verdict.ts';
import { cellOf, type HealthColumns, HealthFacts, type Remembered } from './facts.ts';
import { applyOverrides } from './overrides.ts';
import { isPoolUp, type PoolMember, percentUp } from './pools.ts';
import { judge, type QuorumRule, quorumRule } from './quorum.ts';
import { type RampedShare, rampDown, rampUp, SETTLED } from './ramp.ts';
import { countdown, verdictChangeMs } from './time-to-change.ts';
import type { VoteTable } from './votes.ts';

const FAMILIES: readonly Family[] = [4, 6];
const NEVER = Number.POSITIVE_INFINITY;

/** A verdict that an aggregator came to, and which. */
export interface Concluded {
  readonly by: string;
  readonly verdict: FleetVerdict;
}

/** What was concluded on one target, and until when it holds without another vote. */
interface Entry {
  readonly target: Target;
  verdict: Verdict | undefined;
  revision: number;
  rule: QuorumRule | null;
  expiresMs: number;
  ttlSec: number;
  /** The aggregator's verdict behind it; null = votes. */
  concluded: Concluded | null;
}

export class HealthBook {
  readonly #model: SteeringModel;
  readonly #settings: HealthSettings;
  readonly #votes: VoteTable;
  readonly #entries: readonly Entry[];
  /** By member and family. */
  readonly #entryOf: (Entry | null)[];
  readonly #poolsDown: Set<string>;
  readonly #rules = new Map<number, QuorumRule>();
  #concluded: ReadonlyMap<string, Concluded> = new Map();
  #overrides: readonly Override[] = [];
  #regionsOfProbers: readonly string[] = [];

  /** `votes` may outlive the book. `remembered` is what an earlier book, a file or the mesh knew; null = nothing. */
  constructor(
    model: SteeringModel,
    targets: readonly Target[],
    settings: HealthSettings,
    votes: VoteTable,
    remembered: Remembered | null,
  ) {
    const known = new Map(remembered?.verdicts.map((verdict) => [verdict.target, verdict]));
    this.#model = model;
    this.#settings = settings;
    this.#votes = votes;
    this.#entries = targets.map((target) => ({
      target,
      verdict: known.get(target.key),
      revision: -1,
      rule: null,
      expiresMs: NEVER,
      ttlSec: NO_CHANGE_FORESEEN,
      concluded: null,
    }));
    this.#entryOf = entriesByCell(model, this.#entries);
    this.#poolsDown = new Set(remembered?.poolsDown);
  }

  /** The regions of the probers that are alive and have not withdrawn, one entry each. */
  setProbers(regions: readonly string[]): void {
    const sorted = [...regions].sort();
    if (sorted.join() === this.#regionsOfProbers.join()) return;
    this.#regionsOfProbers = sorted;
    this.#rules.clear();
  }

  setOverrides(overrides: readonly Override[]): void {
    this.#overrides = overrides;
  }

  /**
   * Verdicts of aggregators that are to be believed now, by target key: they stand in for votes. A target that is not among them
   * is judged by votes, from the last verdict on, whoever came to that. A changed verdict must be another object.
   */
  setConcluded(concluded: ReadonlyMap<string, Concluded>): void {
    this.#concluded = concluded;
  }

  conclude(nowMs: number): HealthFacts {
    for (const entry of this.#entries) this.#judge(entry, nowMs);
    const orders = applyOverrides(this.#overrides, this.#model, nowMs);
    const { members, pools } = this.#model;
    const columns: HealthColumns = {
      up: new Uint8Array(2 * members.length),
      share: new Uint16Array(2 * members.length),
      ttlSec: new Uint32Array(2 * members.length),
      poolUp: new Uint8Array(2 * pools.length),
    };
    let nextChangeMs = orders.nextExpiryMs;
    for (const { expiresMs } of this.#entries) nextChangeMs = Math.min(nextChangeMs, expiresMs);
    for (const { index } of members) {
      for (const family of FAMILIES) {
        nextChangeMs = Math.min(nextChangeMs, this.#fill(columns, cellOf(index, family), orders.byMember[index]!, nowMs));
      }
    }
    this.#judgePools(columns);
    return new HealthFacts(
      columns,
      this.#entryOf.map((entry) => entry?.verdict ?? null),
      orders.byMember,
      orders.idle,
      { verdicts: this.#entries.map(({ verdict }) => verdict!), poolsDown: [...this.#poolsDown].sort() },
      nextChangeMs,
    );
  }

  #judge(entry: Entry, nowMs: number): void {
    const { target } = entry;
    const concluded = this.#concluded.get(target.key) ?? null;
    if (concluded !== null) {
      if (entry.concluded !== concluded) takeOver(entry, concluded, nowMs);
      return;
    }
    const rule = this.#ruleFor(target.probe.vantagePoints);
    const revision = this.#votes.revisionOf(target.key);
    if (entry.concluded === null && entry.revision === revision && entry.rule === rule && nowMs < entry.expiresMs) return;
    const votes = this.#votes.fresh(target.key, nowMs);
    const verdict = judge(target.key, votes, rule, entry.verdict, nowMs, target.probe.cadence.rise);
    entry.verdict = verdict;
    entry.concluded = null;
    entry.revision = revision;
    entry.rule = rule;
    entry.expiresMs = votes.reduce((first, vote) => Math.min(first, vote.expiresMs), NEVER);
    entry.ttlSec = Math.max(1, Math.ceil(verdictChangeMs(verdict, votes, rule, target.probe.cadence) / 1000));
  }

  #ruleFor(vantagePoints: number): QuorumRule {
    let rule = this.#rules.get(vantagePoints);
    if (rule === undefined) {
      rule = quorumRule(vantagePoints, this.#regionsOfProbers, this.#settings);
      this.#rules.set(vantagePoints, rule);
    }
    return rule;
  }

  /** Fills one cell of the columns; returns when time alone will change it. */
  #fill(columns: HealthColumns, cell: number, order: Override | null, nowMs: number): number {
    const entry = this.#entryOf[cell] ?? null;
    const verdict = entry?.verdict;
    const action = order?.action;
    const followsVerdict = action === undefined || action === 'drain';
    const ramp = this.#rampOf(order, verdict, nowMs);
    const isUp = (followsVerdict ? (verdict?.isUp ?? true) : action === 'up') && ramp.share > 0;
    let ttlSec = followsVerdict && entry !== null ? entry.ttlSec : NO_CHANGE_FORESEEN;
    let nextMs = NEVER;
    if (isUp && ramp.nextMs !== NEVER) {
      ttlSec = Math.min(ttlSec, Math.ceil(ramp.stepMs / 1000));
      nextMs = ramp.nextMs;
    }
    if (order !== null && order.expiresMs !== null) {
      const left = countdown(order.expiresMs, nowMs);
      ttlSec = Math.min(ttlSec, left.ttlSec);
      nextMs = Math.min(nextMs, left.nextMs);
    }
    columns.up[cell] = isUp ? 1 : 0;
    columns.share[cell] = isUp ? ramp.share : 0;
    columns.ttlSec[cell] = ttlSec;
    return nextMs;
  }

  #rampOf(order: Override | null, verdict: Verdict | undefined, nowMs: number): RampedShare {
    if (order?.action === 'drain') return rampDown(order.createdMs, nowMs, this.#settings.drainMs);
    if (order !== null || verdict === undefined) return SETTLED;
    return rampUp(verdict.sinceMs, nowMs, this.#settings.slowStartMs);
  }

  #judgePools({ up, poolUp }: HealthColumns): void {
    for (const pool of this.#model.pools) {
      const marks = this.#settings.watermarks[pool.index] ?? null;
      for (const family of FAMILIES) {
        const key = `${pool.id}#${family}`;
        let isFit = true;
        if (marks !== null) {
          const members = pool.members
            .map((member) => this.#model.members[member]!)
            .filter((member) => serves(member, family))
            .map(({ index, weight }): PoolMember => ({ weight, isUp: up[cellOf(index, family)] === 1 }));
          isFit = isPoolUp(percentUp(members, marks.of), !this.#poolsDown.has(key), marks);
        }
        if (isFit) this.#poolsDown.delete(key);
        else this.#poolsDown.add(key);
        poolUp[cellOf(pool.index, family)] = isFit ? 1 : 0;
      }
    }
  }
}

/** Whether the last verdict is one that votes were enough for. */
const hasVotesConclusion = ({ concluded, revision, verdict }: Entry): boolean =>
  concluded === null && revision >= 0 && verdict?.state !== 'unknown';

/**
 * An aggregator that has never seen the target otherwise knows no moment of change: then ours stands, or it is now. One that was cut
 * off comes back with what it knew before: "unknown" holds the last verdict, and that is the one that votes have come to since.
 */
function takeOver(entry: Entry, concluded: Concluded, nowMs: number): void {
  const { target, state, isUp, why, sinceMs, changeSec } = concluded.verdict;
  const own = entry.verdict;
  if (own !== undefined && state === 'unknown' && hasVotesConclusion(entry)) {
    const held = own.isUp ? 'up' : 'down';
    entry.verdict = { ...own, state, why: `stays ${held}, as votes had it: aggregator ${concluded.by} knows no better yet` };
  } else {
    const ownSinceMs = isUp === (own?.isUp ?? true) ? (own?.sinceMs ?? 0) : nowMs;
    entry.verdict = {
      target,
      state,
      isUp,
      sinceMs: sinceMs === 0 ? ownSinceMs : sinceMs,
      why: `${why}, by aggregator ${concluded.by}`,
    };
  }
  entry.concluded = concluded;
  entry.expiresMs = NEVER;
  entry.ttlSec = changeSec;
}

/** The target that speaks for each member in each family: its own, or for an alias the one that it has. */
function entriesByCell(model: SteeringModel, entries: readonly Entry[]): (Entry | null)[] {
  const cells: (Entry | null)[] = new Array(2 * model.members.length).fill(null);
  for (const entry of entries) cells[cellOf(entry.target.member, entry.target.family)] = entry;
  for (const { index, target } of model.members) {
    if (target.kind !== 'alias') continue;
    const [v4, v6] = [cellOf(index, 4), cellOf(index, 6)];
    cells[v4] ??= cells[v6]!;
    cells[v6] ??= cells[v4]!;
  }
  return cells;
}

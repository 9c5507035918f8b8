// What this prober sees of the targets it looks at: results in, votes out. Keeps the damping of each target and the vote that
// stands for it. A target that is looked at for the first time, or in another way than before, starts from what was concluded
// last, so that a restart or a reload changes nothing until results say so.

import type { OpinionRow } from '../../fleet/result-batch.ts';
import {
  against,
  checkIntervalMs,
  type DampingColumns,
  type DampingRule,
  damp,
  dampingColumns,
  isHeld,
  needed,
  OPINION,
  seed,
} from '../../health/damping.ts';
import { voteExpiryMs } from '../../health/freshness.ts';
import type { Sighting } from '../../health/withdrawal.ts';
import { type CheckResult, OUTCOME, type Target } from '../../model/probe.ts';
import type { Verdict, Vote } from '../../model/verdict.ts';

/** A vote before it has a prober's name and number on it. */
export type Opinion = Omit<Vote, 'prober' | 'region' | 'epoch' | 'seq'>;

/** The two times of a result: that of the mesh, and whole seconds of a clock that only grows. */
export interface Moment {
  readonly nowMs: number;
  readonly atSec: number;
}

interface Entry extends Sighting {
  target: Target;
  readonly pair: number;
  /** Before our eyes: also if the flap guard holds it. */
  isUp: boolean;
  sinceMs: number;
  wasUp: boolean;
  /** Of the newest result; 0 = none has come in. */
  lastMs: number;
  /** Null as long as results say nothing. */
  opinion: Opinion | null;
}

export class Sightings {
  #entries = new Map<string, Entry>();
  #columns: DampingColumns = dampingColumns(0);
  #isGuarded = true;
  /** Of targets on which there is an opinion: those that are up, and those that were and are not. */
  #up = 0;
  #lost = 0;

  /** Replaces the targets. `verdictOf` tells what was concluded on those that are new here. */
  setTargets(
    targets: readonly Target[],
    isGuarded: boolean,
    verdictOf: (key: string) => Verdict | undefined,
    nowMs: number,
  ): void {
    const [before, columns] = [this.#columns, dampingColumns(targets.length)];
    const entries = new Map<string, Entry>();
    for (const [pair, target] of targets.entries()) {
      const known = this.#entries.get(target.key);
      if (known === undefined) entries.set(target.key, begin(columns, pair, target, verdictOf(target.key), nowMs));
      else {
        copy(before, known.pair, columns, pair);
        const isOther = !isSameCheck(known.target, target);
        if (isOther) beginAgain(columns, pair, verdictOf(target.key));
        const fresh = isOther ? { isUp: columns.opinion[pair] === OPINION.UP, opinion: null, lastMs: 0 } : {};
        entries.set(target.key, { ...known, target, pair, ...fresh });
      }
    }
    this.#entries = entries;
    this.#columns = columns;
    this.#isGuarded = isGuarded;
    const { all } = this;
    this.#up = all.filter(({ isUp }) => isUp).length;
    this.#lost = all.filter(({ isUp, wasUp }) => !isUp && wasUp).length;
  }

  /** Takes a result; `isTurned` tells whether the opinion has changed. Undefined if it says nothing of the target. */
  take(key: string, result: CheckResult, { nowMs, atSec }: Moment): { opinion: Opinion; isTurned: boolean } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || result.outcome >= OUTCOME.NOT_CHECKED) return undefined;
    const { pair, target } = entry;
    const columns = this.#columns;
    const rule = this.#ruleOf(target);
    const wasKnown = columns.opinion[pair] !== OPINION.UNKNOWN;
    const isTurned = damp(columns, pair, result.outcome, atSec, rule);
    entry.lastMs = nowMs;
    if (columns.opinion[pair] === OPINION.UNKNOWN) return undefined;
    const isUp = columns.opinion[pair] === OPINION.UP;
    if (isTurned) {
      if (wasKnown) this.#count(entry, -1);
      const isSeenUp = isUp || isHeld(columns, pair);
      entry.wasUp = !isSeenUp && entry.isUp;
      entry.isUp = isSeenUp;
      entry.sinceMs = nowMs;
      this.#count(entry, 1);
    }
    const opinion: Opinion = {
      target: key,
      isUp,
      sinceMs: entry.sinceMs,
      atMs: nowMs,
      expiresMs: voteExpiryMs(nowMs, target.probe.cadence),
      ...findingOf(entry, result),
      latencyUs: result.latencyUs,
      against: against(columns, pair, rule),
      needed: needed(columns, pair, atSec, rule),
    };
    entry.opinion = opinion;
    return { opinion, isTurned };
  }

  /** Time from the start of the last check of a target to the start of the next one. */
  delayMs(target: Target): number {
    const entry = this.#entries.get(target.key);
    if (entry === undefined) return target.probe.cadence.intervalMs;
    return checkIntervalMs(this.#columns, entry.pair, target.probe.cadence);
  }

  /** The most that can have been lost within any time, in percent of what is or was up. */
  get mostLostPercent(): number {
    return (100 * this.#lost) / Math.max(1, this.#up + this.#lost);
  }

  /** Of targets on which there is an opinion. */
  get all(): readonly (Sighting & { readonly target: Target })[] {
    return [...this.#entries.values()].filter(({ pair }) => this.#columns.opinion[pair] !== OPINION.UNKNOWN);
  }

  /** Opinions that rest on results and have not expired. */
  opinions(nowMs: number): readonly Opinion[] {
    return [...this.#entries.values()].flatMap(({ opinion }) => (opinion !== null && opinion.expiresMs > nowMs ? [opinion] : []));
  }

  /** The whole state of a target, as an aggregator takes it over, in times of the mesh; null before the first result. */
  rowOf({ key, index }: Target, { nowMs, atSec }: Moment): OpinionRow | null {
    const entry = this.#entries.get(key);
    const lastSec = Math.floor((entry?.lastMs ?? 0) / 1000);
    if (entry === undefined || lastSec === 0) return null;
    const { opinion, streak, penalty, anchorSec } = this.#columns;
    const { pair } = entry;
    const anchor = anchorSec[pair]!;
    return {
      target: index,
      opinion: opinion[pair]!,
      streak: streak[pair]!,
      penalty: penalty[pair]!,
      anchorSec: anchor === 0 ? 0 : Math.max(1, anchor + Math.floor(nowMs / 1000) - atSec),
      lastSec,
      sinceMs: entry.sinceMs,
      outcome: entry.opinion?.outcome ?? OUTCOME.OK,
    };
  }

  /** Those of targets, as above. */
  opinionsOn(targets: readonly Target[], nowMs: number): readonly Opinion[] {
    return targets.flatMap(({ key }) => {
      const opinion = this.#entries.get(key)?.opinion ?? null;
      return opinion !== null && opinion.expiresMs > nowMs ? [opinion] : [];
    });
  }

  #count({ isUp, wasUp }: Sighting, by: 1 | -1): void {
    if (isUp) this.#up += by;
    else if (wasUp) this.#lost += by;
  }

  #ruleOf({ probe }: Target): DampingRule {
    return { rise: probe.cadence.rise, fall: probe.cadence.fall, isGuarded: this.#isGuarded };
  }
}

/** Of a target that is down, the failure that shows it, not the first success on its way up; that is kept for the guard. */
function findingOf({ isUp, opinion }: Entry, { outcome, detail }: CheckResult): Pick<Opinion, 'outcome' | 'detail'> {
  const isRising = !isUp && outcome === OUTCOME.OK;
  if (isRising && opinion !== null && opinion.outcome !== OUTCOME.OK) return { outcome: opinion.outcome, detail: opinion.detail };
  return { outcome, detail };
}

/** A target that nobody ever concluded anything on starts as unknown. */
function begin(columns: DampingColumns, pair: number, target: Target, verdict: Verdict | undefined, nowMs: number): Entry {
  const isKnown = verdict !== undefined && (verdict.state !== 'unknown' || verdict.sinceMs > 0);
  if (isKnown) seed(columns, pair, verdict.isUp);
  const sinceMs = isKnown && verdict.sinceMs > 0 ? verdict.sinceMs : nowMs;
  return { target, pair, isUp: isKnown && verdict.isUp, sinceMs, wasUp: false, lastMs: 0, opinion: null };
}

/** Keeps the opinion; one that the flap guard holds gives way to what was concluded, since it is neither up nor down. */
function beginAgain(columns: DampingColumns, pair: number, verdict: Verdict | undefined): void {
  if (columns.opinion[pair] === OPINION.UNKNOWN) return;
  seed(columns, pair, isHeld(columns, pair) ? (verdict?.isUp ?? true) : columns.opinion[pair] === OPINION.UP);
}

function copy(from: DampingColumns, fromPair: number, to: DampingColumns, toPair: number): void {
  to.opinion[toPair] = from.opinion[fromPair]!;
  to.streak[toPair] = from.streak[fromPair]!;
  to.penalty[toPair] = from.penalty[fromPair]!;
  to.anchorSec[toPair] = from.anchorSec[fromPair]!;
}

/** How often it is looked at may change without a new beginning. */
const isSameCheck = (a: Target, b: Target): boolean =>
  a.host === b.host && a.port === b.port && JSON.stringify(a.probe.check) === JSON.stringify(b.probe.check);

// The targets of one probe under one kernel, with what makes the kernel's bits verdicts as servers give them: who the probers are,
// since when, and why. The kernel finds which targets changed; those are judged once more by the functions of health/, from the
// same columns, so that the text and the date of a verdict are the same whichever way its results came.

import { against, type DampingRule, EXTRA_MOST, needed, OPINION } from '../health/damping.ts';
import { freshSec } from '../health/freshness.ts';
import { judge, type QuorumRule } from '../health/quorum.ts';
import { verdictChangeMs } from '../health/time-to-change.ts';
import type { Outcome, ProbeSpec, Target } from '../model/probe.ts';
import type { FleetVerdict, Verdict, Vote } from '../model/verdict.ts';
import { type Batch, type FleetKernel, type FleetShape, HELD_DOWN, OUTCOME_MASK, STATE_MASK, sharedBatch } from './fleet.ts';
import type { OpenKernel } from './open.ts';
import { PairNotes } from './pairs.ts';
import type { OpinionRow, ResultRow } from './result-batch.ts';
import { ROW, type RollUps, rollUp } from './tallies.ts';

/** A prober with a place in the columns. */
export interface Seat {
  readonly id: string;
  readonly region: string;
}

export interface GroupSetup {
  readonly probe: ProbeSpec;
  /** Those of the probe, in order of the list. */
  readonly targets: readonly Target[];
  /** Site of each, and how many sites there are. */
  readonly siteOfTarget: Uint16Array;
  readonly sites: number;
  readonly isGuarded: boolean;
}

/** Results in one pass, at most. */
const PASS_MOST = 65_536;
/**
 * Targets that are judged in each pass though no result said so, because votes that expired may have changed the words of a
 * verdict: so many, or such a part of all that every one has its turn within a minute at four passes a second.
 */
const SWEEP_LEAST = 256;
const SWEEP_PASSES = 240;
/** Targets judged in one pass: at about 5 us each they must not hold up the thread. The others have their turn in the next one. */
const JUDGED_MOST = 10_000;

interface Open {
  readonly kernel: FleetKernel;
  readonly seats: readonly Seat[];
  readonly rule: QuorumRule;
  readonly batch: Batch;
  readonly atMs: Float64Array;
  readonly notes: PairNotes;
  readonly regions: number;
}

export class FleetGroup {
  readonly setup: GroupSetup;
  readonly #damping: DampingRule;
  readonly #freshSec: number;
  /** What was concluded last, by target. */
  readonly #verdicts: (Verdict | undefined)[];
  readonly #said: (FleetVerdict | undefined)[];
  #open: Open | null = null;
  #count = 0;
  #sweepAt = 0;
  readonly #dirty = new Set<number>();
  #tallies = new Float64Array(0);

  constructor(setup: GroupSetup) {
    this.setup = setup;
    const { rise, fall } = setup.probe.cadence;
    this.#damping = { rise, fall, isGuarded: setup.isGuarded };
    this.#freshSec = freshSec(setup.probe.cadence);
    this.#verdicts = setup.targets.map(() => undefined);
    this.#said = setup.targets.map(() => undefined);
  }

  /** Takes what others concluded, unless there are votes enough for a verdict: a beginning changes nothing until results say so. */
  remember(target: number, verdict: Verdict): void {
    const column = this.#open?.kernel.columns.verdict;
    if (column !== undefined && (column[target]! & STATE_MASK) !== OPINION.UNKNOWN) return;
    this.#verdicts[target] = verdict;
    if (column !== undefined) column[target] = verdict.isUp ? OPINION.UNKNOWN : OPINION.UNKNOWN | HELD_DOWN;
  }

  /** What is known of the targets, for a group that comes after. */
  get remembered(): readonly Verdict[] {
    return this.#verdicts.filter((verdict) => verdict !== undefined);
  }

  verdictOf(target: number): FleetVerdict | undefined {
    return this.#said[target];
  }

  /** Opens a kernel for these probers and this rule, and moves what is known of them into it. Not during a pass. */
  async reshape(seats: readonly Seat[], rule: QuorumRule, openKernel: OpenKernel): Promise<void> {
    const { targets, siteOfTarget, sites } = this.setup;
    const names = [...new Set(seats.map(({ region }) => region))];
    const shape: FleetShape = {
      ...{ siteOfTarget, sites, regions: names.length, damping: this.#damping, quorum: rule, freshSec: this.#freshSec },
      regionOfProber: Uint8Array.from(seats, ({ region }) => names.indexOf(region)),
    };
    const kernel = await openKernel(shape);
    const pairs = targets.length * seats.length;
    const capacity = Math.min(PASS_MOST, pairs);
    const notes = new PairNotes(pairs);
    const open = { kernel, seats, rule, notes, regions: names.length };
    this.#move(open);
    this.#open?.kernel.close();
    this.#open = { ...open, batch: sharedBatch(capacity), atMs: new Float64Array(capacity) };
    this.#tallies = new Float64Array(sites * names.length * 2 * ROW);
  }

  #move({ kernel, seats, notes }: Pick<Open, 'kernel' | 'seats' | 'notes'>): void {
    const to = kernel.columns;
    const from = this.#open;
    for (const [target, verdict] of this.#verdicts.entries()) {
      to.verdict[target] = from?.kernel.columns.verdict[target] ?? (verdict?.isUp === false ? HELD_DOWN : 0);
    }
    if (from === null) return;
    const columns = ['opinion', 'streak', 'penalty', 'anchorSec', 'lastSec', 'ewma'] as const;
    for (const [seat, { id, region }] of seats.entries()) {
      const before = from.seats.findIndex((other) => other.id === id && other.region === region);
      if (before < 0) continue;
      for (const target of this.setup.targets.keys()) {
        const [pair, fromPair] = [target * seats.length + seat, target * from.seats.length + before];
        for (const name of columns) to[name][pair] = from.kernel.columns[name][fromPair]!;
        notes.copy(pair, from.notes, fromPair);
      }
    }
  }

  /** Takes a result into the coming pass; false if it must wait for the one after. */
  addResult(target: number, seat: number, { what, latencyUs, atMs }: ResultRow): boolean {
    const open = this.#open;
    if (open === null || this.#count >= open.batch.count) return false;
    const pair = target * open.seats.length + seat;
    if (open.notes.isQueued(pair)) return false;
    open.notes.queue(pair);
    const row = this.#count++;
    const { batch } = open;
    batch.target[row] = target;
    batch.prober[row] = seat;
    batch.what[row] = what;
    batch.latencyUs[row] = latencyUs;
    batch.atSec[row] = Math.floor(atMs / 1000);
    open.atMs[row] = atMs;
    return true;
  }

  /** Puts a pair into the state in which its prober has it; false if a result of it must be taken first. */
  setOpinion(target: number, seat: number, row: Omit<OpinionRow, 'target'>): boolean {
    const open = this.#open;
    if (open === null) return false;
    const pair = target * open.seats.length + seat;
    if (open.notes.isQueued(pair)) return false;
    const { columns } = open.kernel;
    columns.opinion[pair] = row.opinion;
    columns.streak[pair] = row.streak;
    columns.penalty[pair] = row.penalty;
    columns.anchorSec[pair] = row.anchorSec;
    columns.lastSec[pair] = row.lastSec;
    open.notes.note(pair, columns, row.sinceMs, row.outcome);
    this.#dirty.add(target);
    return true;
  }

  /** Counts a vote of a prober that sends no results, if it is newer than all that is known of the pair; false as above. */
  setVote(target: number, seat: number, vote: Vote): boolean {
    const open = this.#open;
    if (open === null) return false;
    const { atMs, expiresMs, sinceMs, outcome } = vote;
    const pair = target * open.seats.length + seat;
    const { columns } = open.kernel;
    if (columns.lastSec[pair]! >= Math.floor(atMs / 1000)) return true;
    const lastSec = Math.max(1, Math.ceil(expiresMs / 1000) - this.#freshSec);
    const [penalty, anchorSec] = [columns.penalty[pair]!, columns.anchorSec[pair]!];
    return this.setOpinion(target, seat, {
      ...this.#stateOf(vote),
      penalty,
      anchorSec,
      lastSec,
      sinceMs,
      outcome,
    });
  }

  /** The damping that a vote tells of, the reverse of `against`. The failures in a row of a held target are not told. */
  #stateOf({ isUp, against: results }: Vote): Pick<OpinionRow, 'opinion' | 'streak'> {
    const { rise } = this.#damping;
    if (isUp) return { opinion: OPINION.UP, streak: Math.min(255, results) };
    if (results < rise) return { opinion: OPINION.DOWN, streak: results };
    return { opinion: OPINION.HELD + Math.min(EXTRA_MOST - 1, results - rise), streak: 0 };
  }

  /** What a prober has said no longer counts. */
  silence(seat: number): void {
    const open = this.#open;
    if (open === null) return;
    const { lastSec } = open.kernel.columns;
    for (let pair = seat; pair < lastSec.length; pair += open.seats.length) lastSec[pair] = 0;
  }

  /** A pass over what was added; the verdicts that are not what they were, by target. */
  async pass(nowMs: number): Promise<ReadonlyMap<number, FleetVerdict>> {
    const open = this.#open;
    if (open === null) return new Map();
    const count = this.#count;
    const { batch, notes, kernel } = open;
    try {
      const { changed, tallies } = await kernel.pass({ ...batch, count }, Math.floor(nowMs / 1000));
      for (const target of changed) this.#dirty.add(target);
      if (count > 0) for (const [i, number] of tallies.entries()) this.#tallies[i]! += number;
      for (let row = 0; row < count; row++) {
        const target = batch.target[row]!;
        const pair = target * open.seats.length + batch.prober[row]!;
        const outcome = batch.what[row]! & OUTCOME_MASK;
        if (notes.settle(pair, kernel.columns, outcome, open.atMs[row]!)) this.#dirty.add(target);
      }
    } finally {
      this.#count = 0;
      for (let row = 0; row < count; row++) notes.unqueue(batch.target[row]! * open.seats.length + batch.prober[row]!);
    }
    return this.#judgeAll(open, nowMs);
  }

  #judgeAll(open: Open, nowMs: number): ReadonlyMap<number, FleetVerdict> {
    const { length } = this.setup.targets;
    const sweep = Math.min(length, Math.max(SWEEP_LEAST, Math.ceil(length / SWEEP_PASSES)));
    for (let i = 0; i < sweep; i++) this.#dirty.add((this.#sweepAt + i) % length);
    this.#sweepAt = (this.#sweepAt + sweep) % length;
    const news = new Map<number, FleetVerdict>();
    let judged = 0;
    for (const target of this.#dirty) {
      if (judged++ === JUDGED_MOST) break;
      this.#dirty.delete(target);
      const verdict = this.#judge(open, target, nowMs);
      const before = this.#said[target];
      this.#verdicts[target] = verdict;
      if (before !== undefined && isSame(before, verdict)) continue;
      this.#said[target] = verdict;
      news.set(target, verdict);
    }
    return news;
  }

  #judge(open: Open, target: number, nowMs: number): FleetVerdict {
    const { cadence } = this.setup.probe;
    const { key } = this.setup.targets[target]!;
    const votes = this.#votes(open, target, Math.floor(nowMs / 1000));
    const verdict = judge(key, votes, open.rule, this.#verdicts[target], nowMs, cadence.rise);
    const changeSec = Math.max(1, Math.ceil(verdictChangeMs(verdict, votes, open.rule, cadence) / 1000));
    return { ...verdict, changeSec };
  }

  /** The fresh votes on a target, as its probers would have cast them. */
  #votes({ kernel: { columns }, seats, notes }: Open, target: number, nowSec: number): Vote[] {
    const { key } = this.setup.targets[target]!;
    const votes: Vote[] = [];
    for (let seat = 0; seat < seats.length; seat++) {
      const pair = target * seats.length + seat;
      const lastSec = columns.lastSec[pair]!;
      const opinion = columns.opinion[pair]!;
      if (opinion === OPINION.UNKNOWN || lastSec + this.#freshSec <= nowSec) continue;
      votes.push({
        target: key,
        prober: seats[seat]!.id,
        region: seats[seat]!.region,
        epoch: 0,
        seq: 0,
        isUp: opinion === OPINION.UP,
        sinceMs: notes.sinceMs[pair]!,
        atMs: lastSec * 1000,
        expiresMs: (lastSec + this.#freshSec) * 1000,
        outcome: notes.outcome[pair]! as Outcome,
        latencyUs: 0,
        detail: '',
        against: against(columns, pair, this.#damping),
        needed: needed(columns, pair, lastSec, this.#damping),
      });
    }
    return votes;
  }

  /** Results since the probers last changed, rolled up; null before the first. Regions are in order of their first prober. */
  get rollUps(): RollUps | null {
    return this.#open === null ? null : rollUp(this.#tallies, this.setup.sites, this.#open.regions);
  }

  close(): void {
    this.#open?.kernel.close();
    this.#open = null;
  }
}

const isSame = (a: FleetVerdict, b: FleetVerdict): boolean =>
  a.state === b.state && a.isUp === b.isUp && a.sinceMs === b.sinceMs && a.why === b.why && a.changeSec === b.changeSec;

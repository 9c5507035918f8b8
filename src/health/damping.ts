// Damping turns the results of one prober for one target into its opinion of it: `fall` failures in a row make it down,
// `rise` successes in a row make it up again, and a flap guard asks for more successes of a target that keeps flapping. Such a
// target is HELD: down no longer for what is seen of it, but for what it did before. The quorum treats that as less than down.
//
// The state of a (target, prober) pair is four unsigned integers in columns, so that the same transitions in C++ (fleet/)
// give the same bits. There is no floating point and no other state. An opinion of HELD + c is HELD with c successes to its
// credit, so a streak always means results in a row. For a pair and a result, in this order:
//
//   outcome >= NOT_CHECKED   nothing changes (the prober could not check: no result)
//   UNKNOWN, success         UP, streak 0                        nothing flaps: an unknown target gets traffic already
//   UNKNOWN, failure         streak+1; when streak >= fall: DOWN, streak 0            no flap: it never was up
//   UP, success              strays += streak; streak 0
//   UP, failure              streak+1; when streak >= fall: DOWN, streak 0, flap
//   DOWN, success            streak+1; when streak >= rise: streak 0 and, if extra(now) is 0, UP; else HELD + 0
//   DOWN, failure            strays += BROKEN_STRAYS if streak > 0; streak 0
//   HELD + c, success        streak 0; UP if c + 1 >= extra(now), else HELD + c + 1
//   HELD + c, failure        streak+1; when streak >= fall: DOWN, streak 0, flap
//                            else strays += BROKEN_STRAYS; HELD + max(0, c - CREDIT_LOSS)
//
// Strays are failures that make no outage: who has an outage among strays fails at random, and who has none was restarted. The
// penalty column holds both: what outages add up to in the low twelve bits, strays in the high four.
//
//   streak+1                 saturates at 255
//   steps(now)               (atSec - anchor) / DECAY_STEP_SEC, 0 if the clock went backwards
//   decayed(now)             n = steps(now); halves = n >> 3; 0 if halves > 15, else
//                            ((penalty * DECAY[n & 7]) >> 16) >> halves     in 32 bits, unsigned
//   left(now)                max(0, strays - STRAYS_PER_STEP * steps(now))
//   flap, strays += k        penalty = min(PENALTY_CAP, decayed(now) + FLAP_PENALTY), strays = left(now);
//                            or penalty = decayed(now), strays = min(STRAYS_MOST, left(now) + k);
//                            then anchor = max(anchor, now) if both had gone, else anchor + steps(now) * DECAY_STEP_SEC
//   extra(now)               d = decayed(now) + (left(now) << 9);
//                            0 if d <= GUARD_FROM, else min(EXTRA_MOST, EXTRA_LEAST + ((d - GUARD_FROM) >> 6))
//
// Without the guard there are no flaps, no strays, and extra is 0. So with and without it a pair is DOWN at the same results, and HELD or
// UP with it where it is UP without. Ideas: C. Villamizar et al., "BGP Route Flap Damping", RFC 2439.

import { type Cadence, OUTCOME } from '../model/probe.ts';

/** HELD and all numbers above it are HELD, with so many successes to its credit. */
export const OPINION = { UNKNOWN: 0, UP: 1, DOWN: 2, HELD: 3 } as const;

/** Added to the penalty by each flap: an outage that begins. */
export const FLAP_PENALTY = 1000;
/** Above this the way up gets longer: the third flap within a few minutes, the second with a stray, the first with two. */
export const GUARD_FROM = 2000;
/** Twice GUARD_FROM, so that the guard sleeps after one half-life without a flap. Fits into twelve bits. */
export const PENALTY_CAP = 4000;
/** Counted at most; fits into four bits. */
export const STRAYS_MOST = 15;
/** Strays that a failure counts for which breaks off a recovery, or comes while the guard holds. */
export const BROKEN_STRAYS = 2;
/** Strays forgiven each DECAY_STEP_SEC: at the default interval who fails every tenth check has 1.6, three of ten 4.6. */
export const STRAYS_PER_STEP = 4;
/** Bounds of the successes asked for beyond `rise` while the guard is awake. */
export const EXTRA_LEAST = 9;
export const EXTRA_MOST = 40;
/** Successes that a failure takes back: so who fails less than a quarter of its checks gets there in the end. */
export const CREDIT_LOSS = 3;
/** An eighth of the half-life, which is ten minutes. */
export const DECAY_STEP_SEC = 75;
/** 2^(-i/8) in units of 2^-16. */
export const DECAY: Uint32Array = Uint32Array.of(65536, 60097, 55109, 50535, 46341, 42495, 38968, 35734);

const EXTRA_SHIFT = 6;
/** Where strays are in the penalty column. */
const STRAYS_AT = 12;
const PENALTY_MASK = 4095;
/** A stray weighs 512. */
const STRAY_WEIGHT_SHIFT = 9;
const STREAK_MOST = 255;

/** The state of pairs, by pair. A new pair is all zeros. */
export interface DampingColumns {
  /** One of OPINION, or HELD + credit. */
  readonly opinion: Uint8Array;
  /** Results in a row against the opinion; of an unknown target and of one that is HELD, failures in a row. */
  readonly streak: Uint8Array;
  /** What flaps added up to at `anchorSec`, and in the high four bits the strays of that time. */
  readonly penalty: Uint16Array;
  /** Time that the penalty is of, in seconds, less than a step before the newest flap or stray; 0 = none. */
  readonly anchorSec: Uint32Array;
}

/** Thresholds: successes until up and failures until down, each 1..200 so that a streak can reach them. */
export interface DampingRule {
  readonly rise: number;
  readonly fall: number;
  readonly isGuarded: boolean;
}

export function dampingColumns(pairs: number): DampingColumns {
  return {
    opinion: new Uint8Array(pairs),
    streak: new Uint8Array(pairs),
    penalty: new Uint16Array(pairs),
    anchorSec: new Uint32Array(pairs),
  };
}

/** Starts a pair from the last verdict known, so that a restart changes nothing until results say so. */
export function seed(columns: DampingColumns, pair: number, isUp: boolean): void {
  columns.opinion[pair] = isUp ? OPINION.UP : OPINION.DOWN;
  columns.streak[pair] = 0;
  columns.penalty[pair] = 0;
  columns.anchorSec[pair] = 0;
}

/**
 * Takes one result (`outcome` is one of OUTCOME) and says whether the opinion turned: to another of UP, DOWN and HELD, whatever
 * the credit. `atSec` is when the check was decided, in whole seconds of any clock that counts from before the first result,
 * 0..2^32-1.
 */
export function damp(columns: DampingColumns, pair: number, outcome: number, atSec: number, rule: DampingRule): boolean {
  if (outcome >= OUTCOME.NOT_CHECKED) return false;
  return outcome === OUTCOME.OK ? succeed(columns, pair, atSec, rule) : fail(columns, pair, atSec, rule);
}

function succeed(columns: DampingColumns, pair: number, atSec: number, rule: DampingRule): boolean {
  const opinion = columns.opinion[pair]!;
  if (opinion === OPINION.UNKNOWN) return turn(columns, pair, OPINION.UP);
  if (opinion === OPINION.DOWN) {
    columns.streak[pair] = Math.min(STREAK_MOST, columns.streak[pair]! + 1);
    if (columns.streak[pair]! < rule.rise) return false;
    return turn(columns, pair, extraSuccesses(columns, pair, atSec, rule) > 0 ? OPINION.HELD : OPINION.UP);
  }
  const stray = columns.streak[pair]!;
  columns.streak[pair] = 0;
  if (opinion === OPINION.UP) {
    if (stray > 0 && rule.isGuarded) charge(columns, pair, atSec, 0, stray);
    return false;
  }
  if (opinion - OPINION.HELD + 1 >= extraSuccesses(columns, pair, atSec, rule)) return turn(columns, pair, OPINION.UP);
  columns.opinion[pair] = opinion + 1;
  return false;
}

function fail(columns: DampingColumns, pair: number, atSec: number, rule: DampingRule): boolean {
  const opinion = columns.opinion[pair]!;
  if (opinion === OPINION.DOWN) {
    if (columns.streak[pair]! > 0 && rule.isGuarded) charge(columns, pair, atSec, 0, BROKEN_STRAYS);
    columns.streak[pair] = 0;
    return false;
  }
  const streak = Math.min(STREAK_MOST, columns.streak[pair]! + 1);
  if (streak >= rule.fall) {
    if (opinion !== OPINION.UNKNOWN && rule.isGuarded) charge(columns, pair, atSec, FLAP_PENALTY, 0);
    return turn(columns, pair, OPINION.DOWN);
  }
  columns.streak[pair] = streak;
  if (opinion >= OPINION.HELD) {
    if (rule.isGuarded) charge(columns, pair, atSec, 0, BROKEN_STRAYS);
    columns.opinion[pair] = Math.max(OPINION.HELD, opinion - CREDIT_LOSS);
  }
  return false;
}

/** Results that speak against the opinion, as far as they count: `Vote.against`. At least `rise` tells that the guard holds it. */
export function against(columns: DampingColumns, pair: number, rule: DampingRule): number {
  return isHeld(columns, pair) ? rule.rise + columns.opinion[pair]! - OPINION.HELD : columns.streak[pair]!;
}

/** Results that change the opinion, at this time: `Vote.needed`. */
export function needed(columns: DampingColumns, pair: number, atSec: number, rule: DampingRule): number {
  if (columns.opinion[pair]! < OPINION.DOWN) return rule.fall;
  return rule.rise + extraSuccesses(columns, pair, atSec, rule);
}

/** Whether the flap guard alone keeps the pair from being up. */
export function isHeld(columns: DampingColumns, pair: number): boolean {
  return columns.opinion[pair]! >= OPINION.HELD;
}

/** Whether the next check should come soon: the opinion is unknown, or may turn. Not while the guard only waits. */
export function isInTransition(columns: DampingColumns, pair: number): boolean {
  return columns.opinion[pair] === OPINION.UNKNOWN || columns.streak[pair]! > 0;
}

/** Time from the start of a check to the start of the next one. A check that takes longer is waited for. */
export function checkIntervalMs(columns: DampingColumns, pair: number, cadence: Cadence): number {
  return isInTransition(columns, pair) ? cadence.transitionIntervalMs : cadence.intervalMs;
}

function turn(columns: DampingColumns, pair: number, opinion: number): true {
  columns.opinion[pair] = opinion;
  columns.streak[pair] = 0;
  return true;
}

/** Adds a flap or strays to what is left of earlier ones; the part of a step that has passed is kept for the next time. */
function charge(columns: DampingColumns, pair: number, atSec: number, penalty: number, strays: number): void {
  const steps = stepsSince(columns, pair, atSec);
  const decayed = decayedPenalty(columns, pair, steps);
  const left = straysLeft(columns, pair, steps);
  const anchorSec = columns.anchorSec[pair]!;
  columns.anchorSec[pair] = decayed + left === 0 ? Math.max(anchorSec, atSec) : anchorSec + steps * DECAY_STEP_SEC;
  const sum = Math.min(PENALTY_CAP, decayed + penalty);
  columns.penalty[pair] = sum | (Math.min(STRAYS_MOST, left + strays) << STRAYS_AT);
}

function stepsSince(columns: DampingColumns, pair: number, atSec: number): number {
  return Math.floor(Math.max(0, atSec - columns.anchorSec[pair]!) / DECAY_STEP_SEC);
}

function decayedPenalty(columns: DampingColumns, pair: number, steps: number): number {
  const penalty = columns.penalty[pair]! & PENALTY_MASK;
  const halves = Math.floor(steps / DECAY.length);
  return halves > 15 ? 0 : ((penalty * DECAY[steps % DECAY.length]!) >>> 16) >>> halves;
}

function straysLeft(columns: DampingColumns, pair: number, steps: number): number {
  return Math.max(0, (columns.penalty[pair]! >>> STRAYS_AT) - STRAYS_PER_STEP * steps);
}

function extraSuccesses(columns: DampingColumns, pair: number, atSec: number, rule: DampingRule): number {
  if (!rule.isGuarded || columns.penalty[pair] === 0) return 0;
  const steps = stepsSince(columns, pair, atSec);
  const sum = decayedPenalty(columns, pair, steps) + (straysLeft(columns, pair, steps) << STRAY_WEIGHT_SHIFT);
  return sum <= GUARD_FROM ? 0 : Math.min(EXTRA_MOST, EXTRA_LEAST + ((sum - GUARD_FROM) >>> EXTRA_SHIFT));
}

/** Whether a pair can have this penalty, whoever tells of it. */
export function isPenalty(penalty: number): boolean {
  return (penalty & PENALTY_MASK) <= PENALTY_CAP;
}

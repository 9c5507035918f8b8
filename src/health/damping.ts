// Damping turns the results of one prober for one target into its opinion of it: `fall` failures in a row make it down,
// `rise` successes in a row make it up again, and a flap guard asks for more successes of a target that keeps flapping.
//
// The state of a (target, prober) pair is four unsigned integers in columns, so that the same transitions in C++ (fleet/)
// give the same bits. There is no floating point and no other state. For a pair and a result, in this order:
//
//   outcome >= NOT_CHECKED   nothing changes (the prober could not check: no result)
//   UNKNOWN, success         UP, streak 0                        nothing flaps: an unknown target gets traffic already
//   UNKNOWN, failure         streak+1; when streak >= fall: DOWN, streak 0            no flap: it never was up
//   UP, success              streak 0
//   UP, failure              streak+1; when streak >= fall: DOWN, streak 0, flap
//   DOWN, success            streak+1; when streak >= rise + extra(now): UP, streak 0
//   DOWN, failure            flap if streak >= rise; then streak 0   (a relapse: without the guard it had been up)
//
//   streak+1                 saturates at 255
//   elapsed                  atSec - anchor, 0 if the clock went backwards
//   decayed(now)             n = elapsed / DECAY_STEP_SEC; halves = n >> 3; 0 if halves > 15, else
//                            ((penalty * DECAY[n & 7]) >> 16) >> halves     in 32 bits, unsigned
//   flap                     penalty = min(PENALTY_CAP, decayed(now) + FLAP_PENALTY); anchor = max(anchor, now)
//   extra(now)               d = decayed(now); 0 if d <= GUARD_FROM, else min(EXTRA_MOST, EXTRA_LEAST + ((d - GUARD_FROM) >> 6))
//
// Without the guard there are no flaps and extra is 0. Ideas: C. Villamizar et al., "BGP Route Flap Damping", RFC 2439.

import { type Cadence, OUTCOME } from '../model/probe.ts';

export const OPINION = { UNKNOWN: 0, UP: 1, DOWN: 2 } as const;

/** Added to the penalty by each flap. */
export const FLAP_PENALTY = 1000;
/** Above this the way up gets longer: the fourth flap within a few minutes. */
export const GUARD_FROM = 3000;
/** Twice GUARD_FROM, so that the guard sleeps after one half-life without a flap. */
export const PENALTY_CAP = 6000;
/** Bounds of the successes asked for beyond `rise` while the guard is awake. */
export const EXTRA_LEAST = 4;
export const EXTRA_MOST = 40;
/** An eighth of the half-life, which is ten minutes. */
export const DECAY_STEP_SEC = 75;
/** 2^(-i/8) in units of 2^-16. */
export const DECAY: Uint32Array = Uint32Array.of(65536, 60097, 55109, 50535, 46341, 42495, 38968, 35734);

const EXTRA_SHIFT = 6;
const STREAK_MOST = 255;

/** The state of pairs, by pair. A new pair is all zeros. */
export interface DampingColumns {
  /** One of OPINION. */
  readonly opinion: Uint8Array;
  /** Results in a row against the opinion; of an unknown target, failures in a row. */
  readonly streak: Uint8Array;
  /** What flaps added up to at `anchorSec`. */
  readonly penalty: Uint16Array;
  /** Time of the newest flap, in seconds; 0 = none. */
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
 * Takes one result (`outcome` is one of OUTCOME) and says whether the opinion changed. `atSec` is when the check was decided,
 * in whole seconds of any clock that counts from before the first result, 0..2^32-1.
 */
export function damp(columns: DampingColumns, pair: number, outcome: number, atSec: number, rule: DampingRule): boolean {
  if (outcome >= OUTCOME.NOT_CHECKED) return false;
  const isSuccess = outcome === OUTCOME.OK;
  const opinion = columns.opinion[pair]!;
  const streak = columns.streak[pair]!;
  if (opinion === OPINION.DOWN) {
    if (!isSuccess) {
      if (rule.isGuarded && streak >= rule.rise) flap(columns, pair, atSec);
      columns.streak[pair] = 0;
      return false;
    }
    columns.streak[pair] = Math.min(STREAK_MOST, streak + 1);
    if (streak + 1 < rule.rise || streak + 1 < needed(columns, pair, atSec, rule)) return false;
    return turn(columns, pair, OPINION.UP);
  }
  if (isSuccess) {
    if (opinion === OPINION.UNKNOWN) return turn(columns, pair, OPINION.UP);
    columns.streak[pair] = 0;
    return false;
  }
  columns.streak[pair] = Math.min(STREAK_MOST, streak + 1);
  if (streak + 1 < rule.fall) return false;
  if (rule.isGuarded && opinion === OPINION.UP) flap(columns, pair, atSec);
  return turn(columns, pair, OPINION.DOWN);
}

/** Results in a row that change the opinion, at this time: `Vote.needed`. */
export function needed(columns: DampingColumns, pair: number, atSec: number, rule: DampingRule): number {
  if (columns.opinion[pair] !== OPINION.DOWN) return rule.fall;
  return rule.rise + (rule.isGuarded ? extraSuccesses(decayed(columns, pair, atSec)) : 0);
}

/** Whether the flap guard alone keeps the pair down. */
export function isHeld(columns: DampingColumns, pair: number, rule: DampingRule): boolean {
  return columns.opinion[pair] === OPINION.DOWN && columns.streak[pair]! >= rule.rise;
}

/** Whether the next check should come soon: the opinion is unknown, or results speak against it. Not while the guard holds it. */
export function isInTransition(columns: DampingColumns, pair: number, rule: DampingRule): boolean {
  if (columns.opinion[pair] === OPINION.UNKNOWN) return true;
  return columns.streak[pair]! > 0 && !isHeld(columns, pair, rule);
}

/** Time from the start of a check to the start of the next one. A check that takes longer is waited for. */
export function checkIntervalMs(columns: DampingColumns, pair: number, cadence: Cadence, rule: DampingRule): number {
  return isInTransition(columns, pair, rule) ? cadence.transitionIntervalMs : cadence.intervalMs;
}

function turn(columns: DampingColumns, pair: number, opinion: number): true {
  columns.opinion[pair] = opinion;
  columns.streak[pair] = 0;
  return true;
}

function flap(columns: DampingColumns, pair: number, atSec: number): void {
  columns.penalty[pair] = Math.min(PENALTY_CAP, decayed(columns, pair, atSec) + FLAP_PENALTY);
  if (atSec > columns.anchorSec[pair]!) columns.anchorSec[pair] = atSec;
}

function decayed(columns: DampingColumns, pair: number, atSec: number): number {
  const penalty = columns.penalty[pair]!;
  const anchorSec = columns.anchorSec[pair]!;
  if (penalty === 0 || atSec <= anchorSec) return penalty;
  const steps = Math.floor((atSec - anchorSec) / DECAY_STEP_SEC);
  const halves = Math.floor(steps / DECAY.length);
  return halves > 15 ? 0 : ((penalty * DECAY[steps % DECAY.length]!) >>> 16) >>> halves;
}

function extraSuccesses(penalty: number): number {
  if (penalty <= GUARD_FROM) return 0;
  return Math.min(EXTRA_MOST, EXTRA_LEAST + ((penalty - GUARD_FROM) >>> EXTRA_SHIFT));
}

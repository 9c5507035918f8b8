// What has come in since the last pass. Of each prober everything is taken in its order; what has to wait for the pass, because a
// result of the same pair is in it already, holds up what the same prober said afterwards, and nobody else.

import type { Verdict, Vote } from '../model/verdict.ts';
import type { ResultBatch } from './result-batch.ts';
import type { Seating } from './seating.ts';
import type { TargetPlaces } from './target-places.ts';

/** What a prober says may come before the mesh tells that it is there. */
const STRANGER_MS = 10_000;

interface Waiting {
  readonly prober: string;
  readonly comeMs: number;
  readonly what: ResultBatch | readonly Vote[] | 'farewell';
  /** What of it has been taken. */
  opinions: number;
  results: number;
  votes: number;
}

export class FleetQueue {
  #waiting: Waiting[] = [];
  #memories: Verdict[] = [];
  #isReady = false;

  /** Whether more can be taken at once, when the results of this pass have been. */
  get isReady(): boolean {
    return this.#isReady;
  }

  addBatch(prober: string, batch: ResultBatch, nowMs: number): void {
    this.#add(prober, batch, nowMs);
  }

  addVotes(votes: readonly Vote[], nowMs: number): void {
    const byProber = new Map<string, Vote[]>();
    for (const vote of votes) {
      const own = byProber.get(vote.prober) ?? [];
      byProber.set(vote.prober, own);
      own.push(vote);
    }
    for (const [prober, own] of byProber) this.#add(prober, own, nowMs);
  }

  addFarewell(prober: string): void {
    this.#add(prober, 'farewell', Number.NEGATIVE_INFINITY);
  }

  /** Verdicts of others, or of before. */
  addMemories(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) this.#memories.push(verdict);
  }

  /** Forgets what was said of another list of targets. Verdicts have keys, and stay. */
  clear(): void {
    this.#waiting = [];
    this.#isReady = false;
  }

  /** Moves what may be taken now into the groups. Not during a pass. */
  drain(places: TargetPlaces, seating: Seating, nowMs: number): void {
    for (const verdict of this.#memories.splice(0)) places.remember(verdict);
    const held = new Set<string>();
    /** Probers with a result in the coming pass. */
    const busy = new Set<string>();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#isReady = false;
    for (const one of waiting) {
      const seat = seating.seatOf(one.prober);
      if (seat === undefined) {
        if (nowMs - one.comeMs < STRANGER_MS) this.#waiting.push(one);
        continue;
      }
      if (!held.has(one.prober) && take(one, seat, places, busy)) continue;
      held.add(one.prober);
      this.#waiting.push(one);
      this.#isReady = true;
    }
  }

  #add(prober: string, what: Waiting['what'], comeMs: number): void {
    this.#waiting.push({ prober, comeMs, what, opinions: 0, results: 0, votes: 0 });
  }
}

/** Takes as much as may be taken; whether that was all. */
function take(one: Waiting, seat: number, places: TargetPlaces, busy: Set<string>): boolean {
  const { prober, what } = one;
  if (what === 'farewell') {
    if (busy.has(prober)) return false;
    for (const group of places.groups) group.silence(seat);
    return true;
  }
  if (!('results' in what)) {
    for (; one.votes < what.length; one.votes++) {
      const vote = what[one.votes]!;
      const place = places.ofKey(vote.target);
      if (place !== undefined && !place.group.setVote(place.local, seat, vote)) return false;
    }
    return true;
  }
  for (; one.opinions < what.opinions.length; one.opinions++) {
    const row = what.opinions[one.opinions]!;
    const { group, local } = places.at(row.target);
    if (!group.setOpinion(local, seat, row)) return false;
  }
  for (; one.results < what.results.length; one.results++) {
    const row = what.results[one.results]!;
    const { group, local } = places.at(row.target);
    if (!group.addResult(local, seat, row)) return false;
    busy.add(prober);
  }
  return true;
}

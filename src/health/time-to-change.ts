// How long an answer may be kept: until the state that it rests on could change. A vote changes when as many more results
// as it lacks have come in, one each interval; a verdict when enough votes have. Record TTLs bound it (zone/gslb.ts).
// Source of the idea: gdnsd's monitored TTLs, there for one observer.

import type { Cadence } from '../model/probe.ts';
import type { Verdict, Vote } from '../model/verdict.ts';
import { concludes, type QuorumRule, tally } from './quorum.ts';

/** Milliseconds until results could change the vote. While they speak against it, checks come faster. */
export function voteChangeMs(vote: Pick<Vote, 'isUp' | 'against' | 'needed'>, cadence: Cadence): number {
  const isHeldByGuard = !vote.isUp && vote.against >= cadence.rise;
  const everyMs = vote.against > 0 && !isHeldByGuard ? cadence.transitionIntervalMs : cadence.intervalMs;
  return Math.max(1, vote.needed - vote.against) * everyMs;
}

/** Milliseconds until the verdict could follow another state than now, from its fresh votes. */
export function verdictChangeMs(verdict: Verdict, votes: readonly Vote[], rule: QuorumRule, cadence: Cadence): number {
  const { state, isUp } = verdict;
  if (state === 'unknown') return (isUp ? cadence.fall : cadence.rise) * cadence.intervalMs;
  const times = votes.filter((vote) => vote.isUp === isUp).map((vote) => voteChangeMs(vote, cadence));
  times.sort((a, b) => a - b);
  const changesBy = (timeMs: number): boolean => {
    const isDownBy = (vote: Vote): boolean => (vote.isUp === isUp && voteChangeMs(vote, cadence) <= timeMs) === vote.isUp;
    return concludes(tally(votes, isDownBy), rule) !== state;
  };
  return times.find(changesBy)!;
}

const MOST_SEC = 2 ** 30;

/**
 * A time left as a TTL in seconds, rounded down to a power of two, so that a TTL that counts down to a known moment changes a
 * few times and not every second; and when it will be another one.
 */
export function countdown(untilMs: number, nowMs: number): { readonly ttlSec: number; readonly nextMs: number } {
  const leftSec = Math.min(MOST_SEC, Math.floor((untilMs - nowMs) / 1000));
  if (leftSec < 2) return { ttlSec: 1, nextMs: untilMs };
  const ttlSec = 2 ** (31 - Math.clz32(leftSec));
  return { ttlSec, nextMs: untilMs - ttlSec * 1000 + 1 };
}

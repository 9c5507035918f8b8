// How long an answer may be kept: until the state that it rests on could change. A vote changes when as many more results
// as it lacks have come in, one each interval; a verdict when enough votes have. Record TTLs bound it (zone/gslb.ts).
// Source of the idea: gdnsd's monitored TTLs, there for one observer.

import { type Cadence, OUTCOME } from '../model/probe.ts';
import type { Verdict, Vote } from '../model/verdict.ts';
import { concludes, type QuorumRule, type Stand, standOf, tally } from './quorum.ts';

type Progress = Pick<Vote, 'isUp' | 'against' | 'needed' | 'outcome'>;

/** Milliseconds until results could turn the vote from up to down or back. While they speak against it, checks come faster. */
export function voteChangeMs(vote: Progress, cadence: Cadence): number {
  const isHeld = standOf(vote, cadence.rise) === 'held';
  const everyMs = vote.against > 0 && !isHeld ? cadence.transitionIntervalMs : cadence.intervalMs;
  return Math.max(1, vote.needed - vote.against) * everyMs;
}

/**
 * Milliseconds until a vote that the flap guard holds could be one of down, seen and not only remembered. How many failures
 * there have been in a row is not in the vote: once there is one, the next may be the last that it takes.
 */
function relapseMs({ outcome }: Progress, cadence: Cadence): number {
  return outcome === OUTCOME.OK ? cadence.fall * cadence.intervalMs : cadence.transitionIntervalMs;
}

/** Milliseconds until the verdict could follow another state than now, from its fresh votes. */
export function verdictChangeMs(verdict: Verdict, votes: readonly Vote[], rule: QuorumRule, cadence: Cadence): number {
  const { state, isUp } = verdict;
  if (state === 'unknown') return (isUp ? cadence.fall : cadence.rise) * cadence.intervalMs;
  const other = isUp ? 'down' : 'up';
  const turnMs = (vote: Vote): number => {
    const stand = standOf(vote, cadence.rise);
    if (stand === other) return 0;
    return isUp && stand === 'held' ? relapseMs(vote, cadence) : voteChangeMs(vote, cadence);
  };
  const changesBy = (timeMs: number): boolean => {
    const standBy = (vote: Vote): Stand => (turnMs(vote) <= timeMs ? other : standOf(vote, cadence.rise));
    return concludes(tally(votes, standBy), rule, isUp) === other;
  };
  const times = votes.map(turnMs);
  times.sort((a, b) => a - b);
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

// The quorum turns fresh votes into a verdict. Opinions are counted twice: over all votes, and by region, where a region
// sees a fault if at least half of its votes do. With V = rule.votes and R = rule.regions:
//
//   unknown   fewer than V fresh votes, or fresh votes of fewer than R regions
//   down      more than half of the fresh votes are down, and at least R regions see it
//   up        otherwise
//
// So one region alone never moves the verdict (where R is 2), and one more vote of down never turns down into anything else.
// `concludes` is the whole rule in integers; fleet/ does the same over columns. Unknown keeps what was concluded last.

import type { HealthSettings } from '../model/health.ts';
import { OUTCOME } from '../model/probe.ts';
import type { State, Verdict, Vote } from '../model/verdict.ts';

/** What it takes to conclude anything. */
export interface QuorumRule {
  readonly votes: number;
  readonly regions: number;
}

/** Fresh votes of one target, counted. */
export interface Tally {
  readonly fresh: number;
  readonly down: number;
  readonly regions: number;
  readonly regionsDown: number;
}

/** The whole rule. */
export function concludes({ fresh, down, regions, regionsDown }: Tally, rule: QuorumRule): State {
  if (fresh < rule.votes || regions < rule.regions) return 'unknown';
  return 2 * down > fresh && regionsDown >= rule.regions ? 'down' : 'up';
}

/**
 * The rule for targets that `vantagePoints` probers should look at, while the probers of these regions (one entry each) are
 * alive: a majority of the votes that there can be, and two regions if there are two. As long as no prober is known, as many
 * as are wanted are taken to be there, so that the first to be heard of does not decide alone.
 */
export function quorumRule(
  vantagePoints: number,
  regionsOfProbers: readonly string[],
  settings: Pick<HealthSettings, 'leastVotes' | 'leastRegions'>,
): QuorumRule {
  const isKnown = regionsOfProbers.length > 0;
  const possible = isKnown ? Math.min(vantagePoints, regionsOfProbers.length) : vantagePoints;
  const regions = isKnown ? new Set(regionsOfProbers).size : vantagePoints;
  return {
    votes: settings.leastVotes || Math.floor(possible / 2) + 1,
    regions: settings.leastRegions || Math.min(2, possible, regions),
  };
}

/** The verdict from the fresh votes on one target, at most one a prober, in any order. `previous` is what was concluded last. */
export function judge(
  target: string,
  votes: readonly Vote[],
  rule: QuorumRule,
  previous: Verdict | undefined,
  nowMs: number,
): Verdict {
  const state = concludes(tally(votes, isDownNow), rule);
  const wasUp = previous?.isUp ?? true;
  const isUp = state === 'unknown' ? wasUp : state === 'up';
  let sinceMs = previous?.sinceMs ?? 0;
  if (isUp !== wasUp) {
    const turnedMs = turningPointMs(votes, rule, state);
    // votes that turned before the last change do not tell when this one came about: others must have expired
    sinceMs = turnedMs > sinceMs && turnedMs < nowMs ? turnedMs : nowMs;
  }
  const why = whyOf(votes, rule, state, isUp, previous !== undefined);
  return { target, state, isUp, sinceMs, why };
}

const isDownNow = (vote: Vote): boolean => !vote.isUp;

/** Counts votes; a region sees a fault if at least half of its votes do. */
export function tally(votes: readonly Vote[], isDown: (vote: Vote) => boolean): Tally {
  const balance = new Map<string, number>();
  let down = 0;
  for (const vote of votes) {
    const sees = isDown(vote);
    if (sees) down++;
    balance.set(vote.region, (balance.get(vote.region) ?? 0) + (sees ? 1 : -1));
  }
  let regionsDown = 0;
  for (const surplus of balance.values()) if (surplus >= 0) regionsDown++;
  return { fresh: votes.length, down, regions: balance.size, regionsDown };
}

/**
 * When enough of the votes had turned: the earliest time of a vote at which the verdict follows from the votes that had turned
 * by then. Taken from the votes themselves, so that servers which hear of them at different times agree.
 */
function turningPointMs(votes: readonly Vote[], rule: QuorumRule, state: State): number {
  const isUp = state === 'up';
  const turns = votes.filter((vote) => vote.isUp === isUp).map((vote) => vote.sinceMs);
  turns.sort((a, b) => a - b);
  const follows = (atMs: number): boolean => {
    const isDownAt = (vote: Vote): boolean => (vote.isUp === isUp && vote.sinceMs <= atMs) !== isUp;
    return concludes(tally(votes, isDownAt), rule) === state;
  };
  return turns.find(follows)!;
}

function whyOf(votes: readonly Vote[], rule: QuorumRule, state: State, isUp: boolean, isKnown: boolean): string {
  const counted = tally(votes, isDownNow);
  if (state === 'unknown') {
    const kept = isKnown ? `stays ${isUp ? 'up' : 'down'}` : 'taken as up';
    return `${kept}: ${counted.fresh} fresh ${plural(counted.fresh, 'vote')} of ${counted.regions} ${plural(counted.regions, 'region')}, needed ${rule.votes} of ${rule.regions}`;
  }
  const seen = state === 'down' ? counted.down : counted.fresh - counted.down;
  const where = counted.regions > 1 ? ` in ${counted.regions} regions` : '';
  const points = `${seen} of ${counted.fresh} vantage points${where}`;
  if (state === 'down') return `${points}: ${commonCause(votes)}`;
  if (counted.down === 0) return points;
  const dissent = `${counted.down} ${plural(counted.down, 'sees', 'see')} ${commonCause(votes)}`;
  const alone = 2 * counted.down > counted.fresh ? ', in too few regions to count' : '';
  return `${points}; ${dissent}${alone}`;
}

const plural = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);

const CAUSES: Readonly<Record<number, string>> = {
  [OUTCOME.OK]: 'held down by the flap guard',
  [OUTCOME.REFUSED]: 'refused',
  [OUTCOME.TIMEOUT]: 'timeout',
  [OUTCOME.UNREACHABLE]: 'unreachable',
  [OUTCOME.RESET]: 'reset',
  [OUTCOME.BAD_STATUS]: 'wrong status',
  [OUTCOME.BAD_CONTENT]: 'wrong content',
  [OUTCOME.TLS]: 'TLS failed',
  [OUTCOME.PROTOCOL]: 'not the protocol',
  [OUTCOME.UNRESOLVED]: 'name not resolved',
};

/** What most votes of down say, with the words of the check if it had any; of equally many the first in the alphabet. */
function commonCause(votes: readonly Vote[]): string {
  const counts = new Map<string, number>();
  for (const vote of votes) {
    if (vote.isUp) continue;
    const isHeld = vote.outcome === OUTCOME.OK;
    const cause = vote.detail === '' || isHeld ? (CAUSES[vote.outcome] ?? `outcome ${vote.outcome}`) : vote.detail;
    counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  const causes = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return causes[0]![0];
}

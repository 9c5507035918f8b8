// The quorum turns fresh votes into a verdict. Votes stand for up, for down, or are held: down only because the flap guard
// (damping.ts) still asks for more. They are counted twice: over all votes, and by region, where a region sees a fault if at
// least half of its votes do. With V = rule.votes and R = rule.regions:
//
//   unknown   fewer than V fresh votes, or fresh votes of fewer than R regions
//   down      more than half of the fresh votes are down, and at least R regions see it
//   up        not even if held votes are counted as down would it be down
//   kept      otherwise: down if it was down, up if it was up or was never known
//
// So one region alone never moves the verdict (where R is 2), and one more vote of down never turns down into anything else.
// A held vote keeps down what is down and takes down nothing: the guards of several probers cannot add up to an outage that
// nobody sees, and the verdict never changes more often than it would without the guard.
// `concludes` is the whole rule in integers; fleet/ does the same over columns. Unknown keeps what was concluded last.

import type { HealthSettings } from '../model/health.ts';
import { OUTCOME } from '../model/probe.ts';
import type { State, Verdict, Vote } from '../model/verdict.ts';

/** What it takes to conclude anything. */
export interface QuorumRule {
  readonly votes: number;
  readonly regions: number;
}

/** Fresh votes of one target, counted; `notUp` are those that are down or held. */
export interface Tally {
  readonly fresh: number;
  readonly regions: number;
  readonly down: number;
  readonly regionsDown: number;
  readonly notUp: number;
  readonly regionsNotUp: number;
}

/** The whole rule. `wasUp` is what traffic followed so far. */
export function concludes(tally: Tally, rule: QuorumRule, wasUp: boolean): State {
  if (tally.fresh < rule.votes || tally.regions < rule.regions) return 'unknown';
  if (2 * tally.down > tally.fresh && tally.regionsDown >= rule.regions) return 'down';
  const mayBeDown = 2 * tally.notUp > tally.fresh && tally.regionsNotUp >= rule.regions;
  return mayBeDown && !wasUp ? 'down' : 'up';
}

export type Stand = 'up' | 'held' | 'down';

/** What a vote stands for, of a target that comes up after `rise` successes if the flap guard lets it. */
export function standOf({ isUp, against }: Pick<Vote, 'isUp' | 'against'>, rise: number): Stand {
  if (isUp) return 'up';
  return against >= rise ? 'held' : 'down';
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

/**
 * The verdict from the fresh votes on one target, at most one a prober, in any order. `previous` is what was concluded last;
 * `rise` is that of the target's probe.
 */
export function judge(
  target: string,
  votes: readonly Vote[],
  rule: QuorumRule,
  previous: Verdict | undefined,
  nowMs: number,
  rise: number,
): Verdict {
  const wasUp = previous?.isUp ?? true;
  const counted = tally(votes, (vote) => standOf(vote, rise));
  const state = concludes(counted, rule, wasUp);
  const isUp = state === 'unknown' ? wasUp : state === 'up';
  let sinceMs = previous?.sinceMs ?? 0;
  if (isUp !== wasUp) {
    const turnedMs = turningPointMs(votes, rule, isUp ? 'up' : 'down', rise);
    // votes that turned before the last change do not tell when this one came about: others must have expired
    sinceMs = turnedMs > sinceMs && turnedMs < nowMs ? turnedMs : nowMs;
  }
  const why = state === 'unknown' ? whyUnknown(counted, rule, previous) : whyOf(votes, counted, rule, state, rise);
  return { target, state, isUp, sinceMs, why };
}

/** Counts votes; a region sees a fault if at least half of its votes do. */
export function tally(votes: readonly Vote[], standsFor: (vote: Vote) => Stand): Tally {
  const surplusOf = new Map<string, { down: number; notUp: number }>();
  let [down, notUp] = [0, 0];
  for (const vote of votes) {
    const stand = standsFor(vote);
    const surplus = surplusOf.get(vote.region) ?? { down: 0, notUp: 0 };
    surplusOf.set(vote.region, surplus);
    if (stand === 'down') down++;
    if (stand !== 'up') notUp++;
    surplus.down += stand === 'down' ? 1 : -1;
    surplus.notUp += stand === 'up' ? -1 : 1;
  }
  let [regionsDown, regionsNotUp] = [0, 0];
  for (const surplus of surplusOf.values()) {
    if (surplus.down >= 0) regionsDown++;
    if (surplus.notUp >= 0) regionsNotUp++;
  }
  return { fresh: votes.length, regions: surplusOf.size, down, regionsDown, notUp, regionsNotUp };
}

/**
 * When enough of the votes had turned: the earliest time of a vote at which the verdict follows from the votes that had turned
 * by then. Taken from the votes themselves, so that servers which hear of them at different times agree. A vote that is held
 * brought nothing about: it is counted on the other side.
 */
function turningPointMs(votes: readonly Vote[], rule: QuorumRule, to: 'up' | 'down', rise: number): number {
  const from = to === 'up' ? 'down' : 'up';
  const turns = votes.filter((vote) => standOf(vote, rise) === to).map((vote) => vote.sinceMs);
  turns.sort((a, b) => a - b);
  const follows = (atMs: number): boolean => {
    const stoodFor = (vote: Vote): Stand => (standOf(vote, rise) === to && vote.sinceMs <= atMs ? to : from);
    return concludes(tally(votes, stoodFor), rule, to === 'down') === to;
  };
  return turns.find(follows)!;
}

function whyUnknown({ fresh, regions }: Tally, rule: QuorumRule, previous: Verdict | undefined): string {
  const kept = previous === undefined ? 'taken as up' : `stays ${previous.isUp ? 'up' : 'down'}`;
  return `${kept}: ${fresh} fresh ${plural(fresh, 'vote')} of ${regions} ${plural(regions, 'region')}, needed ${rule.votes} of ${rule.regions}`;
}

function whyOf(votes: readonly Vote[], counted: Tally, rule: QuorumRule, state: State, rise: number): string {
  const { fresh, regions, down, notUp } = counted;
  const held = notUp - down;
  const where = ` of ${fresh} vantage points${regions > 1 ? ` in ${regions} regions` : ''}`;
  const isSeenDown = state === 'down' && concludes(counted, rule, true) === 'down';
  if (isSeenDown) return `${down}${where}: ${commonCause(votes, rise)}${held > 0 ? `; ${held} ${HELD}` : ''}`;
  if (state === 'down') return `${notUp}${where}: ${down > 0 ? `${held} ` : ''}${HELD}`;
  const parts = [`${fresh - notUp}${where}`];
  const alone = 2 * down > fresh ? ', in too few regions to count' : '';
  if (down > 0) parts.push(`${down} ${plural(down, 'sees', 'see')} ${commonCause(votes, rise)}${alone}`);
  if (held > 0) parts.push(`${held} ${HELD}`);
  return parts.join('; ');
}

const plural = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);

const HELD = 'held down by the flap guard';

const CAUSES: Readonly<Record<number, string>> = {
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
function commonCause(votes: readonly Vote[], rise: number): string {
  const counts = new Map<string, number>();
  for (const vote of votes) {
    if (standOf(vote, rise) !== 'down') continue;
    const cause = vote.detail === '' ? (CAUSES[vote.outcome] ?? `outcome ${vote.outcome}`) : vote.detail;
    counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  const causes = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return causes[0]![0];
}

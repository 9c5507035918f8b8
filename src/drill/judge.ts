// What is expected after a step, measured. A time is measured to its end even if it is over its limit already, up to twice that.

import { sleep } from '../base/sleep.ts';
import type { Logbook } from './logbook.ts';
import type { Expectation, Scope, World } from './model.ts';
import type { Observations } from './observations.ts';

/** So many replies in a row show that nobody is sent to a site any more, and that everybody is sent home. */
const AWAY_REPLIES = 3;
const HOME_REPLIES = 15;
/** Replies that have been the same for so long have settled. */
const SETTLED_MS = 3000;
const LOOK_MS = 50;
const LOAD_LOOK_MS = 500;
/** A site is left alone up to 3 % above its target (docs/capacity.md); people who come and go waver. */
const NEAR_TARGET = 1.1;
/** Under this share of its target, more than the excess has left. */
const LEAST_KEPT = 0.75;
const CALM_LOOKS = 6;

/** The drill was told to stop. */
export class Stopped extends Error {}

export const settledMs = ({ steadyMs }: World): number => Math.min(SETTLED_MS, steadyMs);

export interface Moment {
  readonly world: World;
  readonly observations: Observations;
  readonly record: Logbook;
  readonly signal: AbortSignal;
  /** The site that is hit. */
  readonly site: string;
  /** When the step began, and when the fault (or its end) was in force. */
  readonly begunMs: number;
  readonly inForceMs: number;
}

/** Milliseconds until it is true; infinity if it is not within twice the limit. Throws Stopped when the signal fires. */
export async function untilTrue(
  isTrue: () => boolean | Promise<boolean>,
  limitMs: number,
  signal: AbortSignal,
  lookMs: number = LOOK_MS,
): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    if (signal.aborted) throw new Stopped();
    const isSo = await isTrue();
    const tookMs = performance.now() - startMs;
    if (isSo) return tookMs;
    if (tookMs > 2 * limitMs) return Number.POSITIVE_INFINITY;
    await sleep(lookMs, signal);
  }
}

/** Waits for what is expected, one thing after another, and judges it. */
export async function judgeStep(expectations: readonly Expectation[], moment: Moment): Promise<void> {
  const { world, observations, record, signal, site, begunMs, inForceMs } = moment;
  let awayMs = inForceMs;
  let homeMs = begunMs;
  let isWatched = false;
  const { asked, failed } = world.visits?.() ?? { asked: 0, failed: 0 };
  for (const expectation of expectations) {
    const isSteady = expectation.what === 'steady';
    if (isSteady && !isWatched) await sleep(world.steadyMs, signal);
    isWatched = isSteady;
    if (signal.aborted) throw new Stopped();
    switch (expectation.what) {
      case 'away': {
        const servers = serversOf(expectation.by, moment);
        const isSo = (): boolean => observations.isAllAway(site, servers, AWAY_REPLIES, inForceMs);
        const title = `clients of ${site} go elsewhere, by ${servers.join(', ')}`;
        awayMs = await judgeTime(title, isSo, expectation.within, moment, () => lastWrongMs('away', servers, moment));
        break;
      }
      case 'home': {
        const servers = serversOf(expectation.by, moment);
        const isSo = (): boolean =>
          observations.isAllHome(site, servers, HOME_REPLIES, inForceMs) &&
          performance.now() - lastWrongMs('home', servers, moment) >= settledMs(world);
        const title = `clients of ${site} are home again, all of them`;
        homeMs = await judgeTime(title, isSo, expectation.within, moment, () => lastWrongMs('home', servers, moment));
        break;
      }
      case 'steady': {
        const servers = serversOf(expectation.by, moment);
        if (servers.length === 0) continue; // it is away on purpose
        const sinceMs = expectation.state === 'away' ? awayMs : homeMs;
        const wrong = observations.wrongSince(expectation.state, site, servers, sinceMs);
        const who = expectation.by === 'all' ? '' : ` of ${servers.join(', ')}`;
        const title =
          expectation.state === 'home' ? `answers${who} that changed` : `answers${who} that still name ${site}, or err`;
        const [first] = wrong;
        const sample =
          first === undefined ? '' : ` (the first by ${first.server} to ${first.client}: ${first.site ?? 'nothing'})`;
        record.none(title, wrong.length, sample);
        break;
      }
      case 'answering': {
        const { server } = world.subject;
        const isSo = (): boolean =>
          observations.clients.every((client) => observations.last(server, client, 1, begunMs).some(({ site }) => site !== null));
        // From the moment at which its start was ordered: that is what its clients wait for.
        await judgeTime(`${server} answers again`, isSo, expectation.within, { ...moment, inForceMs: begunMs });
        break;
      }
      case 'joined':
        if (world.isJoined === undefined) record.say('note', 'whether the servers share the mesh cannot be seen from here');
        else await judgeTime('every server shares the mesh and sees all up', world.isJoined, expectation.within, moment);
        break;
      case 'refused':
        judgeRefusals(moment);
        break;
      case 'replaced':
        judgeReplaced(moment);
        break;
      case 'served':
        judgeVisits(asked, failed, moment);
        break;
      case 'relieved':
        await judgeRelief(expectation.within, moment);
        break;
    }
  }
}

function serversOf(scope: Scope, { world, observations }: Moment): readonly string[] {
  const own = world.subject.server;
  const isMeant = (server: string): boolean => scope === 'all' || (server === own) === (scope === 'own');
  return world.servers.filter((server) => isMeant(server) && !observations.isAway(server));
}

/** When the last reply came that was not as it shall be; no earlier than the fault. */
function lastWrongMs(state: 'home' | 'away', servers: readonly string[], { observations, site, inForceMs }: Moment): number {
  const wrong = observations.wrongSince(state, site, servers, inForceMs);
  return Math.max(inForceMs, ...wrong.map(({ atMs }) => atMs));
}

/** Judges it, and resolves to the moment at which it was so: by `sinceMs`, or that at which it was seen. */
async function judgeTime(
  title: string,
  isSo: () => boolean | Promise<boolean>,
  limit: keyof World['limitsMs'],
  { world, record, signal, inForceMs }: Moment,
  sinceMs: () => number = () => performance.now(),
): Promise<number> {
  const limitMs = world.limitsMs[limit];
  const isReached = Number.isFinite(await untilTrue(isSo, limitMs, signal));
  const reachedMs = isReached ? sinceMs() : performance.now();
  record.within(title, isReached ? reachedMs - inForceMs : Number.POSITIVE_INFINITY, limitMs);
  return reachedMs;
}

function judgeRefusals({ world, record }: Moment): void {
  const refusals = world.refusals?.();
  if (refusals === undefined) {
    record.say('note', 'whether the servers refuse the change cannot be seen from here');
    return;
  }
  for (const [server, text] of refusals) record.say('note', `${server} says: ${text}`);
  const took = world.servers.filter((server) => !refusals.has(server));
  record.none('servers that took the broken change', took.length, took.length === 0 ? '' : ` (${took.join(', ')})`);
}

function judgeReplaced({ world, record }: Moment): void {
  const unreplaced = world.unreplaced?.();
  if (unreplaced === undefined) {
    record.say('note', 'whether another process serves cannot be seen from here');
    return;
  }
  const why = [...unreplaced].map(([server, reason]) => `${server}: ${reason}`).join('; ');
  record.none('servers that were not replaced', unreplaced.size, why === '' ? '' : ` (${why})`);
}

function judgeVisits(askedBefore: number, failedBefore: number, { world, record }: Moment): void {
  const visits = world.visits?.();
  if (visits === undefined) {
    record.say('note', 'whether requests to the site are answered cannot be seen from here');
    return;
  }
  const asked = visits.asked - askedBefore;
  const failed = visits.failed - failedBefore;
  record.judge('requests of clients to the site that failed', failed === 0 && asked > 0, `${failed} of ${asked}`, '0 of some');
}

/** The site comes to its target and stays there, neither above it nor far below, while no other site is over its own. */
async function judgeRelief(limit: keyof World['limitsMs'], moment: Moment): Promise<void> {
  const { world, record, signal, site, inForceMs } = moment;
  const { loads } = world;
  if (loads === undefined) {
    record.say('note', 'how full the sites are cannot be seen from here');
    return;
  }
  const seen = { peak: 0, least: Number.POSITIVE_INFINITY, othersPeak: 0 };
  let isOver = false;
  let calm = 0;
  let calmMs = 0;
  const isRelieved = (): boolean => {
    const shares = loads().map(({ site: id, current, target }) => ({ isSubject: id === site, share: current / target }));
    const own = shares.find(({ isSubject }) => isSubject)?.share ?? 0;
    const others = Math.max(0, ...shares.filter(({ isSubject }) => !isSubject).map(({ share }) => share));
    seen.peak = Math.max(seen.peak, own);
    seen.othersPeak = Math.max(seen.othersPeak, others);
    if (own > NEAR_TARGET) isOver = true;
    else if (isOver) seen.least = Math.min(seen.least, own);
    const isCalm = isOver && own <= NEAR_TARGET && own >= LEAST_KEPT && others <= NEAR_TARGET;
    if (isCalm && calm === 0) calmMs = performance.now();
    calm = isCalm ? calm + 1 : 0;
    return calm >= CALM_LOOKS;
  };
  const limitMs = world.limitsMs[limit];
  const isReached = Number.isFinite(await untilTrue(isRelieved, limitMs, signal, LOAD_LOOK_MS));
  const percent = (share: number): string => (Number.isFinite(share) ? `${Math.round(share * 100)} %` : 'nothing');
  const way = `on the way there between ${percent(seen.least)} and ${percent(seen.peak)} of its target`;
  record.say('note', `${site} was ${way}, the fullest of the others at ${percent(seen.othersPeak)} of its own at most`);
  const title = `${site} is at its target, between ${percent(LEAST_KEPT)} and ${percent(NEAR_TARGET)}, and no other site over its own`;
  record.within(title, isReached ? calmMs - inForceMs : Number.POSITIVE_INFINITY, limitMs);
}

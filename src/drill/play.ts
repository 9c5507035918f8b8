// Plays a drill in a world: learns where everybody is at home, takes the steps, measures and judges, and undoes what was done - at
// the end, after a failure, and when it is told to stop. Times count from the moment at which a fault is in force.

import { Changes } from './changes.ts';
import { judgeStep, Stopped, settledMs, untilTrue } from './judge.ts';
import type { Logbook } from './logbook.ts';
import type { Drill, FaultName, FaultWays, Stage, World } from './model.ts';
import { Observations, type ServerCount } from './observations.ts';

/** What every server told every client for a while shows where they are at home, if there are so many replies. */
const HOME_REPLIES = 5;
const HOME_LIMIT_MS = 45_000;
/** After this, clients whose answers still alternate have several homes. */
const SETTLE_LIMIT_MS = 10_000;

export interface Outcome {
  /** Told to stop before its end. */
  readonly isStopped: boolean;
  /** Faults that could not be undone, with the reason. */
  readonly left: readonly string[];
  /** By server; empty if nobody was asked. */
  readonly queries: readonly ServerCount[];
}

/** Why a drill could not be played; says what to do. */
export class DrillError extends Error {}

/** Throws a DrillError if it cannot be played, after undoing what was done. */
export async function play(drill: Drill, world: World, record: Logbook, signal: AbortSignal): Promise<Outcome> {
  const observations = new Observations(
    world.servers,
    world.clients.map(({ network }) => network),
  );
  const labels = new Map(world.clients.map(({ network, label }) => [network, label]));
  const changes = new Changes(
    (client) => labels.get(client)!,
    (text) => record.say('answer', text),
  );
  let inForceMs: number | undefined;
  const stage: Stage = {
    inForce: () => {
      inForceMs = performance.now();
    },
    note: (text) => record.say('note', text),
    excuse: (server) => observations.excuse(server, performance.now()),
    require: (server) => observations.require(server, performance.now()),
    signal,
  };
  const made: FaultName[] = [];
  const left: string[] = [];
  let isStopped = false;
  let stopAsking: () => Promise<void> = () => Promise.resolve();
  try {
    const startMs = performance.now();
    stopAsking = world.ask((answer) => {
      observations.take(answer);
      if (answer.trouble !== 'lost' || !observations.wasAway(answer)) changes.take(answer);
    });
    const learn = (isOne: boolean): boolean => {
      const sinceMs = performance.now() - settledMs(world);
      return sinceMs >= startMs && observations.learnHomes(HOME_REPLIES, sinceMs, isOne);
    };
    const isKnown = (isOne: boolean, limitMs: number): Promise<number> => untilTrue(() => learn(isOne), limitMs, signal);
    const isSettled = Number.isFinite(await isKnown(true, SETTLE_LIMIT_MS));
    if (!isSettled && !Number.isFinite(await isKnown(false, HOME_LIMIT_MS)))
      throw new DrillError(unanswered(world, observations, startMs));
    const site = subjectOf(world, observations);
    const homes = world.clients.map(({ network, label }) => `${label} -> ${[...observations.home(network)].sort().join(' or ')}`);
    record.say('note', `${world.servers.join(', ')} answer ${world.name}: ${homes.join(', ')}`);
    for (const { make, undo, expect } of drill.steps) {
      const name = (make ?? undo)!;
      const ways = waysOf(world, name);
      record.say('does', make === undefined ? ways.undoes : ways.does);
      const begunMs = performance.now();
      inForceMs = undefined;
      if (make !== undefined) {
        made.push(make);
        await ways.make(stage);
      } else {
        await ways.undo(stage);
        made.splice(made.lastIndexOf(name), 1);
      }
      if (signal.aborted) throw new Stopped();
      await judgeStep(expect, { world, observations, record, signal, site, begunMs, inForceMs: inForceMs ?? performance.now() });
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    isStopped = true;
    record.say('note', 'told to stop: what was done is undone now');
  } finally {
    for (const name of made.reverse()) left.push(...(await undoOne(name, waysOf(world, name), stage, record)));
    await stopAsking();
  }
  judgeQueries(observations, record);
  return { isStopped, left, queries: observations.counts() };
}

async function undoOne(name: FaultName, ways: FaultWays, stage: Stage, record: Logbook): Promise<readonly string[]> {
  record.say('does', ways.undoes);
  try {
    await ways.undo(stage);
    return [];
  } catch (error) {
    const reason = `${name} could not be undone: ${(error as Error).message}; by hand: ${ways.undoes}`;
    record.say('note', reason);
    return [reason];
  }
}

function waysOf(world: World, name: FaultName): FaultWays {
  const ways = world.faults[name];
  if (ways === undefined) throw new DrillError(`"${name}" cannot be done with ${world.title}`);
  return ways;
}

function judgeQueries(observations: Observations, record: Logbook): void {
  const counts = observations.counts();
  const sum = (of: 'asked' | 'lost' | 'lostAway' | 'empty'): number => counts.reduce((total, count) => total + count[of], 0);
  if (sum('asked') === 0) return;
  const worst = counts.filter(({ lost }) => lost > 0).map(({ server, lost }) => `${server} ${lost}`);
  const away = sum('lostAway') === 0 ? '' : `; ${sum('lostAway')} more of servers that were taken away`;
  const detail = worst.length === 0 ? '' : ` (${worst.join(', ')})`;
  record.none('queries lost by servers that should answer', sum('lost'), ` of ${sum('asked')}${detail}${away}`);
  record.none('replies without an address', sum('empty'), ` of ${sum('asked')}`);
}

function subjectOf(world: World, observations: Observations): string {
  if (world.subject.site !== null) return world.subject.site;
  const { network, label } = world.clients[0]!;
  const [home, ...others] = [...observations.home(network)].sort();
  if (others.length === 0) return home!;
  throw new DrillError(`${label} is sent to ${[home, ...others].join(', ')}: say with --site which of them is to fail`);
}

function unanswered(world: World, observations: Observations, sinceMs: number): string {
  const silent = world.servers.filter((server) =>
    world.clients.some(({ network }) => !observations.since(server, network, sinceMs).some(({ site }) => site !== null)),
  );
  const who = silent.length === 0 ? 'not every server' : silent.join(', ');
  return `before anything was broken, ${who} did not answer ${world.name} with an address for every client; look with: meridian query`;
}

// One run: a scenario under one policy, step by step on a simulated clock. Clients ask their resolvers, resolvers ask DNS servers
// that run the real steering code over the real image, sites get what the answers say, agents report it, and the policy concludes
// from that what the next answers are.

import type { Scenario } from '../config/scenario.ts';
import { distanceKm } from '../geo/distance.ts';
import { NOWHERE, type Place } from '../model/place.ts';
import type { SteeringModel } from '../model/steering.ts';
import { buildSteering } from '../steering/build.ts';
import { type CellTable, Classifier } from '../steering/classes.ts';
import { SteeringImage } from '../steering/image.ts';
import { Cursors, Picked } from '../steering/pick.ts';
import { Demand } from './demand.ts';
import { type FixedAt, makePolicy, type PolicyName, type SimPolicy } from './policies.ts';
import { REGIONS } from './population.ts';
import { SimRandom } from './random.ts';
import { Resolvers, type SimServer } from './resolvers.ts';
import { Sites } from './sites.ts';

/** How often a policy concludes, at least; the real one is asked no more often than four times a second. */
const CONTROL_MS = 2000;

/** The world at one moment. */
export interface Sample {
  readonly atMs: number;
  /** By site, in the unit of the sites. */
  readonly load: Float64Array;
  readonly max: Float64Array;
  /** What steering may fill a site to: less than its target while it starts slowly or drains. */
  readonly target: Float64Array;
  /** By region. */
  readonly demand: Float64Array;
  /** By region, then site: load. */
  readonly where: Float64Array;
}

/** What every policy meets alike: made once per scenario. */
export interface World {
  readonly scenario: Scenario;
  readonly model: SteeringModel;
  readonly table: CellTable;
  /** Cell and class by region. */
  readonly cells: readonly number[];
  readonly classes: readonly number[];
  /** By region, then site. */
  readonly distanceKm: Float64Array;
}

/** `model`: the one of the configuration; its first policy is the one that clients ask for. */
export function makeWorld(scenario: Scenario, model: SteeringModel): World {
  const classifier = new Classifier(model);
  const cells = REGIONS.map(({ country, latitude, longitude }) => {
    const place: Place = { ...NOWHERE, country, latitude, longitude };
    return classifier.cellOf(place);
  });
  const table = classifier.table();
  const column = table.columns[table.columnOf[0]!]!;
  const distances = new Float64Array(REGIONS.length * model.sites.length);
  for (const [r, region] of REGIONS.entries()) {
    for (const site of model.sites) {
      distances[r * model.sites.length + site.index] = distanceKm(
        region.latitude,
        region.longitude,
        site.latitude,
        site.longitude,
      );
    }
  }
  return { scenario, model, table, cells, classes: cells.map((cell) => column[cell]!), distanceKm: distances };
}

/**
 * Runs the scenario; `onStep` sees the world after every step. The arrays of a sample are the caller's to keep. `fixedAt`: plans that
 * the policy `frozen` has to keep at a moment.
 */
export function run(
  world: World,
  name: PolicyName,
  onStep: (sample: Sample, policy: SimPolicy) => void,
  fixedAt: FixedAt = () => undefined,
): void {
  const { scenario, model, table } = world;
  const demand = new Demand(scenario, new SimRandom(scenario.seed));
  const out = new Picked();
  const siteOfMember = model.members.map(({ site }) => site);
  const resolvers = new Resolvers(scenario, new SimRandom(scenario.seed + 1), siteOfMember, out);
  const sites = new Sites(scenario, model, world.cells, new SimRandom(scenario.seed + 2), new SimRandom(scenario.seed + 3));
  const policy = makePolicy(name, model, table, fixedAt);
  let image = new SteeringImage(buildSteering(model, table, sites.health()));
  const servers: SimServer[] = Array.from({ length: scenario.servers }, () => ({ image, cursors: new Cursors(), isCut: false }));
  const asked = new Float64Array(REGIONS.length);
  let concludedMs = Number.NEGATIVE_INFINITY;

  for (let nowMs = 0; nowMs <= scenario.duration; nowMs += scenario.step) {
    demand.update(nowMs);
    sites.update(nowMs);
    cut(scenario, servers, nowMs);
    if (nowMs - concludedMs >= CONTROL_MS) {
      const elapsedSec = concludedMs < 0 ? Number.POSITIVE_INFINITY : (nowMs - concludedMs) / 1000;
      const queries = queriesOf(world, asked, elapsedSec);
      const { health, limits, isNew } = policy.conclude({ nowMs, ttlMs: scenario.ttl, sites, queries });
      if (isNew) image = new SteeringImage(buildSteering(model, table, health, image, limits));
      for (const server of servers) if (!server.isCut) server.image = image;
      asked.fill(0);
      concludedMs = nowMs;
    }
    resolvers.renew(nowMs, servers, world.cells, asked);
    const load = new Float64Array(model.sites.length);
    const where = new Float64Array(REGIONS.length * model.sites.length);
    resolvers.spread(demand.now, load, where);
    sites.report(nowMs, load, where);
    const target = sites.target.map((value, site) => (value * sites.weightShare[site]!) / 1000);
    onStep({ atMs: nowMs, load, max: sites.max.slice(), target, demand: demand.now.slice(), where }, policy);
  }
}

function cut({ events }: Scenario, servers: readonly SimServer[], nowMs: number): void {
  for (const [i, server] of servers.entries()) {
    server.isCut = events.some(
      ({ event, server: which, at, until }) =>
        event === 'cut' && which === i + 1 && nowMs >= at && nowMs < (until ?? Number.POSITIVE_INFINITY),
    );
  }
}

/** Queries a second by class. */
function queriesOf({ table, classes }: World, asked: Float64Array, elapsedSec: number): Float64Array {
  const queries = new Float64Array(table.decided[0]!.length);
  for (const [region, count] of asked.entries()) queries[classes[region]!]! += count / elapsedSec;
  return queries;
}

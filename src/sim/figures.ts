// What a run comes to, in a few numbers, and how far that is from the best that could have been.

import type { OptimumSolver } from './optimum.ts';
import type { FixedAt, PolicyName, SimPolicy } from './policies.ts';
import { REGIONS } from './population.ts';
import { run, type Sample, type World } from './run.ts';
import { isTransient, steadyStretches } from './transients.ts';

/** Samples that are kept, for charts and for the optimum: enough for a curve, few enough to solve. */
const KEPT_SAMPLES = 120;
/** A loop that is late by a TTL swings once in some four TTLs; what takes longer is no swing of it. */
const RIPPLE_TTLS = 10;
/** Where clients went in so many TTLs tells what a server that is cut off then goes on answering. */
const GIVEN_TTLS = 4;
/** Load this little over is rounding. */
const JUST_OVER = 1.000_001;

export interface Figures {
  readonly policy: PolicyName;
  /** Share of site-seconds with more load than the site can take, in all and outside transients. */
  readonly overShare: number;
  readonly overShareSettled: number;
  /** Load above what sites can take, and load sent to sites that are down, as shares of all load. */
  readonly excessShare: number;
  readonly lostShare: number;
  /** Highest load of a site outside transients, relative to its max. */
  readonly worst: number;
  /** Outside transients: kilometres beyond the nearest site that is up, of the average unit of load. */
  readonly extraKm: number;
  /** Outside transients: share of load that is not at its nearest site. */
  readonly movedShare: number;
  /** Sum over sites of the variance of load while demand is steady; null = never. */
  readonly variance: number | null;
  /** The same around the mean of the ten TTLs about each moment: oscillation, without plans that change once for good. */
  readonly ripple: number | null;
}

export interface Run {
  readonly figures: Figures;
  readonly samples: readonly Sample[];
}

/** What the optimum needs, at the moments of the samples outside transients. */
export interface Bound {
  readonly extraKm: number;
  readonly movedShare: number;
  /** Load that no plan could have placed within targets, as a share. */
  readonly overload: number;
}

/** Runs a scenario and draws up its figures; `onSample` sees the samples that are kept, as they are made. `fixedAt`: as of `run`. */
export function measure(
  world: World,
  name: PolicyName,
  onSample?: (sample: Sample, policy: SimPolicy) => void,
  fixedAt?: FixedAt,
): Run {
  const { scenario, model } = world;
  const count = model.sites.length;
  const keepEvery = Math.max(1, Math.floor(scenario.duration / scenario.step / KEPT_SAMPLES));
  const samples: Sample[] = [];
  const sums = { time: 0, over: 0, settledTime: 0, settledOver: 0, load: 0, excess: 0, lost: 0, worst: 0 };
  const moved = { load: 0, km: 0, amount: 0 };
  const stretches = steadyStretches(scenario).map((stretch) => ({ ...stretch, loads: [] as Float64Array[] }));
  let step = 0;
  run(
    world,
    name,
    (sample, policy) => {
      const { load, max, atMs } = sample;
      const isSettled = !isTransient(scenario, atMs);
      for (let site = 0; site < count; site++) {
        sums.load += load[site]!;
        if (max[site] === 0) {
          sums.lost += load[site]!;
          continue;
        }
        const isOver = load[site]! > max[site]! * JUST_OVER;
        sums.time++;
        sums.excess += Math.max(0, load[site]! - max[site]!);
        if (isOver) sums.over++;
        if (!isSettled) continue;
        sums.settledTime++;
        if (isOver) sums.settledOver++;
        sums.worst = Math.max(sums.worst, load[site]! / max[site]!);
      }
      if (isSettled) {
        const { km, amount, total } = displacement(world, sample);
        moved.km += km;
        moved.amount += amount;
        moved.load += total;
      }
      stretches.find(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs)?.loads.push(load);
      if (step++ % keepEvery !== 0) return;
      samples.push(sample);
      onSample?.(sample, policy);
    },
    fixedAt,
  );
  const figures: Figures = {
    policy: name,
    overShare: sums.over / sums.time,
    overShareSettled: sums.settledTime === 0 ? 0 : sums.settledOver / sums.settledTime,
    excessShare: sums.excess / sums.load,
    lostShare: sums.lost / sums.load,
    worst: sums.worst,
    extraKm: moved.load === 0 ? 0 : moved.km / moved.load,
    movedShare: moved.load === 0 ? 0 : moved.amount / moved.load,
    variance: varianceOf(
      stretches.map(({ loads }) => loads),
      count,
      Number.POSITIVE_INFINITY,
    ),
    ripple: varianceOf(
      stretches.map(({ loads }) => loads),
      count,
      Math.max(1, Math.round((RIPPLE_TTLS * scenario.ttl) / scenario.step)),
    ),
  };
  return { figures, samples };
}

/**
 * Sum over sites of the mean square of what differs from the mean of so many steps around it, or of the whole stretch if that is
 * shorter; null without any.
 */
function varianceOf(stretches: readonly (readonly Float64Array[])[], sites: number, window: number): number | null {
  const all = stretches.reduce((sum, { length }) => sum + length, 0);
  if (all === 0) return null;
  return stretches.reduce((sum, loads) => sum + squaresOf(loads, sites, Math.min(window, loads.length)), 0) / all;
}

function squaresOf(loads: readonly Float64Array[], sites: number, window: number): number {
  const count = loads.length;
  let all = 0;
  for (let site = 0; site < sites; site++) {
    let [sum, from, to] = [0, 0, 0];
    for (let at = 0; at < count; at++) {
      const wantedFrom = Math.min(Math.max(0, at - (window >> 1)), Math.max(0, count - window));
      for (const end = Math.min(count, wantedFrom + window); to < end; to++) sum += loads[to]![site]!;
      for (; from < wantedFrom; from++) sum -= loads[from]![site]!;
      all += (loads[at]![site]! - sum / (to - from)) ** 2;
    }
  }
  return all;
}

/**
 * The optimum for the demand of the samples of some run. What servers that are cut off answer is nobody's choice any more: their
 * share of each region's clients goes on going where the region's clients went before, and the optimum places the rest.
 */
export function bound(world: World, samples: readonly Sample[], solve: OptimumSolver): Bound {
  const count = world.model.sites.length;
  let km = 0;
  let amount = 0;
  let overload = 0;
  let total = 0;
  for (const sample of samples) {
    if (isTransient(world.scenario, sample.atMs)) continue;
    const nearest = nearestSites(world, sample);
    const given = givenBy(world, samples, sample);
    const supply = sample.demand.map((value, r) => value - sumOf(given, r, count));
    const costKm = [...supply].map((_, r) =>
      Array.from(sample.max, (max, site) =>
        max === 0 ? null : world.distanceKm[r * count + site]! - world.distanceKm[r * count + nearest[r]!]!,
      ),
    );
    const capacity = [...sample.target].map((target, site) => {
      let taken = 0;
      for (let at = site; at < given.length; at += count) taken += given[at]!;
      return Math.max(0, target - taken);
    });
    const optimum = solve({ supply: [...supply], capacity, costKm });
    total += sample.demand.reduce((sum, value) => sum + value, 0);
    km += optimum.meanKm * supply.reduce((sum, value) => sum + value, 0);
    for (const [at, value] of given.entries()) {
      const [r, site] = [Math.floor(at / count), at % count];
      if (value === 0 || site === nearest[r]) continue;
      km += value * costKm[r]![site]!;
      amount += value;
    }
    overload += optimum.overload;
    for (const [r, row] of optimum.flow.entries())
      for (const [site, value] of row.entries()) if (site !== nearest[r]) amount += value;
  }
  return total === 0
    ? { extraKm: 0, movedShare: 0, overload: 0 }
    : { extraKm: km / total, movedShare: amount / total, overload: overload / total };
}

const sumOf = (flow: Float64Array, region: number, sites: number): number =>
  flow.subarray(region * sites, (region + 1) * sites).reduce((sum, value) => sum + value, 0);

/** By region, then site: load that goes where servers say that are cut off, from the plans that they had by then. */
function givenBy({ scenario, model }: World, samples: readonly Sample[], { atMs, demand }: Sample): Float64Array {
  const count = model.sites.length;
  const given = new Float64Array(demand.length * count);
  for (const { event, at, until } of scenario.events) {
    if (event !== 'cut' || atMs < at || atMs >= (until ?? Number.POSITIVE_INFINITY)) continue;
    const before = samples.filter((sample) => sample.atMs <= at && sample.atMs > at - GIVEN_TTLS * scenario.ttl);
    for (let r = 0; r < demand.length; r++) {
      const all = before.reduce((sum, { where }) => sum + sumOf(where, r, count), 0);
      if (all === 0) continue;
      for (let site = 0; site < count; site++) {
        const here = before.reduce((sum, { where }) => sum + where[r * count + site]!, 0);
        given[r * count + site]! += (demand[r]! / scenario.servers) * (here / all);
      }
    }
  }
  return given;
}

/** By region: the nearest site that is up. */
function nearestSites({ distanceKm, model }: World, { max }: Sample): Uint16Array {
  const count = model.sites.length;
  return Uint16Array.from(REGIONS, (_, r) => {
    let best = -1;
    for (let site = 0; site < count; site++) {
      if (max[site] === 0) continue;
      if (best < 0 || distanceKm[r * count + site]! < distanceKm[r * count + best]!) best = site;
    }
    return Math.max(0, best);
  });
}

/** Load away from its nearest site, and the extra distance of all load. */
export function displacement(
  world: World,
  sample: Sample,
): { km: number; amount: number; total: number; byRegion: Float64Array } {
  const count = world.model.sites.length;
  const nearest = nearestSites(world, sample);
  const byRegion = new Float64Array(REGIONS.length);
  let km = 0;
  let amount = 0;
  let total = 0;
  for (let r = 0; r < REGIONS.length; r++) {
    for (let site = 0; site < count; site++) {
      const load = sample.where[r * count + site]!;
      if (load === 0) continue;
      total += load;
      if (site === nearest[r] || sample.max[site] === 0) continue;
      amount += load;
      byRegion[r]! += load;
      km += load * (world.distanceKm[r * count + site]! - world.distanceKm[r * count + nearest[r]!]!);
    }
  }
  return { km, amount, total, byRegion };
}

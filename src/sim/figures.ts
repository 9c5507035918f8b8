// What a run comes to, in a few numbers, and how far that is from the best that could have been.

import type { Scenario } from '../config/scenario.ts';
import type { OptimumSolver } from './optimum.ts';
import type { PolicyName, SimPolicy } from './policies.ts';
import { REGIONS } from './population.ts';
import { run, type Sample, type World } from './run.ts';

/** Samples that are kept, for charts and for the optimum: enough for a curve, few enough to solve. */
const KEPT_SAMPLES = 120;
/** After a sudden change, answers given before it are held for a TTL, and some longer; only after that it is the policy's fault. */
const TRANSIENT_TTLS = 2;
/** A loop that is late by a TTL swings once in some four TTLs; what takes longer is no swing of it. */
const RIPPLE_TTLS = 10;
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

/** Runs a scenario and draws up its figures; `onSample` sees the samples that are kept, as they are made. */
export function measure(world: World, name: PolicyName, onSample?: (sample: Sample, policy: SimPolicy) => void): Run {
  const { scenario, model } = world;
  const count = model.sites.length;
  const keepEvery = Math.max(1, Math.floor(scenario.duration / scenario.step / KEPT_SAMPLES));
  const samples: Sample[] = [];
  const sums = { time: 0, over: 0, settledTime: 0, settledOver: 0, load: 0, excess: 0, lost: 0, worst: 0 };
  const moved = { load: 0, km: 0, amount: 0 };
  const steady: Float64Array[] = [];
  let step = 0;
  run(world, name, (sample, policy) => {
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
    if (scenario.steadyFrom !== null && atMs >= scenario.steadyFrom) steady.push(load);
    if (step++ % keepEvery !== 0) return;
    samples.push(sample);
    onSample?.(sample, policy);
  });
  const figures: Figures = {
    policy: name,
    overShare: sums.over / sums.time,
    overShareSettled: sums.settledTime === 0 ? 0 : sums.settledOver / sums.settledTime,
    excessShare: sums.excess / sums.load,
    lostShare: sums.lost / sums.load,
    worst: sums.worst,
    extraKm: moved.load === 0 ? 0 : moved.km / moved.load,
    movedShare: moved.load === 0 ? 0 : moved.amount / moved.load,
    variance: varianceOf(steady, count, steady.length),
    ripple: varianceOf(steady, count, Math.max(1, Math.round((RIPPLE_TTLS * scenario.ttl) / scenario.step))),
  };
  return { figures, samples };
}

/** Sum over sites of the mean square of what differs from the mean of so many steps around it; null without any. */
function varianceOf(loads: readonly Float64Array[], sites: number, window: number): number | null {
  const count = loads.length;
  if (count === 0) return null;
  let all = 0;
  for (let site = 0; site < sites; site++) {
    let [sum, from, to] = [0, 0, 0];
    for (let at = 0; at < count; at++) {
      const wantedFrom = Math.min(Math.max(0, at - (window >> 1)), Math.max(0, count - window));
      for (const end = Math.min(count, wantedFrom + window); to < end; to++) sum += loads[to]![site]!;
      for (; from < wantedFrom; from++) sum -= loads[from]![site]!;
      all += (loads[at]![site]! - sum / (to - from)) ** 2 / count;
    }
  }
  return all;
}

/** The optimum for the demand of the samples of some run. */
export function bound(world: World, samples: readonly Sample[], solve: OptimumSolver): Bound {
  const count = world.model.sites.length;
  let km = 0;
  let amount = 0;
  let overload = 0;
  let total = 0;
  for (const sample of samples) {
    if (isTransient(world.scenario, sample.atMs)) continue;
    const nearest = nearestSites(world, sample);
    const supply = [...sample.demand];
    const costKm = supply.map((_, r) =>
      Array.from(sample.max, (max, site) =>
        max === 0 ? null : world.distanceKm[r * count + site]! - world.distanceKm[r * count + nearest[r]!]!,
      ),
    );
    const optimum = solve({ supply, capacity: [...sample.target], costKm });
    const load = supply.reduce((sum, value) => sum + value, 0);
    total += load;
    km += optimum.meanKm * load;
    overload += optimum.overload;
    for (const [r, row] of optimum.flow.entries())
      for (const [site, value] of row.entries()) if (site !== nearest[r]) amount += value;
  }
  return total === 0
    ? { extraKm: 0, movedShare: 0, overload: 0 }
    : { extraKm: km / total, movedShare: amount / total, overload: overload / total };
}

/** Whether a change is so recent that no policy could have answered it yet; sites that drain or start slowly change until that is over. */
export function isTransient({ events, ttl, health, agents }: Scenario, atMs: number): boolean {
  return events.some(({ event, at, until, over }) => {
    const detectMs = event === 'down' ? health.detect : 0;
    const lastMs = detectMs + over + TRANSIENT_TTLS * ttl + agents.delay;
    const endMs = event === 'drain' ? health.drain : 0;
    const startMs = event === 'drain' || event === 'down' ? health.slowStart : 0;
    const isRecent = (change: number | null, rampMs: number): boolean =>
      change !== null && atMs >= change && atMs < change + lastMs + rampMs;
    return isRecent(at, endMs) || isRecent(until, startMs);
  });
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

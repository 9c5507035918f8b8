// Scenarios that nobody wrote: sites, capacities, policies, crowds and misfortunes from a seed, within bounds; and what must hold in
// all of them. `npm run sim:random` makes as many as one likes.

import type { Scenario } from '../../src/config/scenario.ts';
import { SAMPLE_MAX } from '../../src/model/capacity.ts';
import type { Policy, PolicyNode, SteeringModel } from '../../src/model/steering.ts';
import type { OptimumSolver } from '../../src/sim/optimum.ts';
import { type SimPolicy, SpillPolicy } from '../../src/sim/policies.ts';
import { REGIONS } from '../../src/sim/population.ts';
import { SimRandom } from '../../src/sim/random.ts';
import { makeWorld, run, type Sample, type World } from '../../src/sim/run.ts';
import type { SpillOutcome } from '../../src/steering/spill.ts';
import { failover, map, nearest, weighted } from './steering.ts';

/** Sum of the targets. */
const TARGETS = 100_000;
/** A site's max, times its target. */
const MARGIN = 1.25;
/** There is room where all load fits under so much of the targets. */
const ROOMY = 0.85;
/** Answers run out, agents are heard and plans are reviewed: so long after a change nothing is judged, besides what caches add. */
const SETTLING_TTLS = 5;
const SETTLING_MS = 60_000;
/** A resolver more or less at a site is no fault of a plan: judged is the mean of so many TTLs. */
const WINDOW_TTLS = 5;

const MOST_STEP_MS = 2000;

export interface RandomScenario {
  readonly seed: number;
  readonly kind: string;
  readonly scenario: Scenario;
  readonly model: SteeringModel;
  /** By region, by site: 1 = clients of the region may be sent there. */
  readonly isAllowed: readonly Uint8Array[];
  /** Whether shares of load are somebody's will, so that room elsewhere is no room. */
  readonly isParted: boolean;
}

/** What came of one; all are shares. */
export interface Findings {
  /** Load that no answer placed, of all load, at the worst moment. */
  readonly nowhere: number;
  /** Load of fenced clients outside of their fence, of all load, at the worst moment. */
  readonly escaped: number;
  /** The fullest site relative to its max, mean of five TTLs, while there was room and nothing had changed lately. */
  readonly fullest: number;
  /** Load whose plan changes in a TTL, of all load, in the last quarter of the time, in which nothing changes. */
  readonly churn: number;
}

export function randomScenario(seed: number): RandomScenario {
  const random = new SimRandom(seed);
  const between = (from: number, to: number): number => from + random.next() * (to - from);
  const whole = (from: number, to: number): number => Math.floor(between(from, to + 1));
  const oneOf = <T>(list: readonly T[]): T => list[whole(0, list.length - 1)]!;
  /** Small figures as often as large ones. */
  const scale = (from: number, to: number): number => from * (to / from) ** random.next();

  const count = whole(2, 12);
  const sizes = Array.from({ length: count }, () => scale(1, 50));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const sites = sizes.map((size, index) => {
    const { latitude, longitude } = oneOf(REGIONS);
    const target = (TARGETS * size) / total;
    return { id: `s${index}`, index, latitude, longitude, capacity: { max: target * MARGIN, target } };
  });
  const everywhere = sites.map(({ index }) => index);
  const some = everywhere.slice(0, Math.max(1, count >> 1));
  const country = oneOf(['US', 'CN', 'IN', 'BR', 'DE', 'GB', 'JP', 'NG']);
  const trees: Readonly<Record<string, PolicyNode>> = {
    nearest: nearest(0),
    tied: nearest(0, 1500),
    failover: failover([nearest(1), nearest(0)]),
    fence: map({ countries: new Map([[country, nearest(1)]]), otherwise: nearest(0) }),
    weighted: weighted([
      [3, nearest(0)],
      [1, nearest(1)],
    ]),
  };
  const kind = oneOf(Object.keys(trees));
  const model = modelOf(sites, [everywhere, some], trees[kind]!);
  const isAllowed = REGIONS.map((region) => {
    const fence = kind === 'fence' && region.country === country ? some : everywhere;
    return Uint8Array.from(sites, ({ index }) => (fence.includes(index) ? 1 : 0));
  });

  const ttl = Math.round(scale(5, 300)) * 1000;
  const duration = Math.max(600_000, 40 * ttl);
  const servers = whole(1, 4);
  const event = (): Scenario['events'][number] => {
    const at = between(0, duration / 2);
    const until = random.next() < 0.5 ? Math.min(duration / 2, at + between(0, duration / 4)) : null;
    const blank = { at, until, country: null, site: null, server: null, times: 1, over: random.next() < 0.5 ? 0 : 60_000 };
    const { id: site } = oneOf(sites);
    switch (whole(0, 6)) {
      case 0:
        return { ...blank, event: 'down', site, over: 0 };
      case 1:
        return { ...blank, event: 'drain', site, over: 0 };
      case 2:
        return { ...blank, event: 'capacity', site, times: scale(0.1, 10) };
      case 3:
        return { ...blank, event: 'silence', site, over: 0 };
      case 4:
        return { ...blank, event: 'cut', server: whole(1, servers), until: until ?? duration / 2, over: 0 };
      default:
        return { ...blank, event: 'crowd', country: oneOf(REGIONS).country, times: scale(1.5, 10) };
    }
  };
  const events = Array.from({ length: whole(0, 6) }, event);
  const scenario: Scenario = {
    title: `random ${seed}`,
    config: '',
    duration,
    // reports are made once a step, and believed for ten seconds
    step: Math.min(MOST_STEP_MS, Math.max(1000, Math.round(ttl / 15))),
    start: between(0, 24),
    seed,
    ttl,
    clients: { load: TARGETS * between(0.3, 1.1), swing: between(0, 30), noise: 2 },
    resolvers: {
      ecs: between(0, 100),
      violators: between(0, 30),
      keep: 2 * ttl,
      concentrated: random.next() < 0.3 ? { country, share: between(0, 60), caches: whole(1, 8) } : null,
    },
    servers,
    agents: { every: 1000, delay: whole(0, 5) * 1000, loss: between(0, 5), sample: random.next() < 0.5 ? SAMPLE_MAX : 0 },
    health: { detect: 10_000, slowStart: 60_000, drain: 30_000 },
    judgedFrom: 0,
    steadyFrom: (duration * 3) / 4,
    // somebody is always left
    events: events.filter(({ event: what, site }) => !(site === 's0' && (what === 'down' || what === 'drain'))),
  };
  return { seed, kind, scenario, model, isAllowed, isParted: kind === 'weighted' };
}

function modelOf(sites: SteeringModel['sites'], sitesOf: readonly (readonly number[])[], root: PolicyNode): SteeringModel {
  const members: SteeringModel['members'][number][] = [];
  const pools = sitesOf.map((list, index) => ({
    id: `p${index}`,
    index,
    members: list.map((site) => {
      const target = { kind: 'addresses', v4: Uint8Array.of(192, 0, 2, site), v6: null } as const;
      members.push({ id: `p${index}/s${site}`, index: members.length, pool: index, site, weight: 1, target });
      return members.length - 1;
    }),
  }));
  const policy: Policy = {
    id: 'www',
    index: 0,
    root,
    pick: 'round-robin',
    answers: 1,
    granularityV4: 20,
    granularityV6: 44,
    lastResort: { kind: 'serve-all' },
    spill: { priority: 5, maxExtraKm: 20_100 },
  };
  return { sites, pools, members, policies: [policy] };
}

export function judge(random: RandomScenario, solve: OptimumSolver): Findings {
  const { scenario, model, isAllowed } = random;
  const world = makeWorld(scenario, model);
  const count = model.sites.length;
  const findings = { nowhere: 0, escaped: 0, fullest: 0, churn: 0 };
  const length = Math.max(1, Math.round((WINDOW_TTLS * scenario.ttl) / scenario.step));
  const window: Sample[] = [];
  let last: SpillOutcome | undefined;
  run(world, 'spill', (sample, policy) => {
    const all = sum(sample.demand);
    // at the very first moment resolvers have not asked yet
    if (sample.atMs > scenario.ttl + scenario.step) {
      findings.nowhere = Math.max(findings.nowhere, Math.abs(all - sum(sample.load)) / all);
      findings.escaped = Math.max(findings.escaped, escapedFrom(isAllowed, sample.where, count) / all);
    }
    const outcome = outcomeOf(policy);
    if (sample.atMs >= scenario.steadyFrom!) findings.churn += changedLoad(last, outcome) / all;
    last = outcome;
    if (isUnsettled(scenario, sample.atMs)) window.length = 0;
    else window.push(sample);
    if (window.length < length) return;
    findings.fullest = Math.max(findings.fullest, fullestOf(random, world, window, solve));
    window.length = 0;
  });
  findings.churn /= (scenario.duration - scenario.steadyFrom!) / scenario.ttl;
  return findings;
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

const outcomeOf = (policy: SimPolicy): SpillOutcome | undefined => (policy instanceof SpillPolicy ? policy.last : undefined);

function escapedFrom(isAllowed: readonly Uint8Array[], where: Float64Array, count: number): number {
  return sum(where.map((load, at) => (isAllowed[Math.floor(at / count)]![at % count] === 1 ? 0 : load)));
}

/** Load that is sent elsewhere than by the outcome before. */
function changedLoad(before: SpillOutcome | undefined, now: SpillOutcome | undefined): number {
  if (before === undefined || now === undefined || before === now || before.state.map !== now.state.map) return 0;
  const { itemOfSlot } = now.state.map;
  const shareOf = ({ flow, demand }: SpillOutcome, slot: number): number =>
    flow[slot]! / Math.max(1e-9, demand[itemOfSlot[slot]!]!);
  let changed = 0;
  for (let slot = 0; slot < itemOfSlot.length; slot++) {
    changed += now.demand[itemOfSlot[slot]!]! * Math.max(0, shareOf(now, slot) - shareOf(before, slot));
  }
  return changed;
}

function isUnsettled({ events, ttl, resolvers, health, agents }: Scenario, atMs: number): boolean {
  const after = SETTLING_MS + SETTLING_TTLS * ttl + resolvers.keep + health.slowStart + health.drain + agents.delay;
  const isRecent = (changeMs: number | null, overMs: number): boolean =>
    changeMs !== null && atMs >= changeMs && atMs < changeMs + overMs + after;
  return atMs < after || events.some(({ at, until, over }) => isRecent(at, over) || isRecent(until, over));
}

/** The fullest site over a window, relative to its max; 0 where there was no room, or nobody could be blamed. */
function fullestOf(
  { isAllowed, isParted, scenario }: RandomScenario,
  world: World,
  window: readonly Sample[],
  solve: OptimumSolver,
): number {
  const [first] = window;
  const isBlind = scenario.events.some(
    ({ event, at, until }) =>
      (event === 'silence' || event === 'cut') && first!.atMs >= at && first!.atMs < (until ?? Number.POSITIVE_INFINITY),
  );
  if (isParted || isBlind) return 0;
  const mean = (of: (sample: Sample) => ArrayLike<number>, i: number): number =>
    window.reduce((total, sample) => total + of(sample)[i]!, 0) / window.length;
  const targets = world.model.sites.map((_, site) => mean(({ target }) => target, site));
  const { overload } = solve({
    supply: REGIONS.map((_, region) => mean(({ demand }) => demand, region)),
    capacity: targets.map((target) => ROOMY * target),
    costKm: isAllowed.map((allowed) => Array.from(allowed, (is, site) => (is === 1 && targets[site]! > 0 ? 0 : null))),
  });
  if (overload > 1) return 0;
  return Math.max(
    ...world.model.sites.map((_, site) => {
      const max = mean(({ max: bound }) => bound, site);
      return max === 0 || targets[site] === 0 ? 0 : mean(({ load }) => load, site) / max;
    }),
  );
}

// The capacity drill: real requests of people who resolve through real resolvers fill a site beyond its target. Judged is what
// reaches the sites, not what plans say: only the excess moves, to where it costs least, and the sites get what the plans foresaw.

import { CapacityWorld, MAX, SITES, type Site, TARGET, TTL_SEC } from './capacity-world.ts';
import type { Ledger } from './ledger.ts';
import { sleep } from './wait.ts';

type Loads = Readonly<Record<Site, number>>;

/** Of one look: requests a second since the look before, and what the plans of that moment foresee. */
interface Look {
  readonly atMs: number;
  readonly received: Loads;
  readonly planned: Loads;
  /** All that reached sites, relative to what was to be asked for. */
  readonly asked: number;
}

const LOOK_MS = 2000;
/** Requests a second by place; four in ten clients are behind resolvers that tell their networks. The crowd is Dutch. */
const CALM = { NL: 22, 'NL told': 33, 'BE told': 15, DE: 30, 'AT told': 20 };
const CROWD = { ...CALM, NL: 60, 'NL told': 90 };
const AT_AMSTERDAM = ['NL', 'NL told', 'BE told'] as const;
const CALM_MS = 30_000;
const SETTLED_MS = 60_000;
/** Over so many looks what sites get is averaged: the luck of a few large caches evens out. */
const MEAN_LOOKS = 5;
const UNEVEN = 0.1;
const MOST = Math.round(1.1 * TARGET);
/** A tenth of the target. */
const OFF_PLAN = TARGET / 10;
const OVER_MAX_MS = 10 * TTL_SEC * 1000;

export async function capacityDrill(ledger: Ledger): Promise<void> {
  const world = await CapacityWorld.open();
  try {
    ledger.note(`calm: ${textOf(CALM)} requests/s`);
    world.demand(CALM);
    const calm = await watch(world, CALM_MS, CALM);
    judgeCalm(ledger, 'before the crowd', calm);
    ledger.note(`a crowd: ${textOf(CROWD)} requests/s; amsterdam may take ${TARGET}, and bears ${MAX}`);
    world.demand(CROWD);
    const jump = await watch(world, SETTLED_MS, CROWD);
    const settled = steadyLooks(ledger, await watch(world, SETTLED_MS, CROWD));
    tell(ledger, settled);
    judgeCrowd(ledger, jump, settled);
    ledger.note('the crowd leaves');
    world.demand(CALM);
    await watch(world, CALM_MS, CALM);
    judgeCalm(ledger, 'after the crowd', await watch(world, CALM_MS, CALM));
    const { served, failed, unanswered } = world.counts;
    ledger.none('requests that failed', failed, ` of ${served + failed}`);
    ledger.none('questions that a resolver left without an address', unanswered);
  } finally {
    await world.close();
  }
}

const textOf = (rates: Readonly<Record<string, number>>): string =>
  Object.entries(rates)
    .map(([name, rate]) => `${name} ${Math.round(rate)}`)
    .join(', ');

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** Those in which as much was asked for as was meant: a machine that is busy with something else stalls visitors, who then catch up. */
function steadyLooks(ledger: Ledger, looks: readonly Look[]): Look[] {
  const steady = looks.filter(({ asked }) => Math.abs(asked - 1) <= UNEVEN);
  if (steady.length < looks.length)
    ledger.note(`${looks.length - steady.length} of ${looks.length} looks left out: too much or too little was asked for`);
  if (steady.length < MEAN_LOOKS) throw new Error('the machine is too busy to judge what sites get');
  return steady;
}

const nearAmsterdam = (rates: typeof CALM): number => AT_AMSTERDAM.reduce((sum, place) => sum + rates[place], 0);

const bySite = (of: (site: Site) => number): Loads => Object.fromEntries(SITES.map((site) => [site, of(site)])) as Loads;

async function watch(world: CapacityWorld, forMs: number, demand: typeof CALM): Promise<Look[]> {
  const startMs = performance.now();
  const looks: Look[] = [];
  let before = world.received();
  let beforeMs = startMs;
  while (performance.now() - startMs < forMs) {
    await sleep(LOOK_MS);
    const { sites } = await world.capacity();
    const now = world.received();
    const nowMs = performance.now();
    const seconds = (nowMs - beforeMs) / 1000;
    const earlier = before;
    const received = bySite((site) => (now[site] - earlier[site]) / seconds);
    looks.push({
      atMs: nowMs - startMs,
      received,
      asked: sum(Object.values(received)) / sum(Object.values(demand)),
      planned: bySite((site) => sites.find((one) => one.site === site)!.planned),
    });
    [before, beforeMs] = [now, nowMs];
  }
  return looks;
}

const mean = (looks: readonly Look[], of: (look: Look) => number): number => sum(looks.map(of)) / looks.length;

const windowsOf = (looks: readonly Look[]): Look[][] => looks.slice(MEAN_LOOKS - 1).map((_, i) => looks.slice(i, i + MEAN_LOOKS));

/** What the fullest site had on average. */
const mostOf = (looks: readonly Look[]): number =>
  Math.max(...SITES.map((site) => mean(looks, ({ received }) => received[site])));

function tell(ledger: Ledger, looks: readonly Look[]): void {
  const received = bySite((site) => mean(looks, (look) => look.received[site]));
  const planned = bySite((site) => mean(looks, (look) => look.planned[site]));
  ledger.note(`sites get ${textOf(received)}; plans foresaw ${textOf(planned)}`);
}

function judgeCalm(ledger: Ledger, when: string, looks: readonly Look[]): void {
  const late = looks.slice(looks.length >> 1);
  const all = sum(SITES.map((site) => mean(late, ({ received }) => received[site])));
  const home = mean(late, ({ received }) => received.amsterdam) / all;
  const due = nearAmsterdam(CALM) / sum(Object.values(CALM));
  tell(ledger, late);
  const text = (share: number): string => `${(100 * share).toFixed(1)} %`;
  ledger.judge(`${when}, clients are at home: share of amsterdam`, Math.abs(home - due) < 0.05, text(home), `${text(due)} +- 5`);
}

function judgeCrowd(ledger: Ledger, jump: readonly Look[], settled: readonly Look[]): void {
  const even = jump.filter(({ asked }) => asked <= 1 + UNEVEN);
  const over = windowsOf(even).filter((looks) => mostOf(looks) > MAX);
  const overMs = over.at(-1)?.at(-1)?.atMs ?? 0;
  ledger.within('after the jump, until the last ten seconds in which a site had more than it bears', overMs, OVER_MAX_MS);
  for (const site of SITES) {
    const got = mean(settled, ({ received }) => received[site]);
    const foreseen = mean(settled, ({ planned }) => planned[site]);
    const off = Math.abs(got - foreseen);
    const text = (load: number): string => `${load.toFixed(1)} requests/s`;
    ledger.judge(`${site} gets what plans foresaw`, off < OFF_PLAN, text(got), `${text(foreseen)} +- ${OFF_PLAN}`);
    ledger.judge(`${site} is not filled beyond its target`, got <= MOST, text(got), `<= ${MOST}`);
  }
  const moved = mean(settled, ({ received }) => received.berlin + received.vienna) - CROWD.DE - CROWD['AT told'];
  const excess = nearAmsterdam(CROWD) - TARGET;
  ledger.judge('no more than the excess moves', moved < 1.3 * excess, `${moved.toFixed(1)} requests/s`, `<= 1.3 x ${excess}`);
  const most = Math.max(...windowsOf(settled).map(mostOf));
  ledger.judge(
    'once settled, the most that a site had in ten seconds',
    most <= MAX,
    `${most.toFixed(1)} requests/s`,
    `<= ${MAX}`,
  );
}

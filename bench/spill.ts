// One spill step for 2,000 cells, 100 sites and 50 policies, on one core, off the packet path: in calm, while the world is busy,
// and at the worst moments: the loss of the largest site, of a third of all, and demand that no plan can meet.
//   npm run bench:spill                 policies with equal choices (they share items)
//   npm run bench:spill -- --different  every policy over 20 sites of its own choice
// Told twice and more: the first time everything is new to the process, as after a start.

import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { SAMPLE_MAX } from '../src/model/capacity.ts';
import { EVERYTHING_UP, type HealthView } from '../src/model/health.ts';
import { NOWHERE, type Place } from '../src/model/place.ts';
import type { Member, Policy, Pool, Site, SteeringModel } from '../src/model/steering.ts';
import { Classifier } from '../src/steering/classes.ts';
import { type SpillOutcome, spillLimits, spillStateFor, spillStep } from '../src/steering/spill.ts';
import { SpillAtlas, type SpillMap } from '../src/steering/spill-map.ts';
import type { Origins } from '../src/steering/spill-origins.ts';
import { decodeSpill, encodeSpill } from '../src/steering/spill-record.ts';
import { recordOf, stateFrom } from '../src/steering/spill-state.ts';

const CELLS = 2000;
const SITES = 100;
const POLICIES = 50;
const ROUNDS = 41;
/** Times that the story is told again. */
const TELLINGS = 2;
const LOAD = 1_000_000;

const { values } = parseArgs({ options: { different: { type: 'boolean' } } });
const isDifferent = values.different === true;
let seed = 1;
/** Park and Miller's generator: the same world in every run. */
function random(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

const sites: Site[] = Array.from({ length: SITES }, (_, index) => {
  const target = (LOAD / SITES) * (0.9 + random());
  return {
    id: `s${index}`,
    index,
    latitude: random() * 110 - 50,
    longitude: random() * 360 - 180,
    capacity: { max: target * 1.25, target },
  };
});
const members: Member[] = [];
const pools: Pool[] = Array.from({ length: POLICIES }, (_, index) => {
  const chosen = isDifferent ? sites.filter(() => random() < 0.2) : sites;
  const list = chosen.map(({ id, index: site }) => {
    const target = { kind: 'addresses', v4: Uint8Array.of(192, 0, 2, site), v6: null } as const;
    members.push({ id: `p${index}/${id}`, index: members.length, pool: index, site, weight: 1, target });
    return members.length - 1;
  });
  return { id: `p${index}`, index, members: list };
});
const policies = pools.map(
  ({ id, index }): Policy => ({
    id,
    index,
    root: { kind: 'nearest', path: `${id}.nearest`, pool: index, tieBandKm: 0, biasPercent: {} },
    pick: 'round-robin',
    answers: 1,
    granularityV4: 20,
    granularityV6: 44,
    lastResort: { kind: 'serve-all' },
    spill: { priority: 5, maxExtraKm: 20_100 },
  }),
);
const model: SteeringModel = { sites, pools, members, policies };
const classifier = new Classifier(model);
for (let i = 0; i < CELLS; i++) {
  const place: Place = { ...NOWHERE, country: 'GB', latitude: random() * 110 - 50, longitude: random() * 360 - 180 };
  classifier.cellOf(place);
}
const table = classifier.table();
const atlas = new SpillAtlas(model, table);
const weights = table.decided.map((classes) => Float64Array.from(classes, () => random() ** 3));
const total = weights.reduce((sum, list) => sum + list.reduce((a, b) => a + b, 0), 0);

interface Timed {
  readonly wallMs: number;
  /** Of a core, and of the threads that compile and collect: what the work takes when others use the machine too. */
  readonly cpuMs: number;
}

const gc = (globalThis as { gc?: (options?: object) => void }).gc;
/** What was left over before is collected before: the collection of what this bench makes is no part of a step. */
function time<T>(work: () => T): [T, Timed] {
  gc?.({ type: 'minor' });
  const start = process.cpuUsage();
  const startNs = process.hrtime.bigint();
  const result = work();
  const wallMs = Number(process.hrtime.bigint() - startNs) / 1e6;
  const { user, system } = process.cpuUsage(start);
  return [result, { wallMs, cpuMs: (user + system) / 1000 }];
}

const at = (list: readonly number[], part: number): string =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))]!.toFixed(1);
const median = (list: readonly Timed[]): string =>
  at(
    list.map(({ cpuMs }) => cpuMs),
    0.5,
  );

function tell(what: string, list: readonly Timed[]): void {
  const spread = (values: readonly number[]): string => `${at(values, 0.5)}, p99 ${at(values, 0.99)}, most ${at(values, 1)} ms`;
  const [cpu, wall] = [list.map(({ cpuMs }) => cpuMs), list.map(({ wallMs }) => wallMs)];
  console.log(`${what.padEnd(38)}CPU median ${spread(cpu)}; wall median ${spread(wall)}`);
}

const cellsOf = table.columns.map((column) => {
  const cells: number[] = [];
  for (const [cell, of] of column.entries()) cells[of] ??= cell;
  return cells;
});

/** What agents tell of a site's clients, of whose load so much is of each item. */
function sampleOf(map: SpillMap, byItem: Float64Array, load: number): Origins {
  const cells: number[] = [];
  const parts: number[] = [];
  let sum = 0;
  let next = 0.5;
  for (const [item, amount] of byItem.entries()) {
    sum += (amount / load) * SAMPLE_MAX;
    const { policy, class: of } = map.owners[item]![0]!;
    for (; next < sum; next++) {
      cells.push(cellsOf[table.columnOf[policy]!]![of]!);
      parts.push(1);
    }
  }
  return { cells, parts };
}

/** The world's sites get what the plans say; `factor` of the usual load. */
function steps(
  map: SpillMap,
  last: SpillOutcome | undefined,
  factor: number,
  rounds: number,
): { outcome: SpillOutcome; ms: Timed[] } {
  let outcome = last;
  let before: SpillOutcome | undefined;
  const ms: Timed[] = [];
  /** By site, then item. */
  const where = sites.map(() => new Float64Array(map.itemCount));
  for (let i = 0; i < rounds; i++) {
    const nowMs = (outcome?.state.atMs ?? 0) + 1000;
    const queries = weights.map((list) => list.map((weight) => (weight / total) * LOAD * factor * (0.98 + 0.04 * random())));
    const load = new Float64Array(SITES);
    for (const byItem of where) byItem.fill(0);
    const held = outcome?.state.map === map ? outcome.state.held : map.natural;
    for (let item = 0; item < map.itemCount; item++) {
      let asked = 0;
      for (const { policy, class: c } of map.owners[item]!) asked += queries[policy]![c]!;
      for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
        const site = map.siteOfRank[map.site[slot]!]!;
        load[site]! += asked * held[slot]!;
        where[site]![item]! += asked * held[slot]!;
      }
    }
    const reports = sites.map(({ index }) => ({ current: load[index]!, target: null, max: null, ageMs: 0 }));
    const origins = sites.map(({ index }) => sampleOf(map, where[index]!, load[index]!));
    const state = spillStateFor(map, outcome?.state, nowMs);
    // as the server does: the step before the last one gives its columns
    const spare = before !== last && before?.state.map === map ? before : undefined;
    const [next, stepMs] = time(() => spillStep(state, { nowMs, ttlSec: 30, queries, reports, origins }, spare));
    before = outcome;
    outcome = next;
    ms.push(stepMs);
  }
  return { outcome: outcome!, ms };
}

const [map, mapMs] = time(() => atlas.map(EVERYTHING_UP));
console.log(
  `${table.places.length} cells, ${SITES} sites, ${POLICIES} policies: ${map.itemCount} items, ${map.site.length} slots`,
);
tell('cold: map of the present health', [mapMs]);
/** Steps under a health that a map has just been made for: what is left over from making it is collected before. */
function stepsAfter(...given: Parameters<typeof steps>): ReturnType<typeof steps> {
  gc?.();
  return steps(...given);
}

/** Calm, full, the fullest site lost, and back; a third of the sites lost; more demand than all sites together should have. */
function story(of: string): SpillOutcome {
  const calm = steps(map, undefined, 0.3, ROUNDS);
  const busy = steps(map, calm.outcome, 0.9, 3 * ROUNDS);
  const largest = [...busy.outcome.loadAfter].indexOf(Math.max(...busy.outcome.loadAfter));
  const lost = map.siteOfRank[largest]!;
  const health: HealthView = { ...EVERYTHING_UP, isUp: (member) => members[member]!.site !== lost };
  const [without, againMs] = time(() => atlas.map(health));
  const after = stepsAfter(without, busy.outcome, 0.9, ROUNDS);
  const back = steps(map, after.outcome, 0.9, ROUNDS);
  const east = atlas.map({ ...EVERYTHING_UP, isUp: (member) => sites[members[member]!.site]!.longitude > -60 });
  const third = stepsAfter(east, back.outcome, 0.9, ROUNDS);
  const over = steps(map, back.outcome, 1.6, ROUNDS);
  tell(`${of}: in calm`, calm.ms);
  tell(`${of}: demand has trebled`, busy.ms.slice(0, 1));
  tell(`${of}: while sites are full`, busy.ms.slice(1));
  tell(`${of}: map without the fullest site`, [againMs]);
  tell(`${of}: first step without it`, after.ms.slice(0, 1));
  tell(`${of}: later ones`, after.ms.slice(1));
  tell(`${of}: first step with it again`, back.ms.slice(0, 1));
  tell(`${of}: later ones`, back.ms.slice(1));
  tell(`${of}: first without a third of all`, third.ms.slice(0, 1));
  tell(`${of}: later ones`, third.ms.slice(1));
  tell(`${of}: demand over all targets`, over.ms);
  return busy.outcome;
}

// what is new to a process is interpreted, and compiled meanwhile
const busy = { outcome: story('cold') };
for (let i = 0; i < TELLINGS; i++) story('warm');
const [, limitsMs] = time(() => spillLimits(busy.outcome.state));
tell('limits for plans', [limitsMs]);
const shared = {
  record: [] as Timed[],
  text: [] as Timed[],
  pack: [] as Timed[],
  read: [] as Timed[],
  state: [] as Timed[],
};
let octets = 0;
for (let round = 0; round < ROUNDS; round++) {
  const [record, recordMs] = time(() => recordOf(busy.outcome.state));
  const [text, textMs] = time(() => encodeSpill(record));
  const [packed, packMs] = time(() => deflateRawSync(text, { level: 1 }));
  const [read, readMs] = time(() => decodeSpill(text)!);
  const [, stateMs] = time(() => stateFrom(map, read, busy.outcome.state.atMs));
  octets = packed.length;
  for (const [part, ms] of Object.entries({ record: recordMs, text: textMs, pack: packMs, read: readMs, state: stateMs })) {
    shared[part as keyof typeof shared].push(ms);
  }
}
const { record, text, pack, read, state } = shared;
console.log(
  `to share it                           record ${median(record)} ms, text ${median(text)} ms, packed ${median(pack)} ms: ${octets} octets`,
);
console.log(`to take over another's                read ${median(read)} ms, state ${median(state)} ms`);

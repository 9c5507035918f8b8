// One spill step for 2,000 cells, 100 sites and 50 policies, on one core, off the packet path: in calm, while the world is busy,
// and at the worst moment, the loss of the largest site.
//   npm run bench:spill                 policies with equal choices (they share items)
//   npm run bench:spill -- --different  every policy over 20 sites of its own choice

import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { EVERYTHING_UP, type HealthView } from '../src/model/health.ts';
import { NOWHERE, type Place } from '../src/model/place.ts';
import type { Member, Policy, Pool, Site, SteeringModel } from '../src/model/steering.ts';
import { Classifier } from '../src/steering/classes.ts';
import { type SpillOutcome, spillLimits, spillStateFor, spillStep } from '../src/steering/spill.ts';
import { SpillAtlas, type SpillMap } from '../src/steering/spill-map.ts';
import { decodeSpill, encodeSpill } from '../src/steering/spill-record.ts';
import { recordOf, stateFrom } from '../src/steering/spill-state.ts';

const CELLS = 2000;
const SITES = 100;
const POLICIES = 50;
const ROUNDS = 41;
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

/** Time of a core, not of the clock: others may use the machine. The collector's threads count too. */
function time<T>(work: () => T): [T, number] {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1000];
}

const median = (list: readonly number[]): string => [...list].sort((a, b) => a - b)[list.length >> 1]!.toFixed(1);

/** The world's sites get what the plans say; `factor` of the usual load. */
function steps(
  map: SpillMap,
  last: SpillOutcome | undefined,
  factor: number,
  rounds: number,
): { outcome: SpillOutcome; ms: number[] } {
  let outcome = last;
  const ms: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const nowMs = (outcome?.state.atMs ?? 0) + 1000;
    const queries = weights.map((list) => list.map((weight) => (weight / total) * LOAD * factor * (0.98 + 0.04 * random())));
    const load = new Float64Array(SITES);
    const held = outcome?.state.map === map ? outcome.state.held : map.natural;
    for (let item = 0; item < map.itemCount; item++) {
      let asked = 0;
      for (const { policy, class: c } of map.owners[item]!) asked += queries[policy]![c]!;
      for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++)
        load[map.siteOfRank[map.site[slot]!]!]! += asked * held[slot]!;
    }
    const reports = sites.map(({ index }) => ({ current: load[index]!, target: null, max: null, ageMs: 0 }));
    const state = spillStateFor(map, outcome?.state, nowMs);
    const [next, stepMs] = time(() => spillStep(state, { nowMs, ttlSec: 30, queries, reports }));
    outcome = next;
    ms.push(stepMs);
  }
  return { outcome: outcome!, ms };
}

const [map, mapMs] = time(() => atlas.map(EVERYTHING_UP));
console.log(
  `${table.places.length} cells, ${SITES} sites, ${POLICIES} policies: ${map.itemCount} items, ${map.site.length} slots`,
);
console.log(`map of the present health             ${mapMs.toFixed(1)} ms`);
const calm = steps(map, undefined, 0.3, ROUNDS);
console.log(
  `step in calm                          median ${median(calm.ms)} ms, most ${Math.max(...calm.ms.slice(5)).toFixed(1)} ms`,
);
const busy = steps(map, calm.outcome, 0.9, 3 * ROUNDS);
console.log(`step while sites are full             median ${median(busy.ms)} ms, most ${Math.max(...busy.ms).toFixed(1)} ms`);
const [, limitsMs] = time(() => spillLimits(busy.outcome.state));
console.log(`limits for plans                      ${limitsMs.toFixed(1)} ms`);
const shared = {
  record: [] as number[],
  text: [] as number[],
  pack: [] as number[],
  read: [] as number[],
  state: [] as number[],
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
const largest = [...busy.outcome.loadAfter].indexOf(Math.max(...busy.outcome.loadAfter));
const lost = map.siteOfRank[largest]!;
const health: HealthView = { ...EVERYTHING_UP, isUp: (member) => members[member]!.site !== lost };
const [without, mapAgainMs] = time(() => atlas.map(health));
const after = steps(without, busy.outcome, 0.9, ROUNDS);
console.log(`map without the fullest site          ${mapAgainMs.toFixed(1)} ms`);
console.log(`first step without it                 ${after.ms[0]!.toFixed(1)} ms`);
console.log(
  `later steps                           median ${median(after.ms.slice(1))} ms, most ${Math.max(...after.ms.slice(1)).toFixed(1)} ms`,
);

import test from 'ava';
import fc from 'fast-check';
import { CELL_PRIVATE, CELL_UNKNOWN, NOWHERE, type Place } from '../../../src/model/place.ts';
import { Classifier } from '../../../src/steering/classes.ts';
import { type Decided, Decider } from '../../../src/steering/decide.ts';
import { failover, map, modelOf, nearest, placeAt, pool, SITES, weighted } from '../../support/steering.ts';

const model = modelOf(
  {
    web: SITES.map((site) => ({ site })),
    api: [{ site: 'london' }, { site: 'tokyo' }],
  },
  {
    plain: {
      root: failover([
        pool(0),
        weighted([
          [1, pool(1)],
          [2, pool(0)],
        ]),
      ]),
    },
    near: { root: nearest(0, 700) },
    mapped: {
      root: map({
        countries: new Map([
          ['GB', pool(1, 'gb')],
          ['IE', pool(1, 'ie')],
          ['JP', nearest(1)],
        ]),
        continents: new Map([
          [
            'EU',
            weighted([
              [1, nearest(1)],
              [1, pool(0)],
            ]),
          ],
        ]),
        otherwise: failover([nearest(0), pool(0)]),
      }),
    },
  },
);

const arbitraryPlace: fc.Arbitrary<Place> = fc
  .record({
    country: fc.constantFrom('GB', 'IE', 'JP', 'FR', null),
    continent: fc.constantFrom('EU', 'AS', null),
    position: fc.option(fc.tuple(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -180, max: 180 }))),
  })
  .map(({ country, continent, position }) => ({
    ...NOWHERE,
    country,
    continent,
    latitude: position?.[0] ?? null,
    longitude: position?.[1] ?? null,
  }));

/** A decided tree as text, without the paths. */
const shapeText = (decided: Decided): string => JSON.stringify(decided, (key, value) => (key === 'path' ? undefined : value));

test('two places are in one cell exactly if every policy decides alike for them', (t) => {
  const classifier = new Classifier(model);
  const decider = new Decider(model);
  const decisions = (place: Place): string =>
    model.policies.map(({ root }) => shapeText(decider.decide(root, place, decider.measure(place)))).join(' ');
  const seen = new Map<number, string>([[classifier.cellOf(NOWHERE), decisions(NOWHERE)]]);
  const cells = new Map<string, number>([[decisions(NOWHERE), CELL_UNKNOWN]]);
  fc.assert(
    fc.property(arbitraryPlace, (place) => {
      const cell = classifier.cellOf(place);
      const decided = decisions(place);
      if (!seen.has(cell)) seen.set(cell, decided);
      if (!cells.has(decided)) cells.set(decided, cell);
      return seen.get(cell) === decided && cells.get(decided) === cell;
    }),
    { seed: 3, numRuns: 1500 },
  );
  t.true(seen.size > 20);
});

test('cells 0 and 1 are the unknown and the private place, decided like a place without facts', (t) => {
  const classifier = new Classifier(model);
  const table = classifier.table();
  t.is(classifier.cellOf(NOWHERE), CELL_UNKNOWN);
  t.is(table.places.length, 2);
  for (const column of table.columns) t.is(column[CELL_UNKNOWN], column[CELL_PRIVATE]);
  t.is(classifier.cellOf(placeAt('london')), 2);
});

test('the table gives the class of each policy and cell, with a place and a decision for each', (t) => {
  const classifier = new Classifier(model);
  const cells = [placeAt('london', { country: 'GB' }), placeAt('london', { country: 'IE' }), placeAt('tokyo')].map((place) =>
    classifier.cellOf(place),
  );
  t.deepEqual(cells, [2, 2, 3], 'GB and IE lead to the same pool from the same distance');
  const table = classifier.table();
  const classOf = (policy: number, cell: number): number => table.columns[table.columnOf[policy]!]![cell]!;
  t.deepEqual(
    [0, 1, 2].map((policy) => [classOf(policy, 2), classOf(policy, 3)]),
    [
      [0, 0],
      [1, 2],
      [1, 2],
    ],
  );
  t.is(table.columnOf[1], table.columnOf[2], 'policies that part the world alike share a column');
  t.is(table.places[2]!.country, 'GB');
  t.like(table.decided[2]![1]!, { kind: 'pool', path: 'gb' });
  t.deepEqual(
    table.decided.map(({ length }) => length),
    [1, 3, 3],
  );
});

test('a table can be sent between threads', (t) => {
  const classifier = new Classifier(model);
  classifier.cellOf(placeAt('tokyo', { country: 'JP' }));
  const table = classifier.table();
  t.deepEqual(structuredClone(table), table);
});

test('the order in which the rules of a map were written does not matter', (t) => {
  const rules = [
    ['GB', pool(1)],
    ['JP', nearest(0)],
    ['FR', pool(0)],
  ] as const;
  const places = [
    placeAt('london', { country: 'GB' }),
    placeAt('tokyo', { country: 'JP' }),
    placeAt('sydney', { country: 'FR' }),
  ];
  const cellsWith = (countries: typeof rules | [...typeof rules]): number[] => {
    const root = map({ countries: new Map(countries), otherwise: pool(0) });
    const classifier = new Classifier({ ...model, policies: [{ ...model.policies[0]!, root }] });
    return places.map((place) => classifier.cellOf(place));
  };
  t.deepEqual(cellsWith(rules), cellsWith([rules[2], rules[1], rules[0]] as never));
});

import test from 'ava';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import { buildSteering } from '../../../src/steering/build.ts';
import { Classifier } from '../../../src/steering/classes.ts';
import { SteeringImage } from '../../../src/steering/image.ts';
import { down, imageOf, map, modelOf, nearest, placeAt, pool, SITES, weighted } from '../../support/steering.ts';

const SPECS = { web: SITES.map((site, i) => ({ site, weight: 10 + i })), api: [{ site: 'london' }, { site: 'tokyo' }] } as const;

test('an image knows its policies, cells and members', (t) => {
  const model = modelOf(SPECS, { www: { root: nearest(0) }, käse: { root: pool(1) } });
  const { image } = imageOf(model, [placeAt('london'), placeAt('tokyo')], EVERYTHING_UP);
  t.deepEqual(image.policyNames, ['www', 'käse']);
  t.like(image, { policyCount: 2, cellCount: 4, memberCount: 8, slotCount: 4, widestPlan: 6 });
  t.is(image.buffer.constructor, SharedArrayBuffer);
});

test('a model without policies makes an empty image', (t) => {
  const { image } = imageOf(modelOf({}, {}), [], EVERYTHING_UP);
  t.deepEqual(image.policyNames, []);
  t.is(image.planCount, 0);
});

test('something else than an image is refused', (t) => {
  t.throws(() => new SteeringImage(new SharedArrayBuffer(256)), { message: 'not a steering image of this version' });
});

test('equal plans and equal schedules are stored once', (t) => {
  const half = weighted([
    [1, pool(1)],
    [1, pool(1)],
  ]);
  const model = modelOf(SPECS, {
    a: { root: nearest(0, 0) },
    b: { root: nearest(0, 0) },
    c: { root: pool(1) },
    d: { root: half },
  });
  const { image } = imageOf(
    model,
    SITES.map((site) => placeAt(site)),
    EVERYTHING_UP,
  );
  t.is(image.slotCount, 2 * (SITES.length + 1) + 2);
  t.is(image.planCount, SITES.length + 1 + 1, 'one for each nearest site, one for no place, one for the two halves');
  t.is(image.scheduleCount, 3, 'a lone member, all by weight, half and half');
});

test('the same inputs give the same octets, also when built upon a previous image', (t) => {
  const model = modelOf(SPECS, {
    www: { root: map({ countries: new Map([['GB', nearest(0, 3000)]]), otherwise: pool(0) }), answers: 2 },
    api: {
      root: weighted([
        [997, pool(0)],
        [1009, pool(1)],
      ]),
      pick: 'sticky',
      lastResort: { kind: 'last-good' },
    },
  });
  const classifier = new Classifier(model);
  classifier.cellOf(placeAt('london', { country: 'GB' }));
  const table = classifier.table();
  const health = down(model, ['web/london', 'web/tokyo'], 4);
  const fresh = new Uint8Array(buildSteering(model, structuredClone(table), health));
  const previous = new SteeringImage(buildSteering(model, table, EVERYTHING_UP));
  t.deepEqual(new Uint8Array(buildSteering(model, table, health, previous)), fresh);
  t.notDeepEqual(new Uint8Array(previous.buffer), fresh);
});

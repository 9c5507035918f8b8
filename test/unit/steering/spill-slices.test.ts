// A map of many classes is made in slices, so that the thread that makes it can do other work in between.

import test from 'ava';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import type { Place } from '../../../src/model/place.ts';
import { clientsAt, SpillWorld, withCapacity } from '../../support/spill.ts';
import { modelOf, nearest } from '../../support/steering.ts';

const POLICIES = 30;
const PLACES = 60;

test('a map that is made in slices is the map that is made at once, whatever happens in between', (t) => {
  const policies = Object.fromEntries(
    Array.from({ length: POLICIES }, (_, i) => [`p${i}`, { spill: { priority: i % 10, maxExtraKm: 20_100 }, root: nearest(0) }]),
  );
  const pools = { a: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] } as const;
  const model = withCapacity(modelOf(pools, policies), { london: 100, frankfurt: 100, newyork: 100 });
  const places: Place[] = Array.from({ length: PLACES }, (_, i) => clientsAt('london', 'GB', i * 5));
  const { atlas, map } = new SpillWorld(model, places);
  const mapping = atlas.mapping(EVERYTHING_UP);
  let slices = 1;
  let step = mapping.next();
  for (; step.done !== true; step = mapping.next()) {
    slices++;
    atlas.map({ ...EVERYTHING_UP, isUp: (member) => member !== 0 });
  }
  t.true(slices > 1, `${atlas.classNames.length} classes`);
  t.deepEqual(step.value, map);
});

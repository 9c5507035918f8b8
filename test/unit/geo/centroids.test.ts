import { execFileSync } from 'node:child_process';
import test from 'ava';
import { COUNTRIES } from '../../../src/geo/centroids.ts';
import { CONTINENTS } from '../../../src/geo/facts.ts';
import { ROOT } from '../../support/paths.ts';

test('the generated table is what the derivation script writes', (t) => {
  t.notThrows(() => execFileSync(process.execPath, ['geoip/derive-centroids.mjs', '--check'], { cwd: ROOT, stdio: 'pipe' }));
});

test('all ISO countries and Kosovo have a continent and a centre on the globe', (t) => {
  t.is(COUNTRIES.size, 250);
  for (const [code, { continent, latitude, longitude }] of COUNTRIES) {
    t.regex(code, /^[A-Z]{2}$/);
    t.true(CONTINENTS.has(continent), code);
    t.true(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180, code);
  }
});

test('the centre is that of the largest landmass', (t) => {
  t.deepEqual(COUNTRIES.get('FR'), { continent: 'EU', latitude: 46.57, longitude: 2.46 });
  t.deepEqual(COUNTRIES.get('US'), { continent: 'NA', latitude: 39.89, longitude: -98.82 });
  t.deepEqual(COUNTRIES.get('RE'), { continent: 'AF', latitude: -21.12, longitude: 55.53 });
});

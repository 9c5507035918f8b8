import test from 'ava';
import type { HeardReport } from '../../../src/model/capacity.ts';
import type { Site } from '../../../src/model/steering.ts';
import { siteLoads } from '../../../src/steering/site-loads.ts';
import { loadReport } from '../../support/mesh.ts';

const NOW_MS = 100_000;
const SITES: readonly Site[] = [
  { id: 'fra', index: 0, latitude: 50, longitude: 8, capacity: { max: 1000, target: 800 } },
  { id: 'ams', index: 1, latitude: 52, longitude: 5, capacity: null },
];

const heard = (agent: string, more: Partial<HeardReport> = {}): HeardReport => ({
  ...loadReport(agent, 1),
  atMs: NOW_MS - 500,
  ...more,
});
const fra = (...reports: readonly HeardReport[]) => siteLoads(SITES, 'requests/s', reports, NOW_MS)[0]!;

test('agents of one site add up, and the oldest report gives the age', (t) => {
  const load = fra(
    heard('a', { current: 10, target: 100, max: 200 }),
    heard('b', { current: 5, target: 50, max: 70, atMs: NOW_MS - 2000 }),
  );
  t.deepEqual(load, { report: { current: 15, target: 150, max: 270, ageMs: 2000 }, source: 'agents', agents: 2, refused: 0 });
});

test('if one agent gives no limit, that of the site counts', (t) => {
  t.is(fra(heard('a', { target: 100, max: 200 }), heard('b')).report!.target, null);
});

test('a site whose agents all drain is to be filled to nothing; one of two takes its part of the target along', (t) => {
  t.is(fra(heard('a', { isDraining: true, target: 100 })).report!.target, 0);
  t.is(fra(heard('a', { isDraining: true }), heard('b')).report!.target, 400);
  t.is(fra(heard('a', { isDraining: true, target: 70 }), heard('b', { target: 60 })).report!.target, 60);
});

test('after three seconds a report is late, after ten it is none', (t) => {
  t.is(fra(heard('a', { atMs: NOW_MS - 2999 })).source, 'agents');
  t.is(fra(heard('a', { atMs: NOW_MS - 3000 })).source, 'stale');
  t.deepEqual(fra(heard('a', { atMs: NOW_MS - 10_000 })), { report: null, source: 'configured', agents: 0, refused: 0 });
});

test('reports in another unit are counted, not believed; those of unknown sites are nobody’s', (t) => {
  const load = fra(heard('a', { unit: 'Mbit/s' }), heard('b', { site: 'rome' }));
  t.deepEqual(load, { report: null, source: 'configured', agents: 0, refused: 1 });
});

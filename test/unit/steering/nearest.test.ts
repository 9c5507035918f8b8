import test from 'ava';
import { NOWHERE } from '../../../src/model/place.ts';
import type { PolicyNode } from '../../../src/model/steering.ts';
import { measure, type NearestNode, SiteRanking } from '../../../src/steering/nearest.ts';
import { modelOf, nearest, placeAt, SITES, type SiteName } from '../../support/steering.ts';

const model = modelOf(
  { web: [...SITES].reverse().map((site) => ({ site })), duo: [{ site: 'tokyo' }, { site: 'tokyo', name: 'b' }] },
  {},
);

function groupsFrom(site: SiteName | null, node: PolicyNode): string[][] {
  const ranking = new SiteRanking(model, node as NearestNode);
  const distances = new Float64Array(model.sites.length);
  const isKnown = measure(model, site === null ? NOWHERE : placeAt(site), distances);
  ranking.rank(isKnown ? distances : null);
  const groups: string[][] = [];
  ranking.order.forEach((index, i) => {
    const group = ranking.groups[i]!;
    groups[group] ??= [];
    groups[group].push(SITES[index]!);
  });
  return groups;
}

test('sites are ordered by distance from the client', (t) => {
  t.deepEqual(groupsFrom('london', nearest(0)), [['london'], ['frankfurt'], ['newyork'], ['saopaulo'], ['tokyo'], ['sydney']]);
  t.deepEqual(groupsFrom('sydney', nearest(0)).flat().slice(0, 2), ['sydney', 'tokyo']);
});

test('sites within the tie band of the nearest form a group, and so do the next ones', (t) => {
  // from London: Frankfurt 640 km, New York 5,570, Sao Paulo 9,480, Tokyo 9,560, Sydney 16,990
  t.deepEqual(groupsFrom('london', nearest(0, 650)), [['london', 'frankfurt'], ['newyork'], ['tokyo', 'saopaulo'], ['sydney']]);
});

test('a client without a position ties all sites', (t) => {
  t.deepEqual(groupsFrom(null, nearest(0)), [SITES]);
});

test('a positive bias pulls clients towards a site, a negative one pushes them away', (t) => {
  t.is(groupsFrom('london', nearest(0, 0, { newyork: 99 }))[1]![0], 'newyork');
  t.is(groupsFrom('frankfurt', nearest(0, 100, { frankfurt: -99 })).flat()[0], 'frankfurt');
  t.deepEqual(
    groupsFrom('london', nearest(0, 0, { frankfurt: -90 }))
      .flat()
      .slice(0, 3),
    ['london', 'newyork', 'frankfurt'],
  );
});

test('the description gives distances before and after bias, nearest first', (t) => {
  const ranking = new SiteRanking(model, nearest(0, 650, { frankfurt: 50, newyork: -50 }) as NearestNode);
  const distances = new Float64Array(model.sites.length);
  measure(model, placeAt('frankfurt'), distances);
  ranking.rank(distances);
  const [first, second, third] = ranking.describe(distances);
  t.like(first!, { site: SITES.indexOf('frankfurt'), distanceKm: 0, biasPercent: 50, group: 0 });
  t.like(second!, { site: SITES.indexOf('london'), biasPercent: 0, group: 0 });
  t.is(Math.round(second!.biasedKm! / 10), 64);
  t.is(third!.biasedKm! > third!.distanceKm!, third!.site === SITES.indexOf('newyork'));
  ranking.rank(null);
  t.like(ranking.describe(null)[0]!, { site: 0, distanceKm: null, biasedKm: null, group: 0 });
});

test('members follow the groups of their sites, all members of a site together', (t) => {
  const ranking = new SiteRanking(model, nearest(1) as NearestNode);
  ranking.rank(null);
  t.deepEqual([...ranking.sites], [SITES.indexOf('tokyo')]);
  t.deepEqual(ranking.memberGroups(1), [[6, 7]]);
});

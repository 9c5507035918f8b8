import test from 'ava';
import { parseCidr } from '../../../src/base/address.ts';
import { NOWHERE, type Place } from '../../../src/model/place.ts';
import { Decider } from '../../../src/steering/decide.ts';
import { childrenOf, MapRules, networksOf } from '../../../src/steering/map.ts';
import { failover, map, modelOf, nearest, pool, weighted } from '../../support/steering.ts';

const cidr = (text: string) => parseCidr(text)!;
const everything = map({
  networks: [
    { cidr: cidr('198.51.100.0/24'), child: pool(0, 'short') },
    { cidr: cidr('198.51.100.128/25'), child: pool(0, 'long') },
  ],
  asns: new Map([[64500, pool(0, 'asn')]]),
  tags: new Map([['office', pool(0, 'tag')]]),
  subdivisions: new Map([['US-CA', pool(0, 'subdivision')]]),
  countries: new Map([['US', pool(0, 'country')]]),
  continents: new Map([['NA', pool(0, 'continent')]]),
  otherwise: pool(0, 'otherwise'),
});
const other = map({ networks: [{ cidr: cidr('203.0.113.0/24'), child: pool(0) }], otherwise: pool(0) });
const model = modelOf(
  { web: [{ site: 'london' }] },
  { all: { root: everything }, nested: { root: failover([weighted([[1, other]]), nearest(0), everything]) } },
);
const decider = new Decider(model);

const full: Place = {
  ...NOWHERE,
  networks: [0, 1],
  asn: 64500,
  tag: 'office',
  subdivision: 'US-CA',
  country: 'US',
  continent: 'NA',
};

test('networks of all policies are listed once each', (t) => {
  t.deepEqual(
    networksOf(model).map(({ prefixLen }) => prefixLen),
    [24, 25, 24],
  );
});

test('a map has all its rules and the default as children', (t) => {
  t.is(childrenOf(everything).length, 8);
});

test('the most specific rule that speaks about the place decides', (t) => {
  const ladder: [Partial<Place>, string][] = [
    [{}, 'long'],
    [{ networks: [0] }, 'short'],
    [{ networks: [] }, 'asn'],
    [{ networks: [2], asn: 64501 }, 'tag'],
    [{ networks: [], asn: null, tag: 'home' }, 'subdivision'],
    [{ networks: [], asn: null, tag: null, subdivision: 'US-NY' }, 'country'],
    [{ networks: [], asn: null, tag: null, subdivision: null, country: 'CA' }, 'continent'],
    [{ networks: [], asn: null, tag: null, subdivision: null, country: null, continent: 'EU' }, 'otherwise'],
  ];
  for (const [facts, child] of ladder) t.is(decider.childOf(everything, { ...full, ...facts }).path, child);
  t.is(decider.childOf(everything, NOWHERE).path, 'otherwise');
});

test('a rule is described by the fact that it matched, and facts without a rule are reported as passed', (t) => {
  const rules = new MapRules(
    everything,
    decider.networks,
    new Map([
      ['198.51.100.0/24', 0],
      ['198.51.100.128/25', 1],
    ]),
  );
  t.is(rules.describe(0, full), 'network 198.51.100.128/25');
  t.is(rules.describe(1, full), 'asn 64500');
  t.is(rules.describe(4, NOWHERE), null);
  t.is(rules.describe(6, full), 'otherwise');
  t.is(rules.describe(0, { ...full, networks: [2] }), 'network 203.0.113.0/24');
});

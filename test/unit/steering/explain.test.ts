import test from 'ava';
import { parseCidr } from '../../../src/base/address.ts';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import { NOWHERE } from '../../../src/model/place.ts';
import { explain, explanationToText } from '../../../src/steering/explain.ts';
import {
  down,
  drained,
  failover,
  imageOf,
  map,
  modelOf,
  nearest,
  placeAt,
  pool,
  ramping,
  underMark,
  weighted,
} from '../../support/steering.ts';

const model = modelOf(
  {
    web: [{ site: 'london', weight: 2 }, { site: 'frankfurt', has: 'v4' }, { site: 'tokyo' }, { site: 'sydney', weight: 0 }],
    spare: [{ site: 'newyork' }],
    empty: [{ site: 'saopaulo' }],
  },
  {
    www: {
      root: map({
        networks: [{ cidr: parseCidr('203.0.113.0/24')!, child: pool(1, 'office') }],
        countries: new Map([
          [
            'GB',
            failover([
              weighted([
                [3, nearest(0, 700, { tokyo: 50 })],
                [1, pool(2)],
                [0, pool(1, 'zero')],
              ]),
              pool(1, 'spare'),
            ]),
          ],
        ]),
        otherwise: nearest(0, 0, {}, 'elsewhere'),
      }),
      answers: 2,
    },
    last: { root: pool(2), pick: 'sticky', lastResort: { kind: 'last-good' } },
    none: { root: pool(2), lastResort: { kind: 'nodata' } },
    fail: { root: pool(2), lastResort: { kind: 'servfail' } },
  },
);
const british = placeAt('london', { country: 'GB', continent: 'EU', asn: 64500, subdivision: 'GB-LND', tag: 'lab' });
const health = down(model, ['empty/saopaulo']);

test('an explanation names every node, what it considered, kept and dropped, and why', (t) => {
  const explanation = explain(model, 0, british, 4, health);
  t.deepEqual(
    explanation.steps.map(({ path, kind, depth }) => `${depth} ${kind} ${path}`),
    [
      '0 map map',
      '1 failover failover',
      '2 weighted weighted',
      '3 nearest nearest0',
      '3 pool pool2',
      '3 pool zero',
      '2 pool spare',
    ],
  );
  const [root, , mixture, near, dead, , unneeded] = explanation.steps;
  t.deepEqual(root!.rule, {
    matched: 'country GB',
    child: 'failover',
    passed: ['asn 64500', 'tag lab', 'subdivision GB-LND'],
  });
  t.deepEqual(
    mixture!.considered.map(({ name, weight, fate, why }) => [name, weight, fate, why]),
    [
      ['nearest0', 3, 'kept', 'up'],
      ['pool2', 1, 'dropped', 'nothing in it is up'],
      ['zero', 0, 'dropped', 'weight 0 while others are up'],
    ],
  );
  t.deepEqual(
    near!.sites!.map(({ site, group, biasPercent }) => [site, group, biasPercent]),
    [
      ['london', 0, 0],
      ['frankfurt', 0, 0],
      ['tokyo', 1, 50],
      ['sydney', 2, 0],
    ],
  );
  t.deepEqual(
    near!.considered.map(({ name, site, fate, why }) => [name, site, fate, why]),
    [
      ['web/london', 'london', 'kept', 'up'],
      ['web/frankfurt', 'frankfurt', 'kept', 'up'],
      ['web/tokyo', 'tokyo', 'reserve', 'a nearer group is up'],
      ['web/sydney', 'sydney', 'dropped', 'weight 0 while others are up'],
    ],
  );
  t.deepEqual(dead!.considered[0]!.why, 'down');
  t.deepEqual(unneeded!.considered, []);
  t.like(explanation, { result: 'answer', lastResort: null, reserve: ['web/tokyo'] });
  t.deepEqual(explanation.shares, [
    { member: 'web/london', site: 'london', weight: 2, total: 3 },
    { member: 'web/frankfurt', site: 'frankfurt', weight: 1, total: 3 },
  ]);
});

test('it is plain data', (t) => {
  const explanation = explain(model, 0, british, 4, health);
  t.deepEqual(JSON.parse(JSON.stringify(explanation)), explanation);
});

test('its shares are those that the image holds', (t) => {
  const places = [british, placeAt('tokyo'), NOWHERE];
  const { image, cells } = imageOf(model, places, health);
  places.forEach((place, i) => {
    const { shares } = explain(model, 0, place, 6, health);
    const [policyAt, plansAt, column] = [image.policiesAt, image.plansAt, image.words[image.policiesAt + 4]!];
    const slot = image.words[policyAt + 5]! + image.words[column + cells[i]!]!;
    const plan = plansAt + image.words[image.slotsAt + 2 * slot + 1]! * 7;
    const first = image.words[plan + 1]!;
    const stored = Array.from({ length: image.words[plan + 2]! }, (_, k) => [
      model.members[image.words[image.entriesAt + first + k]!]!.id,
      image.weights[first + k],
    ]);
    t.deepEqual(
      shares.map(({ member, weight }) => [member, weight]),
      stored,
    );
  });
});

test('as text it reads from the client to the answer', (t) => {
  t.is(
    explanationToText(explain(model, 0, british, 6, down(model, ['empty/saopaulo', 'web/london'], 6))),
    [
      'policy www, IPv6, client GB-LND, continent EU, AS64500, tag lab, at 51.51,-0.13',
      '  map (map)',
      '    no rule for asn 64500, tag lab, subdivision GB-LND',
      '    country GB -> failover',
      '    failover (failover)',
      '      kept     weighted: the first child that is up',
      '      dropped  spare: an earlier child is up',
      '      weighted (weighted)',
      '        kept     nearest0 (weight 3): up',
      '        dropped  pool2 (weight 1): nothing in it is up',
      '        dropped  zero (weight 0): weight 0 while others are up',
      '        nearest0 (nearest)',
      '          group 1  london  0 km',
      '          group 1  frankfurt  638 km',
      '          group 2  tokyo  9559 km, counted as 4780 km by a bias of 50 %',
      '          group 3  sydney  16994 km',
      '          dropped  web/london (weight 2): down',
      '          kept     web/frankfurt (weight 1): up; has no address of this family, so its share is dropped',
      '          reserve  web/tokyo (weight 1): a nearer group is up',
      '          dropped  web/sydney (weight 0): weight 0 while others are up',
      '        pool2 (pool)',
      '          dropped  empty/saopaulo (weight 1): down',
      '        zero (pool)',
      '          kept     spare/newyork (weight 1): up',
      '      spare (pool)',
      '        not needed',
      'answer: NODATA: nobody chosen has an address of this family',
      '',
    ].join('\n'),
  );
});

test('an unknown place, a farther group, a reserve and shares are put into words', (t) => {
  const text = explanationToText(explain(model, 0, NOWHERE, 4, EVERYTHING_UP));
  t.regex(text, /client at an unknown place\n {2}map \(map\)\n {4}otherwise -> elsewhere\n/);
  t.regex(text, /group 1 {2}london {2}distance unknown\n/);
  t.regex(text, /answer: up to 2 members, round-robin, by share\n {3}50\.00 % {2}web\/london at london \(2\/4\)\n/);
  const farther = explanationToText(explain(model, 0, placeAt('london'), 4, down(model, ['web/london', 'web/sydney'])));
  t.regex(farther, /kept {5}web\/frankfurt \(weight 1\): up, and every nearer group is down\n/);
  t.regex(farther, /client at 51\.51,-0\.13\n/);
  t.regex(farther, /in reserve: web\/tokyo\n$/);
});

test('a last resort is named, and last-good is looked up in the image in use', (t) => {
  const { image } = imageOf(model, [], EVERYTHING_UP);
  t.is(explain(model, 1, NOWHERE, 4, health).lastResort, 'serve-all');
  t.is(explain(model, 1, NOWHERE, 4, health, image).lastResort, 'last-good');
  t.regex(
    explanationToText(explain(model, 1, NOWHERE, 4, health, image)),
    /nothing that the policy may choose is up; last resort: last-good\nanswer: 1 member, sticky, by share\n/,
  );
  t.regex(explanationToText(explain(model, 2, NOWHERE, 4, health)), /last resort: nodata\nanswer: NODATA\n$/);
  t.regex(explanationToText(explain(model, 3, NOWHERE, 4, health)), /answer: SERVFAIL\n$/);
});

test('recovery, drain and watermarks are put into words', (t) => {
  const tree = modelOf(
    {
      web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'tokyo' }],
      cdn: [{ site: 'newyork' }],
      far: [{ site: 'sydney' }],
    },
    { www: { root: failover([pool(2), nearest(0), pool(1)]), answers: 2 } },
  );
  const small = ramping(tree, { 'web/london': 400, 'web/tokyo': 500 });
  const text = explanationToText(
    explain(tree, 0, placeAt('london'), 4, drained(tree, ['web/frankfurt'], underMark(tree, ['far'], small))),
  );
  const expected = [
    '    dropped  pool2: too little of its pool is up',
    '    kept     nearest0: the first child that is up, with room for 70 %',
    '    kept     pool1: for what the earlier children cannot take yet',
    '    pool2 (pool)',
    '      not needed',
    '      kept     web/london (weight 1): recovering, 40 % of its weight',
    '      dropped  web/frankfurt (weight 1): drained by ann: new disks',
    '      kept     web/tokyo (weight 1): recovering, 50 % of its weight, for what the nearer groups cannot take yet',
    '   40.00 %  web/london at london (4/10)',
    '   30.00 %  web/tokyo at tokyo (3/10)',
    '   30.00 %  cdn/newyork at newyork (3/10)',
  ];
  for (const line of expected) t.true(text.includes(`${line}\n`), `${line}\nis missing in\n${text}`);
});

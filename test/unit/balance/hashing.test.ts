// What ip-hash, the ring, Maglev and the bounded ring have in common: they are compared by the same measures.

import test from 'ava';
import { makeChooser } from '../../../src/balance/algorithms.ts';
import { BoundedLoad } from '../../../src/balance/bounded-load.ts';
import type { Candidates } from '../../../src/balance/candidates.ts';
import type { Chooser } from '../../../src/balance/chooser.ts';
import { isPrime, Maglev } from '../../../src/balance/maglev.ts';
import { Ring } from '../../../src/balance/ring.ts';
import type { Algorithm, SiteServer } from '../../../src/model/site.ts';
import { candidatesOf, keysOf, placement, serverOf, serversOf, setCandidates, tally } from '../../support/balance.ts';

const KINDS: readonly Algorithm[] = [
  { kind: 'ip-hash' },
  { kind: 'ring', virtualNodes: 160 },
  { kind: 'maglev', tableSize: 65_537 },
  // With nothing under way every bound is one: the plain ring.
  { kind: 'bounded-load', virtualNodes: 160, factor: 1.25 },
];
const SERVERS = 20;
const KEYS = keysOf(20_000);

function made(algorithm: Algorithm, servers: readonly SiteServer[]): { chooser: Chooser; candidates: Candidates } {
  const candidates = candidatesOf(servers);
  const chooser = makeChooser(algorithm, candidates);
  chooser.update();
  return { chooser, candidates };
}

const all = (except: number): number[] => Array.from({ length: SERVERS }, (_, slot) => slot).filter((slot) => slot !== except);

/** Share of the keys that move although their server stayed. */
const MOVED_BEYOND = { 'ip-hash': 0, ring: 0, maglev: 0.01, 'bounded-load': 0 } as Record<string, number>;
/** How far the fullest server may be above the mean, with 20,000 keys: 8 % are chance alone. */
const UNEVEN = { 'ip-hash': 1.1, ring: 1.3, maglev: 1.1, 'bounded-load': 1.3 } as Record<string, number>;

for (const algorithm of KINDS) {
  const { kind } = algorithm;

  test(`${kind}: when one of ${SERVERS} leaves, its keys move and hardly any others, 1.2 times its share at most`, (t) => {
    const { chooser, candidates } = made(algorithm, serversOf(SERVERS));
    const before = placement(chooser, KEYS);
    setCandidates(candidates, all(7));
    chooser.update();
    const after = placement(chooser, KEYS);
    const moved = before.filter((slot, i) => slot !== after[i]).length;
    const beyond = before.filter((slot, i) => slot !== 7 && slot !== after[i]).length;
    t.false(after.includes(7));
    t.true(beyond <= MOVED_BEYOND[kind]! * KEYS.length, `${beyond} moved without need`);
    t.true(moved <= (1.2 / SERVERS) * KEYS.length, `${moved} moved`);
  });

  test(`${kind}: when it is back, every key is where it was`, (t) => {
    const { chooser, candidates } = made(algorithm, serversOf(SERVERS));
    const before = placement(chooser, KEYS);
    setCandidates(candidates, all(7));
    chooser.update();
    setCandidates(candidates, [...all(7), 7]);
    chooser.update();
    t.deepEqual(placement(chooser, KEYS), before);
  });

  test(`${kind}: keys are spread evenly`, (t) => {
    const counts = tally(made(algorithm, serversOf(SERVERS)).chooser, KEYS, SERVERS);
    t.true(Math.max(...counts) <= (UNEVEN[kind]! * KEYS.length) / SERVERS, String(counts));
  });

  test(`${kind}: keys are spread by weight`, (t) => {
    const weights = [1, 2, 3, 4];
    const counts = tally(
      made(
        algorithm,
        serversOf(4, (i) => ({ weight: weights[i]! })),
      ).chooser,
      KEYS,
      4,
    );
    for (const [i, weight] of weights.entries()) {
      const share = counts[i]! / KEYS.length;
      t.true(Math.abs(share / (weight / 10) - 1) < 0.2, `${weight}: ${share}`);
    }
  });

  test(`${kind}: the order of the configuration does not matter`, (t) => {
    const servers = serversOf(SERVERS);
    const ids = (list: readonly SiteServer[]): string[] => {
      const { chooser } = made(algorithm, list);
      return placement(chooser, KEYS.subarray(0, 1000)).map((slot) => list[slot]!.id);
    };
    t.deepEqual(ids(servers), ids(servers.toReversed()));
  });

  test(`${kind}: a growing weight takes keys from others and gives none away`, (t) => {
    const { chooser, candidates } = made(algorithm, serversOf(SERVERS));
    setCandidates(candidates, [...all(7), 7], (slot) => (slot === 7 ? 0.25 : 1));
    chooser.update();
    const before = placement(chooser, KEYS);
    setCandidates(candidates, [...all(7), 7], (slot) => (slot === 7 ? 0.75 : 1));
    chooser.update();
    const after = placement(chooser, KEYS);
    const lost = before.filter((slot, i) => slot === 7 && after[i] !== 7).length;
    t.true(lost <= (kind === 'maglev' ? 0.005 * KEYS.length : 0), `${lost} lost`);
    t.true(after.filter((slot) => slot === 7).length > before.filter((slot) => slot === 7).length);
  });

  test(`${kind}: a full server lends its keys, all others keep theirs`, (t) => {
    const { chooser, candidates } = made(algorithm, serversOf(SERVERS));
    const before = placement(chooser, KEYS);
    candidates.table.columns.limit[7] = 0;
    const during = placement(chooser, KEYS);
    t.true(before.every((slot, i) => (slot === 7 ? during[i] !== 7 : during[i] === slot)));
    const lenders = during.filter((_, i) => before[i] === 7);
    t.true(new Set(lenders).size > SERVERS / 4, 'not all to one neighbour');
  });

  test(`${kind}: if nearly all are full the last free one is found, and nobody if all are`, (t) => {
    const { chooser, candidates } = made(algorithm, serversOf(SERVERS));
    candidates.table.columns.limit.fill(0);
    t.true(placement(chooser, KEYS.subarray(0, 100)).every((slot) => slot === -1));
    candidates.table.columns.limit[13] = 1;
    t.true(placement(chooser, KEYS.subarray(0, 100)).every((slot) => slot === 13));
  });

  test(`${kind}: without candidates nobody is chosen`, (t) => {
    const { chooser, candidates } = made(algorithm, [serverOf('only')]);
    t.is(placement(chooser, KEYS.subarray(0, 1))[0], 0);
    setCandidates(candidates, []);
    chooser.update();
    t.is(placement(chooser, KEYS.subarray(0, 1))[0], -1);
  });
}

test('maglev: no server has more of the table than one per cent above its share', (t) => {
  const counts = new Array<number>(SERVERS).fill(0);
  const { chooser } = made({ kind: 'maglev', tableSize: 65_537 }, serversOf(SERVERS));
  for (let place = 0; place < 65_537; place++) counts[chooser.choose(place, 0, () => 0)]!++;
  t.true(Math.max(...counts) - Math.min(...counts) <= 0.01 * (65_537 / SERVERS), String(counts));
});

test('maglev: a table whose size is not a prime is refused', (t) => {
  for (const size of [0, 1, 4, 65_535, 2.5]) t.false(isPrime(size), String(size));
  for (const size of [2, 3, 1009, 65_537]) t.true(isPrime(size), String(size));
  const error = t.throws(() => new Maglev(candidatesOf(serversOf(2)), 65_536), { instanceOf: RangeError });
  t.regex(error.message, /must be a prime, not 65536/);
});

test('bounded load: no server ever has more than its bound, even if all keys are one', (t) => {
  const weights = [1, 2, 3, 4];
  for (const keys of [Uint32Array.from({ length: 1000 }, () => 42), KEYS.subarray(0, 1000)]) {
    const candidates = candidatesOf(serversOf(4, (i) => ({ weight: weights[i]! })));
    const chooser = new BoundedLoad(candidates, 160, 1.25);
    chooser.update();
    const { active } = candidates.table.columns;
    for (const [i, key] of keys.entries()) {
      const slot = chooser.choose(key);
      candidates.table.begin(slot);
      const bound = Math.ceil(1.25 * (i + 1) * (weights[slot]! / 10));
      if (active[slot]! > bound) t.fail(`${active[slot]} above ${bound} after ${i + 1}`);
    }
    t.is(candidates.table.groupActive[1], keys.length);
  }
});

test('bounded load: with the bounds far away every key is where the ring has it', (t) => {
  const bounded = made({ kind: 'bounded-load', virtualNodes: 160, factor: 1000 }, serversOf(SERVERS)).chooser;
  const ring = made({ kind: 'ring', virtualNodes: 160 }, serversOf(SERVERS)).chooser;
  t.deepEqual(placement(bounded, KEYS), placement(ring, KEYS));
});

test('ring: a key belongs to the point at it or the next behind it, and behind the last to the first', (t) => {
  const ring = new Ring();
  ring.build(candidatesOf(serversOf(3)), 4);
  const { points } = ring;
  t.is(points.length, 12);
  t.deepEqual(points, points.toSorted());
  for (const [i, point] of points.entries()) {
    t.is(ring.find(point), i);
    t.is(ring.find(point + 1), (i + 1) % points.length);
  }
});

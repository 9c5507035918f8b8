import test from 'ava';
import fc from 'fast-check';
import { type Family, formatAddress, parseAddress } from '../../../src/base/address.ts';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import { CELL_UNKNOWN, NOWHERE } from '../../../src/model/place.ts';
import type { PolicyNode, SteeringModel } from '../../../src/model/steering.ts';
import type { SteeringImage } from '../../../src/steering/image.ts';
import { Cursors, PICK, Picked, pick } from '../../../src/steering/pick.ts';
import { ALIAS_NAME, down, failover, imageOf, map, modelOf, nearest, placeAt, pool, weighted } from '../../support/steering.ts';

const CLIENT = parseAddress('198.51.100.7')!;

/** Picks once and returns the reused answer. */
function ask(
  image: SteeringImage,
  cursors: Cursors,
  out: Picked,
  options: {
    policy?: number;
    cell?: number;
    depth?: number;
    family?: Family;
    client?: { family: Family; octets: Uint8Array };
  } = {},
): Picked {
  const { policy = 0, cell = CELL_UNKNOWN, depth = 16, family = 4, client = CLIENT } = options;
  pick(image, cursors, policy, cell, depth, family, client.family, client.octets, 0, out);
  return out;
}

const membersOf = (model: SteeringModel, out: Picked): string[] =>
  Array.from(out.member.subarray(0, out.count), (member) => model.members[member]!.id);

const single = (root: PolicyNode, more: object = {}) => ({ p: { root, ...more } });

test('an answer gives the address octets of the family asked', (t) => {
  const model = modelOf({ web: [{ site: 'london' }, { site: 'tokyo', weight: 0 }] }, single(pool(0)));
  const { image } = imageOf(model, [], EVERYTHING_UP);
  const out = ask(image, new Cursors(), new Picked());
  t.like(out, { kind: PICK.ADDRESSES, count: 1, scope: 16, ttlSec: 0xffffffff });
  t.is(formatAddress(image.octets, 4, out.targetOffset[0]), '192.0.2.0');
  ask(image, new Cursors(), out, { family: 6 });
  t.is(formatAddress(image.octets, 6, out.targetOffset[0]), '2000::');
});

test('the cell leads to the plan of its class, and a cell that the image does not know to that of unknown places', (t) => {
  const model = modelOf(
    { web: [{ site: 'london' }], far: [{ site: 'sydney' }] },
    single(map({ countries: new Map([['AU', pool(1)]]), otherwise: pool(0) })),
  );
  const { image, cells } = imageOf(model, [placeAt('sydney', { country: 'AU' })], EVERYTHING_UP);
  const cursors = new Cursors();
  const out = new Picked();
  t.deepEqual(membersOf(model, ask(image, cursors, out, { cell: cells[0]! })), ['far/sydney']);
  t.deepEqual(membersOf(model, ask(image, cursors, out)), ['web/london']);
  t.deepEqual(membersOf(model, ask(image, cursors, out, { cell: 3 })), ['web/london']);
});

test('round robin gives each member its exact share within one at every moment, for awkward nested weights too', (t) => {
  const three = ['london', 'tokyo', 'sydney'] as const;
  const inner = [101, 103, 107];
  const model = modelOf(
    Object.fromEntries(['a', 'b', 'c'].map((id) => [id, three.map((site, i) => ({ site, weight: inner[i]! }))])),
    single(
      weighted([
        [997, pool(0)],
        [1009, pool(1)],
        [1013, pool(2)],
      ]),
    ),
  );
  const { image } = imageOf(model, [], EVERYTHING_UP);
  const outer = [997, 1009, 1013];
  const shares = model.members.map((_, i) => (outer[Math.floor(i / 3)]! / 3019) * (inner[i % 3]! / 311));
  const counts = model.members.map(() => 0);
  const cursors = new Cursors();
  const out = new Picked();
  let worst = 0;
  for (let n = 1; n <= 10_000; n++) {
    counts[ask(image, cursors, out).member[0]!]!++;
    for (let i = 0; i < counts.length; i++) worst = Math.max(worst, Math.abs(counts[i]! - n * shares[i]!));
  }
  t.true(worst < 1, `worst deviation ${worst}`);
});

test('round robin goes on where it was when an equal image replaces the old one', (t) => {
  const model = modelOf(
    {
      web: [
        { site: 'london', weight: 3 },
        { site: 'tokyo', weight: 4 },
        { site: 'sydney', weight: 6 },
      ],
    },
    single(pool(0)),
  );
  const first = imageOf(model, [], EVERYTHING_UP).image;
  const second = imageOf(model, [placeAt('london')], EVERYTHING_UP, first).image;
  const steady = new Cursors();
  const swapped = new Cursors();
  const out = new Picked();
  for (let n = 0; n < 100; n++) {
    const expected = ask(first, steady, out).member[0];
    t.is(ask(n % 7 < 3 ? first : second, swapped, out).member[0], expected);
  }
});

test('families and policies have cursors of their own, and more of them fit after a reload', (t) => {
  const pools = { web: [{ site: 'london' }, { site: 'tokyo' }] } as const;
  const small = modelOf(pools, { a: { root: pool(0) } });
  const large = modelOf({ web: [...pools.web, { site: 'sydney', weight: 0 }] }, { a: { root: pool(0) }, b: { root: pool(0) } });
  const cursors = new Cursors();
  const out = new Picked();
  const before = imageOf(small, [], EVERYTHING_UP).image;
  const after = imageOf(large, [], down(large, ['web/london', 'web/tokyo'], 6)).image;
  t.deepEqual(membersOf(small, ask(before, cursors, out)), ['web/london']);
  t.deepEqual(membersOf(small, ask(before, cursors, out, { family: 6 })), ['web/london']);
  t.deepEqual(membersOf(large, ask(after, cursors, out, { policy: 1 })), ['web/london']);
  t.deepEqual(membersOf(large, ask(after, cursors, out)), ['web/tokyo'], 'the position reached before the reload');
  t.deepEqual(membersOf(large, ask(after, cursors, out, { family: 6 })), ['web/sydney'], 'a shorter schedule starts anew');
});

test('several answers are distinct members at different sites, then others at the same sites', (t) => {
  const model = modelOf(
    {
      web: [
        { site: 'london', name: 'l1', weight: 5 },
        { site: 'london', name: 'l2', weight: 5 },
        { site: 'tokyo', name: 't1' },
        { site: 'tokyo', name: 't2' },
      ],
    },
    {
      turn: { root: pool(0), answers: 3 },
      stick: { root: pool(0), answers: 3, pick: 'sticky' },
      all: { root: pool(0), answers: 8 },
    },
  );
  const { image } = imageOf(model, [], EVERYTHING_UP);
  const cursors = new Cursors();
  const out = new Picked();
  const siteOf = (id: string): string => id.slice(4, 5);
  for (let n = 0; n < 50; n++) {
    for (const policy of [0, 1]) {
      const client = { family: 4 as const, octets: Uint8Array.of(n, n, n, n) };
      const ids = membersOf(model, ask(image, cursors, out, { policy, client }));
      t.is(new Set(ids).size, 3);
      t.is(new Set(ids.slice(0, 2).map(siteOf)).size, 2, ids.join());
    }
  }
  t.is(new Set(membersOf(model, ask(image, cursors, out, { policy: 2 }))).size, 4);
});

test('further answers come from the reserve when the distribution has no other site', (t) => {
  const model = modelOf(
    { web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }, { site: 'london', name: 'twin' }] },
    {
      turn: { root: nearest(0), answers: 3 },
      stick: { root: nearest(0), answers: 4, pick: 'sticky' },
    },
  );
  const { image, cells } = imageOf(model, [placeAt('london')], EVERYTHING_UP);
  const out = new Picked();
  const cursors = new Cursors();
  t.deepEqual(membersOf(model, ask(image, cursors, out, { cell: cells[0]! })), ['web/london', 'web/frankfurt', 'web/newyork']);
  t.deepEqual(membersOf(model, ask(image, cursors, out, { cell: cells[0]! })), ['web/twin', 'web/frankfurt', 'web/newyork']);
  const four = membersOf(model, ask(image, cursors, out, { cell: cells[0]!, policy: 1 }));
  t.deepEqual(four.slice(1, 3), ['web/frankfurt', 'web/newyork']);
  t.deepEqual([...four].sort(), ['web/frankfurt', 'web/london', 'web/newyork', 'web/twin']);
});

test('a rare member that is not among the next steps still fills an answer', (t) => {
  const model = modelOf({ web: [{ site: 'london', weight: 9999 }, { site: 'tokyo' }] }, single(pool(0), { answers: 2 }));
  const { image } = imageOf(model, [], EVERYTHING_UP);
  t.deepEqual(membersOf(model, ask(image, new Cursors(), new Picked())), ['web/london', 'web/tokyo']);
});

test('an alias that is picked stands alone, and one that is not picked does not join addresses', (t) => {
  const model = modelOf(
    { web: [{ site: 'london' }, { site: 'newyork', has: 'alias' }, { site: 'tokyo' }] },
    { turn: { root: pool(0), answers: 3 }, stick: { root: pool(0), answers: 3, pick: 'sticky' } },
  );
  const { image } = imageOf(model, [], EVERYTHING_UP);
  const cursors = new Cursors();
  const out = new Picked();
  const kinds = [0, 1].map((policy) => {
    const seen = new Set<string>();
    for (let n = 0; n < 60; n++) {
      const client = { family: 4 as const, octets: Uint8Array.of(n, 0, 0, 0) };
      ask(image, cursors, out, { policy, client, family: n % 2 === 0 ? 4 : 6 });
      seen.add(`${out.kind} ${membersOf(model, out).sort().join()}`);
      if (out.kind !== PICK.ALIAS) continue;
      const name = image.octets.subarray(out.targetOffset[0]!, out.targetOffset[0]! + ALIAS_NAME.length);
      t.deepEqual([...name], [...ALIAS_NAME]);
    }
    return [...seen].sort();
  });
  const expected = [`${PICK.ADDRESSES} web/london,web/tokyo`, `${PICK.ALIAS} web/newyork`];
  t.deepEqual(kinds, [expected, expected]);
});

test('NODATA and SERVFAIL carry no member', (t) => {
  const model = modelOf(
    { web: [{ site: 'london', has: 'v4' }] },
    { a: { root: pool(0) }, b: { root: pool(0), lastResort: { kind: 'servfail' } } },
  );
  const out = new Picked();
  ask(imageOf(model, [], EVERYTHING_UP).image, new Cursors(), out, { family: 6 });
  t.like(out, { kind: PICK.NODATA, count: 0, scope: 16 });
  ask(imageOf(model, [], down(model, ['web/london'])).image, new Cursors(), out, { policy: 1 });
  t.like(out, { kind: PICK.SERVFAIL, count: 0 });
});

// ---- sticky

const FIVE = ['london', 'frankfurt', 'newyork', 'tokyo', 'sydney'] as const;
const NETWORKS = 20_000;

function stickyModel(weights: readonly number[], first = 0): SteeringModel {
  const order = FIVE.map((_, i) => (i + first) % FIVE.length);
  return modelOf(
    { web: order.map((i) => ({ site: FIVE[i]!, weight: weights[i]! })) },
    single(failover([pool(0)]), { pick: 'sticky', granularityV4: 24, granularityV6: 48 }),
  );
}

/** Member ids of NETWORKS different client networks, in a fixed order. */
function stickyChoices(model: SteeringModel, dead: readonly string[] = []): string[] {
  const { image } = imageOf(model, [], down(model, dead));
  const cursors = new Cursors();
  const out = new Picked();
  const octets = new Uint8Array(4);
  return Array.from({ length: NETWORKS }, (_, n) => {
    octets.set([10, n >> 8, n & 0xff, 77]);
    return membersOf(model, ask(image, cursors, out, { client: { family: 4, octets } }))[0]!;
  });
}

/** Five standard deviations of a binomial count: a fixed seed makes the outcome fixed, this makes it believable. */
const tolerance = (share: number): number => 5 * Math.sqrt(NETWORKS * share * (1 - share));

test('sticky: a member that goes moves only its own networks', (t) => {
  const model = stickyModel([3, 2, 1, 1, 3]);
  const before = stickyChoices(model);
  const after = stickyChoices(model, ['web/newyork']);
  before.forEach((member, n) => {
    if (member !== 'web/newyork' && member !== after[n]) t.fail(`network ${n} moved from ${member} to ${after[n]}`);
  });
  t.true(before.includes('web/newyork') && !after.includes('web/newyork'));
});

test('sticky: members are chosen in proportion to their shares', (t) => {
  const weights = [3, 2, 1, 1, 3];
  const choices = stickyChoices(stickyModel(weights));
  FIVE.forEach((site, i) => {
    const count = choices.filter((member) => member === `web/${site}`).length;
    t.true(Math.abs(count - (NETWORKS * weights[i]!) / 10) < tolerance(weights[i]! / 10), `${site} ${count}`);
  });
});

test('sticky: ten percent more weight moves only the mass that it adds, and only towards the heavier member', (t) => {
  const before = stickyChoices(stickyModel([10, 10, 10, 10, 10]));
  const after = stickyChoices(stickyModel([10, 10, 10, 10, 11]));
  const moved = before.flatMap((member, n) => (member === after[n] ? [] : [after[n]!]));
  const added = 11 / 51 - 10 / 50;
  t.deepEqual([...new Set(moved)], ['web/sydney']);
  t.true(Math.abs(moved.length - NETWORKS * added) < tolerance(added), `${moved.length} moved`);
});

test('sticky: the choice does not depend on the order or number of members in the configuration', (t) => {
  t.deepEqual(stickyChoices(stickyModel([3, 2, 1, 1, 3], 2)), stickyChoices(stickyModel([3, 2, 1, 1, 3])));
});

test('sticky announces the deeper of the leaf and the granularity of the client family', (t) => {
  const { image } = imageOf(stickyModel([1, 1, 1, 1, 1]), [], EVERYTHING_UP);
  const out = new Picked();
  const v6 = parseAddress('2001:db8::1')!;
  t.is(ask(image, new Cursors(), out, { depth: 8 }).scope, 24);
  t.is(ask(image, new Cursors(), out, { depth: 27 }).scope, 27);
  t.is(ask(image, new Cursors(), out, { depth: 20, client: v6 }).scope, 48);
  t.is(ask(image, new Cursors(), out, { depth: 20, client: v6, family: 6 }).scope, 48);
});

test('sticky: any two clients that agree in the announced scope get the same answer', (t) => {
  const model = stickyModel([5, 4, 3, 2, 1]);
  const twoAnswers = { ...model, policies: [{ ...model.policies[0]!, answers: 3 }] };
  const { image } = imageOf(twoAnswers, [], EVERYTHING_UP);
  const cursors = new Cursors();
  const [outA, outB] = [new Picked(), new Picked()];
  const client = fc
    .constantFrom<4 | 6>(4, 6)
    .chain((family) =>
      fc.tuple(
        fc.constant(family),
        fc.nat(family * 8),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
      ),
    );
  fc.assert(
    fc.property(client, ([family, depth, octets, noise]) => {
      ask(image, cursors, outA, { depth, client: { family, octets } });
      const sibling = octets.map((octet, i) => {
        const keep = Math.max(0, Math.min(8, outA.scope - 8 * i));
        const mask = (0xff00 >> keep) & 0xff;
        return (octet & mask) | (noise[i]! & ~mask);
      });
      ask(image, cursors, outB, { depth, client: { family, octets: sibling } });
      return outA.scope === outB.scope && membersOf(model, outA).join() === membersOf(model, outB).join();
    }),
    { seed: 5, numRuns: 1000 },
  );
  t.pass();
});

test('sticky: a place without facts is treated like any other', (t) => {
  const model = modelOf({ web: FIVE.map((site) => ({ site })) }, single(nearest(0), { pick: 'sticky', answers: 2 }));
  const { image, cells } = imageOf(model, [NOWHERE], EVERYTHING_UP);
  t.is(ask(image, new Cursors(), new Picked(), { cell: cells[0]! }).count, 2);
});

import test from 'ava';
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../../src/base/address.ts';
import type { Client } from '../../../src/model/client.ts';
import { RateLimit } from '../../../src/responder/rate-limit.ts';
import { Random } from '../../support/random.ts';
import { clientOf } from '../../support/responder.ts';

const SEED = 7321;
const KEY = Uint32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344);

const limiter = (perSecond = 50, burst = 125, tableSize = 65_536): RateLimit =>
  new RateLimit({ perSecond, burst, tableSize, key: KEY });

/** How many of `times` replies at once, or spread evenly over `spanMs`, are within the limit. */
function within(limit: RateLimit, client: Client, times: number, spanMs = 0): number {
  const startMs = client.nowMs;
  let count = 0;
  for (let i = 0; i < times; i++) {
    client.nowMs = startMs + Math.floor((i * spanMs) / times);
    if (!limit.isOver(client)) count++;
  }
  client.nowMs = startMs + spanMs;
  return count;
}

/** An address in the same network of `prefixLen` bits that differs from the first in the bit behind the prefix. */
function neighbour(address: string, prefixLen: number): string {
  const { family, octets } = parseAddress(address)!;
  octets[prefixLen >> 3]! ^= 0x80 >> (prefixLen & 7);
  return formatAddress(octets, family);
}

test('an address gets its burst at once and nothing more', (t) => {
  t.is(within(limiter(), clientOf({}), 1000), 125);
});

test('a client below the rate is never limited', (t) => {
  t.is(within(limiter(), clientOf({}), 30 * 49, 30_000), 30 * 49);
});

test('a client somewhat above the rate gets nearly its rate in full', (t) => {
  const limit = limiter();
  const client = clientOf({});
  within(limit, client, 5 * 60, 5000);
  const inFull = within(limit, client, 20 * 60, 20_000) / 20;
  t.true(inFull > 48 && inFull < 49, String(inFull)); // (50 - 60 / 8) x 8 / 7
});

test('from a flood of 8 times the rate or more nothing is answered in full once the burst is spent', (t) => {
  const limit = limiter();
  const client = clientOf({});
  within(limit, client, 2000);
  t.is(within(limit, client, 10 * 400, 10_000), 0);
});

test('a budget that was flooded is back within 0.7 time constants, and whole after some more', (t) => {
  const limit = limiter();
  const client = clientOf({});
  within(limit, client, 100_000, 10_000);
  client.nowMs += 1700; // 2500 ms x ln 2 = 1733 ms
  t.is(within(limit, client, 1), 0);
  client.nowMs += 100;
  t.is(within(limit, client, 1), 1);
  client.nowMs += 70_000;
  t.is(within(limit, client, 1000), 125);
});

test('the recovery of a spent budget is exponential', (t) => {
  for (const waitMs of [100, 500, 1000, 2500, 5000]) {
    const limit = limiter();
    const client = clientOf({});
    within(limit, client, 125);
    client.nowMs = waitMs;
    const expected = Math.floor(125 - 125 * Math.exp(-waitMs / 2500));
    t.is(within(limit, client, 1000), expected, `${waitMs} ms`);
  }
});

/** Multiples of the budget of an address that its networks have, wider and wider (Knot DNS, module rrl). */
const BUDGETS = [
  [
    '192.0.2.77',
    [
      [24, 32],
      [20, 256],
      [18, 768],
    ],
  ],
  [
    '2001:db8:1:2:3:4:5:6',
    [
      [64, 2],
      [56, 3],
      [48, 4],
      [32, 64],
    ],
  ],
] as const;

for (const [address, levels] of BUDGETS) {
  for (const [index, [prefixLen, multiplier]] of levels.entries()) {
    test(`all addresses of a /${prefixLen} around ${address} share ${multiplier} times the budget of one`, (t) => {
      const limit = limiter(1000, 10, 65_536);
      const narrower = index === 0 ? (address.includes(':') ? 128 : 32) : levels[index - 1]![0];
      const random = new Random(SEED + prefixLen);
      const { family, octets } = parseAddress(address)!;
      const client = clientOf({ address });
      let inFull = 0;
      // A different narrower network for each reply, as long as there are enough of them.
      for (let i = 0; i < 30 * multiplier * 10; i++) {
        client.octets.set(octets);
        for (let bit = prefixLen; bit < octets.length * 8; bit++) {
          const value = bit < narrower ? (i >> (narrower - 1 - bit)) & 1 : random.below(2);
          client.octets[bit >> 3] = (client.octets[bit >> 3]! & ~(0x80 >> (bit & 7))) | (value === 1 ? 0x80 >> (bit & 7) : 0);
        }
        if (!limit.isOver(client)) inFull++;
      }
      t.is(inFull, 10 * multiplier);
      const outside = clientOf({ address: neighbour(formatAddress(octets, family), prefixLen - 1) });
      t.is(within(limit, outside, 5), 5);
    });
  }
}

test('a flood of one address leaves the budgets of its neighbours as they were', (t) => {
  for (const address of ['192.0.2.77', '2001:db8:1:2:3:4:5:6']) {
    const limit = limiter();
    within(limit, clientOf({ address }), 1_000_000);
    const client = clientOf({ address: neighbour(address, 127 % (address.includes(':') ? 128 : 32)) });
    t.is(within(limit, client, 125), 125, address);
  }
});

test('networks of the two families do not share a budget', (t) => {
  const limit = limiter();
  within(limit, clientOf({ address: '32.1.13.184' }), 1000);
  t.is(within(limit, clientOf({ address: '2001:db8::' }), 125), 125);
});

test('memory is constant, whatever comes', (t) => {
  const limit = limiter(50, 125, 4096);
  const before = limit.tableOctets;
  const random = new Random(SEED);
  const client = clientOf({});
  for (let i = 0; i < 200_000; i++) {
    client.octets.set(random.octets(4));
    client.nowMs = i / 100;
    limit.isOver(client);
  }
  t.is(limit.tableOctets, before);
  t.is(before, 1024 * 64);
});

test('a table that is far too small limits nobody who is within the rate', (t) => {
  const limit = limiter(50, 125, 1024);
  const random = new Random(SEED);
  const client = clientOf({});
  let limited = 0;
  // A million addresses all over the world, in a table for a thousand: each new one starts from nothing.
  for (let i = 0; i < 300_000; i++) {
    client.octets.set(random.octets(4));
    client.nowMs = i / 50;
    if (limit.isOver(client)) limited++;
  }
  t.is(limited, 0);
});

test('a flooded address stays limited while a million others pass through a table of a thousand', (t) => {
  const limit = limiter(50, 125, 1024);
  const random = new Random(SEED);
  const other = clientOf({});
  const victim = clientOf({});
  within(limit, victim, 2000);
  let inFull = 0;
  for (let i = 0; i < 200_000; i++) {
    other.octets.set(random.octets(4));
    other.nowMs = i / 50;
    limit.isOver(other);
    if (i % 10 !== 0) continue;
    victim.nowMs = other.nowMs;
    if (!limit.isOver(victim)) inFull++;
  }
  t.is(inFull, 0);
});

test('with another key other networks share entries: the outcome for single clients is the same', (t) => {
  const addresses = fc.array(fc.ipV4(), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(addresses, fc.integer({ min: 1, max: 0x7fffffff }), (list, seed) => {
      const one = limiter();
      const two = new RateLimit({ perSecond: 50, burst: 125, tableSize: 65_536, key: Uint32Array.of(seed, ~seed) });
      for (const address of list) {
        t.is(within(one, clientOf({ address }), 60), within(two, clientOf({ address }), 60));
      }
    }),
    { seed: SEED, numRuns: 50 },
  );
});

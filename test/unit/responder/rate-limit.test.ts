import test from 'ava';
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../../src/base/address.ts';
import type { Client } from '../../../src/model/client.ts';
import { RateLimit, rateLimitSize } from '../../../src/responder/rate-limit.ts';
import { Random } from '../../support/random.ts';
import { clientOf } from '../../support/responder.ts';

const SEED = 7321;
const KEY = Uint32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344);
/** Octets a second over a long time, and at once; their quotient is the time constant, 2.5 s. */
const PER_SECOND = 100_000;
const BURST = 250_000;
/** What most tests give a reply more than its query. */
const EXCESS = 1000;
const REPLIES_AT_ONCE = BURST / EXCESS;

function limiter(excessPerSecond = PER_SECOND, excessBurst = BURST, tableSize = 65_536, key = KEY): RateLimit {
  const memory = new SharedArrayBuffer(rateLimitSize(tableSize));
  return new RateLimit({ excessPerSecond, excessBurst, tableSize, key, memory, offset: 0 });
}

/** Whether a reply fits; if it does, it is charged. */
function fits(limit: RateLimit, client: Client, excess = EXCESS): boolean {
  const isWithin = limit.room(client) >= excess;
  if (isWithin) limit.charge(excess, client);
  return isWithin;
}

/** How many of `times` replies at once, or spread evenly over `spanMs`, fit. */
function within(limit: RateLimit, client: Client, times: number, spanMs = 0, excess = EXCESS): number {
  const startMs = client.nowMs;
  let count = 0;
  for (let i = 0; i < times; i++) {
    client.nowMs = startMs + Math.floor((i * spanMs) / times);
    if (fits(limit, client, excess)) count++;
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
  t.is(within(limiter(), clientOf({}), 1000), REPLIES_AT_ONCE);
});

test('what is counted is octets: sixty address records cost as much as one large text record', (t) => {
  const limit = limiter();
  const client = clientOf({});
  t.is(within(limit, client, 1000, 0, 960), 260); // and 400 octets left
  t.is(within(limit, client, 1000, 0, 16), 22); // until fewer than 64 are left
  t.is(limit.room(client), 0);
});

test('room is what is left of the smallest budget around an address, none if it is less than 64 octets', (t) => {
  const limit = limiter();
  const client = clientOf({});
  t.is(limit.room(client), BURST);
  limit.charge(BURST - 64, client);
  t.is(limit.room(client), 64);
  limit.charge(1, client);
  t.is(limit.room(client), 0);
});

test('a client below the rate is never limited', (t) => {
  t.is(within(limiter(), clientOf({}), 30 * 99, 30_000), 30 * 99);
});

test('a client above the rate gets its rate in full, however far above it is', (t) => {
  for (const perSecond of [120, 1000, 50_000]) {
    const limit = limiter();
    const client = clientOf({});
    within(limit, client, 2 * perSecond, 2000);
    within(limit, client, 500);
    const inFull = within(limit, client, 5 * perSecond, 5000) / 5;
    t.true(inFull > 98 && inFull <= 100, `${perSecond} a second: ${inFull}`);
  }
});

test('the budget is the law: in any time no more than burst + time x rate, whatever is asked and when', (t) => {
  const steps = fc.array(fc.record({ waitMs: fc.nat(300), excess: fc.integer({ min: 1, max: 4096 }), times: fc.nat(200) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (list) => {
      const limit = limiter(10_000, 25_000, 1024);
      const client = clientOf({});
      let octets = 0;
      for (const { waitMs, excess, times } of list) {
        client.nowMs += waitMs;
        octets += excess * within(limit, client, times, 0, excess);
        t.true(octets <= 25_000 + 10 * client.nowMs + 1);
      }
    }),
    { seed: SEED, numRuns: 100 },
  );
});

test('the recovery of a spent budget is exponential', (t) => {
  for (const waitMs of [100, 500, 1000, 2500, 5000]) {
    const limit = limiter();
    const client = clientOf({});
    within(limit, client, REPLIES_AT_ONCE);
    client.nowMs = waitMs;
    const expected = Math.floor(REPLIES_AT_ONCE - REPLIES_AT_ONCE * Math.exp(-waitMs / 2500));
    t.is(within(limit, client, 1000), expected, `${waitMs} ms`);
  }
});

test('a budget that was flooded is whole again as soon as one that was just spent', (t) => {
  const limit = limiter();
  const client = clientOf({});
  within(limit, client, 100_000, 10_000);
  client.nowMs += 70_000;
  t.is(within(limit, client, 1000), REPLIES_AT_ONCE);
});

/** Multiples of the budget of an address that its networks have, wider and wider. */
const BUDGETS = [
  [
    '192.0.2.77',
    [
      [24, 2],
      [20, 4],
      [18, 5],
    ],
  ],
  [
    '2001:db8:1:2:3:4:5:6',
    [
      [64, 2],
      [56, 3],
      [48, 4],
      [32, 5],
    ],
  ],
] as const;

for (const [address, levels] of BUDGETS) {
  for (const [index, [prefixLen, multiplier]] of levels.entries()) {
    test(`all addresses of a /${prefixLen} around ${address} share ${multiplier} times the budget of one`, (t) => {
      const limit = limiter();
      const narrower = index === 0 ? (address.includes(':') ? 128 : 32) : levels[index - 1]![0];
      const random = new Random(SEED + prefixLen);
      const { family, octets } = parseAddress(address)!;
      const client = clientOf({ address });
      let inFull = 0;
      // A different narrower network for each reply, as long as there are enough of them.
      for (let i = 0; i < 5 * multiplier * REPLIES_AT_ONCE; i++) {
        client.octets.set(octets);
        for (let bit = prefixLen; bit < octets.length * 8; bit++) {
          const value = bit < narrower ? (i >> (narrower - 1 - bit)) & 1 : random.below(2);
          client.octets[bit >> 3] = (client.octets[bit >> 3]! & ~(0x80 >> (bit & 7))) | (value === 1 ? 0x80 >> (bit & 7) : 0);
        }
        if (fits(limit, client)) inFull++;
      }
      t.is(inFull, multiplier * REPLIES_AT_ONCE);
      const outside = clientOf({ address: neighbour(formatAddress(octets, family), prefixLen - 1) });
      t.is(within(limit, outside, 5), 5);
    });
  }
}

test('a flood of one address leaves the budgets of its neighbours as they were', (t) => {
  for (const address of ['192.0.2.77', '2001:db8:1:2:3:4:5:6']) {
    const limit = limiter();
    within(limit, clientOf({ address }), 100_000);
    const client = clientOf({ address: neighbour(address, 127 % (address.includes(':') ? 128 : 32)) });
    t.is(within(limit, client, REPLIES_AT_ONCE), REPLIES_AT_ONCE, address);
  }
});

test('networks of the two families do not share a budget', (t) => {
  const limit = limiter();
  within(limit, clientOf({ address: '32.1.13.184' }), 1000);
  t.is(within(limit, clientOf({ address: '2001:db8::' }), REPLIES_AT_ONCE), REPLIES_AT_ONCE);
});

test('a table that is far too small limits nobody who is within the rate', (t) => {
  const limit = limiter(PER_SECOND, BURST, 1024);
  const random = new Random(SEED);
  const client = clientOf({});
  let limited = 0;
  // A million addresses all over the world, in a table for a thousand: each new one starts from nothing.
  for (let i = 0; i < 300_000; i++) {
    client.octets.set(random.octets(4));
    client.nowMs = i / 50;
    if (!fits(limit, client, 16)) limited++;
  }
  t.is(limited, 0);
});

test('a flooded address stays limited while a million others pass through a table of a thousand', (t) => {
  const limit = limiter(PER_SECOND, BURST, 1024);
  const random = new Random(SEED);
  const other = clientOf({});
  const victim = clientOf({});
  within(limit, victim, 2000);
  let inFull = 0;
  for (let i = 0; i < 200_000; i++) {
    other.octets.set(random.octets(4));
    other.nowMs = i / 50;
    fits(limit, other, 16);
    if (i % 10 !== 0) continue;
    victim.nowMs = other.nowMs;
    if (fits(limit, victim)) inFull++;
  }
  t.true(inFull <= 4 * 100, String(inFull)); // four seconds of its rate
});

test('with another key other networks share entries: the outcome for single clients is the same', (t) => {
  const addresses = fc.array(fc.ipV4(), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(addresses, fc.integer({ min: 1, max: 0x7fffffff }), (list, seed) => {
      const one = limiter();
      const two = limiter(PER_SECOND, BURST, 65_536, Uint32Array.of(seed, ~seed));
      for (const address of list) {
        t.is(within(one, clientOf({ address }), 120), within(two, clientOf({ address }), 120));
      }
    }),
    { seed: SEED, numRuns: 50 },
  );
});

// Limits of layer 4 on a clock that the test moves.

import test from 'ava';
import fc from 'fast-check';
import { parseAddress } from '../../../../src/base/address.ts';
import { Admission, type AdmissionRules, clientName } from '../../../../src/site/l4/admission.ts';
import { ClientBuckets, TokenBucket } from '../../../../src/site/l4/token-bucket.ts';

const RULES: AdmissionRules = { most: 10, mostPerClient: 2, rate: null, ratePerClient: null };

/** How many of `count` tries at one moment succeed. */
const successes = (count: number, tryOnce: () => boolean): number =>
  Array.from({ length: count }, tryOnce).filter(Boolean).length;

test('a bucket gives its burst at once, then so many a second', (t) => {
  const bucket = new TokenBucket({ perSec: 10, burst: 5 });
  t.is(
    successes(20, () => bucket.tryTake(0)),
    5,
  );
  t.is(
    successes(20, () => bucket.tryTake(300)),
    3,
  );
  t.is(
    successes(20, () => bucket.tryTake(60_000)),
    5,
  );
});

test('over any time a bucket gives at most the burst and what flows in meanwhile', (t) => {
  const steps = fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50 }), (pauses, perSec, burst) => {
      const bucket = new TokenBucket({ perSec, burst });
      let nowMs = 1000;
      let taken = 0;
      for (const pauseMs of pauses) {
        nowMs += pauseMs;
        taken += successes(3, () => bucket.tryTake(nowMs));
      }
      t.true(taken <= burst + ((nowMs - 1000) * perSec) / 1000 + 1e-3);
    }),
    { seed: 4, numRuns: 200 },
  );
});

test('each client has a bucket of its own, and those that are full are forgotten', (t) => {
  const buckets = new ClientBuckets({ perSec: 1, burst: 1 });
  t.deepEqual([buckets.tryTake('a', 0), buckets.tryTake('a', 0), buckets.tryTake('b', 0)], [true, false, true]);
  buckets.sweep(999);
  t.is(buckets.size, 2);
  buckets.sweep(1000);
  t.is(buckets.size, 0);
});

test('however many clients come, only so many are remembered', (t) => {
  const buckets = new ClientBuckets({ perSec: 1, burst: 1 }, 100);
  for (let i = 0; i < 1000; i++) t.true(buckets.tryTake(`client ${i}`, 0));
  t.is(buckets.size, 100);
  t.false(buckets.tryTake('client 999', 0));
});

test('so many at once, in all and of each client', (t) => {
  const admission = new Admission(RULES);
  t.is(admission.refuses(9, 0), null);
  t.is(admission.refuses(10, 0), 'refusedByLimit');
  t.deepEqual(
    ['a', 'a', 'a', 'b'].map((client) => admission.refusesClient(client, 0)),
    [null, null, 'refusedByLimit', null],
  );
  admission.leave('a');
  t.is(admission.refusesClient('a', 0), null);
});

test('so many a second, in all and of each client; who is refused is not counted', (t) => {
  const admission = new Admission({
    ...RULES,
    mostPerClient: 9,
    rate: { perSec: 1, burst: 2 },
    ratePerClient: { perSec: 1, burst: 1 },
  });
  t.deepEqual(
    [0, 0, 0, 1000].map((nowMs) => admission.refuses(0, nowMs)),
    [null, null, 'refusedByRate', null],
  );
  t.deepEqual(
    [0, 0, 1000, 1000].map((nowMs) => admission.refusesClient('a', nowMs)),
    [null, 'refusedByRate', null, 'refusedByRate'],
  );
  admission.leave('a');
  admission.leave('a');
  t.is(admission.refusesClient('b', 1000), null);
});

test('a change of one rule leaves the other buckets and all counts as they are', (t) => {
  const rules = { ...RULES, rate: { perSec: 1, burst: 1 } };
  const admission = new Admission(rules);
  admission.refuses(0, 0);
  admission.refusesClient('a', 0);
  admission.replace({ ...rules, mostPerClient: 1, ratePerClient: { perSec: 1, burst: 1 } });
  t.is(admission.refuses(0, 0), 'refusedByRate');
  t.is(admission.refusesClient('a', 0), 'refusedByLimit');
  admission.replace({ ...RULES, rate: null });
  t.is(admission.refuses(0, 0), null);
});

test('a client is an IPv4 address or an IPv6 /64', (t) => {
  const nameOf = (text: string): string => {
    const { family, octets } = parseAddress(text)!;
    return clientName(family, octets);
  };
  t.not(nameOf('192.0.2.1'), nameOf('192.0.2.2'));
  t.is(nameOf('2001:db8::1'), nameOf('2001:db8::ffff:1'));
  t.not(nameOf('2001:db8::1'), nameOf('2001:db8:0:1::1'));
});

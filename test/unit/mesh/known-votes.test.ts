import test from 'ava';
import fc from 'fast-check';
import { KnownVotes } from '../../../src/mesh/known-votes.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import type { Vote } from '../../../src/model/verdict.ts';

const vote = (target: string, seq: number, more: Partial<Vote> = {}): Vote => ({
  target,
  prober: 'p',
  region: 'eu',
  epoch: 1,
  seq,
  isUp: true,
  sinceMs: 0,
  atMs: 0,
  expiresMs: 1000,
  outcome: OUTCOME.OK,
  latencyUs: 1,
  detail: '',
  against: 0,
  needed: 3,
  ...more,
});

test('whatever order votes come in, each that is handed on is newer than the last, and the newest is among them', (t) => {
  const order = fc.array(fc.record({ epoch: fc.integer({ min: 1, max: 3 }), seq: fc.integer({ min: 1, max: 9 }) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(order, (orders) => {
      const known = new KnownVotes();
      const handed = orders.flatMap(({ epoch, seq }) => known.take([vote('x', seq, { epoch })], 0));
      const ranks = handed.map(({ epoch, seq }) => epoch * 100 + seq);
      t.deepEqual(
        ranks,
        [...new Set(ranks)].sort((a, b) => a - b),
      );
      t.is(ranks.at(-1), Math.max(...orders.map(({ epoch, seq }) => epoch * 100 + seq)));
    }),
  );
  t.pass();
});

test('an expired vote is no news', (t) => {
  t.deepEqual(new KnownVotes().take([vote('x', 1)], 1000), []);
});

test('a withdrawal takes what came before it and leaves what came after', (t) => {
  const known = new KnownVotes();
  known.take([vote('x', 1), vote('y', 5)], 0);
  t.deepEqual(
    known.withdraw('p', 1, 3, 0)?.map(({ target }) => target),
    ['y'],
  );
  t.is(known.withdraw('p', 1, 3, 0), undefined, 'known');
  t.deepEqual(known.take([vote('x', 2), vote('z', 3)], 0), []);
  t.is(known.take([vote('x', 6)], 0).length, 1);
  t.is(known.withdraw('p', 0, 9, 0), undefined, 'of a former self');
});

test('a process that is alive with an earlier epoch than known is heard again', (t) => {
  const known = new KnownVotes();
  known.take([vote('x', 9, { epoch: 100 })], 0);
  t.deepEqual(known.take([vote('x', 1, { epoch: 50 })], 0), []);
  t.false(known.seen('p', 100));
  t.true(known.seen('p', 50));
  t.is(known.take([vote('x', 1, { epoch: 50 })], 0).length, 1);
});

test('what comes late from a former self does not silence the process that lives, until that epoch turns out to live', (t) => {
  const known = new KnownVotes();
  known.take([vote('x', 9, { epoch: 100 })], 0);
  t.true(known.seen('p', 50));
  t.is(known.withdraw('p', 100, 10, 0), undefined);
  t.deepEqual(known.take([vote('x', 11, { epoch: 100 })], 0), []);
  t.is(known.take([vote('x', 1, { epoch: 50 })], 0).length, 1);
  t.true(known.seen('p', 100));
  t.is(known.take([vote('x', 12, { epoch: 100 })], 0).length, 1);
});

test('a withdrawal is remembered for ten minutes after the last vote, then forgotten', (t) => {
  const known = new KnownVotes();
  known.take([vote('x', 1)], 0);
  known.sweep(500);
  known.withdraw('p', 1, 1, 500);
  known.sweep(600_400);
  t.deepEqual(known.take([vote('x', 1, { expiresMs: 2_000_000 })], 600_400), []);
  known.sweep(600_600);
  t.is(known.take([vote('x', 1, { expiresMs: 2_000_000 })], 600_600).length, 1);
});

import test from 'ava';
import type { Answer } from '../../../src/drill/model.ts';
import { Observations } from '../../../src/drill/observations.ts';

const ANSWERED_AFTER_MS = 1;
const GIVEN_UP_AFTER_MS = 4000;

/** A reply of `one` to client `a`; null = none came. */
const answer = (sentMs: number, site: string | null, more: Partial<Answer> = {}): Answer => ({
  server: 'one',
  client: 'a',
  site,
  trouble: site === null ? 'lost' : null,
  sentMs,
  atMs: sentMs + (site === null ? GIVEN_UP_AFTER_MS : ANSWERED_AFTER_MS),
  ...more,
});

function observed(...answers: readonly Answer[]): Observations {
  const observations = new Observations(['one'], ['a']);
  for (const one of answers) observations.take(one);
  return observations;
}

const lostOf = (observations: Observations) => observations.counts().map(({ lost, lostAway }) => ({ lost, lostAway }));

test('a query without a reply counts as lost', (t) => {
  t.deepEqual(lostOf(observed(answer(0, 'x'), answer(100, null))), [{ lost: 1, lostAway: 0 }]);
});

test('a query that was under way when its server was taken away, or was sent meanwhile, is excused', (t) => {
  const observations = observed(answer(90, null), answer(150, null));
  observations.excuse('one', 100);
  observations.require('one', 200);
  t.deepEqual(lostOf(observations), [{ lost: 0, lostAway: 2 }]);
});

test('a query that is sent after its server is back is lost if no reply comes', (t) => {
  const observations = observed(answer(201, null));
  observations.excuse('one', 100);
  observations.require('one', 200);
  t.deepEqual(lostOf(observations), [{ lost: 1, lostAway: 0 }]);
});

test('a server is away until it is required again', (t) => {
  const observations = observed();
  observations.excuse('one', 100);
  t.true(observations.isAway('one'));
  observations.require('one', 200);
  t.false(observations.isAway('one'));
});

test('a reply without an address is told apart from none', (t) => {
  const [count] = observed(answer(0, null, { trouble: 'empty' })).counts();
  t.deepEqual([count!.asked, count!.lost, count!.empty], [1, 0, 1]);
});

test('homes are known once every server has answered every client often enough', (t) => {
  const observations = observed(answer(0, 'x'));
  t.false(observations.learnHomes(2, 0, true));
  observations.take(answer(10, 'x'));
  t.true(observations.learnHomes(2, 0, true));
  t.deepEqual([...observations.home('a')], ['x']);
});

test('a client whose answers alternate has several homes, and none as long as one is wanted', (t) => {
  const observations = observed(answer(0, 'x'), answer(10, 'y'));
  t.false(observations.learnHomes(2, 0, true));
  t.true(observations.learnHomes(2, 0, false));
  t.deepEqual([...observations.home('a')].sort(), ['x', 'y']);
});

test('clients are away after so many replies in a row without the site, and not before', (t) => {
  const observations = observed(answer(0, 'x'), answer(10, 'x'));
  observations.learnHomes(2, 0, true);
  for (const sentMs of [100, 110]) observations.take(answer(sentMs, 'y'));
  t.false(observations.isAllAway('x', ['one'], 3, 50));
  observations.take(answer(120, 'y'));
  t.true(observations.isAllAway('x', ['one'], 3, 50));
  observations.take(answer(130, 'x'));
  t.false(observations.isAllAway('x', ['one'], 3, 50));
});

test('clients are home when none of the last replies sends them elsewhere', (t) => {
  const observations = observed(answer(0, 'x'), answer(10, 'x'));
  observations.learnHomes(2, 0, true);
  for (const [sentMs, site] of [
    [100, 'y'],
    [110, 'x'],
  ] as const)
    observations.take(answer(sentMs, site));
  t.false(observations.isAllHome('x', ['one'], 2, 50));
  observations.take(answer(120, 'x'));
  t.true(observations.isAllHome('x', ['one'], 2, 50));
});

test('while a site is away an answer that names it is wrong, and one elsewhere is right', (t) => {
  const observations = observed(answer(0, 'x'), answer(10, 'x'));
  observations.learnHomes(2, 0, true);
  observations.take(answer(100, 'y'));
  observations.take(answer(110, 'x'));
  t.deepEqual(
    observations.wrongSince('away', 'x', ['one'], 50).map(({ sentMs }) => sentMs),
    [110],
  );
  t.deepEqual(
    observations.wrongSince('home', 'x', ['one'], 50).map(({ sentMs }) => sentMs),
    [100],
  );
});

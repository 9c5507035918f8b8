// Which alerts fire when, and what people are told of them.

import test from 'ava';
import { AlertBook, isMeant, type Silence } from '../../../src/watch/alert-book.ts';
import type { Condition } from '../../../src/watch/conditions.ts';

const SEC = 1000;
const HOUR = 3600 * SEC;
/** Fires after 15 s. */
const EMPTY: Condition = { name: 'pool-empty', subject: 'web', text: 'pool web has nobody left' };
/** Fires at once. */
const REFUSED: Condition = { name: 'reload-refused', subject: '', text: 'refused' };

const told = (book: AlertBook, conditions: readonly Condition[], nowMs: number): string[] =>
  book.look(conditions, nowMs).map(({ state, name }) => `${state} ${name}`);
const silence = (what: string, expiresMs: number): Silence => ({
  ...{ id: 's1', what, reason: 'a test', author: 'ann', createdMs: 0, expiresMs },
});

test('an alert fires once it has lasted, is told once, and once more when it is over', (t) => {
  const book = new AlertBook(() => HOUR);
  t.deepEqual(told(book, [EMPTY], 0), []);
  t.is(book.active(0)[0]!.state, 'pending');
  t.deepEqual(told(book, [EMPTY], 14 * SEC), []);
  t.deepEqual(told(book, [EMPTY], 15 * SEC), ['firing pool-empty']);
  t.deepEqual(told(book, [EMPTY], 16 * SEC), []);
  t.deepEqual(told(book, [], 17 * SEC), [], 'it may come back');
  t.deepEqual(told(book, [], 31 * SEC), ['resolved pool-empty']);
  t.deepEqual(book.active(31 * SEC), []);
});

test('what does not last is never told', (t) => {
  const book = new AlertBook(() => HOUR);
  t.deepEqual(told(book, [EMPTY], 0), []);
  t.deepEqual(told(book, [], 10 * SEC), []);
  t.deepEqual(told(book, [EMPTY], 20 * SEC), [], 'and starts anew');
});

test('what flaps is one alert', (t) => {
  const book = new AlertBook(() => HOUR);
  t.deepEqual(told(book, [REFUSED], 0), ['firing reload-refused']);
  for (let sec = 1; sec < 100; sec++) t.deepEqual(told(book, sec % 10 === 0 ? [REFUSED] : [], sec * SEC), []);
});

test('what goes on is told again after a while', (t) => {
  const book = new AlertBook(() => HOUR);
  t.deepEqual(told(book, [REFUSED], 0), ['firing reload-refused']);
  t.deepEqual(told(book, [REFUSED], HOUR - 1), []);
  t.deepEqual(told(book, [REFUSED], HOUR), ['firing reload-refused']);
});

test('a silenced alert is shown and not told, until the silence is over', (t) => {
  const book = new AlertBook(() => HOUR);
  book.setSilences([silence('reload-*', 60 * SEC)]);
  t.deepEqual(told(book, [REFUSED], 0), []);
  t.like(book.active(0)[0], { state: 'firing', silence: 's1' });
  t.deepEqual(told(book, [REFUSED], 60 * SEC), ['firing reload-refused']);
  t.deepEqual(book.silences(60 * SEC), []);
});

test('of an alert that nobody was told of, nobody hears that it is over', (t) => {
  const book = new AlertBook(() => HOUR);
  book.setSilences([silence('*', HOUR)]);
  told(book, [REFUSED], 0);
  t.deepEqual(told(book, [], 20 * SEC), []);
});

test('of an alert that was told, people hear that it is over although it is silenced by now', (t) => {
  const book = new AlertBook(() => HOUR);
  told(book, [REFUSED], 0);
  book.setSilences([silence('*', HOUR)]);
  t.deepEqual(told(book, [], 20 * SEC), ['resolved reload-refused']);
});

test('a glob means alerts by name, or by name and subject', (t) => {
  for (const glob of ['pool-empty', 'pool-empty/web', 'pool-*', '*/web', '*']) t.true(isMeant(glob, EMPTY), glob);
  for (const glob of ['pool', 'pool-empty/', 'pool-empty/api', 'web']) t.false(isMeant(glob, EMPTY), glob);
});

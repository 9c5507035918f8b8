// Minutes, error budgets, and what is usual.

import test from 'ava';
import { type Counts, Minutes } from '../../../src/watch/minutes.ts';
import { objectivesOf } from '../../../src/watch/objectives.ts';
import { LastMinute, RateHistory } from '../../../src/watch/rates.ts';
import { unusualRate } from '../../../src/watch/usual.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 20_000 * DAY;
const SETTINGS = { availability: 0.999, steering: 0.99, steeringWithinMs: 5000 };

function minutesOf(lengthMs: number, counts: (agoMs: number) => Counts, minutes = new Minutes()): Minutes {
  for (let agoMs = lengthMs - MINUTE; agoMs >= 0; agoMs -= MINUTE) minutes.add(NOW - agoMs, counts(agoMs));
  return minutes;
}
const burnOf = (minutes: Minutes, window: string): number =>
  objectivesOf(minutes, SETTINGS, NOW)[0]!.windows.find((one) => one.window === window)!.burnRate;

test('minutes add up over a window, and what is older than the ring is gone', (t) => {
  const minutes = minutesOf(HOUR, () => [10, 1, 5, 0]);
  t.deepEqual(minutes.sum(NOW, 5 * MINUTE), [50, 5, 25, 0]);
  t.deepEqual(minutes.sum(NOW, 6 * HOUR), [600, 60, 300, 0]);
  t.is(minutes.known(NOW, 6 * HOUR), 60);
  minutes.add(NOW + 4 * DAY, [1, 0, 0, 0]);
  t.deepEqual(minutes.sum(NOW + 4 * DAY, MINUTE), [1, 0, 0, 0], 'its place was taken from the minute four days before');
});

test('minutes read back are those that were written', (t) => {
  const minutes = minutesOf(2 * HOUR, (agoMs) => [agoMs / MINUTE, 1, 2, 3]);
  const read = Minutes.decode(minutes.encode())!;
  t.deepEqual(read.sum(NOW, 3 * HOUR), minutes.sum(NOW, 3 * HOUR));
  t.is(read.newest, minutes.newest);
});

for (const text of ['1 2 3', '1 2 3 4 x', '1 2 3 4 -1', '1 2 3 4 0.5', '{}']) {
  test(`"${text}" is not what was written`, (t) => t.is(Minutes.decode(text), undefined));
}

test('a budget that is used up evenly burns at 1', (t) => {
  const minutes = minutesOf(3 * DAY, () => [1000, 1, 0, 0]);
  for (const window of ['5m', '1h', '6h', '3d']) t.true(Math.abs(burnOf(minutes, window) - 1) < 1e-9, window);
  const [availability] = objectivesOf(minutes, SETTINGS, NOW);
  t.true(Math.abs(availability!.budgetLeft) < 1e-9);
  t.is(availability!.burning, null);
});

test('without a query nothing burns', (t) => {
  t.is(burnOf(new Minutes(), '1h'), 0);
  t.is(objectivesOf(new Minutes(), SETTINGS, NOW)[0]!.budgetLeft, 1);
});

test('an outage burns while it lasts, and is over with its cause although the long window still has it', (t) => {
  const outage = minutesOf(DAY, (agoMs) => (agoMs < 20 * MINUTE ? [1000, 100, 0, 0] : [1000, 0, 0, 0]));
  t.regex(objectivesOf(outage, SETTINGS, NOW)[0]!.burning!, /^the error budget of availability burns 33\.3 times/);
  const over = minutesOf(DAY, (agoMs) => (agoMs > 10 * MINUTE && agoMs < 30 * MINUTE ? [1000, 60, 0, 0] : [1000, 0, 0, 0]));
  t.true(burnOf(over, '1h') > 14.4);
  t.is(objectivesOf(over, SETTINGS, NOW)[0]!.burning, null);
});

test('of a handful of answers nothing is concluded', (t) => {
  const minutes = minutesOf(HOUR, () => [1, 1, 0, 0]);
  t.is(objectivesOf(minutes, SETTINGS, NOW)[0]!.burning, null);
});

test('steering has its own budget', (t) => {
  const minutes = minutesOf(HOUR, () => [1000, 0, 500, 400]);
  const [availability, steering] = objectivesOf(minutes, SETTINGS, NOW);
  t.is(availability!.burning, null);
  t.regex(steering!.burning!, /^the error budget of steering burns 80\.0 times/);
});

const rateOf = (perSec: number): Counts => [perSec * 60, 0, 0, 0];

test('four times as many queries as at this time of the days before are unusual, and so is a quarter', (t) => {
  const days = (now: number) => minutesOf(3 * DAY + HOUR, (agoMs) => rateOf(agoMs < 20 * MINUTE ? now : 10));
  t.is(unusualRate(days(10), NOW), null);
  t.is(unusualRate(days(35), NOW), null);
  t.regex(unusualRate(days(60), NOW)!, /^60\.0 queries a second lately; at this time of the days before it was 10\.0$/);
  t.truthy(unusualRate(days(1), NOW));
});

test('a night is compared with nights', (t) => {
  const minutes = minutesOf(3 * DAY + HOUR, (agoMs) => rateOf(agoMs % DAY < HOUR || agoMs % DAY > 23 * HOUR ? 5 : 100));
  t.is(unusualRate(minutes, NOW), null);
});

test('nobody knows what is usual on the first day, nor of hardly any queries', (t) => {
  t.is(
    unusualRate(
      minutesOf(20 * HOUR, () => rateOf(10)),
      NOW,
    ),
    null,
  );
  t.is(
    unusualRate(
      minutesOf(2 * DAY, (agoMs) => rateOf(agoMs < 20 * MINUTE ? 1 : 0)),
      NOW,
    ),
    null,
  );
});

test('rates are differences over the time between, by name', (t) => {
  const history = new RateHistory();
  const heard: number[] = [];
  const end = history.subscribe(({ bySite }) => heard.push(bySite['fra']!));
  const at = (ms: number, fra: number): void => history.take({ byRcode: { NOERROR: 2 * fra }, bySite: { fra } }, ms, NOW + ms);
  at(0, 100);
  at(1000, 150);
  t.deepEqual(history.samples, [], 'too soon');
  at(2000, 200);
  t.deepEqual(history.samples, [{ atMs: NOW + 2000, byRcode: { NOERROR: 100 }, bySite: { fra: 50 } }]);
  at(4000, 50);
  t.is(history.samples[1]!.bySite['fra'], 0, 'a count that fell says nothing');
  end();
  at(6000, 60);
  t.deepEqual(heard, [50, 0]);
  for (let i = 0; i < 200; i++) at(8000 + 2000 * i, 60);
  t.is(history.samples.length, 150);
});

test('the last minute is known after a minute', (t) => {
  const minute = new LastMinute<'n'>();
  t.is(minute.take({ n: 0 }, 0), null);
  t.is(minute.take({ n: 300 }, 30_000), null);
  t.deepEqual(minute.take({ n: 600 }, 60_000), { n: 10 });
  t.deepEqual(minute.take({ n: 3600 }, 90_000), { n: 55 });
});

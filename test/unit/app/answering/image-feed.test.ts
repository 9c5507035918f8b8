// Images on their way to workers that only take note, on a clock that the test moves.

import test, { type ExecutionContext } from 'ava';
import { ImageFeed } from '../../../../src/app/answering/image-feed.ts';
import type { Images } from '../../../../src/app/answering/messages.ts';
import { load } from '../../../../src/app/loading/load.ts';
import { HealthBook } from '../../../../src/health/book.ts';
import { HealthFacts } from '../../../../src/health/facts.ts';
import { VoteTable } from '../../../../src/health/votes.ts';
import { COUNTER, Counters, countersSize } from '../../../../src/metrics/counters.ts';
import { DEFAULT_HEALTH } from '../../../../src/model/health.ts';
import type { Override } from '../../../../src/model/verdict.ts';
import { SteeringImage } from '../../../../src/steering/image.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';
import { recordingLogger } from '../../../support/mesh.ts';
import { ROOT } from '../../../support/paths.ts';
import { orderOf } from '../../../support/votes.ts';

const loaded = load(`${ROOT}zones/meridian.yaml`).loaded!;
const { steering: model } = loaded.snapshot;

function factsWith(...orders: readonly Override[]): HealthFacts {
  const book = new HealthBook(model, [], DEFAULT_HEALTH, new VoteTable(), null);
  book.setOverrides(orders);
  return book.conclude(1000);
}

const UP = factsWith();
const LONDON_DOWN = factsWith(orderOf('web/london', 'down'));
const TOKYO_DOWN = factsWith(orderOf('web/tokyo', 'down'));
/** Nobody has turned; checks of somebody have begun to fail. */
const SHORT_TTL = new HealthFacts(
  { ...UP.columns, ttlSec: UP.columns.ttlSec.map(() => 1) },
  UP.seen,
  UP.orders,
  [],
  UP.remembered,
  0,
);

function stage(t: ExecutionContext) {
  const clock = new ManualClock();
  const timers = new ManualTimers(t);
  const row = new Counters(new SharedArrayBuffer(countersSize(1))).row(0);
  const feed = new ImageFeed({ clock, log: recordingLogger(), counters: row }, loaded, UP);
  const sent: (readonly [kind: string, images: Images])[] = [];
  feed.feed({
    install: async (images) => void sent.push(['install', images]),
    steer: async (images) => void sent.push(['steer', images]),
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    timers.advance(ms);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const kinds = (): string =>
    sent
      .splice(0)
      .map(([kind, { generation }]) => `${kind} ${generation}`)
      .join(', ');
  return { feed, sent, pass, kinds, row, clock };
}

test.serial('workers that start get the latest images, and a change of health brings the steering image alone', async (t) => {
  const { feed, sent, pass, kinds, row } = stage(t);
  t.is(kinds(), 'steer 1');
  const { zones, geo } = feed.images;
  feed.follow(LONDON_DOWN);
  t.is(feed.facts, UP, 'not before a load that may be under way');
  await pass(0);
  t.is(feed.facts, LONDON_DOWN);
  t.is(sent[0]![1].zones, zones);
  t.is(sent[0]![1].geo, geo);
  t.is(kinds(), 'steer 2');
  t.is(row[COUNTER.STEERING_SWAPS], 1);
});

test.serial('what steering cannot see makes no image', async (t) => {
  const { feed, pass, kinds } = stage(t);
  kinds();
  feed.follow(factsWith());
  await pass(1000);
  t.is(kinds(), '');
});

test.serial('further changes come together, four times a second at most', async (t) => {
  const { feed, pass, kinds } = stage(t);
  kinds();
  feed.follow(LONDON_DOWN);
  await pass(0);
  t.is(kinds(), 'steer 2');
  for (let i = 0; i < 24; i++) {
    feed.follow(i % 2 === 0 ? TOKYO_DOWN : UP);
    await pass(10);
  }
  t.is(kinds(), '');
  await pass(10);
  t.is(kinds(), 'steer 3');
  t.is(feed.facts, UP);
});

test.serial('who goes down does not wait because a TTL has just changed, but because somebody else has just gone', async (t) => {
  const { feed, pass, kinds } = stage(t);
  kinds();
  feed.follow(SHORT_TTL);
  await pass(0);
  t.is(kinds(), 'steer 2');
  await pass(10);
  feed.follow(LONDON_DOWN);
  await pass(0);
  t.is(kinds(), 'steer 3');
  feed.follow(TOKYO_DOWN);
  await pass(249);
  t.is(kinds(), '');
  await pass(1);
  t.is(kinds(), 'steer 4');
});

test.serial('a change that is taken back within the gap makes no image', async (t) => {
  const { feed, pass, kinds } = stage(t);
  feed.follow(LONDON_DOWN);
  await pass(0);
  kinds();
  feed.follow(UP);
  feed.follow(LONDON_DOWN);
  await pass(1000);
  t.is(kinds(), '');
});

test.serial('a load brings everything, and what was under way is part of it', async (t) => {
  const { feed, pass, kinds } = stage(t);
  kinds();
  feed.follow(LONDON_DOWN);
  await feed.load(loaded, TOKYO_DOWN);
  await pass(1000);
  t.is(kinds(), 'install 2');
  t.is(feed.facts, TOKYO_DOWN);
  t.is(new SteeringImage(feed.images.steering).policyNames.length, model.policies.length);
});

test.serial('who waits until answers follow does not wait for the gap', async (t) => {
  const { feed, pass, kinds } = stage(t);
  feed.follow(LONDON_DOWN);
  await pass(0);
  feed.follow(TOKYO_DOWN);
  kinds();
  await feed.settle();
  t.is(kinds(), 'steer 3');
  await feed.settle();
  t.is(kinds(), '');
});

test.serial('a closed feed sends nothing more', async (t) => {
  const { feed, pass, kinds } = stage(t);
  kinds();
  feed.follow(LONDON_DOWN);
  feed.close();
  await pass(1000);
  t.is(kinds(), '');
});

test.serial('the lag is the age of the oldest change that workers have not confirmed', async (t) => {
  const { feed, pass, clock } = stage(t);
  t.is(feed.lagMs, 0);
  let confirm = (): void => {};
  feed.feed({
    install: async () => undefined,
    steer: () => new Promise((resolve) => (confirm = resolve)),
  });
  feed.follow(LONDON_DOWN);
  clock.advance(100);
  t.is(feed.lagMs, 100, 'it waits for its turn');
  await pass(0);
  clock.advance(400);
  t.is(feed.lagMs, 500, 'it is on its way');
  feed.follow(TOKYO_DOWN);
  await pass(300);
  t.is(feed.lagMs, 800, 'a later change does not hide it');
  confirm();
  await pass(0);
  t.is(feed.lagMs, 0);
});

test.serial('a change that is taken back before anybody answered by it is no lag', async (t) => {
  const { feed, pass, kinds, clock } = stage(t);
  kinds();
  feed.follow(LONDON_DOWN);
  feed.follow(UP);
  clock.advance(500);
  t.is(feed.lagMs, 0);
  await pass(0);
  t.is(kinds(), '');
});

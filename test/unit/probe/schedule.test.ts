import test from 'ava';
import { OUTCOME } from '../../../src/model/probe.ts';
import { Schedule, type ScheduleLimits, type Turn } from '../../../src/probe/schedule.ts';
import { targetOf } from '../../support/probing.ts';
import { Random } from '../../support/random.ts';

const INTERVAL_MS = 5000;
const NO_BOUNDS: ScheduleLimits = { concurrency: 10_000, perSecond: 0, perHostPerSecond: 0 };

const targets = (count: number, host = (i: number) => `192.0.2.${i % 250}`) =>
  Array.from({ length: count }, (_, i) =>
    targetOf({ kind: 'tcp' }, 80, { key: `t${i}#4`, index: i, host: host(i) }, { intervalMs: INTERVAL_MS }),
  );

function schedule(limits: Partial<ScheduleLimits> = {}, prober = 'a'): Schedule {
  const random = new Random(7);
  return new Schedule(prober, { ...NO_BOUNDS, ...limits }, () => random.uint32() / 2 ** 32);
}

/** All turns that the schedule gives at this time. */
function take(plan: Schedule, nowMs: number): Turn[] {
  const turns: Turn[] = [];
  for (let turn = plan.next(nowMs); turn !== undefined; turn = plan.next(nowMs)) turns.push(turn);
  return turns;
}

test('starts are spread over the first interval', (t) => {
  const plan = schedule();
  plan.setTargets(targets(1000), 0);
  const perTenth: number[] = [];
  for (let tenth = 1; tenth <= 10; tenth++) perTenth.push(take(plan, (tenth * INTERVAL_MS) / 10).length);
  t.is(
    perTenth.reduce((sum, count) => sum + count),
    1000,
  );
  for (const count of perTenth) t.true(count > 60 && count < 140, perTenth.join(' '));
});

test('two probers look at one target at different times', (t) => {
  const startOf = (prober: string): number => {
    const plan = schedule({}, prober);
    plan.setTargets(targets(1), 0);
    return plan.wakeMs(0)!;
  };
  t.not(startOf('a'), startOf('b'));
  t.is(startOf('a'), startOf('a'));
});

test('the next start follows the last one by the delay, give or take a tenth', (t) => {
  const plan = schedule();
  plan.setTargets(targets(1), 0);
  let startMs = plan.wakeMs(0)!;
  const waits: number[] = [];
  for (let i = 0; i < 200; i++) {
    plan.finished(plan.next(startMs)!, OUTCOME.OK, INTERVAL_MS, startMs + 10);
    waits.push(plan.wakeMs(startMs + 10)! - startMs);
    startMs = plan.wakeMs(startMs + 10)!;
  }
  for (const waitMs of waits) t.true(waitMs >= 4500 && waitMs <= 5500);
  t.true(Math.max(...waits) - Math.min(...waits) > 800);
});

test('a check that takes longer than its interval is waited for, and the next starts at once', (t) => {
  const plan = schedule();
  plan.setTargets(targets(1), 0);
  const turn = take(plan, INTERVAL_MS);
  t.deepEqual(take(plan, 100_000), []);
  plan.finished(turn[0]!, OUTCOME.OK, INTERVAL_MS, 100_000);
  t.is(take(plan, 100_000).length, 1);
});

test('no more checks are under way than allowed', (t) => {
  const plan = schedule({ concurrency: 3 });
  plan.setTargets(targets(10), 0);
  const turns = take(plan, INTERVAL_MS);
  t.is(turns.length, 3);
  t.is(plan.wakeMs(INTERVAL_MS), undefined);
  plan.finished(turns[0]!, OUTCOME.OK, INTERVAL_MS, INTERVAL_MS);
  t.is(take(plan, INTERVAL_MS).length, 1);
});

test('targets that run into their time limit hold at most half of the places', (t) => {
  const plan = schedule({ concurrency: 10 });
  plan.setTargets(targets(40), 0);
  let nowMs = INTERVAL_MS;
  for (let i = 0; i < 4; i++) {
    // All but the last ten time out.
    for (const turn of take(plan, nowMs)) {
      plan.finished(turn, turn.target.index < 30 ? OUTCOME.TIMEOUT : OUTCOME.OK, INTERVAL_MS, nowMs);
    }
  }
  nowMs += 2 * INTERVAL_MS;
  const turns = take(plan, nowMs);
  t.is(turns.length, 10);
  t.is(turns.filter(({ target }) => target.index < 30).length, 5);
});

test('starts keep to the rate in all', (t) => {
  const plan = schedule({ perSecond: 100 });
  plan.setTargets(targets(1000), 0);
  let started = 0;
  for (let nowMs = INTERVAL_MS; nowMs < INTERVAL_MS + 2000; nowMs += 5) started += take(plan, nowMs).length;
  t.true(started >= 195 && started <= 215, String(started));
});

test('one host is spared, and others do not wait for it', (t) => {
  const plan = schedule({ perHostPerSecond: 10 });
  plan.setTargets(
    targets(200, (i) => (i < 100 ? 'busy' : `192.0.2.${i}`)),
    0,
  );
  const first = take(plan, INTERVAL_MS);
  t.is(first.filter(({ target }) => target.host === 'busy').length, 1);
  t.is(first.length, 101);
  let started = 0;
  for (let nowMs = INTERVAL_MS + 5; nowMs <= INTERVAL_MS + 2000; nowMs += 5) started += take(plan, nowMs).length;
  t.is(started, 20);
});

test('targets that stay keep their turn, those that go are named and never start', (t) => {
  const plan = schedule();
  const all = targets(20);
  plan.setTargets(all, 0);
  const before = plan.wakeMs(0);
  t.deepEqual(plan.setTargets(targets(20), 100), []);
  t.is(plan.wakeMs(0), before);
  t.deepEqual(plan.setTargets(all.slice(5), 100), ['t0#4', 't1#4', 't2#4', 't3#4', 't4#4']);
  t.is(take(plan, INTERVAL_MS).length, 15);
});

test('a check of a target that went meanwhile gives its place back', (t) => {
  const plan = schedule({ concurrency: 1 });
  plan.setTargets(targets(1), 0);
  const [turn] = take(plan, INTERVAL_MS);
  plan.setTargets(targets(2).slice(1), INTERVAL_MS);
  plan.finished(turn!, OUTCOME.OK, INTERVAL_MS, INTERVAL_MS);
  t.is(plan.running, 0);
  t.deepEqual(
    take(plan, 3 * INTERVAL_MS).map(({ target }) => target.key),
    ['t1#4'],
  );
});

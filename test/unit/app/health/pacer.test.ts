import test, { type ExecutionContext } from 'ava';
import { Pacer } from '../../../../src/app/health/pacer.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';

function stage(t: ExecutionContext) {
  const clock = new ManualClock();
  const timers = new ManualTimers(t);
  const doneMs: number[] = [];
  const pacer = new Pacer(clock, 250, () => doneMs.push(clock.monotonicMs()));
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    timers.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { pacer, doneMs, pass };
}

test.serial('after a quiet time the work is done at once, but not before the caller is done', async (t) => {
  const { pacer, doneMs, pass } = stage(t);
  pacer.request();
  t.deepEqual(doneMs, []);
  await pass(0);
  t.deepEqual(doneMs, [0]);
});

test.serial('what is asked for within the gap is done once, at its end', async (t) => {
  const { pacer, doneMs, pass } = stage(t);
  pacer.request();
  await pass(0);
  for (let i = 0; i < 5; i++) {
    await pass(10);
    pacer.request();
  }
  t.deepEqual(doneMs, [0]);
  await pass(199);
  t.deepEqual(doneMs, [0]);
  await pass(1);
  t.deepEqual(doneMs, [0, 250]);
  await pass(1000);
  t.deepEqual(doneMs, [0, 250], 'nothing more was asked for');
});

test.serial('work that cannot wait does what was asked for, and begins a new gap', async (t) => {
  const { pacer, doneMs, pass } = stage(t);
  pacer.request();
  await pass(0);
  pacer.request();
  await pass(100);
  pacer.now();
  t.deepEqual(doneMs, [0, 100]);
  await pass(150);
  t.deepEqual(doneMs, [0, 100]);
  pacer.request();
  await pass(100);
  t.deepEqual(doneMs, [0, 100, 350]);
});

test.serial('a closed pacer does nothing more by itself', async (t) => {
  const { pacer, doneMs, pass } = stage(t);
  pacer.request();
  pacer.close();
  pacer.request();
  await pass(1000);
  t.deepEqual(doneMs, []);
});

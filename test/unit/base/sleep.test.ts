// Waiting that can be cut short.

import test from 'ava';
import { sleep } from '../../../src/base/sleep.ts';

const DAY_MS = 86_400_000;

test('it is over when its time is', async (t) => {
  await sleep(1);
  t.pass();
});

test('a signal that fires ends it', async (t) => {
  const end = new AbortController();
  const slept = sleep(DAY_MS, end.signal);
  end.abort();
  await slept;
  t.pass();
});

test('where the signal has fired already there is no waiting', async (t) => {
  await sleep(DAY_MS, AbortSignal.abort());
  t.pass();
});

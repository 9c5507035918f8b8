// A change on trial: what ends it, and which way.

import test from 'ava';
import type { StagedState } from '../../../../src/admin/schemas/staged.ts';
import { StagedChanges } from '../../../../src/app/orders/staged-change.ts';
import { type Vitals, worseBecause } from '../../../../src/app/orders/vitals.ts';
import { COUNTER, type CounterName } from '../../../../src/metrics/counters.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { recordingLogger } from '../../../support/mesh.ts';

const NONE = Object.fromEntries(Object.keys(COUNTER).map((name) => [name, 0])) as Record<CounterName, number>;
const WELL = { threads: { alive: 2, wanted: 2 }, sites: { serving: 5, configured: 5 } };
const vitals = (counters: Partial<Record<CounterName, number>>, changed: Partial<Vitals> = {}): Vitals => ({
  ...WELL,
  ...changed,
  counters: { ...NONE, ...counters },
});
const BEFORE = vitals({ REPLIES_NOERROR: 900, REPLIES_NXDOMAIN: 100 });
const after = (noerror: number, more: Partial<Record<CounterName, number>> = {}) =>
  vitals({ ...BEFORE.counters, REPLIES_NOERROR: 900 + noerror, ...more });

test('a server that answers as before is not worse', (t) => {
  t.is(worseBecause(BEFORE, after(900, { REPLIES_NXDOMAIN: 200 })), null);
});

test('more than one SERVFAIL in a hundred replies is worse, however little was asked before', (t) => {
  t.regex(worseBecause(BEFORE, after(98, { REPLIES_SERVFAIL: 2 })) ?? '', /^2\.0 % of 100 replies are SERVFAIL/);
  t.regex(worseBecause(vitals({}), vitals({ REPLIES_NOERROR: 98, REPLIES_SERVFAIL: 2 })) ?? '', /SERVFAIL/);
  t.is(worseBecause(BEFORE, after(100, { REPLIES_SERVFAIL: 1 })), null);
});

test('a name that is gone shows as NXDOMAIN beyond what was usual', (t) => {
  t.regex(
    worseBecause(BEFORE, after(60, { REPLIES_NXDOMAIN: 140 })) ?? '',
    /40\.0 % of 100 replies are NXDOMAIN, before it were 10\.0 %/,
  );
  t.is(worseBecause(vitals({}), vitals({ REPLIES_NXDOMAIN: 100 })), null, 'nobody knows what is usual');
});

test('fewer than a hundred replies are no trend', (t) => {
  t.is(worseBecause(BEFORE, after(0, { REPLIES_SERVFAIL: 99 })), null);
});

test('a thread that died, a site that no longer serves and a bug are worse at once', (t) => {
  t.regex(worseBecause(BEFORE, { ...BEFORE, threads: { alive: 1, wanted: 2 } }) ?? '', /1 threads/);
  t.regex(worseBecause(BEFORE, { ...BEFORE, sites: { serving: 3, configured: 4 } }) ?? '', /3 of 4 sites serve/);
  t.is(
    worseBecause(BEFORE, { ...BEFORE, sites: { serving: 4, configured: 4 } }),
    null,
    'a site was taken out of the configuration',
  );
  t.regex(worseBecause(BEFORE, after(1, { EXCEPTIONS: 1 })) ?? '', /met a bug/);
});

function stage(rollBack: () => Promise<void> = async () => undefined) {
  const clock = new ManualClock();
  const ended: StagedState[] = [];
  const staged = new StagedChanges({ clock, log: recordingLogger(), onEnd: (state) => void ended.push(state) });
  const state = { now: BEFORE, rolledBack: 0 };
  const begin = (): void =>
    staged.begin({
      ...{ what: 'zone', subject: 'example.test.', actor: 'ann', watchSec: 60, before: BEFORE },
      look: () => state.now,
      rollBack: async () => {
        state.rolledBack++;
        await rollBack();
      },
    });
  return { clock, staged, ended, state, begin };
}

test('a change that does no harm is kept when its time is over', async (t) => {
  const { clock, staged, ended, state, begin } = stage();
  begin();
  clock.advance(59_999);
  await staged.look();
  t.is(staged.state?.phase, 'watching');
  clock.advance(1);
  await staged.look();
  t.like(staged.state, { phase: 'kept', subject: 'example.test.', actor: 'ann' });
  t.is(ended.length, 1);
  t.is(state.rolledBack, 0);
});

test('a change that does harm is taken back once, and says why', async (t) => {
  const { staged, ended, state, begin } = stage();
  begin();
  state.now = after(50, { REPLIES_SERVFAIL: 50 });
  await Promise.all([staged.look(), staged.look()]);
  t.is(state.rolledBack, 1);
  t.is(ended.length, 1);
  t.is(staged.state?.phase, 'rolled-back');
  t.regex(staged.state?.reason ?? '', /SERVFAIL/);
});

test('a change that cannot be taken back says that it is stuck', async (t) => {
  const { staged, begin } = stage(async () => {
    throw new Error('no space left');
  });
  begin();
  await staged.decide(false, 'bob');
  t.is(staged.state?.phase, 'stuck');
  t.regex(staged.state?.reason ?? '', /no space left/);
});

test('people decide before the time is over, and another change ends the trial', async (t) => {
  const { staged, begin, state } = stage();
  t.false(await staged.decide(true, 'bob'), 'there is none');
  begin();
  t.true(await staged.decide(true, 'bob'));
  t.is(staged.state?.phase, 'kept');
  begin();
  staged.superseded();
  t.is(staged.state?.phase, 'superseded');
  t.is(state.rolledBack, 0);
});

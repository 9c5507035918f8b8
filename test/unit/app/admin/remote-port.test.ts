// The port of the API in its own thread: what it asks the control thread for, and what it gives again.

import test from 'ava';
import { EventRing } from '../../../../src/admin/event-ring.ts';
import type { Method } from '../../../../src/app/admin/api-messages.ts';
import { remotePort } from '../../../../src/app/admin/remote-port.ts';
import { RateHistory } from '../../../../src/watch/rates.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function stage() {
  const asked: string[] = [];
  const clock = new ManualClock();
  const state = { revision: 0, isBroken: false };
  const ask = async (method: Method, args: readonly unknown[]) => {
    asked.push([method, ...args].join(' '));
    if (state.isBroken) throw new Error('broken');
    return [asked.length];
  };
  const port = remotePort(ask, new EventRing(1), new RateHistory(), () => state.revision, clock);
  return { port, asked, clock, state };
}

test('who reads the same within a quarter of a second costs the control thread one reply', async (t) => {
  const { port, asked, clock } = stage();
  t.is(await port.members(), await port.members());
  await port.places('www-policy', 4, []);
  await port.places('www-policy', 6, []);
  t.deepEqual(asked, ['members', 'places www-policy 4 ', 'places www-policy 6 ']);
  clock.advance(250);
  await port.members();
  t.is(asked.length, 4);
});

test('nothing that was read is given again once something has happened', async (t) => {
  const { port, asked, state } = stage();
  await port.overrides();
  state.revision++;
  await port.overrides();
  t.is(asked.length, 2);
});

test('a change is asked for each time, and a failure is not kept', async (t) => {
  const { port, asked, state } = stage();
  await port.reload({ dryRun: true, watchSec: 0, scope: 'server' }, { name: 'ann', requestId: '' });
  await port.reload({ dryRun: true, watchSec: 0, scope: 'server' }, { name: 'ann', requestId: '' });
  t.is(asked.length, 2);
  state.isBroken = true;
  await t.throwsAsync(async () => port.status(), { message: 'broken' });
  state.isBroken = false;
  t.truthy(await port.status());
});

test('alerts are asked for each time, objectives are read like everything else', async (t) => {
  const { port, asked } = stage();
  await port.watch.alerts();
  await port.watch.alerts();
  await port.watch.objectives();
  await port.watch.objectives();
  t.deepEqual(asked, ['watch.alerts', 'watch.alerts', 'watch.objectives']);
});

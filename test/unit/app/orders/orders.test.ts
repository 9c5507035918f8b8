// Orders over a real memory mesh: given, replaced, recalled, and two people at once.

import test from 'ava';
import { type Foresight, type OrderRequest, Orders } from '../../../../src/app/orders/orders.ts';
import { MemoryHub } from '../../../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../../../src/mesh/memory-mesh.ts';
import type { Mesh } from '../../../../src/model/mesh.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { override, peer, recordingLogger } from '../../../support/mesh.ts';
import { modelOf } from '../../../support/steering.ts';

const model = modelOf({ web: [{ site: 'london' }, { site: 'tokyo' }] }, {});
const HARMLESS: Foresight = () => ({
  sitesServing: { before: 2, after: 1 },
  capacityPercent: { before: 100, after: 50 },
  movedPercent: 50,
  broken: [],
});
const DOWN: OrderRequest = {
  glob: 'web/london',
  action: 'down',
  source: 'human',
  author: 'ann',
  reason: 'new disks',
  forMs: null,
};

async function stage() {
  const clock = new ManualClock();
  const logger = recordingLogger();
  const hub = new MemoryHub({ clock, logger, stateDirectory: null });
  const mesh = new MemoryMesh(hub, peer('a'), clock, logger);
  await mesh.start({});
  return { clock, mesh, orders: new Orders(mesh) };
}

const present = (mesh: Pick<Mesh, 'overrides'>): string[] =>
  mesh.overrides.overrides.map(({ action, glob }) => `${action} ${glob}`);

test('an order is stamped by the clock of the mesh, and says whom it names', async (t) => {
  const { mesh, orders } = await stage();
  const given = await orders.give({ ...DOWN, forMs: 60_000 }, model, HARMLESS);
  t.true(given.ok);
  if (!given.ok) return;
  const { set, created, names } = given.value;
  const { forMs: _, ...asked } = DOWN;
  t.like(created, { ...asked, createdMs: mesh.nowMs(), expiresMs: mesh.nowMs() + 60_000 });
  t.regex(created.id, /^[0-9a-f]{8}$/);
  t.deepEqual(set, mesh.overrides);
  t.deepEqual(names, ['web/london']);
  await mesh.close();
});

test('an order that names nobody is taken: the member may come', async (t) => {
  const { orders } = await stage();
  const given = await orders.give({ ...DOWN, glob: 'api/*' }, model, HARMLESS);
  t.deepEqual(given.ok && given.value.names, []);
});

test('the same order given again replaces the former one; a drain goes on where it is', async (t) => {
  const { clock, mesh, orders } = await stage();
  await orders.give(DOWN, model, HARMLESS);
  clock.advance(5000);
  const again = await orders.give({ ...DOWN, reason: 'still' }, model, HARMLESS);
  t.true(again.ok && again.value.created.createdMs === mesh.nowMs());
  t.deepEqual(present(mesh), ['down web/london']);
  const drain = await orders.give({ ...DOWN, action: 'drain' }, model, HARMLESS);
  clock.advance(5000);
  const drainedAgain = await orders.give({ ...DOWN, action: 'drain' }, model, HARMLESS);
  t.is(drainedAgain.ok && drainedAgain.value.created.createdMs, drain.ok && drain.value.created.createdMs);
  clock.advance(5000);
  await orders.give({ ...DOWN, action: 'up' }, model, HARMLESS);
  const stronger = await orders.give({ ...DOWN, action: 'drain' }, model, HARMLESS);
  t.true(stronger.ok && stronger.value.created.createdMs === mesh.nowMs(), 'it has to outrank the other');
});

test('orders are recalled by id, by glob, and by what they do', async (t) => {
  const { mesh, orders } = await stage();
  const first = await orders.give(DOWN, model, HARMLESS);
  await orders.give({ ...DOWN, action: 'drain' }, model, HARMLESS);
  await orders.give({ ...DOWN, glob: 'web/tokyo' }, model, HARMLESS);
  const byAction = await orders.recall({ what: 'web/london', action: 'drain' }, HARMLESS);
  t.is(byAction.ok && byAction.value.removed.length, 1);
  t.deepEqual(present(mesh), ['down web/london', 'down web/tokyo']);
  await orders.recall({ what: first.ok ? first.value.created.id : '', action: null }, HARMLESS);
  await orders.recall({ what: 'web/tokyo', action: null }, HARMLESS);
  t.deepEqual(present(mesh), []);
});

test('recalling what is not there changes nothing and lists what is', async (t) => {
  const { mesh, orders } = await stage();
  const none = await orders.recall({ what: 'web/*', action: 'down' }, HARMLESS);
  t.is(none.ok ? '' : none.error.message, 'no order "down" has the id or glob "web/*"; there are no orders');
  const given = await orders.give(DOWN, model, HARMLESS);
  const id = given.ok ? given.value.created.id : '';
  const other = await orders.recall({ what: 'web/*', action: null }, HARMLESS);
  t.is(
    other.ok ? '' : `${other.error.code} ${other.error.message}`,
    `ERR_OVERRIDE no order has the id or glob "web/*"; there are ${id} (down web/london)`,
  );
  t.is(mesh.overrides.version, 1);
});

test('what is out of bounds is refused, whatever the socket brings', async (t) => {
  const { mesh, orders } = await stage();
  const wrong = [
    { glob: '' },
    { action: 'stop' },
    { source: 'cat' },
    { author: 7 },
    { reason: 'x'.repeat(1001) },
    { forMs: 1.5 },
  ];
  for (const fields of wrong) {
    const given = await orders.give({ ...DOWN, ...fields } as OrderRequest, model, HARMLESS);
    t.is(given.ok ? '' : given.error.code, 'ERR_OVERRIDE', JSON.stringify(fields));
  }
  t.is(mesh.overrides.version, 0);
});

test('who was overtaken by others makes the change again', async (t) => {
  const { orders, mesh } = await stage();
  const results = await Promise.all([
    orders.give(DOWN, model, HARMLESS),
    orders.give({ ...DOWN, glob: 'web/tokyo' }, model, HARMLESS),
    orders.give({ ...DOWN, glob: 'site:*' }, model, HARMLESS),
  ]);
  t.true(results.every(({ ok }) => ok));
  t.deepEqual(present(mesh).sort(), ['down site:*', 'down web/london', 'down web/tokyo']);
});

test('orders that are over are dropped with the next change', async (t) => {
  const { clock, mesh, orders } = await stage();
  await mesh.changeOverrides(0, [override('old', { expiresMs: clock.wallMs() + 10 })]);
  clock.advance(10);
  await orders.give(DOWN, model, HARMLESS);
  t.deepEqual(present(mesh), ['down web/london']);
});

test('a mesh that cannot take a change says so', async (t) => {
  const { mesh, orders } = await stage();
  await mesh.close();
  const given = await orders.give(DOWN, model, HARMLESS);
  t.is(given.ok ? '' : given.error.code, 'ERR_MESH_UNAVAILABLE');
});

// Silences of several servers, over a mesh that is as real as that of one process.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Silences } from '../../../../src/app/watch/silences.ts';
import { MemoryHub } from '../../../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../../../src/mesh/memory-mesh.ts';
import { AlertBook } from '../../../../src/watch/alert-book.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { peer, recordingLogger } from '../../../support/mesh.ts';

const HOUR_MS = 3_600_000;
const REQUEST = { what: 'site-out/fra', reason: 'new switch', author: 'ann', forMs: HOUR_MS };

function stage(t: ExecutionContext) {
  const clock = new ManualClock();
  const stateDirectory = mkdtempSync(join(tmpdir(), 'meridian-silences-'));
  t.teardown(() => rmSync(stateDirectory, { recursive: true, force: true }));
  const logger = recordingLogger();
  const hub = () => new MemoryHub({ clock, logger, stateDirectory });
  const server = async (of: MemoryHub, id: string): Promise<MemoryMesh> => {
    const mesh = new MemoryMesh(of, peer(id), clock, logger);
    await mesh.start({});
    t.teardown(() => mesh.close());
    return mesh;
  };
  return { clock, hub, server };
}

test('a silence that one server makes is one of all, and any of them ends it', async (t) => {
  const { hub, server } = stage(t);
  const shared = hub();
  const [one, two] = [new Silences(await server(shared, 'a')), new Silences(await server(shared, 'b'))];
  const made = await one.make(REQUEST);
  if (!made.ok) return t.fail(made.error.message);
  t.like(made.value, { what: 'site-out/fra', reason: 'new switch', author: 'ann' });
  t.deepEqual(two.all, [made.value]);
  t.is(two.all, two.all, 'read once');
  const unknown = await two.end('site-out/ams');
  t.is(unknown.ok ? '' : unknown.error.message, `no silence "site-out/ams"; there are ${made.value.id} (site-out/fra)`);
  t.deepEqual(await two.end(made.value.id), { ok: true, value: [made.value] });
  t.deepEqual(one.all, []);
});

test('silences that several servers make at one moment are all kept', async (t) => {
  const { hub, server } = stage(t);
  const shared = hub();
  const servers = await Promise.all(['a', 'b', 'c'].map(async (id) => new Silences(await server(shared, id))));
  const made = await Promise.all(servers.map((one, i) => one.make({ ...REQUEST, what: `site-out/s${i}` })));
  t.true(made.every(({ ok }) => ok));
  t.deepEqual(servers[0]!.all.map(({ what }) => what).sort(), ['site-out/s0', 'site-out/s1', 'site-out/s2']);
});

test('a silence ends by the clock of the mesh, after a restart too, and is away with the next change', async (t) => {
  const { clock, hub, server } = stage(t);
  await new Silences(await server(hub(), 'a')).make(REQUEST);
  const mesh = await server(hub(), 'a');
  const again = new Silences(mesh);
  t.is(again.all.length, 1, 'kept in the state directory');
  const book = new AlertBook(() => HOUR_MS);
  const alert = { name: 'site-out', subject: 'fra' } as const;
  book.setSilences(again.all);
  t.is(book.silenceOf(alert, again.nowMs + HOUR_MS - 1)?.reason, 'new switch');
  t.is(book.silenceOf(alert, again.nowMs + HOUR_MS), null);
  clock.advance(HOUR_MS);
  await again.make({ ...REQUEST, what: 'pool-empty' });
  t.deepEqual(
    again.all.map(({ what }) => what),
    ['pool-empty'],
  );
});

test('what no alert is called cannot be silenced, and notes of other kinds are left alone', async (t) => {
  const { hub, server } = stage(t);
  const mesh = await server(hub(), 'a');
  const foreign = [
    { id: 'x', kind: 'trial', text: '{"id":"x"}' },
    { id: 'y', kind: 'silence', text: '{"id":"y","of":"a later version"}' },
    { id: 'z', kind: 'silence', text: 'no JSON' },
  ];
  await mesh.changeNotes(0, foreign);
  const silences = new Silences(mesh);
  t.deepEqual(silences.all, []);
  const refused = await silences.make({ ...REQUEST, what: 'site-outt/fra' });
  t.regex(refused.ok ? '' : refused.error.message, /^there is no alert "site-outt"; alerts are /);
  t.true((await silences.make({ ...REQUEST, what: 'site-*' })).ok);
  t.deepEqual(mesh.notes.notes.slice(0, 3), foreign);
});

test('without a mesh a silence is refused, and nothing is silenced', async (t) => {
  const { clock, hub } = stage(t);
  const silences = new Silences(new MemoryMesh(hub(), peer('a'), clock, recordingLogger()));
  const refused = await silences.make(REQUEST);
  t.is(refused.ok ? '' : refused.error.code, 'ERR_MESH_UNAVAILABLE');
  t.deepEqual(silences.all, []);
});

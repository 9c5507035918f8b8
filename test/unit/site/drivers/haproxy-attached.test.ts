// An operator's own HAProxy: real, with a configuration that Meridian did not write and never touches.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ServerRef } from '../../../../src/model/site-driver.ts';
import { HaproxyAttached } from '../../../../src/site/drivers/haproxy/attached.ts';
import { serverOf } from '../../../support/balance.ts';
import { frontOf, serviceOf } from '../../../support/driver-plans.ts';
import { testUnless } from '../../../support/environments.ts';
import { startHaproxy, temporaryDirectory, whyNoHaproxy } from '../../../support/haproxy.ts';
import { reservePortFor } from '../../../support/reserved-port.ts';
import { Backend, Client, echo } from '../../../support/site.ts';

const REASON = whyNoHaproxy();
const A: ServerRef = { serviceId: 'shop', serverId: 'a' };

async function shop(t: ExecutionContext, level = 'admin') {
  const port = await reservePortFor(t);
  const { port: serverPort } = (await Backend.open(t, 'a', echo)).server;
  const haproxy = await startHaproxy(
    t,
    `frontend in
  bind 127.0.0.1:${port}
  default_backend shop
backend shop
  server a 127.0.0.1:${serverPort} weight 10 maxconn 8
  server b 127.0.0.1:${serverPort} weight 20 maxconn 12
backend other
  server x 127.0.0.1:${serverPort}
`,
    level,
  );
  return { ...haproxy, port, text: readFileSync(haproxy.file, 'utf8') };
}

testUnless(REASON, 'its load is read and its servers obey, without a change to its file', async (t) => {
  const { settings, port, file, text } = await shop(t);
  const driver = new HaproxyAttached({ ...settings, backends: ['shop'] });
  t.like(await driver.readLoad(), { ok: true, value: { current: 0, max: 20, target: 16 } });

  const clients = [new Client(t, port), new Client(t, port), new Client(t, port)];
  for (const { socket } of clients) {
    socket.write('x');
    await once(socket, 'data');
  }
  t.like(await driver.readLoad(), { ok: true, value: { current: 3 } });

  t.like(await driver.drain(A, true), { ok: true });
  const state = async () => {
    const load = await driver.readLoad();
    return load.ok && load.value.servers.find(({ serverId }) => serverId === 'a')?.state;
  };
  t.is(await state(), 'draining');
  t.like(await driver.readLoad(), { ok: true, value: { max: 12 } });
  t.like(await driver.setUp(A, false), { ok: true });
  t.is(await state(), 'maintenance');
  t.like(await driver.setUp(A, true), { ok: true });
  t.is(await state(), 'draining', 'the drain is still ordered');
  t.like(await driver.drain(A, false), { ok: true });
  t.is(await state(), 'up');

  const plan = {
    services: [serviceOf([serverOf('a', { weight: 512, maxActive: 5 }), serverOf('b', { weight: 1024 })], { id: 'shop' })],
  };
  t.like(await driver.apply({ ...plan, fronts: [] }), { ok: true, value: { by: 'orders', warnings: [] } });
  t.like(await driver.apply({ ...plan, fronts: [] }), { ok: true, value: { by: 'nothing' } });
  const load = await driver.readLoad();
  t.deepEqual(load.ok && load.value.servers.map(({ weight, max }) => [weight, max]), [
    [128, 5],
    [256, 12],
  ]);
  t.is(readFileSync(file, 'utf8'), text);
  await driver.close();
  for (const { socket } of clients) t.false(socket.destroyed);
});

testUnless(REASON, 'what it does not have is refused as a whole and says what there is', async (t) => {
  const { settings } = await shop(t);
  const driver = new HaproxyAttached(settings);
  const refused = await driver.apply({
    services: [serviceOf([serverOf('a', { weight: 99 }), serverOf('z')], { id: 'shop' }), serviceOf([serverOf('a')])],
    fronts: [frontOf()],
  });
  t.deepEqual(refused.ok ? [] : refused.error.map(({ message }) => message.replace(/^\S+ \S+ /, '')), [
    'there is no server shop/z; there are: a, b',
    'there is no backend web; there are: shop, other',
  ]);
  const load = await driver.readLoad();
  t.deepEqual(load.ok && load.value.servers.map(({ weight }) => weight), [10, 20, 1]);
  t.is(load.ok && load.value.max, null, 'server x has no limit, so nobody knows the whole');
  const missing = await new HaproxyAttached({ ...settings, backends: ['shp'] }).readLoad();
  t.regex(missing.ok ? '' : missing.error.message, /there is no backend shp; there are: shop, other/);
  const weight = await driver.setWeight(A, 300);
  t.regex(weight.ok ? '' : weight.error.message, /a weight is an integer from 0 to 256, found 300/);
});

testUnless(REASON, 'a socket that may not give orders is said to need more', async (t) => {
  const { settings } = await shop(t, 'user');
  const refused = await new HaproxyAttached(settings).drain(A, true);
  t.regex(refused.ok ? '' : refused.error.message, /Permission denied.*the socket needs "level admin"/i);
});

test('a socket that is not there, and one that is silent, are one clear line each', async (t) => {
  const directory = temporaryDirectory(t);
  const settings = { kind: 'haproxy-attach', backends: null, measure: 'connections', max: null } as const;
  const gone = await new HaproxyAttached({ ...settings, socket: join(directory, 'x.sock'), timeoutMs: 60_000 }).readLoad();
  t.regex(gone.ok ? '' : gone.error.message, /x\.sock: there is no such socket; HAProxy makes it with "stats socket/);

  const socket = join(directory, 'silent.sock');
  const silent = createServer(() => {}).listen(socket);
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const late = await new HaproxyAttached({ ...settings, socket, timeoutMs: 100 }).readLoad();
  t.regex(late.ok ? '' : late.error.message, /no whole answer within 100 ms/);
});

// An HAProxy that the driver runs, on loopback, with real servers behind it and clients before it.

import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { SiteServer } from '../../../../src/model/site.ts';
import type { HaproxySettings, SiteDriver } from '../../../../src/model/site-driver.ts';
import { HaproxyManaged } from '../../../../src/site/drivers/haproxy/managed.ts';
import { isListening } from '../../../../src/site/drivers/haproxy/socket.ts';
import { serverOf } from '../../../support/balance.ts';
import { planOf } from '../../../support/driver-plans.ts';
import { testUnless } from '../../../support/environments.ts';
import { managedSettings, temporaryDirectory, whyNoHaproxy } from '../../../support/haproxy.ts';
import { eventually } from '../../../support/patience.ts';
import { reservePortFor } from '../../../support/reserved-port.ts';
import { Backend, Client, echo, saying } from '../../../support/site.ts';

const REASON = whyNoHaproxy();

/** A driver whose HAProxy is gone at the end of the test. */
function driverFor(t: ExecutionContext, differs: Partial<HaproxySettings> = {}): { driver: SiteDriver; directory: string } {
  const directory = temporaryDirectory(t);
  const driver = new HaproxyManaged(managedSettings(directory, differs));
  t.teardown(async () => {
    await driver.close();
    await eventually(
      async () => !(await isListening(join(directory, 'master.sock'))),
      () => 'HAProxy goes on after the end of its driver',
    );
  });
  return { driver, directory };
}

/** Who answers. HAProxy gives up a client that ends before its server is connected, so this one only listens. */
async function whoAnswers(t: ExecutionContext, port: number): Promise<string> {
  const client = new Client(t, port);
  await Promise.race([client.ended, client.over]);
  client.socket.destroy();
  return client.received.toString();
}

/** Who answers so many clients, by count. */
async function shares(t: ExecutionContext, port: number, count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const name = await whoAnswers(t, port);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const named = async (t: ExecutionContext, id: string, differs: Partial<SiteServer> = {}): Promise<SiteServer> =>
  (await Backend.open(t, id, saying(id), differs)).server;

testUnless(REASON, 'a plan is served, changed at run time, and read', async (t) => {
  const { driver, directory } = driverFor(t);
  const port = await reservePortFor(t);
  const [a, b] = [await named(t, 'a', { weight: 3, maxActive: 20 }), await named(t, 'b', { maxActive: 20 })];
  const planned = await driver.apply(planOf([a, b], { front: { port } }));
  t.deepEqual(planned, { ok: true, value: { by: 'reload', warnings: [] } });
  t.deepEqual(await shares(t, port, 8), { a: 6, b: 2 });

  const again = await driver.apply(planOf([a, b], { front: { port } }));
  t.like(again, { ok: true, value: { by: 'nothing' } });

  t.like(await driver.apply(planOf([{ ...a, weight: 1 }, b], { front: { port } })), { ok: true, value: { by: 'orders' } });
  t.deepEqual(await shares(t, port, 8), { a: 4, b: 4 });
  t.like(await driver.setWeight({ serviceId: 'web', serverId: 'b' }, 0), { ok: true });
  t.deepEqual(await shares(t, port, 4), { a: 4 });

  t.like(await driver.apply(planOf([a, b], { front: { port } })), { ok: true, value: { by: 'orders' } });
  t.like(await driver.drain({ serviceId: 'web', serverId: 'a' }, true), { ok: true });
  t.deepEqual(await shares(t, port, 4), { b: 4 });
  t.like(await driver.setUp({ serviceId: 'web', serverId: 'b' }, false), { ok: true });
  const load = await driver.readLoad();
  t.like(load, { ok: true, value: { current: 0, max: 0, target: 0 } });
  t.deepEqual(load.ok && load.value.servers.map(({ serverId, state, max }) => [serverId, state, max]), [
    ['a', 'draining', 20],
    ['b', 'maintenance', 20],
  ]);
  t.regex(readFileSync(join(directory, 'haproxy.cfg'), 'utf8'), /server a \S+ weight 0/);
  t.like(await driver.drain({ serviceId: 'web', serverId: 'a' }, false), { ok: true });
  t.deepEqual(await shares(t, port, 4), { a: 4 });
});

testUnless(REASON, 'connections and clients survive a reload, and orders do', async (t) => {
  const { driver } = driverFor(t, { hardStopAfterMs: 300_000 });
  const port = await reservePortFor(t);
  const old = (await Backend.open(t, 'old', echo)).server;
  const other = (await Backend.open(t, 'other', echo)).server;
  t.like(await driver.apply(planOf([old], { front: { port } })), { ok: true });
  const before = new Client(t, port);
  before.socket.write('before');
  await eventually(
    () => before.received.toString() === 'before',
    () => 'the relay does not work',
  );
  t.like(await driver.apply(planOf([old, other], { front: { port } })), { ok: true, value: { by: 'reload' } });
  t.like(await driver.drain({ serviceId: 'web', serverId: 'old' }, true), { ok: true });

  // Clients come all the time while it is reloaded: none is refused, none gets half an answer.
  let isOver = false;
  let served = 0;
  const clients = (async () => {
    while (!isOver) {
      const client = new Client(t, port);
      client.socket.write('hello');
      t.is(await client.all(), 'hello');
      served++;
    }
  })();
  for (let i = 0; i < 3; i++) {
    const third = serverOf(`third${i}`, { weight: 0 });
    t.like(await driver.apply(planOf([old, other, third], { front: { port } })), { ok: true, value: { by: 'reload' } });
  }
  isOver = true;
  await clients;
  t.true(served > 0);

  before.socket.write(' and after');
  await eventually(
    () => before.received.toString() === 'before and after',
    () => 'the connection from before the reload is gone',
  );
  before.socket.destroy();
  const load = await driver.readLoad();
  t.is(load.ok && load.value.servers.find(({ serverId }) => serverId === 'old')?.state, 'draining');
});

testUnless(REASON, 'a configuration that cannot run leaves the old one in place', async (t) => {
  const { driver, directory } = driverFor(t);
  const port = await reservePortFor(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const a = await named(t, 'a');
  t.like(await driver.apply(planOf([a], { front: { port } })), { ok: true });
  const file = readFileSync(join(directory, 'haproxy.cfg'), 'utf8');
  const inUse = (taken.address() as { port: number }).port;
  const refused = await driver.apply(planOf([a], { front: { port: inUse } }));
  t.regex(
    refused.ok ? '' : refused.error[0]!.message,
    /the new worker did not start \(an address in use\?\); the old one goes on/,
  );
  t.is(readFileSync(join(directory, 'haproxy.cfg'), 'utf8'), file);
  t.is(await whoAnswers(t, port), 'a');
  t.like(await driver.apply(planOf([a], { front: { port } })), { ok: true });
});

testUnless(REASON, 'an agent that comes back takes over the HAProxy that went on without it', async (t) => {
  const { driver, directory } = driverFor(t);
  const port = await reservePortFor(t);
  const [a, b] = [await named(t, 'a'), await named(t, 'b')];
  const former = new HaproxyManaged(managedSettings(directory, { isStoppedOnClose: false }));
  t.like(await former.apply(planOf([a, b], { front: { port } })), { ok: true, value: { by: 'reload' } });
  await former.drain({ serviceId: 'web', serverId: 'a' }, true);
  await former.close();
  t.is(await whoAnswers(t, port), 'b');
  // The orders of the former agent are not known to the new one, so that they do not hold.
  t.like(await driver.apply(planOf([a, b], { front: { port } })), { ok: true, value: { by: 'orders' } });
  t.deepEqual(await shares(t, port, 4), { a: 2, b: 2 });
});

testUnless(REASON, 'the first start on an address in use is refused with what HAProxy says', async (t) => {
  const { driver } = driverFor(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const refused = await driver.apply(planOf([serverOf('a')], { front: { port } }));
  t.regex(refused.ok ? '' : refused.error[0]!.message, /^haproxy: .*(cannot bind|already in use)/i);
});

testUnless(undefined, 'a program that is missing, too old, or something else is one clear line', async (t) => {
  const directory = temporaryDirectory(t);
  const say = async (program: string): Promise<string> => {
    const refused = await new HaproxyManaged(managedSettings(directory, { program })).apply(planOf([serverOf('a')]));
    return refused.ok ? '' : refused.error.map(({ code, message }) => `${code}: ${message}`).join('\n');
  };
  const script = (name: string, text: string): string => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, name), `#!/bin/sh\necho '${text}'\n`, { mode: 0o700 });
    return join(directory, name);
  };
  t.regex(await say('/nowhere/haproxy'), /^ERR_DRIVER_PROGRAM: .*no such program; install the package haproxy/);
  t.regex(await say(script('old', 'HA-Proxy version 1.8.19-1 2019/02/11')), /HAProxy 2\.6 or newer is needed, found 1\.8$/);
  t.regex(await say(script('other', 'hello')), /HAProxy 2\.6 or newer is needed, found "hello"$/);
});

testUnless(REASON, 'an order about what is not there is refused and says what there is', async (t) => {
  const { driver } = driverFor(t);
  const port = await reservePortFor(t);
  await driver.apply(planOf([serverOf('a')], { front: { port } }));
  const refused = await driver.drain({ serviceId: 'web', serverId: 'x' }, true);
  t.is(refused.ok ? '' : refused.error.message, 'haproxy: there is no server web/x; there are: a');
  const weight = await driver.setWeight({ serviceId: 'web', serverId: 'a' }, 70_000);
  t.regex(weight.ok ? '' : weight.error.message, /weight is an integer from 0 to 65535, found 70000/);
});

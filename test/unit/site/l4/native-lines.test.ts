// What only the native relay can: it sees a client that leaves while nothing is read of it. And what must hold of a process whose thread
// ends with connections in it.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { parseCidr } from '../../../../src/base/address.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { relayAddon } from '../../../../src/site/l4/relay-addon.ts';
import { eventually } from '../../../support/patience.ts';
import { Backend, Client, echo, stageOf } from '../../../support/site.ts';

const native = relayAddon === null ? test.skip : test;
const why = (what: string) => (): string => `never: ${what}`;

native('a client that is reset while it waits for a server leaves the queue at once', async (t) => {
  const backend = await Backend.open(t, 'a', echo, { maxActive: 1 });
  const { front, service } = await stageOf(t, [backend.server], {}, { queue: { mostWaiting: 9, timeoutMs: 300_000 } });
  const first = new Client(t, front.port);
  await backend.arrivals(1);
  const [impatient, patient] = [new Client(t, front.port), new Client(t, front.port)];
  await eventually(() => service.waiting === 2, why('both wait'));
  impatient.socket.resetAndDestroy();
  await eventually(() => service.waiting === 1 && front.connections === 2, why('one has left'));
  await first.all();
  patient.socket.write('my turn');
  t.is(await patient.all(), 'my turn');
});

native('a thread that ends resets the clients that it has, and the process goes on', async (t) => {
  const addon = new URL('../../../../../native/build/relay.node', import.meta.url).pathname;
  const worker = new Worker(
    `const { createRequire } = require('node:module');
     const { parentPort } = require('node:worker_threads');
     const relay = require(${JSON.stringify(addon)}).open(new ArrayBuffer(4000), () => {
       relay.takeEvents();
       parentPort.postMessage('accepted');
     });
     const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
       relay.listen(require(${JSON.stringify(addon)}).duplicate(server._handle.fd));
       const { port } = server.address();
       server.close();
       parentPort.postMessage(port);
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const client = new Client(t, port);
  t.deepEqual(await once(worker, 'message'), ['accepted']);
  await worker.terminate();
  t.is(await client.over, 'reset');
});

native('the round trip of a client that has acknowledged something is noted when its connection ends', async (t) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front, rtts } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  client.socket.write('asked');
  await eventually(() => client.received.toString() === 'asked', why('answered'));
  await client.all();
  await eventually(() => front.connections === 0, why('ended'));
  const [found, ...others] = rtts.report(systemClock.monotonicMs()).most;
  t.deepEqual(others, []);
  t.like(found, { network: '127.0.0.0/24', connections: 1 });
  t.true(found!.leastUs > 0 && found!.leastUs <= found!.smoothedUs);
});

native('of clients behind a proxy nothing is noted: the round trip would be that of the proxy', async (t) => {
  const backend = await Backend.open(t, 'a', echo);
  const { front, rtts } = await stageOf(t, [backend.server], { proxyFrom: [parseCidr('127.0.0.0/8')!] });
  const client = new Client(t, front.port);
  client.socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nasked');
  await eventually(() => client.received.toString() === 'asked', why('answered'));
  await client.all();
  await eventually(() => front.connections === 0, why('ended'));
  t.is(rtts.report(systemClock.monotonicMs()).networks, 0);
});

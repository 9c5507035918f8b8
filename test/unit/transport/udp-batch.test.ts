// The native packet driver: what it can do and node:dgram cannot. The contract that both keep is in udp.test.ts, tests of the C++
// core alone in native/packet-io/test.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import baseTest, { type ExecutionContext } from 'ava';
import { packetIo } from '../../../src/transport/packet-io.ts';
import { readSocketTable } from '../../../src/transport/socket-table.ts';
import { batchDriver } from '../../../src/transport/udp-batch.ts';
import type { UdpOptions } from '../../../src/transport/udp-driver.ts';
import { idOf, query, turnRound } from '../../support/dns-octets.ts';
import { reservePortFor } from '../../support/reserved-port.ts';
import { connect, defaults, exchange, serve } from '../../support/udp.ts';
import { until } from '../../support/until.ts';

const { addon } = packetIo;
const test = addon === undefined ? baseTest.serial.skip : baseTest.serial;
const driver = batchDriver(addon!);

test('a reply leaves from the address that was asked, also on a wildcard socket', async (t) => {
  const { port } = await serve(t, driver, { endpoint: { address: '0.0.0.0', port: 0 } });
  for (const address of ['127.0.0.1', '127.0.0.2', '127.9.8.7']) {
    // A connected socket hears nobody else.
    t.is(idOf(await exchange(await connect(t, address, port), query(1))), 1, address);
  }
});

test('datagrams that the kernel drops because the queue is full are counted', async (t) => {
  let seen = 0;
  const { socket, port, count } = await serve(t, driver, {
    respond: () => {
      seen++;
      return 0;
    },
  });
  const client = await connect(t, '127.0.0.1', port);
  // Nothing is read while this loop runs. The queue holds 4 MiB at most, and a datagram takes more than 512 octets of it.
  const SENT = 10_000;
  for (let i = 0; i < SENT; i++) client.send(query(i, 400));
  for (let before = -1; before !== seen; ) {
    before = seen;
    await turns(2);
  }
  await socket.close();
  t.true(seen < SENT);
  t.is(count('UDP_KERNEL_DROPS'), SENT - seen);
});

/** Turns of the event loop; in each, what waits in a socket is read. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('ports are shared with those who join, and with nobody by mistake', async (t) => {
  const first = await serve(t, driver, { sharing: 'first' });
  const endpoint = { address: '127.0.0.1', port: first.port };
  const seen = new Set<string>();
  const note = (who: string) => turnRound({ seen: () => seen.add(who) });
  await serve(t, driver, { endpoint, sharing: 'join', respond: note('second') });
  for (const sharing of ['alone', 'first'] as const) {
    const result = await driver.open({ ...defaults(), endpoint, sharing });
    t.true(!result.ok && result.error.message.includes(`port ${first.port}`), sharing);
  }
  // The kernel spreads clients by their ports.
  for (let i = 0; i < 64 && !seen.has('second'); i++) await exchange(await connect(t, '127.0.0.1', first.port), query(i));
  t.true(seen.has('second'));
});

/** An open socket that somebody else has bound, as systemd hands them over; its descriptor. */
async function foreignSocket(t: ExecutionContext, type: 'udp4' | 'udp6'): Promise<number> {
  const socket = createSocket(type);
  socket.bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  const { inode } = readSocketTable()!.find(({ protocol, endpoint }) => protocol === 'udp' && endpoint.port === port)!;
  const isIt = (fd: string): boolean => existsSync(`/proc/self/fd/${fd}`) && fstatSync(Number(fd)).ino === inode;
  // libuv watches a descriptor only once in a thread, so this one is closed and another of the same socket kept.
  const fd = addon!.duplicate(Number(readdirSync('/proc/self/fd').find(isIt)));
  socket.close();
  t.teardown(() => closeSync(fd));
  return fd;
}

test('an adopted socket is served by several, and stays open when they close', async (t) => {
  const fd = await foreignSocket(t, 'udp4');
  const one = await serve(t, driver, { fd });
  const two = await serve(t, driver, { fd });
  t.is(one.port, two.port);
  await one.socket.close();
  t.is(idOf(await exchange(await connect(t, '127.0.0.1', two.port), query(2))), 2);
  await two.socket.close();
  t.true(fstatSync(fd).isSocket());
});

test('an IPv4 client of an adopted socket for both families is an IPv4 client', async (t) => {
  const seen: string[] = [];
  const respond = turnRound({ seen: ({ family, octets }) => seen.push(`${family} ${octets.subarray(0, 4).join('.')}`) });
  const { port } = await serve(t, driver, { fd: await foreignSocket(t, 'udp6'), respond });
  t.is(idOf(await exchange(await connect(t, '127.0.0.2', port), query(4))), 4);
  t.is(idOf(await exchange(await connect(t, '::1', port), query(6))), 6);
  t.deepEqual(seen, ['4 127.0.0.1', '6 0.0.0.0']);
});

test('a descriptor that is no UDP socket is a problem, not a crash', async (t) => {
  for (const fd of [0, 1 << 20]) t.like(await driver.open({ ...defaults(), fd }), { ok: false, error: { code: 'ERR_LISTEN' } });
});

test('a socket may be closed while it answers', async (t) => {
  const socket: { close: () => void } = { close: () => {} };
  let answered = 0;
  const endpoint = { address: '127.0.0.1', port: await reservePortFor(t) };
  const { port, socket: opened } = await serve(t, driver, {
    endpoint,
    respond: () => {
      answered++;
      socket.close();
      return 0;
    },
  });
  socket.close = () => void opened.close();
  const client = await connect(t, '127.0.0.1', port);
  client.on('error', () => {}); // ICMP: nobody listens any more
  client.send(query(1));
  await until(() => answered === 1);
  const again = await serve(t, driver, { endpoint });
  t.is(again.port, port);
});

function startThread(options: Pick<UdpOptions, 'endpoint' | 'sharing'>): Worker {
  return new Worker(new URL('../../support/udp-thread.js', import.meta.url), { workerData: options });
}

test('a thread that dies of a bug in the responder frees its share of the port', async (t) => {
  const thread = startThread({ endpoint: { address: '127.0.0.1', port: await reservePortFor(t) }, sharing: 'first' });
  const [port] = (await once(thread, 'message')) as [number];
  const client = await connect(t, '127.0.0.1', port);
  t.is(idOf(await exchange(client, query(1))), 1);
  client.on('error', () => {});
  client.send(query(666));
  const [error] = await once(thread, 'error');
  t.is(error.message, 'a bug in the responder');
  if (thread.threadId > 0) await once(thread, 'exit');
  // Nobody may have it for this to succeed.
  const { port: taken } = await serve(t, driver, { endpoint: { address: '127.0.0.1', port }, sharing: 'first' });
  t.is(taken, port);
});

test('a thread that is ended from outside frees its share of the port', async (t) => {
  const thread = startThread({ endpoint: { address: '127.0.0.1', port: await reservePortFor(t) }, sharing: 'first' });
  const [port] = (await once(thread, 'message')) as [number];
  await thread.terminate();
  const { port: taken } = await serve(t, driver, { endpoint: { address: '127.0.0.1', port }, sharing: 'first' });
  t.is(taken, port);
});

test('a thread with nothing else to do answers queries without a pass of its event loop for each, and hears messages', async (t) => {
  t.timeout(120_000);
  const thread = startThread({ endpoint: { address: '127.0.0.1', port: await reservePortFor(t) }, sharing: 'first' });
  t.teardown(() => thread.terminate());
  const [port] = (await once(thread, 'message')) as [number];
  const client = await connect(t, '127.0.0.1', port);
  const passes = async (): Promise<number> => {
    const heard = once(thread, 'message');
    thread.postMessage('passes');
    return (await heard)[0];
  };
  const QUERIES = 100;
  // A machine that lets 100 ms pass between two queries makes a pass for each: then the next hundred may do.
  for (let found = QUERIES; found > QUERIES / 2; ) {
    const before = await passes();
    for (let i = 0; i < QUERIES; i++) t.is(idOf(await exchange(client, query(i))), i);
    found = (await passes()) - before;
  }
  t.pass();
});

// DNS over TCP: who gets a connection when there are too few, and how a listener ends.

import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import test from 'ava';
import { packetIo } from '../../../src/transport/packet-io.ts';
import { TcpListener } from '../../../src/transport/tcp.ts';
import { frame, idOf, query, turnRound } from '../../support/dns-octets.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { StreamClient } from '../../support/stream-client.ts';
import { ARRIVAL_MS, exchange, LIMITS, listen, STANDSTILL_MS } from '../../support/tcp-listening.ts';
import { until } from '../../support/until.ts';

test('a new client that asks takes the place of the one that has been idle for longest', async (t) => {
  const { open, settle, listener, count } = await listen(t, { limits: { ...LIMITS, maxConnections: 2 } });
  const first = await open();
  const second = await open();
  settle();
  t.is(await exchange(first, 1), 1);
  const third = await open();
  t.is(await exchange(third, 3), 3);
  t.is(await second.receive(), undefined);
  t.is(await exchange(first, 2), 2);
  t.is(listener.connectionCount, 2);
  t.is(count('TCP_EVICTED'), 1);
});

test('a silent connection counts like any other once its time to arrive is over', async (t) => {
  const { open, settle, listener, count } = await listen(t, { limits: { ...LIMITS, maxConnections: 2 } });
  const clients = [await open(), await open(), await open()];
  t.is(listener.connectionCount, 3);
  settle();
  t.is(listener.connectionCount, 2);
  t.is(count('TCP_EVICTED'), 1);
  t.is(await clients[0]!.receive(), undefined);
  t.is(await exchange(clients[1]!, 1), 1);
});

test('however many connect and ask behind a client, its first query is answered', async (t) => {
  const { open } = await listen(t, { limits: { ...LIMITS, maxConnections: 1 } });
  const patient = await open();
  for (let id = 1; id <= 40; id++) t.is(await exchange(await open(), id), id);
  t.is(await exchange(patient, 99), 99);
});

test('after a time of standing still, what has come is read before it is judged who is late', async (t) => {
  const { open, clock } = await listen(t, { limits: { ...LIMITS, maxConnections: 1 } });
  const clients = [await open(), await open(), await open()];
  for (const [id, client] of clients.entries()) void client.send(frame(query(id)));
  clock.advance(ARRIVAL_MS);
  // As if the system had not let us run: the next sweep is due before anything is read.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDSTILL_MS);
  for (const [id, client] of clients.entries()) t.is(idOf((await client.receive())!), id);
});

test('octets of an unfinished message do not protect a connection from eviction', async (t) => {
  const { open, settle } = await listen(t, { limits: { ...LIMITS, maxConnections: 2 } });
  const dribbling = await open();
  const idle = await open();
  await dribbling.send(frame(query(1)).subarray(0, 10));
  settle();
  t.is(await exchange(await open(), 3), 3);
  t.is(await dribbling.receive(), undefined);
  t.is(await exchange(idle, 2), 2);
});

test('an address that has all its connections replaces one of its own', async (t) => {
  const { open, listener, settle } = await listen(t, { limits: { ...LIMITS, maxConnectionsPerAddress: 1 } });
  const first = await open();
  settle();
  const second = await open();
  t.is(await exchange(second, 1), 1);
  t.is(await first.receive(), undefined);
  t.is(listener.connectionCount, 1);
});

test('connections of one IPv6 network of 64 bits count together', async (t) => {
  const { listener, count, settle } = await listen(t, {
    endpoint: { address: '::1', port: 0 },
    limits: { ...LIMITS, maxConnectionsPerAddress: 1 },
  });
  const sockets = [1, 2].map(() => connect({ host: '::1', port: listener.port }));
  t.teardown(() => sockets.map((socket) => socket.destroy()));
  await until(() => count('TCP_ACCEPTED') === 2);
  settle();
  t.is(listener.connectionCount, 1);
  t.is(count('TCP_EVICTED'), 1);
});

test('closing ends idle connections, lets a begun message be finished, and takes no new ones', async (t) => {
  const { open, listener } = await listen(t);
  const idle = await open();
  const busy = await open();
  t.is(await exchange(idle, 2), 2);
  // With the reply to the first message, the beginning of the second has been read.
  await busy.send(Buffer.concat([frame(query(0)), frame(query(1)).subarray(0, 7)]));
  t.is(idOf((await busy.receive())!), 0);
  const { port } = listener;
  const closed = listener.close(60_000);
  await idle.finished;
  idle.socket.end();
  await busy.send(frame(query(1)).subarray(7));
  t.is(idOf((await busy.receive())!), 1);
  await busy.finished;
  const refused = await StreamClient.open(port).then(
    () => 'accepted',
    () => 'refused',
  );
  t.is(refused, 'refused');
  busy.socket.end();
  await closed;
  await until(() => listener.connectionCount === 0);
});

test('what has come before the server begins to close is answered, though nobody has read it yet', async (t) => {
  const { open, listener } = await listen(t);
  const client = await open();
  t.is(await exchange(client, 1), 1);
  await client.send(frame(query(2)));
  const closed = listener.close(60_000);
  t.is(idOf((await client.receive())!), 2);
  await client.finished;
  client.socket.end();
  await closed;
});

test('what is sent after the server has begun to close is not answered', async (t) => {
  const { open, listener } = await listen(t);
  const client = await open();
  const closed = listener.close(60_000);
  await client.finished;
  await client.send(frame(query(1)));
  client.socket.end();
  await closed;
  t.is(await client.receive(), undefined);
});

test('who is replaced takes no new connections, and answers on the others until they are idle', async (t) => {
  const { open, listener, clock } = await listen(t);
  const client = await open();
  t.is(await exchange(client, 1), 1);
  const retired = listener.retire(2000, 60_000);
  const refused = await StreamClient.open(listener.port).then(
    () => 'accepted',
    () => 'refused',
  );
  t.is(refused, 'refused');
  for (let id = 2; id < 5; id++) {
    clock.advance(1500);
    listener.sweep();
    t.is(await exchange(client, id), id);
  }
  clock.advance(2000);
  listener.sweep();
  await client.finished;
  client.socket.end();
  await retired;
});

test('who is replaced does not wait for ever for those who ask on and on', async (t) => {
  const { open, listener } = await listen(t);
  const client = await open();
  t.is(await exchange(client, 1), 1);
  const retired = listener.retire(60_000, 1);
  await client.finished;
  client.socket.end();
  await retired;
  t.pass();
});

test('closing cuts off those who stay when the time to drain is over', async (t) => {
  const { open, listener } = await listen(t);
  const client = await open();
  await listener.close(1);
  t.is(await client.receive(), undefined);
});

test('an address that is taken, or not ours, is a problem with a remedy', async (t) => {
  const { listener } = await listen(t);
  const base = { respond: turnRound(), limits: LIMITS, clock: new ManualClock(), counters: new Float64Array(64) };
  const taken = await TcpListener.listen({ ...base, endpoint: { address: '127.0.0.1', port: listener.port } });
  t.true(!taken.ok && taken.error.code === 'ERR_LISTEN' && taken.error.message.includes(`has port ${listener.port}`));
  const foreign = await TcpListener.listen({ ...base, endpoint: { address: '192.0.2.1', port: 0 } });
  t.true(!foreign.ok && foreign.error.message.includes('no interface of this machine has the address 192.0.2.1'));
});

test('several listeners adopt one socket, and it outlives each of them', async (t) => {
  if (packetIo.addon === undefined) {
    t.pass('only the native addon can duplicate a descriptor');
    return;
  }
  const fd = packetIo.addon.openTcp({ address: '127.0.0.1', port: 0, sharing: 'alone', backlog: 8 });
  t.true(fd > 0);
  const first = await listen(t, { fd });
  const second = await listen(t, { fd });
  t.is(second.listener.port, first.listener.port);
  await first.listener.close(0);
  const client = await second.open();
  t.is(await exchange(client, 1), 1);
  await second.listener.close(0);
  const third = await listen(t, { fd });
  t.is(await exchange(await third.open(), 2), 2);
  closeSync(fd);
});

test('a descriptor that is no socket is a problem, not an exception', async (t) => {
  const fd = openSync('/dev/null', 'r');
  const base = { respond: turnRound(), limits: LIMITS, clock: new ManualClock(), counters: new Float64Array(64) };
  const refused = await TcpListener.listen({ ...base, endpoint: { address: '192.0.2.1', port: 53 }, fd });
  t.true(!refused.ok && refused.error.code === 'ERR_LISTEN');
});

/** Answers with `count` messages of `size` octets, the nth with id n, unless the query's id is odd. */

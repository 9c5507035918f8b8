import { createSocket, Socket } from 'node:dgram';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { COUNTER } from '../../../src/metrics/counters.ts';
import type { Client } from '../../../src/model/client.ts';
import { UdpListener, type UdpOptions } from '../../../src/transport/udp.ts';
import { idOf, query, turnRound } from '../../support/dns-octets.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { until } from '../../support/until.ts';

async function listen(t: ExecutionContext, options: Partial<UdpOptions> = {}) {
  const counters = new Float64Array(Object.keys(COUNTER).length);
  const result = await UdpListener.listen({
    endpoint: { address: '127.0.0.1', port: 0 },
    respond: turnRound(),
    maxReplySize: 1232,
    clock: new ManualClock(),
    counters,
    ...options,
  });
  if (!result.ok) throw new Error(result.error.message);
  t.teardown(() => result.value.close());
  return { listener: result.value, counters };
}

async function connect(t: ExecutionContext, address: string, port: number): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  t.teardown(() => socket.close());
  socket.connect(port, address);
  await once(socket, 'connect');
  return socket;
}

test.serial('a query is answered to the address and port it came from', async (t) => {
  const seen: { octets: number[]; port: number; family: number; isStream: boolean }[] = [];
  const note = ({ octets, port, family, isStream }: Client): void => {
    seen.push({ octets: [...octets.subarray(0, 4)], port, family, isStream });
  };
  const { listener } = await listen(t, { respond: turnRound({ seen: note }) });
  const socket = await connect(t, '127.0.0.1', listener.port);
  socket.send(query(77));
  const [octets] = await once(socket, 'message');
  t.is(idOf(octets), 77);
  t.is(octets[2] & 0x80, 0x80);
  t.deepEqual(seen, [{ octets: [127, 0, 0, 1], port: socket.address().port, family: 4, isStream: false }]);
});

test.serial('the responder learns when a query came', async (t) => {
  const clock = new ManualClock();
  const seen: number[][] = [];
  const { listener } = await listen(t, {
    clock,
    respond: turnRound({ seen: ({ nowMs, nowSec }) => seen.push([nowMs, nowSec]) }),
  });
  const socket = await connect(t, '127.0.0.1', listener.port);
  for (const ms of [0, 999, 1]) {
    clock.advance(ms);
    socket.send(query(1));
    await once(socket, 'message');
  }
  t.deepEqual(seen, [
    [0, 1_700_000_000],
    [999, 1_700_000_000],
    [1000, 1_700_000_001],
  ]);
});

test.serial('a burst from two clients is answered datagram by datagram', async (t) => {
  const { listener } = await listen(t);
  const sockets = await Promise.all([connect(t, '127.0.0.1', listener.port), connect(t, '127.0.0.1', listener.port)]);
  const ids: number[][] = [[], []];
  sockets.forEach((socket, who) => {
    socket.on('message', (octets) => ids[who]!.push(idOf(octets)));
  });
  for (let id = 0; id < 100; id++) sockets[id % 2]!.send(query(id, id));
  await until(() => ids[0]!.length + ids[1]!.length === 100);
  t.deepEqual(
    ids.flat().sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, id) => id),
  );
  t.true(ids[0]!.every((id) => id % 2 === 0));
});

test.serial('what the responder does not answer gets no datagram', async (t) => {
  const { listener } = await listen(t);
  const socket = await connect(t, '127.0.0.1', listener.port);
  const response = query(1);
  response[2] = 0x80;
  socket.send(response);
  socket.send(query(2));
  const [octets] = await once(socket, 'message');
  t.is(idOf(octets), 2);
});

test.serial('an IPv6 client is answered on an IPv6 socket', async (t) => {
  let last = '';
  const { listener } = await listen(t, {
    endpoint: { address: '::1', port: 0 },
    respond: turnRound({ seen: ({ family, octets }) => (last = `${family} ${octets[15]}`) }),
  });
  const socket = await connect(t, '::1', listener.port);
  socket.send(query(6));
  const [octets] = await once(socket, 'message');
  t.is(idOf(octets), 6);
  t.is(last, '6 1');
});

test.serial('a reply that the system refuses is counted and harms nothing', async (t) => {
  const { listener, counters } = await listen(t, { maxReplySize: 65535, respond: turnRound({ size: 65535 }) });
  const socket = await connect(t, '127.0.0.1', listener.port);
  socket.send(query(1));
  await until(() => counters[COUNTER.UDP_SEND_ERRORS] === 1);
  socket.send(query(2));
  await until(() => counters[COUNTER.UDP_SEND_ERRORS] === 2);
  t.is(counters[COUNTER.UDP_OVERFLOWED], 0);
});

test.serial('an address that is taken, or not ours, is a problem with a remedy', async (t) => {
  const { listener } = await listen(t);
  const endpoint = { address: '127.0.0.1', port: listener.port };
  const base = { respond: turnRound(), maxReplySize: 1232, clock: new ManualClock(), counters: new Float64Array(64) };
  const taken = await UdpListener.listen({ ...base, endpoint });
  t.like(taken, { ok: false, error: { code: 'ERR_LISTEN' } });
  t.true(!taken.ok && taken.error.message.includes(`another process has port ${endpoint.port}`));
  const foreign = await UdpListener.listen({ ...base, endpoint: { address: '192.0.2.1', port: 0 } });
  t.true(!foreign.ok && foreign.error.message.includes('no interface of this machine has the address 192.0.2.1'));
});

/** Holds every send of the listener back, as a full socket does; the test's own datagrams go out. */
async function withHeldSends(t: ExecutionContext) {
  const held: { octets: Uint8Array; done: (error: Error | null) => void }[] = [];
  const { listener, counters } = await listen(t);
  const socket = await connect(t, '127.0.0.1', listener.port);
  const original = Socket.prototype.send;
  let server: Socket | undefined;
  Socket.prototype.send = function (this: Socket, ...args: unknown[]) {
    if (this === socket) return Reflect.apply(original, this, args);
    server = this;
    held.push({ octets: args[0] as Uint8Array, done: args[3] as (error: Error | null) => void });
  };
  t.teardown(() => {
    Socket.prototype.send = original;
  });
  return { socket, held, counters, server: () => server! };
}

test.serial('a reply that waits for the socket is not overwritten by the next', async (t) => {
  const { socket, held } = await withHeldSends(t);
  for (let id = 1; id <= 3; id++) {
    socket.send(query(id));
    await until(() => held.length === id);
  }
  t.deepEqual(
    held.map(({ octets }) => idOf(octets)),
    [1, 2, 3],
  );
  for (const { done } of held) done(null);
  socket.send(query(4));
  await until(() => held.length === 4);
  t.is(idOf(held[2]!.octets), 4, 'once all sends have reported, the last buffer is used again');
});

test.serial('replies beyond those that may wait are dropped and counted until the socket has room again', async (t) => {
  const { socket, held, counters } = await withHeldSends(t);
  for (let id = 0; id < 256; id++) {
    socket.send(query(id));
    await until(() => held.length === id + 1);
  }
  socket.send(query(256));
  await until(() => counters[COUNTER.UDP_OVERFLOWED] === 1);
  t.is(held.length, 256);
  for (const { done } of held) done(null);
  socket.send(query(257));
  await until(() => held.length === 257);
  t.is(idOf(held[256]!.octets), 257);
});

test.serial('a datagram that claims to come from port 0 is not answered', async (t) => {
  const { socket, held, server } = await withHeldSends(t);
  socket.send(query(1));
  await until(() => held.length === 1);
  server().emit('message', Buffer.from(query(2)), { address: '127.0.0.1', family: 'IPv4', port: 0, size: 25 });
  t.is(held.length, 1);
});

test.serial('an error of the socket is counted, not thrown', async (t) => {
  const { socket, held, counters, server } = await withHeldSends(t);
  socket.send(query(1));
  await until(() => held.length === 1);
  server().emit('error', new Error('recvmsg ENOMEM'));
  t.is(counters[COUNTER.UDP_RECEIVE_ERRORS], 1);
});

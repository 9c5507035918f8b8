// The packet driver on node:dgram: replies that wait for a full socket. The rest of the contract is in udp.test.ts.

import { Socket } from 'node:dgram';
import test, { type ExecutionContext } from 'ava';
import { dgramDriver } from '../../../src/transport/udp-dgram.ts';
import { idOf, query } from '../../support/dns-octets.ts';
import { connect, serve } from '../../support/udp.ts';
import { until } from '../../support/until.ts';

/** Holds every send of the listener back, as a full socket does; the test's own datagrams go out. */
async function withHeldSends(t: ExecutionContext) {
  const held: { octets: Uint8Array; done: (error: Error | null) => void }[] = [];
  const { port, count } = await serve(t, dgramDriver);
  const socket = await connect(t, '127.0.0.1', port);
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
  return { socket, held, count, server: () => server! };
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
  const { socket, held, count } = await withHeldSends(t);
  for (let id = 0; id < 256; id++) {
    socket.send(query(id));
    await until(() => held.length === id + 1);
  }
  socket.send(query(256));
  await until(() => count('UDP_OVERFLOWED') === 1);
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
  const { socket, held, count, server } = await withHeldSends(t);
  socket.send(query(1));
  await until(() => held.length === 1);
  server().emit('error', new Error('recvmsg ENOMEM'));
  t.is(count('UDP_RECEIVE_ERRORS'), 1);
});

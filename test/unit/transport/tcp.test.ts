// DNS over TCP: messages in and out of a stream, and how long one may take (RFC 7766).

import test from 'ava';
import type { TcpOptions } from '../../../src/transport/tcp.ts';
import { frame, idOf, query, reply, turnRound } from '../../support/dns-octets.ts';
import { exchange, LIMITS, listen } from '../../support/tcp-listening.ts';
import { until } from '../../support/until.ts';

test('a query is answered on its connection, again and again', async (t) => {
  const { open } = await listen(t);
  const client = await open();
  for (let id = 1; id <= 5; id++) t.is(await exchange(client, id), id);
});

test('the responder learns that the client is a stream, and whose', async (t) => {
  const seen: string[] = [];
  const respond = turnRound({
    seen: ({ isStream, port, octets }) => seen.push(`${isStream} ${port} ${octets.subarray(0, 4).join('.')}`),
  });
  const { open } = await listen(t, { respond });
  const client = await open();
  await exchange(client, 1);
  t.deepEqual(seen, [`true ${client.socket.localPort} 127.0.0.1`]);
});

test('the responder learns when a query came', async (t) => {
  const seen: number[][] = [];
  const { open, clock } = await listen(t, { respond: turnRound({ seen: ({ nowMs, nowSec }) => seen.push([nowMs, nowSec]) }) });
  const client = await open();
  await exchange(client, 1);
  clock.advance(1500);
  await exchange(client, 2);
  t.deepEqual(seen, [
    [0, 1_700_000_000],
    [1500, 1_700_000_001],
  ]);
});

test('three queries in one segment get three answers in order', async (t) => {
  const { open } = await listen(t);
  const client = await open();
  await client.send(Buffer.concat([frame(query(1)), frame(query(2)), frame(query(3))]));
  for (const id of [1, 2, 3]) t.is(idOf((await client.receive())!), id);
});

test('two pipelined queries split at any octet are both answered', async (t) => {
  const { open } = await listen(t);
  const client = await open();
  const stream = Buffer.concat([frame(query(1)), frame(query(2))]);
  for (let cut = 1; cut < stream.length; cut++) {
    await client.send(stream.subarray(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    await client.send(stream.subarray(cut));
    t.is(idOf((await client.receive())!), 1);
    t.is(idOf((await client.receive())!), 2);
  }
});

test('a query followed by a half-close is answered, then the server closes too', async (t) => {
  const { open, listener } = await listen(t);
  const client = await open();
  client.socket.end(frame(query(5)));
  t.is(idOf((await client.receive())!), 5);
  await client.finished;
  t.is(await client.over, 'closed');
  await until(() => listener.connectionCount === 0);
});

test('a half-close in the middle of a message closes the connection', async (t) => {
  const { open, count } = await listen(t);
  const client = await open();
  client.socket.end(frame(query(5)).subarray(0, 20));
  await client.over;
  t.is(await client.receive(), undefined);
  t.is(count('TCP_REFUSED'), 1);
});

const refusals: [string, Uint8Array][] = [
  ['a zero-length frame', Uint8Array.of(0, 0)],
  ['a frame of 11 octets', frame(new Uint8Array(11))],
  ['a response', frame(reply(query(1)))],
  ['the length prefix of a message of 4,097 octets', Uint8Array.of(0x10, 0x01)],
  ['the length prefix of a message of 65,535 octets', Uint8Array.of(0xff, 0xff)],
];
for (const [what, octets] of refusals) {
  test(`${what} closes the connection at once, and what follows is not answered`, async (t) => {
    const { open, count, listener } = await listen(t);
    const client = await open();
    await client.send(octets);
    await Promise.race([client.finished, client.over]);
    await client.send(frame(query(2)));
    t.is(await client.receive(), undefined);
    await until(() => listener.connectionCount === 0);
    t.is(count('TCP_REFUSED'), 1);
  });
}

test('a malformed question that the responder answers keeps the connection', async (t) => {
  const { open } = await listen(t);
  const client = await open();
  const malformed = query(1);
  malformed[12] = 0xc0;
  await client.send(Buffer.concat([frame(malformed), frame(query(2))]));
  t.is(idOf((await client.receive())!), 1);
  t.is(idOf((await client.receive())!), 2);
});

test('a query of 4,096 octets is answered', async (t) => {
  const { open } = await listen(t);
  const client = await open();
  await client.send(frame(query(3, 4096 - query(3).length)));
  t.is((await client.receive())!.length, 4096);
});

test('a reply of 65,535 octets arrives whole, and the next query is answered', async (t) => {
  const { open } = await listen(t, { respond: turnRound({ size: 65535 }) });
  const client = await open();
  for (const id of [1, 2]) {
    await client.send(frame(query(id)));
    const message = (await client.receive())!;
    t.is(message.length, 65535);
    t.is(idOf(message), id);
  }
});

test('a message that arrives octet by octet is answered within its deadline, however many pieces it has', async (t) => {
  const { open, clock, listener } = await listen(t);
  const client = await open();
  const octets = frame(query(4));
  const step = Math.floor(LIMITS.messageTimeoutMs / (octets.length + 1));
  for (const octet of octets) {
    await client.send(Uint8Array.of(octet));
    clock.advance(step);
    listener.sweep();
  }
  t.is(idOf((await client.receive())!), 4);
});

test('the deadline is for the whole message: further octets do not extend it', async (t) => {
  const { open, clock, listener, count } = await listen(t);
  const client = await open();
  // With the reply to the first message, the beginning of the second has been read.
  await client.send(Buffer.concat([frame(query(1)), frame(query(2)).subarray(0, 1)]));
  t.is(idOf((await client.receive())!), 1);
  for (const octet of frame(query(2)).subarray(1, 10)) {
    await client.send(Uint8Array.of(octet));
    await new Promise((resolve) => setImmediate(resolve));
  }
  clock.advance(LIMITS.messageTimeoutMs - 1);
  listener.sweep();
  t.is(listener.connectionCount, 1);
  await client.send(frame(query(2)).subarray(10, 11));
  clock.advance(1);
  listener.sweep();
  t.is(listener.connectionCount, 0);
  t.is(count('TCP_SLOW'), 1);
  t.is(await client.receive(), undefined);
});

test('a second message in pieces has a deadline of its own', async (t) => {
  const { open, clock, listener } = await listen(t);
  const client = await open();
  await client.send(Buffer.concat([frame(query(1)), frame(query(2)).subarray(0, 5)]));
  t.is(idOf((await client.receive())!), 1);
  clock.advance(LIMITS.messageTimeoutMs - 1);
  await client.send(Buffer.concat([frame(query(2)).subarray(5), frame(query(3)).subarray(0, 5)]));
  t.is(idOf((await client.receive())!), 2);
  clock.advance(LIMITS.messageTimeoutMs - 1);
  listener.sweep();
  t.is(listener.connectionCount, 1);
  await client.send(frame(query(3)).subarray(5));
  t.is(idOf((await client.receive())!), 3);
});

test('a silent connection is closed after the idle timeout, counted from its last completed exchange', async (t) => {
  const { open, clock, listener, count } = await listen(t);
  const client = await open();
  clock.advance(LIMITS.idleTimeoutMs - 1);
  t.is(await exchange(client, 1), 1);
  clock.advance(LIMITS.idleTimeoutMs - 1);
  listener.sweep();
  t.is(listener.connectionCount, 1);
  clock.advance(1);
  listener.sweep();
  t.is(listener.connectionCount, 0);
  t.is(await client.receive(), undefined);
  t.is(count('TCP_TIMED_OUT'), 1);
});

test('a client that asks and never reads is cut off before its replies fill memory', async (t) => {
  const { open, listener, count } = await listen(t, { respond: turnRound({ size: 60_000 }) });
  const client = await open(false);
  // Enough replies for any socket buffer: 60 MB.
  void client.send(Buffer.concat(Array.from({ length: 1000 }, (_, id) => frame(query(id)))));
  await until(() => count('TCP_UNREAD') === 1);
  t.is(listener.connectionCount, 0);
});

test('a client that stops reading is not read from until it goes on, and loses nothing', async (t) => {
  const { open, listener } = await listen(t, { respond: turnRound({ size: 20_000 }) });
  const client = await open();
  for (let round = 0; round < 20; round++) {
    await client.send(Buffer.concat([frame(query(2 * round)), frame(query(2 * round + 1))]));
    t.is(idOf((await client.receive())!), 2 * round);
    t.is(idOf((await client.receive())!), 2 * round + 1);
  }
  t.is(listener.connectionCount, 1);
});

test('five hundred queries in one segment are all answered in order, others in between', async (t) => {
  const order: number[] = [];
  const respond = turnRound({ seen: ({ port }) => order.push(port) });
  const { open } = await listen(t, { respond });
  const flooding = await open();
  const other = await open();
  const flood = Buffer.concat(Array.from({ length: 500 }, (_, id) => frame(query(id))));
  await Promise.all([flooding.send(flood), other.send(frame(query(7)))]);
  t.is(idOf((await other.receive())!), 7);
  for (let id = 0; id < 500; id++) t.is(idOf((await flooding.receive())!), id);
  const turn = order.indexOf(other.socket.localPort!);
  t.true(turn < 450, `asked at the same time, answered behind ${turn} others`);
});

test('a client that floods and goes away is forgotten between two turns', async (t) => {
  const { open, listener, count } = await listen(t);
  const client = await open();
  await client.send(Buffer.concat(Array.from({ length: 400 }, (_, id) => frame(query(id)))));
  client.socket.resetAndDestroy();
  await until(() => count('TCP_CLOSED') === 1);
  t.is(listener.connectionCount, 0);
});

test('a connection that the client resets is forgotten', async (t) => {
  const { open, listener, count } = await listen(t);
  const client = await open();
  client.socket.resetAndDestroy();
  await until(() => listener.connectionCount === 0);
  t.is(count('TCP_ERRORS'), 1);
});

function inParts(count: number, size: number, made: number[] = []): TcpOptions['respond'] {
  return (input, offset, _length, client, output, outputOffset) => {
    output.set(input.subarray(offset, offset + 12), outputOffset);
    output[outputOffset + 2]! |= 0x80;
    if ((input[offset + 1]! & 1) === 1) return 12;
    let part = 1;
    client.continuation = {
      next: (out, at) => {
        if (part === count) return 0;
        out.fill(0, at, at + size);
        out[at] = ++part >> 8;
        out[at + 1] = part;
        made.push(part);
        return size;
      },
    };
    return 12;
  };
}

test('a reply of several messages comes whole and in order, and what was asked behind it after it', async (t) => {
  const { open } = await listen(t, { respond: inParts(300, 16_000) });
  const client = await open();
  await client.send(Buffer.concat([frame(query(0x100)), frame(query(7)), frame(query(0x200))]));
  t.is(idOf((await client.receive())!), 0x100);
  for (let part = 2; part <= 300; part++) t.is(idOf((await client.receive())!), part);
  t.is(idOf((await client.receive())!), 7);
  t.is(idOf((await client.receive())!), 0x200);
  for (let part = 2; part <= 300; part++) t.is(idOf((await client.receive())!), part);
  t.is(await exchange(client, 9), 9);
});

test('messages of a reply are made as the client takes them, and others are answered meanwhile', async (t) => {
  const made: number[] = [];
  const { open, clock, listener, count } = await listen(t, { respond: inParts(5000, 16_000, made) });
  const slow = await open(false);
  await slow.send(frame(query(2)));
  let seen = -1;
  await until(() => {
    const isStill = made.length === seen && made.length > 0;
    seen = made.length;
    return isStill;
  });
  const other = await open();
  t.is(await exchange(other, 5), 5);
  t.true(made.length < 2000, `${made.length} messages made for a client that takes none`);
  clock.advance(10_000);
  listener.sweep();
  t.is(count('TCP_TIMED_OUT'), 2);
});

test('a reply of several messages is finished when the client has closed its side, then the server closes too', async (t) => {
  const { open } = await listen(t, { respond: inParts(50, 16_000) });
  const client = await open();
  client.socket.end(frame(query(2)));
  t.is(idOf((await client.receive())!), 2);
  for (let part = 2; part <= 50; part++) t.is(idOf((await client.receive())!), part);
  t.is(await client.receive(), undefined);
});

test('a failure in the middle of a reply ends the connection and is counted', async (t) => {
  const respond: TcpOptions['respond'] = (_input, _offset, _length, client) => {
    client.continuation = {
      next: () => {
        throw new Error('a bug');
      },
    };
    return 12;
  };
  const { open, count } = await listen(t, { respond });
  const client = await open();
  await client.send(frame(query(2)));
  t.is((await client.receive())?.length, 12);
  t.is(await client.receive(), undefined);
  t.is(count('EXCEPTIONS'), 1);
});

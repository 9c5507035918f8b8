import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type Ask, ask } from '../../../src/client/dns-client.ts';
import { closedTcpPort, closedUdpPort } from '../../support/closed-port.ts';
import { frame, idOf, query, reply } from '../../support/dns-octets.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

type UdpScript = (message: Buffer, sender: RemoteInfo, socket: UdpSocket, nth: number) => void;

async function udpServer(t: ExecutionContext, script: UdpScript, port = 0): Promise<number> {
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  let nth = 0;
  socket.on('message', (message, sender) => script(message, sender, socket, nth++));
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

type TcpScript = (message: Buffer, socket: Socket) => void;

/** `script` gets each whole frame's message. */
async function tcpServer(t: ExecutionContext, script: TcpScript): Promise<number> {
  const server = createServer((socket) => {
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (chunk) => script(chunk.subarray(2), socket));
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Both on one port; that of a TCP server may be taken for UDP. */
async function serverOfBoth(t: ExecutionContext, udp: UdpScript, tcp: TcpScript): Promise<number> {
  for (;;) {
    const port = await tcpServer(t, tcp);
    const isTaken = await udpServer(t, udp, port).then(
      () => false,
      () => true,
    );
    if (!isTaken) return port;
  }
}

const asking = (port: number, options: Partial<Ask> = {}): Ask => ({
  server: '127.0.0.1',
  port,
  query: query(0x1234),
  transport: 'udp',
  timeoutMs: PATIENCE_MS,
  ...options,
});

/** The reply with one octet replaced. */
function altered(message: Uint8Array, at: number, value: number): Uint8Array {
  const octets = reply(message);
  octets[at] = value;
  return octets;
}

async function problemOf(options: Ask): Promise<string> {
  const result = await ask(options);
  if (result.ok) return 'a reply';
  return `${result.error.code}: ${result.error.message}`;
}

test('a UDP reply comes back whole', async (t) => {
  const port = await udpServer(t, (message, { port, address }, socket) => socket.send(reply(message), port, address));
  const result = await ask(asking(port));
  t.deepEqual(result.ok && [...result.value.octets], [...reply(query(0x1234))]);
  t.is(result.ok && result.value.transport, 'udp');
});

test.serial('a UDP query is sent again when half the time has passed', async (t) => {
  const timers = new ManualTimers(t);
  const port = await udpServer(t, (message, { port, address }, socket, nth) => {
    if (nth === 0) timers.advance(PATIENCE_MS / 2);
    else socket.send(reply(message), port, address);
  });
  t.true((await ask(asking(port))).ok);
});

test.serial('a silent UDP server is a problem when the time has passed', async (t) => {
  const timers = new ManualTimers(t);
  const port = await udpServer(t, () => timers.advance(PATIENCE_MS / 2));
  t.is(await problemOf(asking(port)), `ERR_QUERY: udp query to 127.0.0.1 port ${port}: no reply within ${PATIENCE_MS} ms`);
});

test.serial('a reply that came in time counts, however late it is read', async (t) => {
  const timers = new ManualTimers(t);
  const udpPort = await udpServer(t, (message, { port, address }, socket) => {
    socket.send(reply(message), port, address);
    timers.advance(PATIENCE_MS);
  });
  t.is(await problemOf(asking(udpPort)), 'a reply');
  const tcpPort = await tcpServer(t, (message, socket) => {
    socket.write(frame(reply(message)));
    timers.advance(PATIENCE_MS);
  });
  t.is(await problemOf(asking(tcpPort, { transport: 'tcp' })), 'a reply');
});

test('datagrams with another id, another question or no QR bit are passed over for the true reply', async (t) => {
  const port = await udpServer(t, (message, { port, address }, socket) => {
    const wrong = [
      altered(message, 0, 0x55),
      altered(message, 13, 0x66),
      altered(message, 22, 28),
      altered(message, 5, 2),
      altered(message, 5, 0),
      reply(message).subarray(0, 11),
      reply(message).subarray(0, 20),
      message,
    ];
    for (const octets of [...wrong, reply(message)]) socket.send(octets, port, address);
  });
  const result = await ask(asking(port));
  t.deepEqual(result.ok && [...result.value.octets], [...reply(query(0x1234))]);
});

test.serial('a problem says how many datagrams were passed over', async (t) => {
  const timers = new ManualTimers(t);
  const port = await udpServer(t, (message, { port, address }, socket, nth) => {
    if (nth === 0) socket.send(altered(message, 0, 0x55), port, address);
    timers.advance(PATIENCE_MS / 2);
  });
  t.regex(await problemOf(asking(port)), /; 1 datagrams were not replies to this query$/);
});

test('a reply from another port of the server is never seen', async (t) => {
  const other = createSocket('udp4');
  t.teardown(() => other.close());
  const port = await udpServer(t, (message, { port, address }, socket) => {
    other.send(altered(message, 3, 2), port, address, () => socket.send(reply(message), port, address));
  });
  const result = await ask(asking(port));
  t.is(result.ok && result.value.octets[3], 0);
});

test('the question may come back in other letter case', async (t) => {
  const port = await udpServer(t, (message, { port, address }, socket) => socket.send(altered(message, 13, 0x45), port, address));
  t.true((await ask(asking(port))).ok);
});

test('an error without a question is a reply', async (t) => {
  const formErr = Uint8Array.of(0x12, 0x34, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  const port = await udpServer(t, (_, { port, address }, socket) => socket.send(formErr, port, address));
  const result = await ask(asking(port));
  t.deepEqual(result.ok && [...result.value.octets], [...formErr]);
});

test('a query with a malformed question, or none, is matched by its id', async (t) => {
  const port = await udpServer(t, (message, { port, address }, socket) => socket.send(reply(message), port, address));
  const withPointer = query(1);
  withPointer[12] = 0xc0;
  const unfinished = query(2).subarray(0, 18);
  const bare = Uint8Array.of(0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  for (const octets of [withPointer, unfinished, bare]) {
    const result = await ask(asking(port, { query: octets }));
    t.is(result.ok && idOf(result.value.octets), idOf(octets));
  }
});

test('a UDP port where nobody listens is a problem at once', async (t) => {
  t.regex(await problemOf(asking(await closedUdpPort(t))), /nothing listens there/);
});

test('a truncated UDP reply is the result, or leads to TCP if that is wished', async (t) => {
  const port = await serverOfBoth(
    t,
    (message, { port, address }, socket) => socket.send(altered(message, 2, 0x82), port, address),
    (message, socket) => socket.end(frame(reply(message))),
  );
  const truncated = await ask(asking(port));
  t.is(truncated.ok && truncated.value.octets[2], 0x82);
  const whole = await ask(asking(port, { retryTruncated: true }));
  t.is(whole.ok && whole.value.transport, 'tcp');
  t.is(whole.ok && whole.value.octets[2], 0x80);
});

test('a reply that is not truncated does not lead to TCP', async (t) => {
  const port = await udpServer(t, (message, { port, address }, socket) => socket.send(reply(message), port, address));
  const result = await ask(asking(port, { retryTruncated: true }));
  t.is(result.ok && result.value.transport, 'udp');
});

test('a TCP reply in many pieces comes back whole', async (t) => {
  const port = await tcpServer(t, (message, socket) => {
    socket.setNoDelay(true);
    for (const octet of frame(reply(message))) socket.write(Uint8Array.of(octet));
  });
  const result = await ask(asking(port, { transport: 'tcp' }));
  t.deepEqual(result.ok && [...result.value.octets], [...reply(query(0x1234))]);
  t.is(result.ok && result.value.transport, 'tcp');
});

test.serial('a TCP server that is silent or stops half-way is a problem when the time has passed', async (t) => {
  const timers = new ManualTimers(t);
  const silent = await tcpServer(t, () => timers.advance(PATIENCE_MS));
  t.regex(
    await problemOf(asking(silent, { transport: 'tcp' })),
    new RegExp(`no whole reply within ${PATIENCE_MS} ms, given up before a reply$`),
  );
  const half = await tcpServer(t, (message, socket) => {
    socket.write(frame(reply(message)).subarray(0, 12));
    timers.advance(PATIENCE_MS);
  });
  t.regex(await problemOf(asking(half, { transport: 'tcp' })), /given up after 10 of 25 octets$/);
});

test('a TCP server that closes before or within the reply is a problem', async (t) => {
  const early = await tcpServer(t, (_, socket) => socket.end());
  t.regex(await problemOf(asking(early, { transport: 'tcp' })), /the connection was closed before a reply$/);
  const half = await tcpServer(t, (message, socket) => socket.end(frame(reply(message)).subarray(0, 12)));
  t.regex(await problemOf(asking(half, { transport: 'tcp' })), /the connection was closed after 10 of 25 octets$/);
});

test('a TCP reply with another id is a problem', async (t) => {
  const port = await tcpServer(t, (message, socket) => socket.write(frame(altered(message, 0, 0x55))));
  t.regex(await problemOf(asking(port, { transport: 'tcp' })), /what came back is not a reply to this query$/);
});

test('a TCP port where nobody listens is a problem', async (t) => {
  t.regex(await problemOf(asking(await closedTcpPort(t), { transport: 'tcp' })), /nothing listens there/);
});

test('a TCP connection that is reset is a problem', async (t) => {
  const port = await tcpServer(t, (_, socket) => socket.resetAndDestroy());
  t.regex(await problemOf(asking(port, { transport: 'tcp' })), /ECONNRESET/);
});

test('what cannot be asked is a problem, not an exception', async (t) => {
  t.regex(await problemOf(asking(53, { server: 'localhost' })), /"localhost" is not an IP address/);
  t.regex(await problemOf(asking(0)), /a port is a number from 1 to 65535/);
  t.regex(await problemOf(asking(70_000)), /a port is a number from 1 to 65535/);
  t.regex(await problemOf(asking(53, { query: new Uint8Array(11) })), /a query has 12 to 65535 octets, this one 11/);
});

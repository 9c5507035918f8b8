import { createSocket, type Socket } from 'node:dgram';
import test, { type ExecutionContext } from 'ava';
import { type CheckKind, OUTCOME } from '../../../src/model/probe.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { closedUdpPort } from '../../support/closed-port.ts';
import { checkPort, tcpServer } from '../../support/probing.ts';

const DNS: Extract<CheckKind, { kind: 'dns' }> = {
  kind: 'dns',
  name: 'www.example.test',
  type: 'A',
  transport: 'udp',
  rcodes: ['NOERROR'],
  expect: null,
};

/** A server that answers each query with what `reply` makes of it. */
function udpServer(t: ExecutionContext, reply: (query: Buffer) => Uint8Array | undefined): Promise<number> {
  const socket: Socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.on('message', (query, { port, address }) => {
    const octets = reply(query);
    if (octets !== undefined) socket.send(octets, port, address);
  });
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)));
}

/** The query as a reply, without its OPT record, with an rcode and perhaps one A record. */
function replyTo(query: Buffer, rcode: number, address?: readonly number[]): Buffer {
  const questionSize = query.length - 12 - 11;
  const head = Buffer.from(query.subarray(0, 12 + questionSize));
  head[2] = 0x84;
  head[3] = rcode;
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt16BE(0, 10);
  if (address === undefined) return head;
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address])]);
}

test('a good rcode is up', async (t) => {
  const port = await udpServer(t, (query) => replyTo(query, 0, [192, 0, 2, 1]));
  const { outcome, detail } = await checkPort(DNS, port);
  t.deepEqual([outcome, detail], [OUTCOME.OK, 'rcode NOERROR']);
});

test('the question has the name and type asked for', async (t) => {
  let type = 0;
  const port = await udpServer(t, (query) => {
    const message = decodeMessage(query);
    if (typeof message !== 'string') type = message.questions[0]!.type;
    return replyTo(query, 0);
  });
  t.is((await checkPort({ ...DNS, type: 'AAAA' }, port)).outcome, OUTCOME.OK);
  t.is(type, 28);
});

test('another rcode is a bad status, unless it is among the good ones', async (t) => {
  const port = await udpServer(t, (query) => replyTo(query, 3));
  const { outcome, detail } = await checkPort(DNS, port);
  t.deepEqual([outcome, detail], [OUTCOME.BAD_STATUS, 'rcode NXDOMAIN']);
  t.is((await checkPort({ ...DNS, rcodes: ['NXDOMAIN'] }, port)).outcome, OUTCOME.OK);
});

test('expected data must be in the answer', async (t) => {
  const port = await udpServer(t, (query) => replyTo(query, 0, [192, 0, 2, 1]));
  t.is((await checkPort({ ...DNS, expect: '192.0.2.1' }, port)).outcome, OUTCOME.OK);
  const { outcome, detail } = await checkPort({ ...DNS, expect: '192.0.2.2' }, port);
  t.is(outcome, OUTCOME.BAD_CONTENT);
  t.regex(detail, /found 192\.0\.2\.1$/);
});

test('a reply that cannot be decoded is another protocol', async (t) => {
  const port = await udpServer(t, (query) => replyTo(query, 0, [192, 0, 2, 1]).subarray(0, -2));
  t.is((await checkPort(DNS, port)).outcome, OUTCOME.PROTOCOL);
});

test('a server that does not answer meets the time limit', async (t) => {
  const port = await udpServer(t, () => undefined);
  t.is((await checkPort(DNS, port, {}, { timeoutMs: 200 })).outcome, OUTCOME.TIMEOUT);
});

test('a closed UDP port is refused', async (t) => {
  const port = await closedUdpPort(t);
  t.is((await checkPort(DNS, port)).outcome, OUTCOME.REFUSED);
});

test('over TCP a whole reply is up, and half of one a reset', async (t) => {
  const server = (size: (whole: number) => number) =>
    tcpServer(t, (socket) =>
      socket.once('data', (frame) => {
        const reply = replyTo(frame.subarray(2), 0, [192, 0, 2, 1]);
        const framed = Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]);
        socket.end(framed.subarray(0, size(framed.length)));
      }),
    );
  const whole = await server((size) => size);
  t.is((await checkPort({ ...DNS, transport: 'tcp' }, whole.port)).outcome, OUTCOME.OK);
  const half = await server((size) => size - 5);
  t.is((await checkPort({ ...DNS, transport: 'tcp' }, half.port)).outcome, OUTCOME.RESET);
});

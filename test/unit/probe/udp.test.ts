import { createSocket } from 'node:dgram';
import test, { type ExecutionContext } from 'ava';
import { OUTCOME } from '../../../src/model/probe.ts';
import { closedUdpPort } from '../../support/closed-port.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { checkPort } from '../../support/probing.ts';

const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

function server(t: ExecutionContext, reply: (message: Buffer) => string | undefined): Promise<number> {
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.on('message', (message, { port, address }) => {
    const text = reply(message);
    if (text !== undefined) socket.send(text, port, address);
  });
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)));
}

test('the reply must hold what is expected', async (t) => {
  const port = await server(t, (message) => `you said ${message}`);
  t.is((await checkPort({ kind: 'udp', send: octets('ping'), expect: null }, port)).outcome, OUTCOME.OK);
  t.is((await checkPort({ kind: 'udp', send: octets('ping'), expect: octets('said ping') }, port)).outcome, OUTCOME.OK);
  t.is((await checkPort({ kind: 'udp', send: octets('ping'), expect: octets('pong') }, port)).outcome, OUTCOME.BAD_CONTENT);
});

test.serial('one lost datagram is made up for', async (t) => {
  const timers = new ManualTimers(t);
  let count = 0;
  const port = await server(t, () => {
    if (count++ > 0) return 'late';
    timers.advance(PATIENCE_MS / 2);
    return undefined;
  });
  const result = await checkPort({ kind: 'udp', send: octets('a'), expect: null }, port);
  t.is(result.outcome, OUTCOME.OK);
});

test('silence meets the time limit', async (t) => {
  const port = await server(t, () => undefined);
  const result = await checkPort({ kind: 'udp', send: octets('a'), expect: null }, port, {}, { timeoutMs: 200 });
  t.is(result.outcome, OUTCOME.TIMEOUT);
});

test('a closed port is refused', async (t) => {
  const port = await closedUdpPort(t);
  t.is((await checkPort({ kind: 'udp', send: octets('a'), expect: null }, port)).outcome, OUTCOME.REFUSED);
});

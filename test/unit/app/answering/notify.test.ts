import { createSocket, type Socket } from 'node:dgram';
import test, { type ExecutionContext } from 'ava';
import { hmac } from '../../../../src/app/answering/hmac.ts';
import { Notifier } from '../../../../src/app/answering/notify.ts';
import type { TransferRule } from '../../../../src/model/transfer.ts';
import { checkQuery, TSIG_ERROR } from '../../../../src/transfer/tsig.ts';
import { wireName } from '../../../support/query-octets.ts';
import { zoneImage } from '../../../support/responder.ts';
import { KEY, NOW_SEC } from '../../../support/tsig.ts';
import { until } from '../../../support/until.ts';

const clock = { monotonicMs: () => 0, wallMs: () => NOW_SEC * 1000 };
const image = (serial: number) => zoneImage('Example.test.', `$TTL 60\n@ SOA ns host ${serial} 3600 600 86400 300\n`);

interface Listener {
  readonly port: number;
  readonly received: Uint8Array[];
}

/** Acknowledges with the rcode that `rcodeOf` gives for the nth datagram, or stays silent (undefined). */
function listen(t: ExecutionContext, rcodeOf: (nth: number) => number | undefined): Promise<Listener> {
  const socket: Socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const received: Uint8Array[] = [];
  socket.on('message', (message, sender) => {
    received.push(Uint8Array.from(message));
    const rcode = rcodeOf(received.length);
    if (rcode === undefined) return;
    message[2]! |= 0x80;
    message[3] = rcode;
    socket.send(message, sender.port, sender.address);
  });
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve({ port: socket.address().port, received })));
}

/** Long enough for a machine under load; short where no reply is expected. */
const TIMEOUT_MS = 20_000;
const SHORT_MS = 60;

function notifier(t: ExecutionContext, timeoutMs = TIMEOUT_MS) {
  const logged: string[] = [];
  const method = (level: string) => (facts: Record<string, unknown>, message: string) =>
    logged.push(`${level} ${facts['zone']} ${facts['serial']} ${message}`);
  const log = { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
  const made = new Notifier({ log, clock, pausesMs: [0, 0], timeoutMs });
  t.teardown(() => made.close());
  return { made, logged };
}

const settings = (rule: Partial<TransferRule>) => ({
  keys: [KEY],
  rules: [{ origin: wireName('example.test'), allow: [], keys: [], notify: [], ...rule }],
});
const to = (...ports: number[]) => ports.map((port) => ({ address: '127.0.0.1', port }));

test('each server is told once of each serial, and what came of it is logged once', async (t) => {
  const [a, b] = [await listen(t, () => 0), await listen(t, () => 0)];
  const { made, logged } = notifier(t);
  const rules = settings({ notify: to(a.port, b.port) });
  await made.announce([image(7)], rules);
  await made.announce([image(7)], rules);
  t.deepEqual([a.received.length, b.received.length], [1, 1]);
  await made.announce([image(8)], rules);
  t.deepEqual([a.received.length, b.received.length], [2, 2]);
  const line = (serial: number): string => `info example.test. ${serial} secondary notified`;
  t.deepEqual(logged, [line(7), line(7), line(8), line(8)]);
});

test('a server that is added later is told of a serial that is not new', async (t) => {
  const [a, b] = [await listen(t, () => 0), await listen(t, () => 0)];
  const { made } = notifier(t);
  await made.announce([image(7)], settings({ notify: to(a.port) }));
  await made.announce([image(7)], settings({ notify: to(a.port, b.port) }));
  t.deepEqual([a.received.length, b.received.length], [1, 1]);
});

test('a NOTIFY is signed with the first key of the rule', async (t) => {
  const server = await listen(t, () => 0);
  const { made } = notifier(t);
  await made.announce([image(7)], settings({ notify: to(server.port), keys: [0] }));
  const [message] = server.received;
  const tsigAt = message!.length - KEY.name.length - 10 - 13 - 16 - 32;
  t.is(checkQuery(message!, tsigAt, [KEY], hmac, NOW_SEC)?.error, TSIG_ERROR.NONE);
});

test('a NOTIFY that is refused is not repeated', async (t) => {
  const refusing = await listen(t, () => 5);
  const { made, logged } = notifier(t);
  await made.announce([image(7)], settings({ notify: to(refusing.port) }));
  t.is(refusing.received.length, 1);
  t.deepEqual(logged, ['warn example.test. 7 secondary refused a NOTIFY']);
});

test('a server that does not reply is told again, and in the end given up with one warning', async (t) => {
  const silent = await listen(t, () => undefined);
  const { made, logged } = notifier(t, SHORT_MS);
  await made.announce([image(7)], settings({ notify: to(silent.port) }));
  await until(() => silent.received.length === 6); // three tries of two datagrams
  t.deepEqual(logged, ['warn example.test. 7 secondary did not answer a NOTIFY']);
});

test('a newer serial, or the end, puts a stop to repeating', async (t) => {
  const silent = await listen(t, () => undefined);
  const { made, logged } = notifier(t, SHORT_MS);
  const rules = settings({ notify: to(silent.port) });
  const older = made.announce([image(7)], rules);
  const newer = made.announce([image(8)], rules);
  made.close();
  await Promise.all([older, newer]);
  t.true(silent.received.length <= 4);
  t.deepEqual(logged, []);
});

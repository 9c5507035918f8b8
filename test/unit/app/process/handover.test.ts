// The parts of a handover that need no second process; the whole is tested in test/operate/upgrade.test.ts.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { load } from '../../../../src/app/loading/load.ts';
import { DEFAULT_WITHIN_MS, Handover, supervisionObstacle } from '../../../../src/app/process/handover.ts';
import { listeningSockets, PassedSockets, passedVariable } from '../../../../src/app/process/passed-sockets.ts';
import { watchdogIntervalMs } from '../../../../src/app/process/service-manager.ts';
import { addCounters, inheritSecrets } from '../../../../src/app/process/takeover.ts';
import { COUNTER } from '../../../../src/metrics/counters.ts';
import { recordingLogger } from '../../../support/mesh.ts';
import { ROOT } from '../../../support/paths.ts';

async function listeningTcp(t: ExecutionContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function boundUdp(t: ExecutionContext): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return socket.address().port;
}

test('whatever listens is found by its descriptor, of UDP only what answers', async (t) => {
  const [tcp, answering, other] = [await listeningTcp(t), await boundUdp(t), await boundUdp(t)];
  const found = listeningSockets([{ address: '127.0.0.1', port: answering }])!;
  const ports = (protocol: string): number[] =>
    found.filter((socket) => socket.protocol === protocol).map(({ endpoint }) => endpoint.port);
  t.true(ports('tcp').includes(tcp));
  t.deepEqual(ports('udp'), [answering]);
  t.false(ports('udp').includes(other));
});

test('a passed socket is found again by its address, and given once', async (t) => {
  const [tcp, udp] = [await listeningTcp(t), await boundUdp(t)];
  const endpoint = { address: '127.0.0.1', port: udp };
  const mine = listeningSockets([endpoint])!;
  const fdOf = (port: number): number => mine.find((socket) => socket.endpoint.port === port)!.fd;
  const [first, last] = [Math.min(fdOf(tcp), fdOf(udp)), Math.max(fdOf(tcp), fdOf(udp))];
  const env: NodeJS.ProcessEnv = { MERIDIAN_SOCKETS: `${first}-${last}` };
  const passed = PassedSockets.take(env)!;
  t.deepEqual(env, {}, 'no child takes them for its own');
  t.deepEqual(passed.forAnswers([endpoint]), [{ fd: fdOf(udp), name: 'udp' }]);
  t.is(passed.take('127.0.0.1', udp), undefined, 'not TCP');
  t.is(passed.take('127.0.0.1', tcp), fdOf(tcp));
  t.is(passed.take('127.0.0.1', tcp), undefined);
});

test('a process without a predecessor has no passed sockets', (t) => {
  t.is(PassedSockets.take({}), null);
  t.is(PassedSockets.take({ MERIDIAN_SOCKETS: 'all' }), null);
  t.deepEqual(passedVariable(3), { MERIDIAN_SOCKETS: '4-6' });
});

test('counters go on from those of the predecessor, and what it counts later is added once', (t) => {
  const row = new Float64Array(Object.keys(COUNTER).length);
  const given = { UDP_QUERIES: 100, TCP_ACCEPTED: 7, COUNTER_OF_ANOTHER_RELEASE: 5 };
  addCounters(row, given);
  row[COUNTER.UDP_QUERIES]! += 10; // our own
  addCounters(row, { ...given, UDP_QUERIES: 103 }, given);
  t.is(row[COUNTER.UDP_QUERIES], 113);
  t.is(row[COUNTER.TCP_ACCEPTED], 7);
});

test('random secrets of DNS Cookies are those of the predecessor, and those of a file are not', (t) => {
  const loaded = load(`${ROOT}zones/meridian.yaml`).loaded!;
  const secret = Uint8Array.from({ length: 16 }, (_, i) => i);
  const legacy = { counters: {}, seen: [], cookieSecrets: [Buffer.from(secret).toString('base64')] };
  t.deepEqual(inheritSecrets(loaded, legacy), [secret]);
  t.is(inheritSecrets(loaded, null), loaded.cookieSecrets);
  const { snapshot } = loaded;
  const cookies = { ...snapshot.server.cookies, secretFile: '/etc/secret' };
  const fromFile = { ...loaded, snapshot: { ...snapshot, server: { ...snapshot.server, cookies } } };
  t.is(inheritSecrets(fromFile, legacy), loaded.cookieSecrets);
});

test('where the process is another one to its keeper, it is not replaced', (t) => {
  t.regex(supervisionObstacle({}, 1, 0)!, /process 1 of a container/);
  t.regex(supervisionObstacle({ INVOCATION_ID: 'x' }, 9, 1)!, /set Type=notify and NotifyAccess=all/);
  t.is(supervisionObstacle({ INVOCATION_ID: 'x', NOTIFY_SOCKET: '/run/notify' }, 9, 1), null);
  t.is(supervisionObstacle({ INVOCATION_ID: 'x' }, 9, 8), null, 'a child of a service');
});

test('an upgrade that cannot be is refused in one line, and nothing is started', async (t) => {
  const handover = new Handover({ log: recordingLogger(), obstacle: () => null, onTakenBack: () => t.fail() });
  const early = await handover.upgrade(DEFAULT_WITHIN_MS);
  t.like(early, { done: false, pid: process.pid });
  t.regex(early.problems[0]!.message, /has not begun to answer yet/);
  const demo = new Handover({ log: recordingLogger(), obstacle: () => 'a demo', onTakenBack: () => t.fail() });
  t.is((await demo.upgrade(DEFAULT_WITHIN_MS)).problems[0]!.message, 'a demo');
});

test('a manager hears twice in the time after which it would take the server for dead', (t) => {
  t.is(watchdogIntervalMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7), 15_000);
  t.is(watchdogIntervalMs({ WATCHDOG_USEC: '30000000' }, 7), 15_000, 'a successor');
  t.is(watchdogIntervalMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '6' }, 7), undefined);
  for (const WATCHDOG_USEC of ['', '0', '-5', 'soon']) t.is(watchdogIntervalMs({ WATCHDOG_USEC }, 7), undefined);
});

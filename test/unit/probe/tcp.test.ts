import { createServer } from 'node:net';
import test from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import { TargetChecker } from '../../../src/probe/checker.ts';
import { Resolver } from '../../../src/probe/resolver.ts';
import { closedTcpPort } from '../../support/closed-port.ts';
import { checkPort, loopbackRules, targetOf, tcpServer } from '../../support/probing.ts';
import { until } from '../../support/until.ts';

test('a server that accepts is up, and the connection is closed at once', async (t) => {
  const { port, open } = await tcpServer(t, (socket) => socket.resume());
  const result = await checkPort({ kind: 'tcp' }, port);
  t.is(result.outcome, OUTCOME.OK);
  t.true(result.latencyUs > 0);
  await until(() => open.size === 0);
});

test('a closed port is refused', async (t) => {
  const result = await checkPort({ kind: 'tcp' }, await closedTcpPort(t));
  t.deepEqual([result.outcome, result.detail], [OUTCOME.REFUSED, 'connection refused']);
});

test('an IPv6 target is checked over IPv6', async (t) => {
  const server = createServer((socket) => socket.resume());
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  const { port } = server.address() as { port: number };
  const result = await checkPort({ kind: 'tcp' }, port, { host: '::1', family: 6 });
  t.is(result.outcome, OUTCOME.OK, result.detail);
});

test('an address that the rules deny is not checked, and nobody connects to it', async (t) => {
  const { port, open } = await tcpServer(t, (socket) => socket.resume());
  const rules = new (await import('../../../src/probe/address-rules.ts')).AddressRules([], []);
  const checker = new TargetChecker(rules, new Resolver(systemClock), systemClock);
  const result = await checker.check(targetOf({ kind: 'tcp' }, port), new AbortController().signal);
  t.is(result.outcome, OUTCOME.NOT_CHECKED);
  t.regex(result.detail, /127\.0\.0\.1 are not allowed/);
  t.is(open.size, 0);
});

test('a host name is resolved, and the rules judge the address behind it', async (t) => {
  const { port } = await tcpServer(t, (socket) => socket.resume());
  const result = await checkPort({ kind: 'tcp' }, port, { host: 'localhost' });
  t.is(result.outcome, OUTCOME.OK, result.detail);
});

test('a check that is given up says nothing about its target', async (t) => {
  const { port } = await tcpServer(t, () => {});
  const controller = new AbortController();
  const checker = new TargetChecker(loopbackRules, new Resolver(systemClock), systemClock);
  const checking = checker.check(targetOf({ kind: 'udp', send: Uint8Array.of(1), expect: null }, port), controller.signal);
  controller.abort();
  t.is((await checking).outcome, OUTCOME.NOT_CHECKED);
});

test('a target without a port is the configuration of another kind, and no fault of the target', async (t) => {
  t.is((await checkPort({ kind: 'tcp' }, null)).outcome, OUTCOME.NOT_CHECKED);
});

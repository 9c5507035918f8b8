import { randomBytes } from 'node:crypto';
import test from 'ava';
import { systemClock } from '../../../../src/base/clock.ts';
import type { LateReply } from '../../../../src/model/passed-flows.ts';
import { UdpFront } from '../../../../src/site/l4/udp-front.ts';
import { balancingOf, serverOf } from '../../../support/balance.ts';
import { eventually } from '../../../support/patience.ts';
import { reservePortFor } from '../../../support/reserved-port.ts';
import { serviceOf } from '../../../support/site.ts';
import { UDP_FRONT, UdpBackend, UdpClient, udpStage } from '../../../support/site-udp.ts';

const why = (what: string) => (): string => `never: ${what}`;

test('a flow stays with its server, flows are spread, and replies come from the address that was asked', async (t) => {
  const backends = [await UdpBackend.open(t, 'a'), await UdpBackend.open(t, 'b')];
  const { front, service } = await udpStage(
    t,
    backends.map(({ server }) => server),
  );
  const clients = await Promise.all(Array.from({ length: 4 }, () => UdpClient.open(t, front.port)));
  for (let i = 0; i < 3; i++) for (const client of clients) await client.ask(`${i}`);
  for (const { heard } of clients) {
    t.is(new Set(heard.map(({ text }) => text[0])).size, 1);
    t.deepEqual([...new Set(heard.map(({ from }) => from))], [`127.0.0.1 ${front.port}`]);
  }
  t.deepEqual(
    backends.map(({ peers, heard }) => [peers.size, heard.length]),
    [
      [2, 6],
      [2, 6],
    ],
  );
  t.like(front.counts, { received: 12, replies: 12, flows: 4 });
  t.is(service.active, 4);
});

test('datagrams pass unchanged, the empty one and the largest', async (t) => {
  const backend = await UdpBackend.open(t, 'a', (text) => text);
  const { front } = await udpStage(t, [backend.server]);
  const client = await UdpClient.open(t, front.port);
  for (const size of [0, 1, 1472, 65_507]) {
    const text = randomBytes(size).toString('latin1');
    await client.ask(text);
    t.is(client.heard.at(-1)!.text, text, String(size));
  }
});

test('over IPv6 too', async (t) => {
  const backend = await UdpBackend.open(t, 'a', undefined, { address: '::1' });
  const { front } = await udpStage(t, [backend.server], { address: '::1' });
  const client = await UdpClient.open(t, front.port, '::1');
  t.is(await client.ask('x'), 'a x');
  t.is(client.heard[0]!.from, `::1 ${front.port}`);
});

test('a server may send by itself, and as often as it likes', async (t) => {
  const backend = await UdpBackend.open(t, 'a', () => null);
  const { front } = await udpStage(t, [backend.server]);
  const client = await UdpClient.open(t, front.port);
  client.send('hello');
  await eventually(() => backend.peers.size === 1, why('heard'));
  const [address, port] = [...backend.peers][0]!.split(' ');
  for (const text of ['one', 'two', 'three']) backend.socket.send(text, Number(port), address);
  await eventually(() => client.heard.length === 3, why('all three'));
  t.deepEqual(
    client.heard.map(({ text }) => text),
    ['one', 'two', 'three'],
  );
});

test('a stranger that sends to the socket of a flow is not heard', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const { front } = await udpStage(t, [backend.server]);
  const client = await UdpClient.open(t, front.port);
  await client.ask('1');
  const stranger = await UdpBackend.open(t, 'stranger');
  const [address, port] = [...backend.peers][0]!.split(' ');
  await new Promise((resolve) => stranger.socket.send('forged', Number(port), address, resolve));
  t.is(await client.ask('2'), 'a 2');
  t.deepEqual(
    client.heard.map(({ text }) => text),
    ['a 1', 'a 2'],
  );
});

test('with a known number of replies a flow ends with the last one', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const { front, service } = await udpStage(t, [backend.server], { replies: 1 });
  const client = await UdpClient.open(t, front.port);
  await client.ask('1');
  t.is(front.connections, 0);
  t.is(service.active, 0);
  await client.ask('2');
  t.is(front.counts.flows, 2);
});

test('an idle flow ends', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const { front, service } = await udpStage(t, [backend.server], { idleTimeoutMs: 100 });
  await (await UdpClient.open(t, front.port)).ask('1');
  await eventually(() => front.connections === 0, why('ended'));
  t.is(service.active, 0);
});

test('a client has so many flows, and datagrams of others are dropped', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const { front } = await udpStage(t, [backend.server], { mostFlowsPerClient: 2 });
  const [one, two, three] = await Promise.all(Array.from({ length: 3 }, () => UdpClient.open(t, front.port)));
  await one!.ask('1');
  await two!.ask('2');
  three!.send('3');
  await eventually(() => front.counts.refusedByLimit === 1, why('dropped'));
  await one!.ask('4');
  t.deepEqual(backend.heard, ['1', '2', '4']);
});

test('when all flows are taken one that was never answered makes way, and no other', async (t) => {
  const backend = await UdpBackend.open(t, 'a', (text) => (text === 'quiet' ? null : text));
  const { front, service } = await udpStage(t, [backend.server], { mostFlows: 2 });
  const [spoofed, honest, late, later] = await Promise.all(Array.from({ length: 4 }, () => UdpClient.open(t, front.port)));
  await honest!.ask('honest');
  spoofed!.send('quiet');
  await eventually(() => backend.heard.length === 2, why('heard'));
  await late!.ask('late');
  t.is(front.counts.evicted, 1);
  later!.send('later');
  await eventually(() => front.counts.refusedByLimit === 1, why('dropped'));
  t.is(await honest!.ask('still here'), 'still here');
  t.is(service.active, 2);
});

test('new flows beyond the rate are dropped; datagrams of those that there are are not', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const { front } = await udpStage(t, [backend.server], { flowRatePerClient: { perSec: 0.001, burst: 1 } });
  const [one, two] = [await UdpClient.open(t, front.port), await UdpClient.open(t, front.port)];
  await one.ask('1');
  two.send('2');
  await eventually(() => front.counts.refusedByRate === 1, why('dropped'));
  t.is(await one.ask('3'), 'a 3');
});

test('a server that is full gets no more flows, and without a server datagrams are dropped', async (t) => {
  const backend = await UdpBackend.open(t, 'a', undefined, { maxActive: 1 });
  const { front } = await udpStage(t, [backend.server], {}, { queue: { mostWaiting: 9, timeoutMs: 60_000 } });
  await (await UdpClient.open(t, front.port)).ask('1');
  (await UdpClient.open(t, front.port)).send('2');
  await eventually(() => front.counts.refusedUnserved === 1, why('dropped'));
  t.is(front.connections, 1);
});

test('a server that is drained keeps its flows, and new ones go elsewhere', async (t) => {
  const [a, b] = [await UdpBackend.open(t, 'a'), await UdpBackend.open(t, 'b')];
  const { front, service } = await udpStage(t, [a.server]);
  const old = await UdpClient.open(t, front.port);
  t.is(await old.ask('1'), 'a 1');
  service.configure([{ ...a.server, weight: 0 }, b.server]);
  front.replace({ ...UDP_FRONT, port: front.port }, service);
  t.is(await old.ask('2'), 'a 2');
  t.is(await (await UdpClient.open(t, front.port)).ask('3'), 'b 3');
  t.is(front.counts.moved, 0);
});

test('flows of a server that is down, or configured no more, or elsewhere, go to others', async (t) => {
  const [a, b, c] = [await UdpBackend.open(t, 'a'), await UdpBackend.open(t, 'b'), await UdpBackend.open(t, 'c')];
  const { front, service } = await udpStage(t, [a.server, b.server]);
  service.setUp('b', false);
  const client = await UdpClient.open(t, front.port);
  t.is(await client.ask('1'), 'a 1');
  service.setUp('b', true);
  service.setUp('a', false);
  await eventually(() => front.counts.moved === 1, why('moved'));
  t.is(await client.ask('2'), 'b 2');
  service.configure([c.server]);
  await eventually(() => front.counts.moved === 2, why('moved again'));
  t.is(await client.ask('3'), 'c 3');
  service.configure([{ ...c.server, port: b.server.port }]);
  await eventually(() => front.counts.moved === 3, why('and again'));
  t.is(await client.ask('4'), 'b 4');
  t.is(service.active, 1);
});

test('while no server is better a flow stays where it is', async (t) => {
  const a = await UdpBackend.open(t, 'a');
  const { front, service } = await udpStage(t, [a.server]);
  const client = await UdpClient.open(t, front.port);
  await client.ask('1');
  const { begun } = service;
  service.setUp('a', false);
  front.replace({ ...UDP_FRONT, port: front.port }, service); // looks at once
  t.is(await client.ask('2'), 'a 2');
  t.is(front.counts.moved, 0);
  t.is(service.begun, begun, 'nothing is counted for a look');
});

test('flows go over to another service when the listener does', async (t) => {
  const [a, b] = [await UdpBackend.open(t, 'a'), await UdpBackend.open(t, 'b')];
  const { front, service } = await udpStage(t, [a.server]);
  const client = await UdpClient.open(t, front.port);
  await client.ask('1');
  const other = serviceOf([b.server]);
  front.replace({ ...UDP_FRONT, port: front.port }, other);
  t.is(await client.ask('2'), 'b 2');
  t.deepEqual([service.active, other.active], [0, 1]);
});

test('a server whose machine says that nobody listens counts as failed, and its flows move once it is ejected', async (t) => {
  const [gone, b] = [await UdpBackend.open(t, 'gone'), await UdpBackend.open(t, 'b')];
  await new Promise<void>((resolve) => gone.socket.close(() => resolve()));
  const rule = { consecutiveFailures: 1, intervalMs: 60_000, ejectionMs: 60_000, mostEjectionMs: 60_000, mostEjectedPercent: 50 };
  const outlier = { ...rule, leastRequests: 100, leastServers: 5, deviations: 1.9 };
  const balancing = balancingOf({ kind: 'round-robin' }, { outlier });
  const { front } = await udpStage(t, [gone.server, b.server], {}, { balancing });
  const clients = await Promise.all(Array.from({ length: 2 }, () => UdpClient.open(t, front.port)));
  for (const client of clients) client.send('lost or not');
  await eventually(() => front.counts.moved === 1, why('moved'));
  t.true(front.counts.serverRefusals >= 1);
  for (const client of clients) t.regex(await client.ask('again'), /^b /);
});

test('closing takes no new flows, waits for the others, and gives the port back', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const port = await reservePortFor(t);
  const { front, service } = await udpStage(t, [backend.server], { port, idleTimeoutMs: 2000 });
  const [old, late] = [await UdpClient.open(t, port), await UdpClient.open(t, port)];
  await old.ask('1');
  const closed = front.close(300_000);
  t.is(await old.ask('2'), 'a 2');
  late.send('3');
  await eventually(() => front.counts.refusedUnserved === 1, why('dropped'));
  await closed;
  t.is(service.active, 0);
  const { front: next } = await udpStage(t, [backend.server], { port });
  t.is(next.port, port);
});

test('when its time is over a front closes with its flows, and one that is revived goes on with them', async (t) => {
  const backend = await UdpBackend.open(t, 'a');
  const { front, service } = await udpStage(t, [backend.server]);
  const client = await UdpClient.open(t, front.port);
  await client.ask('1');
  const closed = front.close(300_000);
  t.true(front.revive());
  await closed;
  t.is(await (await UdpClient.open(t, front.port)).ask('2'), 'a 2');
  t.is(await client.ask('3'), 'a 3');
  await front.close(0);
  t.false(front.revive());
  t.is(service.active, 0);
});

test('an address that cannot be used is one problem with a code', async (t) => {
  const { front, service } = await udpStage(t, [serverOf('a')]);
  const opened = await UdpFront.open({ ...UDP_FRONT, port: front.port }, service, systemClock);
  t.false(opened.ok);
  if (!opened.ok) t.regex(opened.error.message, /^udp 127\.0\.0\.1 port \d+ cannot be used: .*EADDRINUSE/);
});

test('after a handover the port is a successor’s: replies are given to it, and it is told who was where', async (t) => {
  let answer: string | null = null;
  const backend = await UdpBackend.open(t, 'a', () => answer);
  const { front } = await udpStage(t, [backend.server]);
  const { port } = front;
  const client = await UdpClient.open(t, port);
  client.send('question');
  await eventually(() => backend.heard.length === 1, why('heard'));
  const given: LateReply[] = [];
  const flows = front.handOver({ reply: (reply) => given.push(reply) > 0 });
  const name = `127.0.0.1 ${client.socket.address().port}`;
  t.deepEqual(flows, [{ address: '127.0.0.1', port, service: 'web', server: 'a', clients: [name] }]);
  answer = 'answer';
  const [address, flowPort] = [...backend.peers][0]!.split(' ');
  backend.socket.send(answer, Number(flowPort), address);
  await eventually(() => given.length === 1, why('given'));
  t.deepEqual([given[0]!.client, String(given[0]!.message), client.heard], [name, 'answer', []]);
  await front.close(0);
  t.deepEqual(front.handOver({ reply: () => true }), [], 'nothing is left');
});

// Layer 4 of the site agent from outside: the real binary, real servers behind it, and clients that transfer much, break off, say nothing
// or read nothing; servers that are killed and configurations that change under load. Every connection is accounted for.

import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StatusReport } from '../../src/app/process/reports.ts';
import type { NetworkRtt } from '../../src/model/capacity.ts';
import { relayAddon } from '../../src/site/l4/relay-addon.ts';
import { helloFor } from '../support/client-hello.ts';
import { statusOf } from '../support/crowd.ts';
import { eventually } from '../support/patience.ts';
import { type ReservedPort, reservePort } from '../support/reserved-port.ts';
import { beginServer, editConfig, type StartingServer } from '../support/server.ts';
import { Client } from '../support/site.ts';
import { fetchName } from '../support/site-agent.ts';
import { Crowd, type NamedServer, startNamedServer, total } from '../support/site-crowd.ts';
import { UdpClient } from '../support/site-udp.ts';

const LISTENERS = ['talk', 'bulk', 'polite', 'names', 'changing', 'datagrams'] as const;
type Listener = (typeof LISTENERS)[number];
const TRANSFER_SIZE = 100_000_000;
const PIECE_SIZE = 1_000_000;
/** Above what it was, garbage included: far below what would be held if the relay took what nobody has read. */
const MOST_GROWTH = 120_000_000;

let agent: StartingServer;
let reserved: ReservedPort[];
let ports: Record<Listener, number>;
let talkers: NamedServer[];
let datagramServers: NamedServer[];
let bulk: { server: Server; sockets: Socket[]; serve: (socket: Socket) => void };

const place = (port: number): string => `{ address: "127.0.0.1:${port}" }`;
/** Gets nobody new. */
const withoutWeight = (server: string): string => server.replace(' }', ', weight: 0 }');
const NO_JUDGEMENT = 'slowStart: { window: 0s }, outlier: off, breaker: off, algorithm: round-robin';

const configOf = (): string => `server: { stateDirectory: var }
sites: { fra: { latitude: 50.1, longitude: 8.7 } }
site:
  fra:
    drainTimeout: 5m
    services:
      talk: { servers: { ${talkers.map(({ name, port }) => `${name}: ${place(port)}`).join(', ')} }, ${NO_JUDGEMENT} }
      bulk: { servers: { bulk: ${place((bulk.server.address() as { port: number }).port)} }, ${NO_JUDGEMENT} }
      flows: { servers: { ${datagramServers.map(({ name, port }) => `${name}: ${place(port)}`).join(', ')} }, ${NO_JUDGEMENT} }
    listeners:
      talk: { listen: "127.0.0.1:${ports.talk}", tcp: { service: talk } }
      bulk: { listen: "127.0.0.1:${ports.bulk}", tcp: { service: bulk, stallTimeout: 5s } }
      polite: { listen: "127.0.0.1:${ports.polite}", tcp: { service: talk, silenceTimeout: 3s } }
      names: { listen: "127.0.0.1:${ports.names}", tcp: { serverNames: { "*.talk.test": talk }, headerTimeout: 3s } }
      changing: { listen: "127.0.0.1:${ports.changing}", tcp: { service: talk } }
      datagrams: { listen: "127.0.0.1:${ports.datagrams}", udp: { service: flows } }
`;

test.before(async () => {
  talkers = [await startNamedServer('a'), await startNamedServer('b')];
  datagramServers = [await startNamedServer('x', 'udp'), await startNamedServer('y', 'udp')];
  const server = createServer({ allowHalfOpen: true });
  bulk = { server, sockets: [], serve: () => {} };
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    bulk.sockets.push(socket);
    bulk.serve(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  reserved = [];
  for (const _ of LISTENERS) reserved.push(await reservePort());
  ports = Object.fromEntries(LISTENERS.map((name, i) => [name, reserved[i]!.port])) as Record<Listener, number>;
  const directory = mkdtempSync(join(tmpdir(), 'meridian-l4-'));
  writeFileSync(join(directory, 'meridian.yaml'), configOf());
  agent = beginServer(directory, { args: ['--role', 'site', '--site', 'fra'] });
  await agent.logged('at the site');
});

test.after.always(async () => {
  agent?.signal('SIGKILL');
  await agent?.ended;
  for (const { child } of [...(talkers ?? []), ...(datagramServers ?? [])]) child.kill('SIGKILL');
  for (const socket of bulk?.sockets ?? []) socket.destroy();
  bulk?.server.close();
  for (const { release } of reserved ?? []) await release();
  if (agent !== undefined) rmSync(agent.directory, { recursive: true, force: true });
});

const site = async (): Promise<StatusReport['site'][number]> =>
  (await statusOf(join(agent.directory, 'var/meridian.sock'))).site[0]!;

const countsOf = async (listener: Listener): Promise<Readonly<Record<string, number>>> =>
  (await site()).listeners.find((one) => one.listener === listener)!.counts as Record<string, number>;

/** What the servers of a service had in all, and how many of their connections failed to come about. */
const totals = async (service: string) =>
  new Map(
    (await site()).services.find((one) => one.service === service)!.servers.map((one) => [one.server, one.total! - one.failed!]),
  );

async function reload(): Promise<void> {
  const reloads = agent.log().split('"msg":"reloaded"').length - 1;
  agent.signal('SIGHUP');
  await agent.logged('reloaded', reloads + 1);
}

/** Octets that the process holds. */
const memory = (): number => 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))![1]);

const log = (): string => agent.log();

/** Waits until the other side takes no more of what is being sent. */
function stuck(socket: Socket): Promise<void> {
  let before = -1;
  return eventually(() => {
    const isStill = socket.writableNeedDrain && socket.bytesWritten === before;
    before = socket.bytesWritten;
    return isStill;
  }, log);
}

/** Sends so much, as fast as it is taken; the hash of it. */
async function pour(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  const piece = randomFillSync(Buffer.alloc(PIECE_SIZE));
  for (let sent = 0; sent < TRANSFER_SIZE; sent += PIECE_SIZE) {
    hash.update(piece);
    if (!socket.write(Buffer.from(piece))) await once(socket, 'drain');
  }
  socket.end();
  return hash.digest('hex');
}

/** The hash of all that comes, read with pauses, so that whoever sends is always ahead. */
async function sip(socket: Socket, look: () => void): Promise<string> {
  const hash = createHash('sha256');
  socket.resume();
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    look();
    socket.pause();
    setImmediate(() => socket.resume());
  });
  await once(socket, 'end');
  return hash.digest('hex');
}

test.serial('a hundred megabytes pass each way at once and unchanged, and memory stays flat', async (t) => {
  const before = memory();
  let most = 0;
  let looks = 0;
  const look = (): void => {
    if (looks++ % 100 === 0) most = Math.max(most, memory());
  };
  // Nobody reads before everybody who sends has to wait: all of it would be in the relay if that took it.
  const client = new Client(t, ports.bulk);
  client.socket.pause().removeAllListeners('data');
  let stuckBehind: (waits: Promise<void>) => void;
  const waits = Promise.all([stuck(client.socket), new Promise<void>((resolve) => (stuckBehind = resolve))]);
  const behind = new Promise<readonly [string, string]>((resolve) => {
    bulk.serve = (socket) => {
      stuckBehind(stuck(socket));
      resolve(Promise.all([waits.then(() => sip(socket, look)), pour(socket)]));
    };
  });
  const [got, sent] = await Promise.all([waits.then(() => sip(client.socket, look)), pour(client.socket)]);
  const [gotBehind, sentBehind] = await behind;
  t.is(got, sentBehind);
  t.is(gotBehind, sent);
  t.log(`memory grew by ${((most - before) / 1e6).toFixed(0)} MB at most`);
  t.true(most - before < MOST_GROWTH, `grew by ${most - before}`);
});

test.serial('ends of one direction and resets reach the other side as what they are', async (t) => {
  bulk.serve = (socket) => {
    let asked = '';
    socket.on('data', (chunk) => {
      asked += chunk;
      if (asked === 'reset me') socket.resetAndDestroy();
    });
    socket.on('end', () => socket.end(`you said ${asked}`));
  };
  const polite = new Client(t, ports.bulk);
  polite.socket.end('everything');
  t.is(await polite.over, 'closed');
  t.is(polite.received.toString(), 'you said everything');
  const victim = new Client(t, ports.bulk);
  victim.socket.write('reset me');
  t.is(await victim.over, 'reset');
  const abrupt = Array.from({ length: 50 }, () => new Client(t, ports.bulk));
  const { length } = bulk.sockets;
  for (const client of abrupt) client.socket.write('half');
  await eventually(() => bulk.sockets.length >= length, log);
  for (const client of abrupt) client.socket.resetAndDestroy();
  await eventually(() => bulk.sockets.every((socket) => socket.destroyed), log);
});

const measured = relayAddon === null ? test.skip : test.serial;

measured('the report of an agent has the network of a client, with a round trip', async (t) => {
  const client = new Client(t, ports.talk);
  await eventually(() => client.received.length > 0, log);
  await client.all();
  const isHere = ({ network }: NetworkRtt): boolean => network === '127.0.0.0/24';
  await eventually(async () => (await site()).clientRtts.most.some(isHere), log);
  const { connections, leastUs, smoothedUs } = (await site()).clientRtts.most.find(isHere)!;
  t.true(connections >= 1);
  t.true(leastUs > 0 && leastUs <= smoothedUs);
  t.true(smoothedUs < 60e6, 'it is loopback, however busy');
});

test.serial('the report of an agent has a sample of its load, while clients come', async (t) => {
  const here = '127.0.0.0/24';
  const isTold = async (): Promise<boolean> => {
    await new Client(t, ports.talk).all();
    return (await site()).clients.some(({ network }) => network === here);
  };
  await eventually(isTold, log);
  const { clients } = await site();
  t.deepEqual(
    clients.map(({ network }) => network),
    [here],
  );
});

test.serial('a client that never reads is let go, and so is its server', async (t) => {
  bulk.serve = (socket) => {
    const write = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(65_536)));
    };
    socket.on('drain', write);
    write();
  };
  const before = memory();
  const stalled = (await countsOf('bulk'))['stalled']!;
  const clients = Array.from({ length: 20 }, () => new Client(t, ports.bulk));
  for (const { socket } of clients) socket.pause();
  await eventually(async () => (await countsOf('bulk'))['stalled'] === stalled + clients.length, log);
  await eventually(() => bulk.sockets.every((socket) => socket.destroyed), log);
  t.true(memory() - before < MOST_GROWTH);
});

test.serial('three hundred clients that connect and say nothing cost no server anything, and nobody else either', async (t) => {
  for (const [listener, count] of [
    ['polite', 'refusedSilent'],
    ['names', 'refusedHello'],
  ] as const) {
    const had = total(await totals('talk'));
    const before = (await countsOf(listener))[count]!;
    const crowd = Array.from({ length: 300 }, () => new Client(t, ports[listener]));
    // On a slow machine one may have been reset before it has seen that it was connected.
    await Promise.all(crowd.map(({ socket, over }) => Promise.race([once(socket, 'connect').catch(() => {}), over])));
    const speaker = new Client(t, ports[listener]);
    speaker.socket.end(helloFor('www.talk.test'));
    t.is(await speaker.over, 'closed');
    t.true(speaker.received.subarray(2).equals(helloFor('www.talk.test')));
    t.deepEqual(await Promise.all(crowd.map(({ over }) => over)), Array(300).fill('reset'));
    t.is((await countsOf(listener))[count]! - before, 300);
    t.is(total(await totals('talk')) - had, 1);
  }
});

test.serial('reloads under load lose no connection', async (t) => {
  const original = readFileSync(agent.config, 'utf8');
  t.teardown(() => writeFileSync(agent.config, original));
  const crowd = new Crowd(ports.talk, 30);
  t.teardown(() => crowd.stop());
  const stays = new Client(t, ports.changing);
  stays.socket.write('before\n');
  await eventually(() => stays.received.toString().endsWith('before\n'), log);
  const b = place(talkers[1]!.port);
  for (const [from, to] of [
    ['algorithm: round-robin }', 'algorithm: maglev }'],
    ['tcp: { service: talk }', 'tcp: { service: talk, idleTimeout: 1m, connectionRate: { perSecond: 100000 } }'],
    [/ {6}changing: .*\n/, ''],
    [`b: ${b}`, `b: ${withoutWeight(b)}`],
  ] as const) {
    editConfig(agent.directory, [from, to]);
    await reload();
    await crowd.more(50);
  }
  t.is(await fetchName(ports.changing), 'ECONNREFUSED');
  writeFileSync(agent.config, original);
  await reload();
  await crowd.more(50);
  t.is(total((await crowd.stop()).broken), 0);
  stays.socket.end('after\n');
  t.is(await stays.over, 'closed');
  t.regex(stays.received.toString(), /^[ab]\nbefore\nafter\n$/);
});

test.serial('datagrams: a drain and a reload under load lose none', async (t) => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => UdpClient.open(t, ports.datagrams)));
  const askAll = () => Promise.all(clients.map((client, i) => client.ask(String(i))));
  const first = (await askAll()) as readonly string[];
  t.is(new Set(first.map((text) => text[0])).size, 2);
  const original = readFileSync(agent.config, 'utf8');
  let isOver = false;
  let rounds = 0;
  const asking = (async () => {
    for (; !isOver; rounds++) t.deepEqual(await askAll(), first);
  })();
  const x = place(datagramServers[0]!.port);
  editConfig(agent.directory, [`x: ${x}`, `x: ${withoutWeight(x)}`]);
  await reload();
  t.is((await (await UdpClient.open(t, ports.datagrams)).ask('new'))[0], 'y');
  isOver = true;
  await asking;
  t.true(rounds > 0);
  writeFileSync(agent.config, original);
  await reload();
});

test.serial(
  "a server that is killed under load loses its own connections and nobody else's, each one accounted for",
  async (t) => {
    const before = await totals('talk');
    const crowd = new Crowd(ports.talk, 40, 20);
    await crowd.more(200);
    talkers[0]!.child.kill('SIGKILL');
    await talkers[0]!.child.ended;
    await crowd.more(200);
    const { whole, broken } = await crowd.stop();
    const after = await totals('talk');
    const had = (name: string): number => after.get(name)! - before.get(name)!;
    t.log(`whole: ${JSON.stringify([...whole])}, broken off: ${JSON.stringify([...broken])}`);
    t.false(broken.has('b'));
    t.is(had('b'), whole.get('b')!, 'b lost nothing');
    t.is(had('a'), whole.get('a')! + total(broken), 'all that was lost was at the server that was killed');
    t.true(total(broken) <= 40, 'one connection for each client at most');
  },
);

test.serial('a stop under load resets nobody within its time', async (t) => {
  const client = new Client(t, ports.talk);
  client.socket.write('one\n');
  await eventually(() => client.received.toString().endsWith('one\n'), log);
  agent.signal('SIGTERM');
  await eventually(async () => (await fetchName(ports.talk)) === 'ECONNREFUSED', log);
  client.socket.end('two\n');
  t.is(await client.over, 'closed');
  t.is(client.received.toString(), 'b\none\ntwo\n');
  t.is(await agent.ended, 0);
});

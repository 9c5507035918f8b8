// A machine of its own that balances at layer 4, between clients on one side and servers on the other: three network namespaces. Run in
// new namespaces of network and processes (test/unit/site/drivers/nftables.test.ts); tells what happened as JSON, one fact a line.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { SiteService } from '../../src/model/site.ts';
import type { NftablesSettings, SiteDriver } from '../../src/model/site-driver.ts';
import { Nftables } from '../../src/site/drivers/nftables/driver.ts';
import { balancingOf, serverOf } from './balance.ts';
import { frontOf, serviceOf } from './driver-plans.ts';
import { eventually } from './patience.ts';

const CLIENTS = 60;
const SERVER_PROGRAM = `
const net = require('node:net');
const serve = (name, host) => net.createServer((socket) => {
  socket.on('error', () => {});
  socket.write(name + ' ' + socket.remoteAddress.replace('::ffff:', '') + '\\n');
  socket.on('data', (octets) => socket.write(octets));
}).listen(8080, host);
let waiting = 4;
for (const [name, host] of [['a', '10.9.0.2'], ['b', '10.9.0.3'], ['a6', 'fd09::2'], ['b6', 'fd09::3']]) {
  serve(name, host).on('listening', () => { if (--waiting === 0) console.log('ready'); });
}`;
/** Connects from each address at once; tells the first line of each, or its error, and keeps the connections until it is told to send. */
const CLIENT_PROGRAM = `
const net = require('node:net');
const [host, port, ...from] = process.argv.slice(1);
const sockets = [];
const said = from.map((localAddress) => new Promise((resolve) => {
  const socket = net.connect({ host, port: Number(port), localAddress });
  sockets.push(socket);
  socket.once('data', (octets) => resolve(String(octets).trim()));
  socket.on('error', (error) => resolve(error.code));
}));
Promise.all(said).then((all) => console.log(JSON.stringify(all)));
process.stdin.once('data', async () => {
  const echoes = sockets.map((socket) => new Promise((resolve) => {
    socket.once('data', (octets) => resolve(String(octets)));
    socket.once('error', (error) => resolve(error.code));
    socket.write('still there');
  }));
  console.log(JSON.stringify(await Promise.all(echoes)));
  process.exit(0);
});`;

const children: ChildProcess[] = [];
const ip = (...args: readonly string[]): void => {
  execFileSync('ip', args);
};

async function namespace(): Promise<number> {
  const child = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  children.push(child);
  const own = readlinkSync('/proc/self/ns/net');
  await eventually(
    () => readlinkSync(`/proc/${child.pid}/ns/net`) !== own,
    () => 'no namespace was made',
  );
  return child.pid!;
}

const inside = (pid: number, ...argv: readonly string[]): readonly string[] => [`--net=/proc/${pid}/ns/net`, '--', ...argv];

function wire(pid: number, device: string, mine: readonly string[], theirs: readonly string[]): void {
  ip('link', 'add', device, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', String(pid));
  for (const address of mine) ip('addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
  ip('link', 'set', device, 'up');
  const batch = [
    ...theirs.map((address) => `addr add ${address} dev uplink${address.includes(':') ? ' nodad' : ''}`),
    'link set uplink up',
    'link set lo up',
    `route add default via ${mine[0]!.split('/')[0]}`,
    `route add ::/0 via ${mine[1]!.split('/')[0]}`,
  ];
  execFileSync('nsenter', inside(pid, 'ip', '-batch', '-'), { input: batch.join('\n') });
}

interface Crowd {
  /** `<server> <client as the server sees it>`, by client. */
  readonly said: readonly string[];
  /** What comes back on the same connections. */
  sendAgain(): Promise<readonly string[]>;
}

async function crowd(pid: number, host: string, port: number, from: readonly string[]): Promise<Crowd> {
  const argv = inside(pid, process.execPath, '-e', CLIENT_PROGRAM, host, String(port), ...from);
  const child = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface(child.stdout!);
  const next = async (): Promise<readonly string[]> => JSON.parse(String((await once(lines, 'line'))[0])) as readonly string[];
  const said = await next();
  return {
    said,
    sendAgain: () => {
      const answer = next();
      child.stdin!.write('go\n');
      return answer;
    },
  };
}

const names = (said: readonly string[]): readonly string[] => said.map((line) => line.split(' ')[0]!);
const share = (said: readonly string[], name: string): number => names(said).filter((one) => one === name).length;
const tell = (fact: string, value: unknown): void => {
  process.stdout.write(`${JSON.stringify({ fact, value })}\n`);
};
const table = (): string => execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });

// A package of Node has a program of this name, too.
process.env['PATH'] = `/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH']}`;
ip('link', 'set', 'lo', 'up');
writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
writeFileSync('/proc/sys/net/ipv6/conf/all/forwarding', '1');
const [clients, servers] = [await namespace(), await namespace()];
const addresses = Array.from({ length: CLIENTS }, (_, i) => `10.8.${i + 1}.10`);
const addresses6 = Array.from({ length: CLIENTS }, (_, i) => `fd08:0:0:${i + 1}::10`);
wire(clients, 'c0', ['10.8.0.1/16', 'fd08::1/48'], [...addresses.map((a) => `${a}/16`), ...addresses6.map((a) => `${a}/48`)]);
wire(servers, 's0', ['10.9.0.1/24', 'fd09::1/64'], ['10.9.0.2/24', 'fd09::2/64', '10.9.0.3/24', 'fd09::3/64']);
const serving = spawn('nsenter', inside(servers, process.execPath, '-e', SERVER_PROGRAM), {
  stdio: ['ignore', 'pipe', 'inherit'],
});
children.push(serving);
await once(serving.stdout!, 'data');

const settings: NftablesSettings = {
  kind: 'nftables',
  timeoutMs: 60_000,
  measure: 'connections',
  max: 100,
  program: 'nft',
  table: 'meridian',
  tableSize: 1021,
  isMasquerading: false,
  isRemovedOnClose: true,
};
const service = (differs: Partial<SiteService> = {}): SiteService =>
  serviceOf([serverOf('a', { address: '10.9.0.2', port: 8080, weight: 3 }), serverOf('b', { address: '10.9.0.3', port: 8080 })], {
    balancing: balancingOf({ kind: 'maglev', tableSize: 65_537 }),
    ...differs,
  });
const service6: SiteService = {
  ...service(),
  id: 'web6',
  servers: [serverOf('a6', { address: 'fd09::2', port: 8080 }), serverOf('b6', { address: 'fd09::3', port: 8080 })],
};
const front = frontOf({ address: '10.8.0.1', port: 80 });
const front6 = frontOf({ address: 'fd08::1', port: 80 }, { id: 'in6', serviceId: 'web6' });
const plan = { services: [service(), service6], fronts: [front, front6] };
const B = { serviceId: 'web', serverId: 'b' };

try {
  execFileSync('nft', ['add table inet others; add chain inet others keep']);
  const driver: SiteDriver = new Nftables(settings);
  tell('applied', await driver.apply(plan));
  tell('again', await driver.apply(plan));
  const first = await crowd(clients, '10.8.0.1', 80, addresses);
  tell('first', { a: share(first.said, 'a'), b: share(first.said, 'b') });
  tell(
    'client address is seen',
    first.said.every((line, i) => line.endsWith(` ${addresses[i]}`)),
  );
  const load = await driver.readLoad();
  tell('load', load.ok ? { ...load.value, servers: load.value.servers.map(({ current }) => current) } : load.error);
  const second = await crowd(clients, '10.8.0.1', 80, addresses);
  tell('same server again', names(second.said).join() === names(first.said).join());
  const six = await crowd(clients, 'fd08::1', 80, addresses6);
  tell('ipv6', { a6: share(six.said, 'a6'), b6: share(six.said, 'b6') });

  tell('drained', await driver.drain(B, true));
  tell('old connections', new Set(await first.sendAgain()).size);
  const third = await crowd(clients, '10.8.0.1', 80, addresses);
  tell('new while draining', { a: share(third.said, 'a'), b: share(third.said, 'b') });
  tell('state', await driver.readLoad().then((read) => read.ok && read.value.servers.map(({ state }) => state)));
  tell('back', await driver.drain(B, false));
  tell('down', await driver.setUp({ serviceId: 'web', serverId: 'a' }, false));
  tell('new while down', share((await crowd(clients, '10.8.0.1', 80, addresses)).said, 'b'));
  await driver.setUp({ serviceId: 'web', serverId: 'a' }, true);
  tell('as at first', names((await crowd(clients, '10.8.0.1', 80, addresses)).said).join() === names(first.said).join());

  const before = table();
  tell('refused', await driver.apply({ services: [service({ id: 'x y' })], fronts: [] }));
  tell('unchanged', table() === before);

  const masked = new Nftables({ ...settings, table: 'meridian_masked', isMasquerading: true });
  const local = frontOf({ address: '10.8.0.1', port: 81, mostConnectionsPerClient: 2, keyPrefixV4: 16 });
  const turn = service({ balancing: balancingOf({ kind: 'weighted-round-robin' }) });
  tell('masquerading', await masked.apply({ services: [turn], fronts: [local] }));
  const many = await crowd(clients, '10.8.0.1', 81, ['10.8.1.10', '10.8.1.10', '10.8.1.10', '10.8.2.10']);
  tell('per client', names(many.said).filter((name) => name === 'ECONNREFUSED' || name === 'ECONNRESET').length);
  tell('seen as', [...new Set(many.said.filter((line) => line.includes(' ')).map((line) => line.split(' ')[1]))]);
  const chance = service({ balancing: balancingOf({ kind: 'random' }) });
  tell('at random', await masked.apply({ services: [chance], fronts: [frontOf({ address: '0.0.0.0', port: 82 })] }));
  const anywhere = await crowd(clients, '10.8.0.1', 82, addresses.slice(0, 8));
  tell('anywhere', anywhere.said.filter((line) => line.endsWith(' 10.9.0.1')).length);
  tell('anywhere load', await masked.readLoad().then((read) => read.ok && read.value.current));

  const rates = new Nftables({ ...settings, table: 'meridian_rates', measure: 'per-second' });
  await rates.apply({ services: [service()], fronts: [frontOf({ address: '10.8.0.1', port: 83 })] });
  await rates.readLoad();
  await crowd(clients, '10.8.0.1', 83, addresses);
  await eventually(
    async () => {
      const read = await rates.readLoad();
      return read.ok && read.value.current > 0;
    },
    () => 'no rate was read',
  );
  tell('rate', true);

  for (const one of [driver, masked, rates]) await one.close();
  tell('left', table().replaceAll(/\s+/g, ' ').trim());
} finally {
  for (const child of children) child.kill('SIGKILL');
}
process.exit(0);

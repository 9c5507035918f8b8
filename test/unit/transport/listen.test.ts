import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import {
  findObstacle,
  findSharingObstacle,
  findUnreachable,
  hasReusePort,
  listenProblem,
  supportsReusePort,
} from '../../../src/transport/listen.ts';
import { packetIo } from '../../../src/transport/packet-io.ts';
import { reservePortFor } from '../../support/reserved-port.ts';

const failure = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`bind ${code}`), { code });
const UDP53 = { address: '192.0.2.1', port: 53 };
const messageOf = (code: string, endpoint = UDP53): string =>
  listenProblem('udp', endpoint, failure(code), () => undefined).message;

test('Node itself shares ports on Linux from 22.12, and from 23.1 in that line', (t) => {
  for (const version of ['22.12.0', '22.20.1', '23.1.0', '24.0.0', '25.3.1']) t.true(hasReusePort(version, 'linux'), version);
  for (const version of ['20.20.2', '22.11.0', '23.0.0', '18.20.0']) t.false(hasReusePort(version, 'linux'), version);
  t.false(hasReusePort('24.0.0', 'darwin'));
});

test('the native addon shares ports whatever Node it is', (t) => {
  t.is(supportsReusePort, packetIo.addon !== undefined || hasReusePort(process.versions.node, process.platform));
});

test('every reason for which an address cannot be used comes with a remedy', (t) => {
  const remedies: [string, RegExp][] = [
    ['EADDRNOTAVAIL', /no interface of this machine has the address 192\.0\.2\.1; 'ip address' lists/],
    ['EAFNOSUPPORT', /this machine has no IPv4; remove it from server\.listen/],
    ['EMFILE', /too many open files; raise the limit \('ulimit -n', LimitNOFILE=/],
    ['EIO', /bind EIO$/],
  ];
  for (const [code, text] of remedies) {
    t.is(listenProblem('udp', UDP53, failure(code)).code, 'ERR_LISTEN');
    t.regex(messageOf(code), text);
  }
});

test('a privileged port names every way to get the privilege', (t) => {
  const message = messageOf('EACCES');
  for (const way of [
    'meridian.socket',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'setcap cap_net_bind_service=+ep',
    'sysctl net.ipv4.ip_unprivileged_port_start=53',
  ]) {
    t.true(message.includes(way), way);
  }
});

test('a port that needs no privilege is forbidden by something else', (t) => {
  t.regex(messageOf('EACCES', { address: '192.0.2.1', port: 5053 }), /the system forbids it \(SELinux/);
});

test('whoever has the port is named as far as one may know', (t) => {
  const taken = (holder: Parameters<typeof listenProblem>[3]): string =>
    listenProblem('udp', UDP53, failure('EADDRINUSE'), holder).message;
  t.regex(
    taken(() => ({ uid: 101, process: { pid: 7, name: 'named' } })),
    /process 7 \(named, user 101\) has port 53; stop it or/,
  );
  t.regex(
    taken(() => ({ uid: 101 })),
    /a process of user 101 has port 53 \(systemd-resolved.*'sudo ss -lnpu sport = :53' names it/,
  );
  t.regex(
    taken(() => undefined),
    /another process has port 53 \(systemd-resolved/,
  );
  t.regex(
    taken(() => ({ uid: 0, process: { pid: process.pid, name: 'node' } })),
    /two entries of server\.listen overlap/,
  );
});

test('an IPv6 address is shown in brackets', (t) => {
  const problem = listenProblem('tcp', { address: '2001:db8::1', port: 5053 }, failure('EADDRINUSE'), () => undefined);
  t.regex(problem.message, /^tcp \[2001:db8::1\]:5053 cannot be used: another process has port 5053; 'sudo ss -lnpt /);
});

test('a free port is no obstacle, a taken one is', async (t) => {
  const port = await reservePortFor(t);
  const udp = createSocket('udp4').bind(port, '127.0.0.1');
  await once(udp, 'listening');
  const tcp = createServer().listen(port, '127.0.0.1');
  await once(tcp, 'listening');
  for (const protocol of ['udp', 'tcp'] as const) {
    const problem = await findObstacle(protocol, { address: '127.0.0.1', port });
    t.regex(problem!.message, new RegExp(`^${protocol} 127\\.0\\.0\\.1:${port} cannot be used: `));
    t.is(await findObstacle(protocol, { address: '127.0.0.1', port: 0 }), undefined);
  }
  udp.close();
  tcp.close();
  await once(tcp, 'close');
  t.is(await findObstacle('tcp', { address: '127.0.0.1', port }), undefined);
});

test('whether the kernel shares ports is found out by trying', async (t) => {
  if (!supportsReusePort) return t.pass('this Node cannot, without the addon');
  return t.is(await findSharingObstacle(), undefined);
});

test('only an IPv6 wildcard can be served without anybody reaching it', (t) => {
  t.is(findUnreachable({ address: '0.0.0.0', port: 53 }), undefined);
  t.is(findUnreachable({ address: '2001:db8::1', port: 53 }), undefined);
});

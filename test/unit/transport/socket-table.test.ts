// The kernel's table of sockets: the text as kernels print it, and the live table of this machine with sockets of our own.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { endianness } from 'node:os';
import test from 'ava';
import { findPortHolder, parseSocketTable } from '../../../src/transport/socket-table.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n';
const littleEndianTest = endianness() === 'LE' ? test : test.skip;
const linuxTest = process.platform === 'linux' ? test : test.skip;

littleEndianTest('bound UDP sockets are read, connected ones are not', (t) => {
  const text = `${HEAD}  309: 010200C0:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 20333 2 0000000000000000 0
  310: 0100007F:B3A1 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0 20334 2 0000000000000000 0\n`;
  t.deepEqual(parseSocketTable(text, 'udp'), [
    { protocol: 'udp', endpoint: { address: '192.0.2.1', port: 53 }, uid: 101, inode: 20333 },
  ]);
});

littleEndianTest('listening TCP sockets are read, connections are not', (t) => {
  const text = `${HEAD}   0: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: B80D0120000000000000000001000000:0035 B80D0120000000000000000002000000:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0\n`;
  t.deepEqual(parseSocketTable(text, 'tcp'), [
    { protocol: 'tcp', endpoint: { address: '2001:db8::1', port: 53 }, uid: 0, inode: 4711 },
  ]);
});

linuxTest('whoever has a port is found, by name where one may look', async (t) => {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  t.teardown(() => {
    udp.close();
    tcp.close();
  });
  const uid = process.getuid!();
  const { port: udpPort } = udp.address();
  const { port: tcpPort } = tcp.address() as { port: number };
  for (const [protocol, port] of [
    ['udp', udpPort],
    ['tcp', tcpPort],
  ] as const) {
    const holder = findPortHolder(protocol, { address: '127.0.0.1', port });
    t.is(holder?.uid, uid);
    t.is(holder?.process?.pid, process.pid);
  }
  t.is(findPortHolder('udp', { address: '0.0.0.0', port: udpPort })?.process?.pid, process.pid, 'a wildcard overlaps with it');
  t.is(findPortHolder('udp', { address: '127.0.0.2', port: udpPort }), undefined, 'another address does not');
});

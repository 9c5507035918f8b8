// Ports of 127.0.0.1 where nobody listens, until the end of the test. A port that was merely closed may be given to another process.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

interface Closable {
  teardown(close: () => void): void;
}

/** The near end of a connection keeps its port, and nobody else can be answered there. */
export async function closedTcpPort(t: Closable): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, 'connect');
  return socket.localPort!;
}

/** A socket that has a peer keeps its port and hears nobody else. */
export async function closedUdpPort(t: Closable): Promise<number> {
  const [peer, socket] = [createSocket('udp4'), createSocket('udp4')];
  t.teardown(() => {
    peer.close();
    socket.close();
  });
  peer.bind(0, '127.0.0.1');
  await once(peer, 'listening');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.connect(peer.address().port, '127.0.0.1');
  await once(socket, 'connect');
  return socket.address().port;
}

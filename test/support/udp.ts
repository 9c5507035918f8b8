// A UDP socket of a packet driver, and clients for it.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import { COUNTER, type CounterName } from '../../src/metrics/counters.ts';
import { packetIo } from '../../src/transport/packet-io.ts';
import { batchDriver } from '../../src/transport/udp-batch.ts';
import { dgramDriver } from '../../src/transport/udp-dgram.ts';
import type { PacketDriver, UdpOptions, UdpSocket } from '../../src/transport/udp-driver.ts';
import { turnRound } from './dns-octets.ts';
import { ManualClock } from './manual-clock.ts';

/** Every driver that this machine has. */
export const DRIVERS: readonly PacketDriver[] = [
  ...(packetIo.addon === undefined ? [] : [batchDriver(packetIo.addon)]),
  dgramDriver,
];

/** Octets of the receive queue of a client: replies to a burst must not be lost there. */
const CLIENT_BUFFER_SIZE = 1024 * 1024;

export interface Served {
  readonly socket: UdpSocket;
  readonly port: number;
  count(name: CounterName): number;
}

/** Opens a socket that turns queries round, on a free port of 127.0.0.1 unless the options say otherwise; closed after the test. */
export async function serve(t: ExecutionContext, driver: PacketDriver, options: Partial<UdpOptions> = {}): Promise<Served> {
  const counters = new Float64Array(Object.keys(COUNTER).length);
  const result = await driver.open({ ...defaults(), counters, ...options });
  if (!result.ok) throw new Error(result.error.message);
  let isClosed = false;
  const socket: UdpSocket = {
    port: result.value.port,
    close: async () => {
      if (!isClosed) await result.value.close();
      isClosed = true;
    },
  };
  t.teardown(() => socket.close());
  return { socket, port: socket.port, count: (name) => counters[COUNTER[name]]! };
}

/** Options of a socket on a free port of 127.0.0.1 that turns queries round. */
export const defaults = (): UdpOptions => ({
  endpoint: { address: '127.0.0.1', port: 0 },
  respond: turnRound(),
  maxReplySize: 1232,
  clock: new ManualClock(),
  counters: new Float64Array(Object.keys(COUNTER).length),
});

/** A client that takes replies from this address and port only; closed after the test. */
export async function connect(t: ExecutionContext, address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: CLIENT_BUFFER_SIZE });
  t.teardown(() => socket.close());
  socket.connect(port, address);
  await once(socket, 'connect');
  return socket;
}

/** Sends a datagram and resolves to the next that comes. */
export async function exchange(client: Socket, octets: Uint8Array): Promise<Uint8Array> {
  const reply = once(client, 'message');
  client.send(octets);
  return (await reply)[0];
}

// DNS over UDP: which packet driver this machine gets. The native one takes datagrams in batches; node:dgram works everywhere.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { type PacketIoStatus, packetIo } from './packet-io.ts';
import { batchDriver } from './udp-batch.ts';
import { dgramDriver } from './udp-dgram.ts';
import type { PacketDriver, UdpOptions, UdpSocket } from './udp-driver.ts';

/** The driver to use, and the reason if it is not the best one. */
export function choosePacketDriver(status: PacketIoStatus = packetIo): {
  readonly driver: PacketDriver;
  readonly reason?: string;
} {
  return status.addon === undefined ? { driver: dgramDriver, reason: status.reason } : { driver: batchDriver(status.addon) };
}

/** Opens a socket with the driver that this machine has. */
export const listenUdp = (options: UdpOptions): Promise<Result<UdpSocket, Problem>> => choosePacketDriver().driver.open(options);

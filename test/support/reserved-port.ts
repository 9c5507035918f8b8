// Ports for servers that must be told theirs. A port that was merely free a moment ago may be given to another test process
// before it is used, and servers that share ports (SO_REUSEPORT) would then answer each other's clients. So these lie below those
// that the system gives out by itself, and as long as one is reserved, a socket at another loopback address keeps it from other
// test processes.

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { ExecutionContext } from 'ava';

/** Given out by nobody; servers use 127.0.0.1. */
const RESERVING_ADDRESS = '127.0.0.2';
const FIRST = 10_000;
const LAST = 29_999;
/** Where each test process starts to look. */
const STRIDE = 37;

export interface ReservedPort {
  /** Free for UDP and TCP on 127.0.0.1. */
  readonly port: number;
  release(): Promise<void>;
}

export async function reservePort(): Promise<ReservedPort> {
  const count = Math.min(LAST, lowestGivenOut() - 1) - FIRST + 1;
  for (let i = 0; i < count; i++) {
    const port = FIRST + ((process.pid * STRIDE + i) % count);
    const reservation = await listen(RESERVING_ADDRESS, port);
    if (reservation === undefined) continue;
    if (await isFree(port)) return { port, release: () => close(reservation) };
    await close(reservation);
  }
  throw new Error(`no port from ${FIRST} on is free, below those that the system gives out`);
}

/** Until the end of the test. */
export async function reservePortFor(t: ExecutionContext): Promise<number> {
  const { port, release } = await reservePort();
  t.teardown(release);
  return port;
}

function lowestGivenOut(): number {
  return Number(/^\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))?.[0]);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen('127.0.0.1', port);
  if (server === undefined) return false;
  await close(server);
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

/** Undefined if somebody has the port. */
function listen(host: string, port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

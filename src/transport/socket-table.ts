// The kernel's table of bound sockets (Linux, proc(5): /proc/net/udp and its like). It tells who has a port that we cannot get, and
// which address a socket has that was handed to us as a bare descriptor. Read at the start only, and never needed to answer:
// where there is no table, the callers know less and go on.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { formatAddress } from '../base/address.ts';
import type { Endpoint } from '../model/endpoint.ts';

export type Protocol = 'udp' | 'tcp';

/** A UDP socket that hears everybody, or a TCP socket that listens. */
export interface BoundSocket {
  readonly protocol: Protocol;
  readonly endpoint: Endpoint;
  /** Of whom opened it. */
  readonly uid: number;
  /** The socket itself: every descriptor of it, in whatever process, shows this number. */
  readonly inode: number;
}

const TABLES = [
  { file: '/proc/self/net/udp', protocol: 'udp' },
  { file: '/proc/self/net/udp6', protocol: 'udp' },
  { file: '/proc/self/net/tcp', protocol: 'tcp' },
  { file: '/proc/self/net/tcp6', protocol: 'tcp' },
] as const;

/** Column `st`: TCP_LISTEN, and TCP_CLOSE, which UDP uses for a socket without a peer (net/tcp_states.h). */
const BOUND_STATE = { tcp: '0A', udp: '07' } as const;
/** Columns that are used, counted from `sl`. */
const COLUMN = { LOCAL: 1, STATE: 3, UID: 7, INODE: 9 } as const;

/** All bound sockets of this network namespace; undefined if the system does not tell. */
export function readSocketTable(): readonly BoundSocket[] | undefined {
  const all: BoundSocket[] = [];
  let isTold = false;
  for (const { file, protocol } of TABLES) {
    try {
      all.push(...parseSocketTable(readFileSync(file, 'latin1'), protocol));
      isTold = true;
    } catch {
      // A kernel without IPv6 has no tables for it.
    }
  }
  return isTold ? all : undefined;
}

/** The bound sockets in the text of one table. */
export function parseSocketTable(text: string, protocol: Protocol): BoundSocket[] {
  const found: BoundSocket[] = [];
  for (const line of text.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    if (columns[COLUMN.STATE] !== BOUND_STATE[protocol]) continue;
    const [address, port] = columns[COLUMN.LOCAL]!.split(':');
    const endpoint = { address: addressOf(address!), port: Number.parseInt(port!, 16) };
    found.push({ protocol, endpoint, uid: Number(columns[COLUMN.UID]), inode: Number(columns[COLUMN.INODE]) });
  }
  return found;
}

/** The kernel prints the address as 32-bit words in the order of the machine. */
function addressOf(hex: string): string {
  const octets = Buffer.from(hex, 'hex');
  return formatAddress(endianness() === 'LE' ? octets.swap32() : octets, octets.length === 4 ? 4 : 6);
}

/** Whether two sockets of these addresses would hear the same datagrams or connections. An IPv6 wildcard may hear IPv4 as well. */
const overlap = (a: Endpoint, b: Endpoint): boolean =>
  a.port === b.port &&
  (a.address === b.address || [a.address, b.address].some((address) => address === '::' || address === '0.0.0.0'));

/** Who has the port of an endpoint. */
export interface PortHolder {
  readonly uid: number;
  /** Absent where the process is not ours to look into. */
  readonly process?: { readonly pid: number; readonly name: string };
}

export function findPortHolder(protocol: Protocol, endpoint: Endpoint): PortHolder | undefined {
  const socket = readSocketTable()?.find((other) => other.protocol === protocol && overlap(other.endpoint, endpoint));
  if (socket === undefined) return undefined;
  // Ourselves first: a socket that systemd handed to us is open in both processes.
  const pids = [String(process.pid), ...readdirSync('/proc').filter((name) => /^\d+$/.test(name))];
  const pid = pids.find((one) => hasDescriptorOf(one, socket.inode));
  return { uid: socket.uid, ...(pid === undefined ? {} : { process: { pid: Number(pid), name: nameOf(pid) } }) };
}

function hasDescriptorOf(pid: string, inode: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => isLinkTo(`/proc/${pid}/fd/${fd}`, `socket:[${inode}]`));
  } catch {
    return false; // it has ended, or belongs to somebody else
  }
}

function isLinkTo(link: string, target: string): boolean {
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'ended meanwhile';
  }
}

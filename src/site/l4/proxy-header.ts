// The PROXY protocol, versions 1 (text) and 2 (binary): what a proxy says of the client at the beginning of a connection. Source:
// W. Tarreau, "The PROXY protocol, versions 1 & 2" (2020). Additions of version 2 (TLVs) are skipped, none is sent.
//
//   v1   PROXY TCP4|TCP6 <source> <destination> <source port> <destination port> CR LF      or   PROXY UNKNOWN ... CR LF
//   v2   12 octets of signature; version 2 and command (0 LOCAL, 1 PROXY); family (1 IPv4, 2 IPv6, 3 Unix) and transport (1 stream);
//        16 bits of size of what follows: source and destination address, source and destination port, TLVs

import { type Family, formatAddress, parseIpv4, parseIpv6 } from '../../base/address.ts';

export interface ProxyAddresses {
  readonly family: Family;
  /** 4 or 16 octets. */
  readonly source: Uint8Array;
  readonly sourcePort: number;
  readonly destination: Uint8Array;
  readonly destinationPort: number;
}

export type ProxyHeader =
  | { readonly kind: 'partial' }
  | { readonly kind: 'bad'; readonly why: string }
  /** `addresses` null: the proxy speaks for itself (a health check), or does not know. */
  | { readonly kind: 'whole'; readonly size: number; readonly addresses: ProxyAddresses | null };

const V1_START = octetsOf('PROXY ');
/** With CR LF: the specification's bound. */
const V1_MOST = 107;
const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const V2_FIXED = 16;
/** More than anybody sends; whoever does is not a proxy of ours. */
const V2_MOST = 4096;
const TCP_OVER: ReadonlyMap<number, Family> = new Map([
  [0x11, 4],
  [0x21, 6],
]);

/** Reads a header of either version from the first octets of a connection. */
export function readProxyHeader(octets: Uint8Array): ProxyHeader {
  if (startsLike(octets, V2_SIGNATURE)) return readV2(octets);
  if (startsLike(octets, V1_START)) return readV1(octets);
  return { kind: 'bad', why: 'the connection does not begin with a PROXY header' };
}

export function writeProxyHeader(version: 1 | 2, addresses: ProxyAddresses | null): Uint8Array {
  if (version === 1) return octetsOf(textOf(addresses));
  const size = addresses === null ? 0 : 2 * addresses.source.length + 4;
  const header = new Uint8Array(V2_FIXED + size);
  header.set(V2_SIGNATURE);
  header[12] = addresses === null ? 0x20 : 0x21;
  header[15] = size;
  if (addresses === null) return header;
  const { family, source, sourcePort, destination, destinationPort } = addresses;
  header[13] = family === 4 ? 0x11 : 0x21;
  header.set(source, V2_FIXED);
  header.set(destination, V2_FIXED + source.length);
  const ports = V2_FIXED + 2 * source.length;
  header.set([sourcePort >> 8, sourcePort, destinationPort >> 8, destinationPort], ports);
  return header;
}

function textOf(addresses: ProxyAddresses | null): string {
  if (addresses === null) return 'PROXY UNKNOWN\r\n';
  const { family, source, sourcePort, destination, destinationPort } = addresses;
  const [from, to] = [source, destination].map((octets) => formatAddress(octets, family));
  return `PROXY TCP${family} ${from} ${to} ${sourcePort} ${destinationPort}\r\n`;
}

/** Whether `octets` and `start` are equal as far as both go. */
function startsLike(octets: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < Math.min(octets.length, start.length); i++) if (octets[i] !== start[i]) return false;
  return true;
}

function readV1(octets: Uint8Array): ProxyHeader {
  const end = octets.indexOf(0x0a);
  if (end < 0) return octets.length < V1_MOST ? { kind: 'partial' } : bad(`no line end within ${V1_MOST} octets`);
  const size = end + 1;
  if (size > V1_MOST || octets[end - 1] !== 0x0d) return bad(`a line must end with CR LF within ${V1_MOST} octets`);
  const line = String.fromCharCode(...octets.subarray(V1_START.length, end - 1));
  const [protocol, source, destination, sourcePort, destinationPort, ...rest] = line.split(' ');
  if (protocol === 'UNKNOWN') return { kind: 'whole', size, addresses: null };
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return bad('the protocol must be TCP4, TCP6 or UNKNOWN');
  const family = protocol === 'TCP4' ? 4 : 6;
  const from = addressOf(source ?? '', family);
  const to = addressOf(destination ?? '', family);
  const ports = [sourcePort, destinationPort].map((text) => portOf(text ?? ''));
  if (from === null || to === null) return bad(`two IPv${family} addresses must follow`);
  if (ports[0] === null || ports[1] === null || rest.length > 0) return bad('two ports from 0 to 65535 must end the line');
  const addresses = { family, source: from, sourcePort: ports[0]!, destination: to, destinationPort: ports[1]! } as const;
  return { kind: 'whole', size, addresses };
}

function readV2(octets: Uint8Array): ProxyHeader {
  if (octets.length < V2_FIXED) return { kind: 'partial' };
  const [command, familyAndTransport] = [octets[12]!, octets[13]!];
  const size = V2_FIXED + 256 * octets[14]! + octets[15]!;
  if (command !== 0x20 && command !== 0x21) return bad('version and command must be 2 and LOCAL or PROXY');
  if (size > V2_MOST) return bad(`at most ${V2_MOST} octets are taken, found ${size}`);
  const family = TCP_OVER.get(familyAndTransport);
  const addressSize = family === 4 ? 4 : 16;
  const isKnown = command === 0x21 && family !== undefined;
  if (isKnown && size < V2_FIXED + 2 * addressSize + 4) return bad('the header is too short for its addresses');
  if (octets.length < size) return { kind: 'partial' };
  if (!isKnown) return { kind: 'whole', size, addresses: null };
  const ports = V2_FIXED + 2 * addressSize;
  const addresses = {
    family,
    source: Uint8Array.from(octets.subarray(V2_FIXED, V2_FIXED + addressSize)),
    sourcePort: 256 * octets[ports]! + octets[ports + 1]!,
    destination: Uint8Array.from(octets.subarray(V2_FIXED + addressSize, ports)),
    destinationPort: 256 * octets[ports + 2]! + octets[ports + 3]!,
  };
  return { kind: 'whole', size, addresses };
}

const bad = (why: string): ProxyHeader => ({ kind: 'bad', why: `PROXY header: ${why}` });

function addressOf(text: string, family: Family): Uint8Array | null {
  const octets = new Uint8Array(family === 4 ? 4 : 16);
  return (family === 4 ? parseIpv4(text, octets) : parseIpv6(text, octets)) ? octets : null;
}

const portOf = (text: string): number | null =>
  /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535 ? Number(text) : null;

function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

// The data of an EDNS Client Subnet option as an object (RFC 7871 section 6), for clients and tools. The server's own
// reading, strict and in place, is wire/ecs.ts.

import { type Cidr, type Family, maskOctets } from '../base/address.ts';

export interface EcsOption {
  readonly family: Family;
  /** 4 or 16 octets, zeros beyond what was sent. */
  readonly octets: Uint8Array;
  readonly sourcePrefixLen: number;
  readonly scopePrefixLen: number;
}

/** Option data for a query: SCOPE 0, as many octets of the address as the prefix needs. */
export function encodeEcs(network: Cidr): Uint8Array {
  const size = (network.prefixLen + 7) >> 3;
  const data = new Uint8Array(4 + size);
  data[1] = network.family === 4 ? 1 : 2;
  data[2] = network.prefixLen;
  data.set(network.octets.subarray(0, size), 4);
  maskOctets(data, network.prefixLen, size, 4);
  return data;
}

/** The option, or undefined if it is malformed or of another family. */
export function decodeEcs(data: Uint8Array): EcsOption | undefined {
  const family = data.length >= 4 && data[0] === 0 ? (data[1] === 1 ? 4 : data[1] === 2 ? 6 : undefined) : undefined;
  if (family === undefined) return undefined;
  const octets = new Uint8Array(family === 4 ? 4 : 16);
  const sourcePrefixLen = data[2]!;
  const longest = octets.length * 8;
  if (sourcePrefixLen > longest || data[3]! > longest || data.length !== 4 + ((sourcePrefixLen + 7) >> 3)) return undefined;
  octets.set(data.subarray(4));
  return { family, octets, sourcePrefixLen, scopePrefixLen: data[3]! };
}

// The network that a client is in, as one number: all that is kept of its address.

import { type Family, formatAddress, isMappedIpv4 } from '../base/address.ts';

/** An address of 4 or 16 octets. */
export interface ClientAddress {
  readonly family: Family;
  readonly octets: Uint8Array;
}

const bits = (octets: Uint8Array, from: number, size: number): number =>
  octets.subarray(from, from + size).reduce((value, octet) => value * 256 + octet, 0);

/** The first 48 bits of an IPv6 address; below 0, those 24 of an IPv4 address, also of one that an IPv6 socket has accepted. */
export function networkKey(family: Family, octets: Uint8Array): number {
  if (family === 4) return -1 - bits(octets, 0, 3);
  return isMappedIpv4(octets) ? -1 - bits(octets, 12, 3) : bits(octets, 0, 6);
}

/** `192.0.2.0/24` or `2001:db8:1::/48`. */
export function networkName(key: number): string {
  const [family, prefixSize] = key < 0 ? ([4, 3] as const) : ([6, 6] as const);
  const octets = new Uint8Array(family === 4 ? 4 : 16);
  let rest = key < 0 ? -1 - key : key;
  for (let i = prefixSize - 1; i >= 0; i--) {
    octets[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return `${formatAddress(octets, family)}/${8 * prefixSize}`;
}

// Networks with a fixed meaning: private ones, which no database places and only an operator can, and those of IPv6 that
// carry the IPv4 address of the client.

import { type Cidr, type Family, maskOctets, parseCidr } from '../base/address.ts';

/** Private use (RFC 1918, RFC 4193), shared by carriers (RFC 6598), loopback and link-local (RFC 6890, RFC 4291). */
export const PRIVATE_NETWORKS: readonly Cidr[] = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
].map((text) => parseCidr(text)!);

/** What geo/lookup redirects to IPv4: mapped, NAT64, 6to4, Teredo. */
export const EMBEDDING_NETWORKS: readonly Cidr[] = ['::ffff:0:0/96', '64:ff9b::/96', '2002::/16', '2001::/32'].map(
  (text) => parseCidr(text)!,
);

/** Whether a network holds the address in `octets` (4 or 16). */
export function holds(cidr: Cidr, family: Family, octets: Uint8Array): boolean {
  if (cidr.family !== family) return false;
  const masked = Uint8Array.from(octets);
  maskOctets(masked, cidr.prefixLen, masked.length);
  return masked.every((octet, i) => octet === cidr.octets[i]);
}

export const isPrivate = (family: Family, octets: Uint8Array): boolean =>
  PRIVATE_NETWORKS.some((cidr) => holds(cidr, family, octets));

/** Whether a network lies in a part of IPv6 whose addresses are resolved as IPv4, so that naming it has no effect. */
export const isEmbedded = (cidr: Cidr): boolean =>
  EMBEDDING_NETWORKS.some((outer) => cidr.prefixLen >= outer.prefixLen && holds(outer, cidr.family, cidr.octets));

// Which addresses may be checked at all. Whoever can write a configuration, or the DNS behind a check host, could otherwise make
// the prober fetch what only this machine can reach, such as the metadata service of a cloud. The rules look at the address that
// is connected to, after resolution, so a name cannot lead around them. Ranges: RFC 6890 and the registries it founded.

import { type Cidr, type Family, parseAddress, parseCidr } from '../base/address.ts';
import { PrefixSet } from '../base/prefix-set.ts';

/** Denied unless allowed: this host, link-local and metadata services, multicast, reserved and broadcast. */
const DENIED_BY_DEFAULT: readonly string[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  'fe80::/10',
  'fd00:ec2::254/128',
  'ff00::/8',
];

/** Prefixes of 96 bits behind which an IPv4 address stands: mapped (RFC 4291) and translated (RFC 6052). */
const EMBEDDING = ['::ffff:0:0', '64:ff9b::'].map((text) => parseAddress(text)!.octets.subarray(0, 12));

export class AddressRules {
  readonly #allow: PrefixSet;
  readonly #deny: PrefixSet;
  readonly #denyByDefault = new PrefixSet(DENIED_BY_DEFAULT.map((text) => parseCidr(text)!));

  /** `deny` is stronger than `allow`, and that is stronger than the default. */
  constructor(allow: readonly Cidr[], deny: readonly Cidr[]) {
    this.#allow = new PrefixSet(allow);
    this.#deny = new PrefixSet(deny);
  }

  /** Whether a numeric address may be connected to. */
  allows(address: string): boolean {
    const parsed = parseAddress(address);
    if (parsed === undefined) return false;
    if (!this.#allowsOctets(parsed.family, parsed.octets)) return false;
    const isEmbedding = parsed.family === 6 && EMBEDDING.some((prefix) => prefix.every((octet, i) => octet === parsed.octets[i]));
    return !isEmbedding || this.#allowsOctets(4, parsed.octets.subarray(12));
  }

  #allowsOctets(family: Family, octets: Uint8Array): boolean {
    if (this.#deny.has(family, octets)) return false;
    return this.#allow.has(family, octets) || !this.#denyByDefault.has(family, octets);
  }
}

// The EDNS Client Subnet option (RFC 7871 section 6): FAMILY 2, SOURCE PREFIX-LENGTH 1, SCOPE PREFIX-LENGTH 1, ADDRESS.
// Strict on reading, because a malformed option must be refused (section 7.2.1) and because the reply echoes FAMILY,
// SOURCE and ADDRESS octet for octet (section 11.2): what is not canonical could not be echoed from here.

import * as constants from './constants.ts';

// Constants of this module are folded into its machine code, imports are not: see responder/responder.ts.
const { ECS } = constants.OPTION;

/** FAMILY numbers of the IANA "Address Family Numbers" registry; 0 is seen in the wild, with SOURCE 0, as "no address". */
const FAMILY_NONE = 0;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;

const FIXED_SIZE = 4;
const OPTION_HEAD = 4;

/** The client subnet of one query. One instance per responder, overwritten by each query. */
export class Ecs {
  /** Octets of the whole option, here and in the reply; 0 if there is none. */
  optionSize = 0;
  /** FAMILY as on the wire: 0, 1 (IPv4) or 2 (IPv6). */
  family = 0;
  sourcePrefixLen = 0;
  /** ADDRESS, extended with zeros to the 4 or 16 octets of its family. */
  readonly octets: Uint8Array = new Uint8Array(16);

  /** sourcePrefixLen, or 0 once the network is ignored. */
  #countedPrefixLen = 0;

  clear(): void {
    this.optionSize = 0;
    this.family = 0;
    this.sourcePrefixLen = 0;
    this.#countedPrefixLen = 0;
  }

  get isPresent(): boolean {
    return this.optionSize > 0;
  }

  /** Whether the option names a network to look at: with SOURCE 0 the client asks not to be told apart (section 7.1.2). */
  get hasAddress(): boolean {
    return this.#countedPrefixLen > 0;
  }

  /** Takes the network out of consideration; the reply echoes it all the same. */
  ignore(): void {
    this.#countedPrefixLen = 0;
  }

  /**
   * Reads option data at `at`, `length` octets of it, all inside the message. False if it is malformed: unknown FAMILY,
   * prefix too long for the family, wrong number of octets, a bit set beyond the prefix, or SCOPE not 0.
   */
  read(message: Uint8Array, at: number, length: number): boolean {
    if (length < FIXED_SIZE) return false;
    const family = (message[at]! << 8) | message[at + 1]!;
    const source = message[at + 2]!;
    const longest = family === FAMILY_IPV4 ? 32 : family === FAMILY_IPV6 ? 128 : 0;
    if (family > FAMILY_IPV6 || source > longest || message[at + 3] !== 0) return false;
    const size = (source + 7) >> 3;
    if (length !== FIXED_SIZE + size) return false;
    if ((source & 7) !== 0 && (message[at + FIXED_SIZE + size - 1]! & (0xff >> (source & 7))) !== 0) return false;
    this.optionSize = OPTION_HEAD + length;
    this.family = family;
    this.sourcePrefixLen = source;
    this.#countedPrefixLen = source;
    const octets = this.octets;
    for (let i = 0; i < size; i++) octets[i] = message[at + FIXED_SIZE + i]!;
    for (let i = size; i < longest >> 3; i++) octets[i] = 0;
    return true;
  }

  /** Writes the whole option with the given scope at `at` and returns the offset behind it. */
  write(out: Uint8Array, at: number, scopePrefixLen: number): number {
    const size = (this.sourcePrefixLen + 7) >> 3;
    out[at] = 0;
    out[at + 1] = ECS;
    out[at + 2] = 0;
    out[at + 3] = FIXED_SIZE + size;
    out[at + 4] = 0;
    out[at + 5] = this.family;
    out[at + 6] = this.sourcePrefixLen;
    out[at + 7] = this.family === FAMILY_NONE ? 0 : scopePrefixLen;
    for (let i = 0; i < size; i++) out[at + 8 + i] = this.octets[i]!;
    return at + OPTION_HEAD + FIXED_SIZE + size;
  }
}

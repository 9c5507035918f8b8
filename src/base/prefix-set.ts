// A set of networks with a membership test that allocates nothing: allow lists, and the resolvers whose word is believed.
// Networks inside other networks of the set are left out, so those that remain are disjoint: in order of their addresses, only
// the last one that does not start behind an address can hold it. One binary search per test, whatever the prefix lengths.

import type { Cidr, Family } from './address.ts';

export class PrefixSet {
  readonly #v4: Prefixes;
  readonly #v6: Prefixes;

  constructor(cidrs: readonly Cidr[]) {
    this.#v4 = new Prefixes(cidrs, 4);
    this.#v6 = new Prefixes(cidrs, 6);
  }

  /** Whether the address in the first 4 or 16 of `octets` (network order) lies in a network of its own family in the set. */
  has(family: Family, octets: Uint8Array): boolean {
    return family === 4 ? this.#v4.has(octets) : this.#v6.has(octets);
  }
}

/** The networks of one family. */
class Prefixes {
  /** Octets of an address. */
  readonly #size: number;
  /** First addresses, `#size` octets each, ascending; and the length of each prefix in bits. */
  readonly #starts: Uint8Array;
  readonly #prefixLens: Uint8Array;

  constructor(cidrs: readonly Cidr[], family: Family) {
    this.#size = family === 4 ? 4 : 16;
    const disjoint: Cidr[] = [];
    const ordered = cidrs.filter((cidr) => cidr.family === family).sort(byAddressThenLength);
    for (const cidr of ordered) {
      const last = disjoint.at(-1);
      if (last === undefined || !startsWith(cidr.octets, last.octets, 0, last.prefixLen)) disjoint.push(cidr);
    }
    this.#starts = Uint8Array.from(disjoint.flatMap(({ octets }) => [...octets]));
    this.#prefixLens = Uint8Array.from(disjoint, ({ prefixLen }) => prefixLen);
  }

  has(octets: Uint8Array): boolean {
    let low = 0;
    let high = this.#prefixLens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#startsBehind(middle, octets)) high = middle;
      else low = middle + 1;
    }
    return low > 0 && startsWith(octets, this.#starts, (low - 1) * this.#size, this.#prefixLens[low - 1]!);
  }

  #startsBehind(index: number, octets: Uint8Array): boolean {
    const from = index * this.#size;
    for (let i = 0; i < this.#size; i++) {
      const difference = this.#starts[from + i]! - octets[i]!;
      if (difference !== 0) return difference > 0;
    }
    return false;
  }
}

function byAddressThenLength(a: Cidr, b: Cidr): number {
  for (let i = 0; i < a.octets.length; i++) {
    const difference = a.octets[i]! - b.octets[i]!;
    if (difference !== 0) return difference;
  }
  return a.prefixLen - b.prefixLen;
}

/** Whether `octets` begins with the first `prefixLen` bits of `prefixes[from..]`. */
function startsWith(octets: Uint8Array, prefixes: Uint8Array, from: number, prefixLen: number): boolean {
  const whole = prefixLen >> 3;
  for (let i = 0; i < whole; i++) if (octets[i] !== prefixes[from + i]) return false;
  const rest = prefixLen & 7;
  return rest === 0 || ((octets[whole]! ^ prefixes[from + whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

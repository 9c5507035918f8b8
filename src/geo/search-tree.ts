// The binary search tree at the start of an MMDB file: two records per node, of 24, 28 or 32 bits each. A record below the
// node count is a node, the node count itself means "unknown", anything above is a position in the data section.
// Source: MaxMind DB File Format Specification 2.0. `maxmind` only looks up single addresses; this walks all networks.

import type { Family } from '../base/address.ts';

export class SearchTree {
  readonly nodeCount: number;
  /** Node, or record above the node count, at which the IPv4 part begins: ::/96 in a tree of IPv6. */
  readonly ipv4Root: number;
  readonly ipVersion: number;
  readonly #octets: Uint8Array;
  readonly #recordBits: number;

  /** `octets` must hold `nodeCount * recordBits / 4` octets at least. */
  constructor(octets: Uint8Array, nodeCount: number, recordBits: number, ipVersion: number) {
    this.#octets = octets;
    this.#recordBits = recordBits;
    this.nodeCount = nodeCount;
    this.ipVersion = ipVersion;
    let node = 0;
    if (ipVersion === 6) for (let bit = 0; bit < 96 && node < nodeCount; bit++) node = this.child(node, 0);
    this.ipv4Root = node;
  }

  /** Record `bit` (0 or 1) of a node. */
  child(node: number, bit: number): number {
    const octets = this.#octets;
    if (this.#recordBits === 24) {
      const at = node * 6 + bit * 3;
      return (octets[at]! << 16) | (octets[at + 1]! << 8) | octets[at + 2]!;
    }
    if (this.#recordBits === 28) {
      const at = node * 7;
      const shared = octets[at + 3]!; // holds the top four bits of both records
      const low = at + bit * 4;
      const top = bit === 0 ? shared >> 4 : shared & 15;
      return (top << 24) | (octets[low]! << 16) | (octets[low + 1]! << 8) | octets[low + 2]!;
    }
    const at = node * 8 + bit * 4;
    return ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;
  }

  /**
   * Whether a record leads from the IPv6 part into the IPv4 part. MaxMind's trees alias it at ::ffff:0:0/96, 2001::/32 and
   * 2002::/16; those addresses are resolved as their IPv4 before any walk.
   */
  isAlias(record: number): boolean {
    return this.ipVersion === 6 && record < this.nodeCount && record === this.ipv4Root;
  }

  /** Record at which the walk of a family begins; the node count (unknown) if the tree lacks the family. */
  rootOf(family: Family): number {
    if (family === 4) return this.ipv4Root;
    return this.ipVersion === 6 ? 0 : this.nodeCount;
  }
}

/** A network of the tree: `octets` (reused between calls) holds its first address, 4 or 16 octets. */
export type NetworkVisitor = (record: number, family: Family, octets: Uint8Array, prefixLen: number) => void;

/**
 * Visits every known network once, IPv4 first, each family in address order. Returns a complaint if the tree is damaged: a
 * node reached twice (a circle would never end) or networks longer than an address.
 */
export function visitNetworks(tree: SearchTree, visit: NetworkVisitor): string | undefined {
  const { nodeCount } = tree;
  const seen = new Uint8Array(Math.ceil(nodeCount / 8));
  for (const family of [4, 6] as const) {
    const bits = family === 4 ? 32 : 128;
    const octets = new Uint8Array(bits / 8);
    // at most two entries per level; a path is twice the depth, plus one for the right-hand side
    const records = [tree.rootOf(family)];
    const paths = [0];
    let used = 0; // octets that may hold bits
    while (records.length > 0) {
      const record = records.pop()!;
      const path = paths.pop()!;
      const depth = path >> 1;
      if (depth > 0) {
        const at = (depth - 1) >> 3;
        const bit = 128 >> ((depth - 1) & 7);
        const above = octets[at]! & -(2 * bit); // forgets another way down
        octets[at] = path & 1 ? above | bit : above;
        if (used <= at) used = at + 1;
      }
      if (record === nodeCount || (family === 6 && tree.isAlias(record))) continue;
      if (record > nodeCount) {
        while (used > (depth + 7) >> 3) octets[--used] = 0;
        visit(record, family, octets, depth);
        continue;
      }
      if (depth === bits) return `node ${record} lies below a full IPv${family} address`;
      if ((seen[record >> 3]! >> (record & 7)) & 1) return `node ${record} is reached twice`;
      seen[record >> 3]! |= 1 << (record & 7);
      records.push(tree.child(record, 1), tree.child(record, 0));
      paths.push(2 * depth + 3, 2 * depth + 2);
    }
  }
  return undefined;
}

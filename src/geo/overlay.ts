// What operators say about networks, as a trie: map lines, networks named in policies, private networks, and the parts of
// IPv6 that stand for IPv4. Each node has a *context*: everything said on the way down to it, interned.

import type { Cidr, Family } from '../base/address.ts';
import type { MapFacts } from './network-map.ts';
import { EMBEDDING_NETWORKS, PRIVATE_NETWORKS } from './networks.ts';
import type { GeoSources } from './place.ts';

export interface Context {
  /** Shortest prefix first; among equal prefixes in the order of files and lines. */
  readonly lines: readonly MapFacts[];
  /** Indexes into GeoSources.networks, shortest prefix first. */
  readonly networks: readonly number[];
  readonly isPrivate: boolean;
  /** geo/lookup never comes here; kept apart so that no scope beside it reaches over it. */
  readonly isEmbedded: boolean;
}

const NOTHING_SAID: Context = { lines: [], networks: [], isPrivate: false, isEmbedded: false };

/** No node: nothing more is said below. */
export const NO_NODE = -1;

export class Overlay {
  readonly contexts: Context[] = [NOTHING_SAID];
  /** Two words a node; node 0 is the whole address space. */
  readonly #children: number[] = [NO_NODE, NO_NODE];
  readonly #said: (Context | undefined)[] = [undefined];
  readonly #contextOf: number[] = [];

  constructor(sources: GeoSources, family: Family) {
    const say = (cidr: Cidr, change: (said: Context) => Context): void => {
      if (cidr.family !== family) return;
      const node = this.#nodeFor(cidr);
      this.#said[node] = change(this.#said[node] ?? NOTHING_SAID);
    };
    for (const cidr of PRIVATE_NETWORKS) say(cidr, (said) => ({ ...said, isPrivate: true }));
    for (const cidr of EMBEDDING_NETWORKS) say(cidr, (said) => ({ ...said, isEmbedded: true }));
    for (const { entries } of sources.networkMaps) {
      for (const { cidr, facts } of entries) say(cidr, (said) => ({ ...said, lines: [...said.lines, facts] }));
    }
    sources.networks.forEach((cidr, index) => {
      say(cidr, (said) => ({ ...said, networks: [...said.networks, index] }));
    });
    this.#inherit();
  }

  child(node: number, bit: number): number {
    return this.#children[2 * node + bit]!;
  }

  /** Index into `contexts`. */
  contextOf(node: number): number {
    return this.#contextOf[node]!;
  }

  #nodeFor({ octets, prefixLen }: Cidr): number {
    let node = 0;
    for (let depth = 0; depth < prefixLen; depth++) {
      const slot = 2 * node + ((octets[depth >> 3]! >> (7 - (depth & 7))) & 1);
      if (this.#children[slot] === NO_NODE) {
        this.#children[slot] = this.#said.push(undefined) - 1;
        this.#children.push(NO_NODE, NO_NODE);
      }
      node = this.#children[slot]!;
    }
    return node;
  }

  /** Gives each node its context; a parent has a lower number than its children. */
  #inherit(): void {
    const interned = new Map<string, number>();
    const inheritedFrom = new Array<number>(this.#said.length).fill(0);
    this.#said.forEach((said, node) => {
      let context = inheritedFrom[node]!;
      if (said !== undefined) {
        const key = `${context} ${JSON.stringify(said)}`;
        context = interned.get(key) ?? this.contexts.push(join(this.contexts[context]!, said)) - 1;
        interned.set(key, context);
      }
      this.#contextOf.push(context);
      for (const bit of [0, 1]) {
        const child = this.child(node, bit);
        if (child !== NO_NODE) inheritedFrom[child] = context;
      }
    });
  }
}

const join = (above: Context, said: Context): Context => ({
  lines: [...above.lines, ...said.lines],
  networks: [...above.networks, ...said.networks],
  isPrivate: above.isPrivate || said.isPrivate,
  isEmbedded: above.isEmbedded || said.isEmbedded,
});

// Rules that the trie and the slow lookup share: which database speaks for a family, how fine it may be, and what stands
// for a network that it divides further.

import type { Family } from '../base/address.ts';
import type { GeoDatabase } from './mmdb.ts';

/**
 * Longest prefix that a database may tell apart: finer scopes would cost resolvers cache entries that the data is not good
 * for (RFC 7871 section 11.1 recommends these lengths as the finest to send). Maps and policies may be longer.
 */
export const databaseCap = (family: Family): number => (family === 4 ? 24 : 56);

/** The databases that give places and AS numbers for a family; `asns` is left out where one file gives both. */
export function sourcesFor(databases: readonly GeoDatabase[], family: Family) {
  const places = databases.find((database) => database.hasPlaces && database.covers(family));
  const asns = databases.find((database) => database !== places && database.hasAsns && database.covers(family));
  return { places, asns };
}

/**
 * The leaf that fills most of what lies below a node, unknown networks not counted; the first in address order among
 * equals. Stands for a network at the cap.
 */
export function majorityBelow(database: GeoDatabase, node: number): number {
  const shares = new Map<number, number>();
  const add = (position: number, share: number): void => {
    if (position >= 0) {
      add(database.child(position, 0), share / 2);
      add(database.child(position, 1), share / 2);
    } else if (position !== ~0) shares.set(position, (shares.get(position) ?? 0) + share);
  };
  add(node, 1);
  let best = ~0;
  let bestShare = 0;
  for (const [position, share] of shares) {
    if (share > bestShare) {
      best = position;
      bestShare = share;
    }
  }
  return best;
}

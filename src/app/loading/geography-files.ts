// Files that the trie of networks is made of.

import type { GeoSettings } from '../../model/snapshot.ts';

export const geographyFiles = (geo: GeoSettings): string[] =>
  [geo.databaseFile, geo.asnFile, ...geo.networkMapFiles].filter((file) => file !== null);

// Which of the eight colours of the map a site has. A site keeps it as long as the set of sites is the same.

import type { Site } from '../../../src/admin/schemas/world.ts';

const COLOURS = 8;

/** Class names `site-0` .. `site-7` by site; with more sites than colours some share one. */
export const siteColours = (sites: readonly Pick<Site, 'id'>[]): ReadonlyMap<string, string> =>
  new Map([...sites].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id }, i) => [id, `site-${i % COLOURS}`]));

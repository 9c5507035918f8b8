// Sites that lie so near one another on the map that their signs would hide one another stand there as one. Who stands with whom
// depends on the places alone: nothing moves when health changes.

import type { Look } from '../state.ts';

export interface Placed {
  readonly id: string;
  readonly look: Look;
  /** In pixels of the frame. */
  readonly x: number;
  readonly y: number;
}

/** One mark: with the id and the place of its first site, and the look of the one that is worst off. */
export interface Cluster<Site extends Placed> extends Placed {
  readonly sites: readonly Site[];
}

/** Less than the width of a sign, in pixels: two that touch can still be told apart, and hit. */
const NEAR_PX = 18;

/** Each of `sites` in one cluster. */
export function clustersOf<Site extends Placed>(sites: readonly Site[]): readonly Cluster<Site>[] {
  const groups: [Site, ...Site[]][] = [];
  for (const site of sites) {
    const near = groups.find(([first]) => Math.hypot(first.x - site.x, first.y - site.y) < NEAR_PX);
    if (near === undefined) groups.push([site]);
    else near.push(site);
  }
  return groups.map((group) => {
    const [{ id, x, y }] = group;
    const { look } = group.reduce((a, b) => (b.look.rank < a.look.rank ? b : a));
    return { id, x, y, look, sites: group };
  });
}

// Answers by site since the start: what the workers count by member (metrics/asked.ts), put together by the name of the site, since
// each load numbers members anew.

import { AskedMeter } from '../../metrics/asked.ts';
import type { Answering } from '../process/running.ts';

export class SiteTally {
  readonly #totals = new Map<string, number>();
  #given: SharedArrayBuffer | null = null;
  #sites: readonly string[] = [];
  #meter: AskedMeter | null = null;

  /** Totals by site, up to now. Sites that are no more keep theirs: totals never go down. */
  take(answering: Pick<Answering, 'loaded' | 'images'>): ReadonlyMap<string, number> {
    this.#collect();
    const { given } = answering.images;
    if (given !== this.#given) {
      const { sites, members } = answering.loaded.snapshot.steering;
      this.#given = given;
      this.#sites = members.map(({ site }) => sites[site]!.id);
      // What was counted since the images were installed belongs to us too.
      this.#meter = new AskedMeter(given, members.length, 'from-zero');
      for (const { id } of sites) this.#totals.set(id, this.#totals.get(id) ?? 0);
      this.#collect();
    }
    return this.#totals;
  }

  #collect(): void {
    const counts = this.#meter?.take();
    for (const [member, count] of counts?.entries() ?? []) {
      if (count > 0) this.#totals.set(this.#sites[member]!, this.#totals.get(this.#sites[member]!)! + count);
    }
  }
}

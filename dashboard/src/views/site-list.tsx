// The sites: health, share of the world, load, and the two things that people do with a site at night.

import type { OverrideItem } from '../../../src/admin/schemas/changes.ts';
import type { Place } from '../../../src/admin/schemas/steering.ts';
import type { Member, Site } from '../../../src/admin/schemas/world.ts';
import { LoadBar } from '../parts/load-bar.tsx';
import { Panel } from '../parts/panel.tsx';
import { Sign } from '../parts/sign.tsx';
import { groupLook, membersOf } from '../state.ts';
import { plural } from '../text.ts';

/** What somebody wants to change; a dialog asks back. */
export type Wish =
  | { readonly kind: 'drain'; readonly what: string; readonly label: string }
  | { readonly kind: 'recall'; readonly order: OverrideItem };

interface Props {
  readonly sites: readonly Site[];
  readonly members: readonly Member[];
  readonly orders: readonly OverrideItem[];
  readonly places: readonly Place[] | null;
  readonly colours: ReadonlyMap<string, string>;
  readonly selected: string | null;
  readonly mayChange: boolean;
  onSelect(site: string): void;
  onWish(wish: Wish): void;
}

export function SiteList({ sites, members, orders, places, colours, selected, mayChange, onSelect, onWish }: Props) {
  const serving = sites.filter(({ isServing }) => isServing).length;
  return (
    <Panel id="sites" title="Sites" aside={<span class="count">{`${serving} of ${sites.length} serving`}</span>}>
      <ul class="rows">
        {sites.map((site) => {
          const look = groupLook(membersOf(site, members, 'site'));
          const drained = orders.find(({ glob, action }) => action === 'drain' && glob === `site:${site.id}`);
          return (
            <li key={site.id} class={`site-row ${selected === site.id ? 'is-selected' : ''}`}>
              <span class={`swatch ${colours.get(site.id)!}`} />
              <div class="site-main">
                <button type="button" class="name" aria-pressed={selected === site.id} onClick={() => onSelect(site.id)}>
                  {site.id}
                </button>
                <span class="state">
                  <Sign {...look} /> {look.text}
                </span>
                <span class="quiet">
                  {site.serving} of {plural(site.members, 'member')}
                  {places === null ? '' : `, ${servedText(site.id, places)}`}
                </span>
                <LoadBar site={site} />
              </div>
              {mayChange &&
                (drained === undefined ? (
                  <button
                    type="button"
                    class="act"
                    aria-label={`Drain ${site.id}`}
                    onClick={() => onWish({ kind: 'drain', what: `site:${site.id}`, label: site.id })}
                  >
                    Drain
                  </button>
                ) : (
                  <button
                    type="button"
                    class="act act-undo"
                    aria-label={`Undrain ${site.id}`}
                    onClick={() => onWish({ kind: 'recall', order: drained })}
                  >
                    Undrain
                  </button>
                ))}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

const servedText = (id: string, places: readonly Place[]): string =>
  plural(places.filter(({ sites }) => sites.some(({ site }) => site === id)).length, 'country', 'countries');

// The sites: health, share of the world, load, and the two things that people do with a site at night.

import { useState } from 'preact/hooks';
import type { OverrideItem } from '../../../src/admin/schemas/changes.ts';
import type { Place } from '../../../src/admin/schemas/steering.ts';
import type { Site } from '../../../src/admin/schemas/world.ts';
import { LoadBar, loadingOf } from '../parts/load-bar.tsx';
import { Find, isFound, More, useShown } from '../parts/many.tsx';
import { Panel } from '../parts/panel.tsx';
import { Sign } from '../parts/sign.tsx';
import { steady } from '../parts/steady.tsx';
import { type Groups, groupLook, type Look, membersOf } from '../state.ts';
import { plural } from '../text.ts';

/** What somebody wants to change; a dialog asks back. */
export type Wish =
  | { readonly kind: 'drain'; readonly what: string; readonly label: string }
  | { readonly kind: 'recall'; readonly order: OverrideItem };

interface Props {
  readonly sites: readonly Site[];
  readonly bySite: Groups;
  readonly orders: readonly OverrideItem[];
  readonly places: readonly Place[] | null;
  readonly colours: ReadonlyMap<string, string>;
  readonly selected: string | null;
  readonly mayChange: boolean;
  onSelect(site: string): void;
  onWish(wish: Wish): void;
}

/** As many are taken in at a glance; with more there is a search, and the worst come first. */
const FEW = 12;

const ORDERS = { worst: 'the worst first', load: 'the fullest first', name: 'by name' } as const;
type Order = keyof typeof ORDERS;

interface Row {
  readonly site: Site;
  readonly look: Look;
}

export const SiteList = steady((props: Props) => {
  const { sites, bySite, selected, places } = props;
  const [search, setSearch] = useState('');
  const [order, setOrder] = useState<Order>('worst');
  const [most, showMore] = useShown(FEW);
  const areMany = sites.length > FEW;
  const rows = sites.map((site) => ({ site, look: groupLook(membersOf(bySite, site)) }));
  const found = areMany ? sorted(rows, order).filter(({ site }) => isFound(search, [site.id])) : rows;
  const told = areMany ? found.filter(({ site }, i) => i < most || site.id === selected) : found;
  const serving = sites.filter(({ isServing }) => isServing).length;
  const countries = countriesBySite(places);
  return (
    <Panel id="sites" title="Sites" aside={<span class="count">{`${serving} of ${sites.length} serving`}</span>}>
      {areMany && (
        <div class="find-row">
          <Find label="Find a site" text={search} onText={setSearch} />
          <label>
            <span class="label">Order</span>
            <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
              {Object.entries(ORDERS).map(([each, text]) => (
                <option key={each} value={each}>
                  {text}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      <ul class="rows">
        {told.map((row) => (
          <SiteRow
            key={row.site.id}
            {...props}
            {...row}
            countries={countries === null ? null : (countries.get(row.site.id) ?? 0)}
          />
        ))}
      </ul>
      {found.length === 0 && <p class="empty">No site is named so.</p>}
      <More hidden={found.length - told.length} what="more sites" onMore={showMore} />
    </Panel>
  );
});

interface RowProps extends Props, Row {
  /** That it serves; null = not known. */
  readonly countries: number | null;
}

function SiteRow({ site, look, countries, orders, colours, selected, mayChange, onSelect, onWish }: RowProps) {
  const drained = orders.find(({ glob, action }) => action === 'drain' && glob === `site:${site.id}`);
  return (
    <li class={`site-row ${selected === site.id ? 'is-selected' : ''}`}>
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
          {countries === null ? '' : `, ${plural(countries, 'country', 'countries')}`}
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
}

const byName = (a: Row, b: Row): number => (a.site.id < b.site.id ? -1 : 1);

/** Current load as a part of the most it can take; less than nothing if that is not known. */
function fullness({ site }: Row): number {
  const { current = null, max = null } = loadingOf(site) ?? {};
  return current === null || max === null ? -1 : current / Math.max(max, 1);
}

function sorted(rows: readonly Row[], order: Order): readonly Row[] {
  const compare = {
    worst: (a: Row, b: Row) => a.look.rank - b.look.rank || fullness(b) - fullness(a) || byName(a, b),
    load: (a: Row, b: Row) => fullness(b) - fullness(a) || byName(a, b),
    name: byName,
  };
  return [...rows].sort(compare[order]);
}

function countriesBySite(places: readonly Place[] | null): ReadonlyMap<string, number> | null {
  if (places === null) return null;
  const counts = new Map<string, number>();
  for (const { sites } of places) for (const { site } of sites) counts.set(site, (counts.get(site) ?? 0) + 1);
  return counts;
}

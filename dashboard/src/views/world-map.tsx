// The world: each country in the colour of the site that serves it now by the chosen policy, each site with the sign of its health.
// What a pointer finds on the map stands as a list below it too, for those who use none.

import { COUNTRIES } from 'virtual:world-map';
import { useState } from 'preact/hooks';
import type { Place, Policy } from '../../../src/admin/schemas/steering.ts';
import type { Site } from '../../../src/admin/schemas/world.ts';
import type { Family } from '../data/api.ts';
import { Markers } from '../map/markers.tsx';
import { MAP_HEIGHT, MAP_WIDTH } from '../map/projection.ts';
import { Panel } from '../parts/panel.tsx';
import { steady } from '../parts/steady.tsx';
import type { Groups } from '../state.ts';
import { countryName, listText, plural } from '../text.ts';

interface Props {
  readonly sites: readonly Site[];
  readonly bySite: Groups;
  readonly policies: readonly Policy[];
  readonly policy: string;
  readonly family: Family;
  /** null = not known (yet). */
  readonly places: readonly Place[] | null;
  readonly colours: ReadonlyMap<string, string>;
  readonly selected: string | null;
  readonly mayChange: boolean;
  /** Sites that are clicked off to see what would be; null = the map shows what is. */
  readonly trial: readonly string[] | null;
  onTrial(isOn: boolean): void;
  onTurn(site: string): void;
  onPolicy(policy: string): void;
  onFamily(family: Family): void;
  onSelect(site: string): void;
}

export const WorldMap = steady((props: Props) => {
  const { sites, bySite, places, colours, trial, onTurn } = props;
  const selected = trial === null ? props.selected : null;
  const onSelect = trial === null ? props.onSelect : onTurn;
  const [pointed, setPointed] = useState<string | null>(null);
  const [isListed, setListed] = useState(false);
  const byCountry = new Map((places ?? []).map((place) => [place.id, place]));
  const find = (event: Event): void => setPointed((event.target as Element).getAttribute('data-code'));
  return (
    <Panel id="map" title="Who serves whom" aside={<MapChoice {...props} />}>
      <div class="map-frame">
        <svg
          class={`map ${selected === null ? '' : 'map-selecting'}`}
          viewBox={`0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`}
          aria-hidden="true"
          onPointerMove={find}
          onPointerDown={find}
          onPointerLeave={() => setPointed(null)}
        >
          {COUNTRIES.map(({ code, d }) => (
            <path key={code} d={d} data-code={code} class={countryClass(byCountry.get(code), colours, selected)} />
          ))}
        </svg>
        <Markers {...{ sites, bySite, colours, selected, trial, onSelect }} />
      </div>
      <div role="status">{trial !== null && <p class="map-trial">{trialText(trial)}</p>}</div>
      <p class="map-readout" aria-live="off">
        {readout(pointed, byCountry, places, selected)}
      </p>
      <details class="served" onToggle={(event) => setListed(event.currentTarget.open)}>
        <summary>The map as a list</summary>
        {isListed && <ServedList sites={sites} places={places} colours={colours} />}
      </details>
    </Panel>
  );
});

function countryClass(place: Place | undefined, colours: ReadonlyMap<string, string>, selected: string | null): string {
  const first = place?.sites[0];
  if (place === undefined || first === undefined) return 'country';
  const isSplit = first.percent < 99.5;
  const isChosen = place.sites.some(({ site }) => site === selected);
  return `country ${colours.get(first.site) ?? ''}${isSplit ? ' split' : ''}${isChosen ? ' chosen' : ''}`;
}

const trialText = (off: readonly string[]): string =>
  off.length === 0
    ? 'What if: choose sites on the map to see who would serve whom without them. Nothing changes.'
    : `What would be without ${listText(off, 6)}. Nothing has changed.`;

function MapChoice({ policies, policy, family, mayChange, trial, onTrial, onPolicy, onFamily }: Props) {
  return (
    <div class="choices">
      <label>
        <span class="label">Policy</span>
        <select value={policy} onChange={(event) => onPolicy(event.currentTarget.value)}>
          {policies.map(({ id }) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="segments">
        <legend class="hidden">Address family</legend>
        {([4, 6] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="family" checked={family === each} onChange={() => onFamily(each)} />
            <span>IPv{each}</span>
          </label>
        ))}
      </fieldset>
      {mayChange && (
        <button type="button" class="act" aria-pressed={trial !== null} onClick={() => onTrial(trial === null)}>
          What if
        </button>
      )}
    </div>
  );
}

function readout(
  pointed: string | null,
  byCountry: ReadonlyMap<string, Place>,
  places: readonly Place[] | null,
  selected: string | null,
): string {
  if (places === null) return 'Who serves whom is not known here.';
  if (pointed !== null) {
    const served = byCountry.get(pointed)?.sites ?? [];
    const shares = served.map(({ site, percent }) => `${site} ${percent < 99.5 ? `${Math.round(percent)} %` : ''}`.trim());
    const lastResort = byCountry.get(pointed)?.lastResort ?? null;
    const why = lastResort === null ? '' : ` (last resort ${lastResort}: nothing that the policy may choose is up)`;
    return `${countryName(pointed)}: ${shares.length === 0 ? 'no address' : listText(shares, 6)}${why}`;
  }
  if (selected !== null) {
    const codes = places.filter(({ sites }) => sites.some(({ site }) => site === selected)).map(({ id }) => id);
    if (codes.length === 0) return `${selected} serves no country by this policy now.`;
    return `${selected} serves ${plural(codes.length, 'country', 'countries')}: ${listText(codes.map(countryName), 12)}`;
  }
  return 'Point at a country to see who serves it; choose a site to see whom it serves.';
}

interface ServedProps {
  readonly sites: readonly Site[];
  readonly places: readonly Place[] | null;
  readonly colours: ReadonlyMap<string, string>;
}

/** The map in words. */
function ServedList({ sites, places, colours }: ServedProps) {
  if (places === null) return null;
  const namesBySite = new Map<string, string[]>(sites.map(({ id }) => [id, []]));
  for (const place of places) {
    for (const { site, percent } of place.sites) {
      const share = percent < 99.5 ? ` (${Math.round(percent)} %)` : '';
      namesBySite.get(site)?.push(`${countryName(place.id)}${share}`);
    }
  }
  const served = sites.map(({ id }) => ({ id, names: namesBySite.get(id)!.sort() }));
  const nobody = places.filter(({ sites: by }) => by.length === 0).map(({ id }) => countryName(id));
  return (
    <dl>
      {served.map(({ id, names }) => (
        <div key={id}>
          <dt>
            <span class={`swatch ${colours.get(id) ?? ''}`} /> {id}
          </dt>
          <dd>{names.length === 0 ? 'nobody' : `${names.length}: ${names.join(', ')}`}</dd>
        </div>
      ))}
      {nobody.length > 0 && (
        <div>
          <dt>no address</dt>
          <dd>
            {nobody.length}: {nobody.join(', ')}
          </dd>
        </div>
      )}
    </dl>
  );
}

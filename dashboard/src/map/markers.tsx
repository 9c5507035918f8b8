// The sites on the map: buttons over it, of the same size on every screen, each with the sign of its health in a ring of the
// site's colour, its name where there is room, and a bar of its load where that is known. Those that would hide one another are one
// button with their number, which lists them.

import type { ComponentChild } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Site } from '../../../src/admin/schemas/world.ts';
import { LoadBar, loadingOf } from '../parts/load-bar.tsx';
import { Sign } from '../parts/sign.tsx';
import { type Groups, groupLook, isQuiet, membersOf } from '../state.ts';
import { shortText } from '../text.ts';
import { type Cluster, clustersOf, type Placed } from './clusters.ts';
import { placeLabels, type Side } from './labels.ts';
import { MAP_WIDTH, project } from './projection.ts';

interface Props {
  readonly sites: readonly Site[];
  readonly bySite: Groups;
  readonly colours: ReadonlyMap<string, string>;
  readonly selected: string | null;
  /** Sites that are clicked off to see what would be; null = nobody asks. */
  readonly trial: readonly string[] | null;
  onSelect(site: string): void;
}

/** In a frame narrower than this only those are named that somebody should look at, and without words on their state. */
const WIDE_PX = 560;
/** Longer names would cover the map: the list has them whole. */
const LONGEST_NAME = 24;
/** Of more sites, likewise, only those are named that somebody should look at. */
const MOST_NAMED = 24;

interface Marked extends Placed {
  readonly site: Site;
}

export function Markers({ sites, bySite, colours, selected, trial, onSelect }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [open, setOpen] = useState<string | null>(null);
  const isWide = width >= WIDE_PX;
  const clusters = useMemo(() => {
    const marked = sites.map((site): Marked => {
      const { x, y } = project(site.longitude, site.latitude);
      const look = groupLook(membersOf(bySite, site));
      return { id: site.id, site, look, x: (x * width) / MAP_WIDTH, y: (y * width) / MAP_WIDTH };
    });
    // Until the frame is there everything is at one point.
    return width === 0 ? [] : clustersOf(marked);
  }, [sites, bySite, width]);
  const isChosen = (id: string): boolean => (trial === null ? id === selected : trial.includes(id));
  const opened = clusters.find((cluster) => cluster.sites.length > 1 && cluster.id === open);
  const areAllNamed = isWide && sites.length <= MOST_NAMED;
  const named = clusters.filter(
    (cluster) => textOf(cluster, isWide)[0] !== '' && (areAllNamed || cluster.id === selected || !isQuiet(cluster.look)),
  );
  const sides = placeLabels(
    named.map((cluster) => {
      const { id, look, x, y } = cluster;
      return { id, x, y, text: textOf(cluster, isWide).join(' '), rank: id === selected ? -1 : look.rank };
    }),
    clusters,
    width,
  );
  return (
    <>
      <div class="markers" ref={frame}>
        {clusters.map((cluster) => {
          const { id } = cluster;
          const isAnyChosen = cluster.sites.some((site) => isChosen(site.id));
          const shared = { cluster, side: sides.get(id) ?? null, isWide, isChosen: isAnyChosen };
          return cluster.sites.length === 1 ? (
            <Marker
              key={id}
              {...shared}
              colour={colours.get(id)!}
              isOff={trial?.includes(id) ?? false}
              onClick={() => onSelect(id)}
            />
          ) : (
            <ClusterMarker
              key={id}
              {...shared}
              isOpen={cluster === opened}
              onClick={() => setOpen(cluster === opened ? null : id)}
            />
          );
        })}
      </div>
      {opened !== undefined && (
        <ul class="near" id="near" aria-label="Sites near one another">
          {opened.sites.map(({ id, look }) => (
            <li key={id}>
              <button type="button" class="act" aria-pressed={isChosen(id)} onClick={() => onSelect(id)}>
                <Sign {...look} /> {id}
                {isQuiet(look) ? '' : ` ${look.text}`}
                {trial?.includes(id) === true ? ', as if it were off' : ''}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** What stands beside a sign: a name, and what is to be said. */
function textOf({ id, look, sites }: Cluster<Marked>, isWide: boolean): readonly [name: string, state: string] {
  const state = isWide && !isQuiet(look) ? look.text : '';
  if (sites.length === 1) return [shortText(id, LONGEST_NAME), state];
  const disturbed = disturbedIn(sites);
  return disturbed === 0 ? ['', ''] : [`${disturbed} of ${sites.length}`, state];
}

const disturbedIn = (sites: readonly Placed[]): number => sites.filter(({ look }) => !isQuiet(look)).length;

interface MarkerProps {
  readonly cluster: Cluster<Marked>;
  /** null = there is no room for a name. */
  readonly side: Side | null;
  readonly isWide: boolean;
  readonly isChosen: boolean;
  onClick(): void;
}

function Marker({ colour, isOff, ...props }: MarkerProps & { readonly colour: string; readonly isOff: boolean }) {
  const { cluster, isChosen, onClick } = props;
  const { look, x, y } = cluster;
  const { site } = cluster.sites[0]!;
  const name = shortText(site.id, LONGEST_NAME);
  return (
    <button
      type="button"
      class={`marker ${colour} ${isOff ? 'marker-off' : ''}`}
      style={placeStyle(x, y)}
      aria-pressed={isChosen}
      // Begins as what can be seen does, so that it can be said (WCAG 2.5.3).
      aria-label={`${name} ${look.text}${isOff ? ', as if it were off' : ''}${name === site.id ? '' : `, ${site.id}`}`}
      title={`${site.id}: ${look.text}`}
      onClick={onClick}
    >
      <Sign {...look} />
      <MarkerText {...props} load={loadingOf(site)?.current != null && <LoadBar site={site} />} />
    </button>
  );
}

function ClusterMarker({ isOpen, ...props }: MarkerProps & { readonly isOpen: boolean }) {
  const { cluster, isChosen, onClick } = props;
  const { look, sites, x, y } = cluster;
  const disturbed = disturbedIn(sites);
  const text = ` sites near one another${disturbed === 0 ? '' : `, ${disturbed} of them not as they should be`}`;
  return (
    <button
      type="button"
      class={`marker marker-cluster ${isQuiet(look) ? '' : `tone-${look.tone}`} ${isChosen ? 'has-chosen' : ''}`}
      style={placeStyle(x, y)}
      aria-expanded={isOpen}
      title={`${sites.length}${text}`}
      onClick={onClick}
    >
      {sites.length}
      <span class="hidden">{text}</span>
      <MarkerText {...props} load={false} />
    </button>
  );
}

function MarkerText({ cluster, side, isWide, load }: MarkerProps & { readonly load: ComponentChild }) {
  const [name, state] = textOf(cluster, isWide);
  if (side === null || name === '') return null;
  return (
    <span class={`marker-text side-${side}`} aria-hidden="true">
      {name}
      {state !== '' && ' '}
      {state !== '' && <em class={`tone-${cluster.look.tone}`}>{state}</em>}
      {load}
    </span>
  );
}

const placeStyle = (x: number, y: number) => ({ left: `${x.toFixed(1)}px`, top: `${y.toFixed(1)}px` });

/** Of an element, in pixels, as it changes; 0 until it is there. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}

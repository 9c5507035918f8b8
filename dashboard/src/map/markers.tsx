// The sites on the map: buttons over it, of the same size on every screen, each with the sign of its health in a ring of the
// site's colour, its name where there is room, and a bar of its load where that is known.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Member, Site } from '../../../src/admin/schemas/world.ts';
import { LoadBar, loadingOf } from '../parts/load-bar.tsx';
import { Sign } from '../parts/sign.tsx';
import { groupLook, isQuiet, type Look, membersOf } from '../state.ts';
import { placeLabels, type Side } from './labels.ts';
import { MAP_HEIGHT, MAP_WIDTH, project } from './projection.ts';

interface Props {
  readonly sites: readonly Site[];
  readonly members: readonly Member[];
  readonly colours: ReadonlyMap<string, string>;
  readonly selected: string | null;
  /** Sites that are clicked off to see what would be; null = nobody asks. */
  readonly trial: readonly string[] | null;
  onSelect(site: string): void;
}

/** In a frame narrower than this only those are named that somebody should look at, and without words on their state. */
const WIDE_PX = 560;

export function Markers({ sites, members, colours, selected, trial, onSelect }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const isWide = width >= WIDE_PX;
  const marked = sites.map((site) => {
    const look = groupLook(membersOf(site, members, 'site'));
    const point = project(site.longitude, site.latitude);
    const state = isWide && !isQuiet(look) ? look.text : '';
    return { site, look, point, state };
  });
  const wanted = marked.filter(({ site, look }) => isWide || site.id === selected || !isQuiet(look));
  const sides = placeLabels(
    wanted.map(({ site: { id }, look, point, state }) => ({
      id,
      x: (point.x * width) / MAP_WIDTH,
      y: (point.y * width) / MAP_WIDTH,
      text: `${id}${state === '' ? '' : ` ${state}`}`,
      rank: id === selected ? -1 : look.rank,
    })),
    width,
  );
  return (
    <div class="markers" ref={frame}>
      {marked.map(({ site, look, point, state }) => (
        <Marker
          key={site.id}
          {...{ site, look, point, state }}
          colour={colours.get(site.id)!}
          side={sides.get(site.id) ?? null}
          isSelected={trial === null ? site.id === selected : trial.includes(site.id)}
          isOff={trial?.includes(site.id) ?? false}
          onSelect={onSelect}
        />
      ))}
    </div>
  );
}

interface MarkerProps {
  readonly site: Site;
  readonly look: Look;
  readonly point: { readonly x: number; readonly y: number };
  readonly colour: string;
  /** Empty = not worth the room. */
  readonly state: string;
  /** null = there is no room for its name. */
  readonly side: Side | null;
  readonly isSelected: boolean;
  readonly isOff: boolean;
  onSelect(site: string): void;
}

function Marker({ site, look, point, colour, state, side, isSelected, isOff, onSelect }: MarkerProps) {
  return (
    <button
      type="button"
      class={`marker ${colour} ${isOff ? 'marker-off' : ''}`}
      style={{ left: `${(100 * point.x) / MAP_WIDTH}%`, top: `${(100 * point.y) / MAP_HEIGHT}%` }}
      aria-pressed={isSelected}
      aria-label={`${site.id} ${look.text}${isOff ? ', as if it were off' : ''}`}
      title={`${site.id}: ${look.text}`}
      onClick={() => onSelect(site.id)}
    >
      <Sign {...look} />
      {side !== null && (
        <span class={`marker-text side-${side}`}>
          {site.id}
          {state !== '' && ' '}
          {state !== '' && <em class={`tone-${look.tone}`}>{state}</em>}
          {loadingOf(site)?.current != null && <LoadBar site={site} />}
        </span>
      )}
    </button>
  );
}

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

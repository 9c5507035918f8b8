// Load of a site against what it can take: a bar up to the maximum, with a mark at the target.

import type { Site } from '../../../src/admin/schemas/world.ts';
import { amountText, roundLengthText } from '../text.ts';

interface Loading {
  readonly current: number | null;
  readonly target: number | null;
  readonly max: number | null;
  readonly ageMs: number | null;
}

/** What is known of a site's load; null = nothing. What the agent says of its limits counts before the configuration. */
export function loadingOf({ load, capacity }: Site): Loading | null {
  if (load === null && capacity === null) return null;
  return {
    current: load?.current ?? null,
    target: load?.target ?? capacity?.target ?? null,
    max: load?.max ?? capacity?.max ?? null,
    ageMs: load?.ageMs ?? null,
  };
}

export const isOverTarget = ({ current, target }: Loading): boolean => current !== null && target !== null && current > target;

const WIDTH = 100;

export function LoadBar({ site }: { readonly site: Site }) {
  const loading = loadingOf(site);
  if (loading === null) return null;
  const { current, target, max, ageMs } = loading;
  if (max === null || current === null) {
    const limit = max ?? target;
    return (
      <p class="load-text">
        {current === null ? 'load not reported' : `load ${amountText(current)}`}
        {limit === null ? '' : `, can take ${amountText(limit)}`}
      </p>
    );
  }
  const part = max === 0 ? WIDTH : Math.min(WIDTH, (WIDTH * current) / max);
  const tone = current > max ? 'bad' : isOverTarget(loading) ? 'warn' : 'good';
  return (
    <div class="load">
      <svg class={`load-bar tone-${tone}`} viewBox={`0 0 ${WIDTH} 6`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="load-track" width={WIDTH} height="6" />
        <rect class="load-part" width={part} height="6" />
        {target !== null && max > 0 && <rect class="load-target" x={(WIDTH * target) / max - 0.5} width="1" height="6" />}
      </svg>
      <p class="load-text">
        load {amountText(current)} of {amountText(max)}
        {target === null ? '' : `, target ${amountText(target)}`}
        {isOverTarget(loading) ? ' (over target)' : ''}
        {ageMs !== null && ageMs > 3000 ? `, ${roundLengthText(ageMs)} old` : ''}
      </p>
    </div>
  );
}

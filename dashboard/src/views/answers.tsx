// Answers per second over the last minutes, by rcode or by the site that was answered: a stack of areas, and the figures of now as a
// table. Each answer counts for the site of its first address.

import { useState } from 'preact/hooks';
import type { RateSample } from '../../../src/admin/schemas/watch.ts';
import type { Site } from '../../../src/admin/schemas/world.ts';
import { DROPPED } from '../data/rates.ts';
import { Panel } from '../parts/panel.tsx';
import { steady } from '../parts/steady.tsx';
import { rateText, roundLengthText } from '../text.ts';

/** From below to above; what is not named here is `other`. */
const RCODES = ['NOERROR', 'NXDOMAIN', 'REFUSED', 'SERVFAIL', 'other', DROPPED];

const WIDTH = 300;
const HEIGHT = 64;
/** The chart begins with a minute and grows with what there is to show. */
const SHORTEST_MS = 60_000;
const LONGEST_MS = 300_000;

/** As many as there are colours; with more sites those with the fewest answers are one area. */
const MOST_KINDS = 8;
/** What is of none of the kinds: of rcodes, and of sites, whose names have no spaces. */
const REST: readonly string[] = ['other', 'all others'];

type By = 'rcode' | 'site';

interface Props {
  readonly samples: readonly RateSample[];
  readonly sites: readonly Pick<Site, 'id'>[];
  readonly colours: ReadonlyMap<string, string>;
}

export const Answers = steady(({ samples, sites, colours }: Props) => {
  const [by, setBy] = useState<By>('rcode');
  const kinds = by === 'rcode' ? RCODES : busiest(sites, samples);
  const classOf = (kind: string): string => (by === 'rcode' ? `kind-${kind}` : (colours.get(kind) ?? 'kind-other'));
  const rows = samples.map(({ atMs, byRcode, bySite }) => ({ atMs, rates: ratesOf(kinds, by === 'rcode' ? byRcode : bySite) }));
  const latest = samples.at(-1);
  const now = rows.at(-1)?.rates;
  const most = Math.max(1, ...rows.map(({ rates }) => sum(rates)));
  const windowMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (latest?.atMs ?? 0) - (samples[0]?.atMs ?? 0)));
  const title = latest === undefined ? 'measuring' : `${rateText(repliesIn(latest))} a second`;
  return (
    <Panel id="answers" title="Answers" aside={<span class="count">{title}</span>}>
      <fieldset class="segments">
        <legend class="hidden">Answers by</legend>
        {(['rcode', 'site'] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="answers-by" checked={by === each} onChange={() => setBy(each)} />
            <span>by {each}</span>
          </label>
        ))}
      </fieldset>
      <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="chart-base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {kinds.map((kind, i) => (
          <path key={kind} class={classOf(kind)} d={area(rows, i, most, windowMs)} />
        ))}
      </svg>
      <p class="chart-scale quiet">
        the last {roundLengthText(windowMs)}, up to {rateText(most)} a second{by === 'site' ? ', steered answers only' : ''}
      </p>
      <dl class="kinds">
        {kinds.map((kind, i) => (
          <div key={kind} data-kind={kind}>
            <dt>
              <span class={`swatch ${classOf(kind)}`} /> {kind}
            </dt>
            <dd>{now === undefined ? '' : rateText(now[i]!)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
});

/** All sites as configured or, of many, those with the most answers, then the rest. */
function busiest(sites: Props['sites'], samples: readonly RateSample[]): readonly string[] {
  const ids = sites.map(({ id }) => id);
  if (ids.length <= MOST_KINDS) return ids;
  const total = new Map<string, number>();
  for (const { bySite } of samples) for (const id of ids) total.set(id, (total.get(id) ?? 0) + (bySite[id] ?? 0));
  const first = [...ids].sort((a, b) => (total.get(b) ?? 0) - (total.get(a) ?? 0)).slice(0, MOST_KINDS - 1);
  return [...first, REST[1]!];
}

interface Row {
  readonly atMs: number;
  /** In the order of the kinds. */
  readonly rates: readonly number[];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const repliesIn = ({ byRcode }: RateSample): number => sum(Object.values(byRcode)) - (byRcode[DROPPED] ?? 0);

/** What is of none of the kinds counts as the rest, where that is one. */
function ratesOf(kinds: readonly string[], perSec: Readonly<Record<string, number>>): number[] {
  const rates = kinds.map((kind) => perSec[kind] ?? 0);
  const other = kinds.findIndex((kind) => REST.includes(kind));
  if (other >= 0)
    rates[other] = sum(Object.values(perSec)) - sum(kinds.map((kind, i) => (i === other ? 0 : (perSec[kind] ?? 0))));
  return rates;
}

/** The area of one kind, on top of those below it. */
function area(rows: readonly Row[], kind: number, most: number, windowMs: number): string {
  if (rows.length === 0) return '';
  const end = rows.at(-1)!.atMs;
  const x = (atMs: number): string => (WIDTH * (1 - (end - atMs) / windowMs)).toFixed(1);
  const y = (rate: number): string => (HEIGHT - 1 - ((HEIGHT - 4) * rate) / most).toFixed(1);
  const shown = rows.filter(({ atMs }) => end - atMs <= windowMs);
  const upper = shown.map(({ atMs, rates }) => `${x(atMs)} ${y(sum(rates.slice(0, kind + 1)))}`);
  const lower = shown.map(({ atMs, rates }) => `${x(atMs)} ${y(sum(rates.slice(0, kind)))}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}

// Answers per second by rcode, over the minutes that the page has been open: a stack of areas, and the figures of now as a table.

import { DROPPED, type Sample } from '../data/rates.ts';
import { Panel } from '../parts/panel.tsx';
import { rateText, roundLengthText } from '../text.ts';

/** From below to above; what is not named here is `other`. */
const KINDS = ['NOERROR', 'NXDOMAIN', 'REFUSED', 'SERVFAIL', 'other', DROPPED] as const;
type Kind = (typeof KINDS)[number];

const WIDTH = 300;
const HEIGHT = 64;
/** The chart begins with a minute and grows with what there is to show. */
const SHORTEST_MS = 60_000;
const LONGEST_MS = 300_000;

export function Answers({ samples }: { readonly samples: readonly Sample[] }) {
  const rows = samples.map(({ atMs, perSec }) => ({ atMs, byKind: kindsOf(perSec) }));
  const latest = rows.at(-1);
  const total = latest === undefined ? 0 : answered(latest.byKind);
  const most = Math.max(1, ...rows.map(({ byKind }) => sum(KINDS.map((kind) => byKind[kind]))));
  const windowMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (latest?.atMs ?? 0) - (rows[0]?.atMs ?? 0)));
  const title = latest === undefined ? 'measuring' : `${rateText(total)} a second`;
  return (
    <Panel id="answers" title="Answers" aside={<span class="count">{title}</span>}>
      <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="chart-base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {KINDS.map((kind, i) => (
          <path key={kind} class={`kind-${kind}`} d={area(rows, KINDS.slice(0, i), kind, most, windowMs)} />
        ))}
      </svg>
      <p class="chart-scale quiet">
        the last {roundLengthText(windowMs)}, up to {rateText(most)} a second
      </p>
      <dl class="kinds">
        {KINDS.map((kind) => (
          <div key={kind} data-kind={kind}>
            <dt>
              <span class={`swatch kind-${kind}`} /> {kind}
            </dt>
            <dd>{latest === undefined ? '' : rateText(latest.byKind[kind])}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

type ByKind = Readonly<Record<Kind, number>>;

interface Row {
  readonly atMs: number;
  readonly byKind: ByKind;
}

const isKind = (name: string): name is Kind => (KINDS as readonly string[]).includes(name);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const answered = (byKind: ByKind): number => sum(KINDS.filter((kind) => kind !== DROPPED).map((kind) => byKind[kind]));

function kindsOf(perSec: Sample['perSec']): ByKind {
  const byKind = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  for (const [name, rate] of Object.entries(perSec)) byKind[isKind(name) ? name : 'other'] += rate;
  return byKind;
}

/** The area of a kind, on top of those below it. */
function area(rows: readonly Row[], below: readonly Kind[], kind: Kind, most: number, windowMs: number): string {
  if (rows.length === 0) return '';
  const end = rows.at(-1)!.atMs;
  const x = (atMs: number): string => (WIDTH * (1 - (end - atMs) / windowMs)).toFixed(1);
  const y = (rate: number): string => (HEIGHT - 1 - ((HEIGHT - 4) * rate) / most).toFixed(1);
  const base = (byKind: ByKind): number => sum(below.map((each) => byKind[each]));
  const shown = rows.filter(({ atMs }) => end - atMs <= windowMs);
  const upper = shown.map(({ atMs, byKind }) => `${x(atMs)} ${y(base(byKind) + byKind[kind])}`);
  const lower = shown.map(({ atMs, byKind }) => `${x(atMs)} ${y(base(byKind))}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}

// A comparison as one HTML page that needs nothing else: no script, no file beside it, no request to anywhere.

import { type Dot, dotMap, escapeText, type Line, lineChart } from './chart.ts';
import { type Comparison, comparisonToText } from './compare.ts';
import { displacement } from './figures.ts';
import { REGIONS } from './population.ts';

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#444}path{fill:none;stroke-width:1.6}
.grid{stroke:#ddd}.limit{stroke:#c00;stroke-dasharray:6 4}.sea{fill:#f1f5f8}.site{fill:#06c}pre{background:#f6f6f6;padding:1em;overflow:auto}
h2{margin-top:2em;font-size:1.15em}p{color:#555}`;

export function comparisonToHtml(comparison: Comparison): string {
  const { title, world, runs, busiest } = comparison;
  const { samples } = runs[0]!;
  const minutes = samples.map(({ atMs }) => atMs / 60_000);
  const loads = world.model.sites.map(
    ({ id, index }): Line => ({
      name: id,
      values: samples.map(({ load, max }) => (max[index] === 0 ? Number.NaN : (100 * load[index]!) / max[index]!)),
    }),
  );
  const worst = runs.map(
    ({ figures, samples: own }): Line => ({
      name: figures.policy,
      values: own.map(({ load, max }) => Math.max(...load.map((value, i) => (max[i] === 0 ? 0 : (100 * value) / max[i]!)))),
    }),
  );
  const moved = runs.map(
    ({ figures, samples: own }): Line => ({
      name: figures.policy,
      values: own.map((sample) => {
        const { amount, total } = displacement(world, sample);
        return total === 0 ? 0 : (100 * amount) / total;
      }),
    }),
  );
  const chart = (heading: string, text: string, svg: string): string => `<h2>${heading}</h2><p>${text}</p>${svg}`;
  const parts = [
    `<h1>${escapeText(title)}</h1><pre>${escapeText(comparisonToText(comparison))}</pre>`,
    chart(
      'Load of each site',
      'Spill; per cent of what the site can take. The dashed line is all of it.',
      lineChart(loads, minutes, ' %', 100),
    ),
    chart('The fullest site', 'Per cent of what it can take, under each policy.', lineChart(worst, minutes, ' %', 100)),
    chart('Load away from its nearest site', 'Per cent of all load, under each policy.', lineChart(moved, minutes, ' %')),
  ];
  if (busiest !== null) {
    const { byRegion } = displacement(world, busiest.sample);
    const most = Math.max(...busiest.sample.demand);
    const dots = REGIONS.map(({ country, latitude, longitude }, r): Dot => {
      const demand = busiest.sample.demand[r]!;
      const heat = demand === 0 ? 0 : byRegion[r]! / demand;
      return {
        latitude,
        longitude,
        size: demand / most,
        heat: Math.min(1, heat),
        title: `${country}: ${(100 * heat).toFixed(1)} % moved`,
      };
    }).sort((a, b) => b.size - a.size);
    const text = `Spill, ${Math.round(busiest.sample.atMs / 60_000)} minutes after the start. Area: load; red: the share of it that is not at its nearest site.`;
    parts.push(chart('Who is moved, when most is', text, dotMap(dots, world.model.sites)));
  }
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeText(title)}</title><style>${STYLE}</style></head><body>${parts.join('\n')}</body></html>\n`;
}

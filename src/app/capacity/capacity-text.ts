// Loads and capacities in words: the part of `meridian status` on them, that of `meridian explain` on spill, and `meridian whatif`.

import type { SpillExplanation } from '../../steering/spill-explain.ts';
import type { WhatIf } from '../../steering/spill-whatif.ts';
import { columns } from '../text/columns.ts';
import { lengthText } from '../text/plain-text.ts';
import type { CapacityReport, SiteCapacity } from './capacity-report.ts';

const MOST_MOVES = 10;

const amount = (value: number | null): string =>
  value === null ? '-' : value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
const percentOf = (part: number, whole: number | null): string =>
  whole === null || whole === 0 ? '' : `${((100 * part) / whole).toFixed(0)} %`;

export function capacityLines({ unit, stepAgeMs, stepper, sites, shed }: CapacityReport): string[] {
  const by = stepper === null ? '' : ` by ${stepper}`;
  return [
    '',
    `Capacity in ${unit}; the last step ${lengthText(stepAgeMs)} ago${by}`,
    ...columns([
      ['site', 'load', 'of target', 'target', 'max', 'planned', 'source'],
      ...sites.map((site) => [
        site.site,
        amount(site.load),
        site.load === null ? '' : percentOf(site.load, site.target),
        amount(site.target),
        amount(site.max),
        amount(site.planned),
        sourceText(site),
      ]),
    ]),
    ...shed.map(({ text }) => `  ${text}`),
  ];
}

function sourceText({ source, agents, refused, ageMs, target }: SiteCapacity): string {
  const who = `${agents} ${agents === 1 ? 'agent' : 'agents'}`;
  const unit = refused > 0 ? `; ${refused} in another unit, not believed` : '';
  if (source === 'configured') return `${target === null ? 'not known' : 'configured: no agent reports'}${unit}`;
  return `${source === 'stale' ? `STALE, ${lengthText(ageMs ?? 0)} old: ` : ''}${who}${unit}`;
}

type Demand = Pick<SpillExplanation, 'clients' | 'demand' | 'queriesPerSec' | 'queryWeight'>;

function demandText({ clients, demand, queriesPerSec, queryWeight }: Demand): string {
  const weight = queryWeight === 1 ? '' : `; each counts ${queryWeight.toFixed(2)}, as agents sample their clients`;
  return `${clients}, demand ${amount(demand)} (${queriesPerSec.toFixed(1)} queries/s${weight})`;
}

/** `nowMs` of the mesh's clock. */
export function spillLines(explanations: readonly SpillExplanation[], nowMs: number): string[] {
  return explanations.flatMap(({ sinceMs, shares, why, ...of }) => [
    sinceMs === null
      ? `spill    none for ${demandText(of)}`
      : `spill    for ${lengthText(Math.max(0, nowMs - sinceMs))}: ${demandText(of)}`,
    ...columns(
      shares.map((share) => [
        share.site,
        `${share.percent.toFixed(1)} %`,
        share.percent.toFixed(1) === share.naturalPercent.toFixed(1) ? '' : `instead of ${share.naturalPercent.toFixed(1)} %`,
        share.extraKm >= 0.5 ? `${share.extraKm.toFixed(0)} km extra` : '',
        `load ${amount(share.siteLoad)} of ${amount(share.target)}, headroom ${amount(share.headroom)}`,
        share.limit,
      ]),
      '         ',
    ),
    ...why.map((text) => `         ${text}`),
  ]);
}

export function whatIfText({ without, sites, moves, stranded }: WhatIf): string {
  const lines = [
    `Without ${without}, from the demand of this moment:`,
    ...columns([
      ['site', 'load', 'becomes', 'of target', 'target', 'max', ''],
      ...sites.map(({ site, before, after, target, max }) => [
        site,
        amount(before),
        amount(after),
        percentOf(after, target),
        amount(target),
        amount(max),
        site === without
          ? 'gone'
          : max !== null && after > max
            ? 'ABOVE MAX'
            : target !== null && after > target * 1.001
              ? 'above target'
              : '',
      ]),
    ]),
    '',
    moves.length === 0 ? 'No client moves.' : 'Who moves:',
    ...columns(
      moves
        .slice(0, MOST_MOVES)
        .map(({ clients, policy, from, to, percent, load }) => [
          clients,
          policy,
          `${percent.toFixed(1)} %`,
          `${from} -> ${to}`,
          amount(load),
        ]),
    ),
  ];
  if (moves.length > MOST_MOVES) lines.push(`  and ${moves.length - MOST_MOVES} more (--json has all)`);
  if (stranded > 0) lines.push(`Load of ${amount(stranded)} has no other place that its policy allows: the last resort decides.`);
  return lines.join('\n');
}

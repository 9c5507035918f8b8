// `meridian status` in words: what is served, who is up, then the counters that are not zero, by subject and with the values of one metric on
// one line, so that a flood, an amplification or a siege over TCP stands out. A counter that is new needs no change here.

import type { StagedState } from '../../admin/schemas/staged.ts';
import { COUNTER_FACTS, type CounterName } from '../../metrics/counters.ts';
import { agentLoadLines } from '../capacity/agent-loads.ts';
import { capacityLines } from '../capacity/capacity-text.ts';
import type { StatusReport } from '../process/reports.ts';
import { addressLines, siteLines } from '../site/site-text.ts';
import { alertLines } from './alert-text.ts';
import { healthLines, healthRows } from './health-text.ts';

/** Subjects in the order they are printed, and the metrics that belong to each; a metric belongs to the first that fits. */
const SUBJECTS: readonly (readonly [string, RegExp])[] = [
  ['Health', /^health/],
  ['Steering', /^gslb|^ecs/],
  ['Limits and identities', /cookie|rate_limit|overload|tsig/],
  ['UDP', /^udp/],
  ['TCP', /^tcp/],
  ['Traffic', /^/],
];
const PRINTED_FIRST = 'Traffic';
const COLUMN = 26;

/** `nowMs` is the wall clock. */
export function statusText(report: StatusReport, nowMs: number, hasVotes: boolean): string {
  const rows: [string, string][] = [
    ['version', `${report.version}, process ${report.pid}, up ${report.upSec} s, load ${report.generation}`],
    // One that only probes answers nobody.
    ...(report.endpoints.length === 0 ? [] : answeringRows(report)),
    ...report.zones.map((zone): [string, string] => ['zone', `${zone.name} serial ${zone.serial}, ${zone.records} records`]),
    ...healthRows(report.health),
    ...(report.change ? [changeRow(report.change, nowMs)] : []),
  ];
  const capacity = report.capacity === null ? agentLoadLines(report.loads) : capacityLines(report.capacity);
  return [
    ...rows.map(line),
    ...(report.alerts ? alertLines(report.alerts, nowMs) : []),
    ...healthLines(report.health, nowMs, hasVotes),
    ...capacity,
    ...siteLines(report.site),
    ...addressLines(report.addresses),
    ...counterLines(report.counters),
  ].join('\n');
}

const answeringRows = ({ endpoints, workers, cells }: StatusReport): [string, string][] => [
  ['listening', endpoints.map(({ address, port }) => `${address} port ${port}`).join(', ')],
  ['workers', `${workers.alive} of ${workers.wanted} alive`],
  ['cells', String(cells)],
];

function changeRow(change: StagedState, nowMs: number): [string, string] {
  const { what, subject, actor, phase, endsMs, reason, scope, server, servers } = change;
  const left = Math.max(0, Math.ceil((endsMs - nowMs) / 1000));
  const where = server === null ? '' : ` at ${server}`;
  const far = servers.map((one) => `${one.server} ${one.state}${one.reason === null ? '' : ` (${one.reason})`}`).join(', ');
  const fate =
    phase === 'watching'
      ? `on trial${where} for another ${left} s${scope === 'all' ? ', then for all' : ''}`
      : phase === 'asking' || phase === 'applying'
        ? `on its way to all servers: ${far}`
        : `${phase.replace('-', ' ')}: ${reason}`;
  return ['change', [what, subject, 'of', actor, fate].filter((word) => word !== '').join(' ')];
}

const line = ([name, value]: readonly [string, string]): string => `${name.padEnd(COLUMN - 2)}  ${value}`;

function counterLines(counters: StatusReport['counters']): string[] {
  const subjects = new Map<string, Map<string, string[]>>(
    [PRINTED_FIRST, ...SUBJECTS.map(([subject]) => subject)].map((subject) => [subject, new Map()]),
  );
  for (const [name, value] of Object.entries(counters) as [CounterName, number][]) {
    if (value === 0) continue;
    const { metric, labels } = COUNTER_FACTS[name];
    const short = metric.replace(/^meridian_(dns_)?/, '').replace(/_total$/, '');
    const [subject] = SUBJECTS.find(([, pattern]) => pattern.test(short))!;
    const metrics = subjects.get(subject)!;
    const label = /"(.*)"/.exec(labels)?.[1];
    metrics.set(short, [...(metrics.get(short) ?? []), label === undefined ? String(value) : `${label} ${value}`]);
  }
  const open = counters.TCP_ACCEPTED - counters.TCP_CLOSED;
  if (counters.TCP_ACCEPTED > 0) subjects.get('TCP')!.set('tcp_open_now', [String(open)]);
  return [...subjects].flatMap(([subject, metrics]) => {
    if (metrics.size === 0) return [];
    return ['', subject, ...Array.from(metrics, ([name, values]) => line([`  ${name.replaceAll('_', ' ')}`, values.join(', ')]))];
  });
}

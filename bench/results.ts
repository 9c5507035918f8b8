// The tables of the comparison.

import type { Part, Run } from './measure.ts';
import type { Mix } from './mixes.ts';
import type { Peer } from './peers/peer.ts';
import { median, printTable } from './support.ts';

/** Above this use of its core a server is taken for saturated; below it, the load was the limit. */
const SATURATED = 0.95;

interface Settings {
  readonly seconds: number;
  readonly rate: number;
  readonly window: number;
  readonly mixes: readonly Mix[];
}

export function printResults(
  settings: Settings,
  peers: readonly Peer[],
  runsOf: (mix: Mix, peer: Peer) => Run[] | undefined,
): void {
  const { seconds, rate, window, mixes } = settings;
  const rounds = Math.max(0, ...mixes.flatMap((mix) => peers.map((peer) => runsOf(mix, peer)?.length ?? 0)));
  if (rounds === 0) return;
  console.log(
    `Medians, interleaved rounds: ${rounds}; ${seconds} s with ${window} queries under way, ${seconds} s at ${thousands(rate)} a second.`,
  );
  console.log('CPU is that of the server, user and system, per answered query. ">=": the load was the limit, not the server.\n');
  for (const mix of mixes) {
    const rows = peers.flatMap((peer) => {
      const runs = runsOf(mix, peer);
      return runs === undefined ? [] : [{ peer, runs }];
    });
    if (rows.length === 0) continue;
    console.log(`### ${mix.title}\n`);
    printTable([
      [
        'server',
        'CPU, us',
        'answered/s',
        'core, %',
        'lost',
        `CPU at ${thousands(rate)}/s, us`,
        'p50, us',
        'p99',
        'p99.9',
        'lost',
        'reply, octets',
      ],
      ...rows.map(({ peer, runs }) => row(peer.title, runs)),
    ]);
    console.log();
    for (const line of ratios(rows)) console.log(line);
    const wrong = complaints(rows);
    for (const line of wrong) console.log(line);
    console.log();
  }
}

function row(title: string, runs: readonly Run[]): string[] {
  const full = (pick: (part: Part) => number): number => median(runs.map((run) => pick(run.full)));
  const steady = (pick: (part: Part) => number | null): number =>
    median(runs.map((run) => pick(run.steady) ?? Number.POSITIVE_INFINITY));
  const latency = (name: 'p50' | 'p99' | 'p999'): string => {
    const us = steady((part) => part.load.latencyUs[name]);
    return Number.isFinite(us) ? us.toFixed(0) : 'lost';
  };
  const busy = full((part) => part.busy);
  return [
    title,
    full((part) => part.cpuUs).toFixed(2),
    `${busy < SATURATED ? '>= ' : ''}${thousands(full((part) => part.load.perSecond))}`,
    (busy * 100).toFixed(0),
    String(sum(runs.map((run) => run.full.load.lost))),
    steady((part) => part.cpuUs).toFixed(2),
    latency('p50'),
    latency('p99'),
    latency('p999'),
    String(sum(runs.map((run) => run.steady.load.lost))),
    full((part) => part.load.replyOctets / part.load.answered).toFixed(0),
  ];
}

type Row = { readonly peer: Peer; readonly runs: readonly Run[] };

/** Meridian against the floor and against the best of the others, round by round: whatever slows a whole round cancels out. */
function ratios(rows: readonly Row[]): string[] {
  const own = rows.find(({ peer }) => peer.key === 'meridian');
  if (own === undefined) return [];
  const cost = ({ runs }: Row): number => median(runs.map((run) => run.full.cpuUs));
  const against = (other: Row): string =>
    `${median(other.runs.flatMap(({ full }, i) => (i < own.runs.length ? own.runs[i]!.full.cpuUs / full.cpuUs : []))).toFixed(2)} of the CPU of ${other.peer.title}`;
  const floor = rows.find(({ peer }) => peer.key === 'echo');
  const [best] = rows
    .filter(({ peer }) => peer.kind !== 'yardstick' && !peer.key.startsWith('meridian'))
    .sort((a, b) => cost(a) - cost(b));
  const parts = [floor, best].filter((other) => other !== undefined).map(against);
  return parts.length === 0 ? [] : [`Meridian takes ${parts.join(' and ')}.`];
}

/** What would make the figures of a server worthless, if it happened. */
function complaints(rows: readonly Row[]): string[] {
  return rows.flatMap(({ peer, runs }) => {
    const parts = runs.flatMap((run) => [run.full.load, run.steady.load]);
    const dropped = sum(parts.map(({ droppedHere }) => droppedHere));
    const reconnects = sum(parts.map(({ reconnects: times }) => times));
    const codes = new Set(parts.flatMap(({ rcodes }) => Object.keys(rcodes)));
    return [
      ...(dropped > 0 ? [`${peer.title}: the load generator itself lost ${dropped} replies`] : []),
      ...(reconnects > 0 ? [`${peer.title}: closed ${reconnects} connections`] : []),
      ...(codes.size > 1 ? [`${peer.title}: answered with several RCODEs: ${[...codes].join(', ')}`] : []),
    ];
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const thousands = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 0 });

// What docs/soak.md says of the last soak: the whole in a few lines, each drill, and the memory of each process.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Growth } from './memory.ts';

/** A process grows if more than this is sure, in MiB an hour. */
const MOST_MIB_PER_HOUR = 4;
/** A heap takes some minutes to find its size: a shorter look at a warm process says nothing. */
const LEAST_MINUTES = 20;

export interface DrillCount {
  played: number;
  /** Objectives that were missed, in words. */
  readonly missed: string[];
}

export interface Soak {
  readonly startedAt: string;
  readonly minutes: number;
  readonly seed: number;
  readonly queriesPerSecond: number;
  readonly machine: string;
  readonly drills: ReadonlyMap<string, DrillCount>;
  readonly asked: number;
  readonly lost: number;
  readonly crashes: number;
  readonly growths: readonly Growth[];
}

const isKnown = ({ mibPerHour, minutes }: Growth): boolean => mibPerHour !== null && minutes >= LEAST_MINUTES;

/** Sure to grow: the least that it may be is too much. */
const leaks = (growth: Growth): boolean => isKnown(growth) && growth.mibPerHour! - growth.uncertainty! > MOST_MIB_PER_HOUR;

export const isKept = ({ drills, lost, crashes, growths }: Soak): boolean =>
  lost === 0 && crashes === 0 && !growths.some(leaks) && [...drills.values()].every(({ missed }) => missed.length === 0);

export function soakText(soak: Soak): string {
  const { startedAt, minutes, seed, queriesPerSecond, machine, drills, asked, lost, crashes, growths } = soak;
  const played = [...drills.values()].reduce((sum, drill) => sum + drill.played, 0);
  const missed = [...drills].flatMap(([name, drill]) => drill.missed.map((text) => `${name}: ${text}`));
  const rows = growths.map((growth) => {
    const { name, lives, minutes: seen, leastMib, mostMib, mibPerHour, uncertainty } = growth;
    const slope = mibPerHour === null ? '-' : `${mibPerHour.toFixed(1)} ± ${uncertainty!.toFixed(1)}`;
    const sizes = `${leastMib.toFixed(0)} to ${mostMib.toFixed(0)}`;
    return `| ${name} | ${lives} | ${seen.toFixed(0)} | ${sizes} | ${slope} | ${isKnown(growth) ? (leaks(growth) ? 'GROWS' : 'kept') : 'too short to say'} |`;
  });
  return [
    `${startedAt}, ${minutes.toFixed(1)} minutes, seed ${seed}, about ${queriesPerSecond} queries a second; ${machine}.`,
    '',
    '| what | found | allowed |',
    '|---|---|---|',
    `| drills played | ${played} | |`,
    `| objectives missed | ${missed.length} | 0 |`,
    `| queries lost by servers that should answer | ${lost} of ${asked} | 0 |`,
    `| processes that ended by themselves | ${crashes} | 0 |`,
    `| processes whose memory surely grows by more than ${MOST_MIB_PER_HOUR} MiB an hour | ${growths.filter(leaks).length} | 0 |`,
    '',
    ...missed.map((text) => `- missed: ${text}`),
    ...(missed.length > 0 ? [''] : []),
    `Drills: ${[...drills].map(([name, drill]) => `${name} ${drill.played}`).join(', ')}.`,
    '',
    '| process | lives | minutes seen warm | MiB resident | MiB an hour | |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const BEGIN = '<!-- the last soak: written by npm run soak -- --write -->';
const END = '<!-- its end -->';

/** Puts the text in the place of the former one. */
export function writeReport(file: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has no place for the report`);
  writeFileSync(file, `${before}${BEGIN}\n${text}\n${END}${after}`);
}

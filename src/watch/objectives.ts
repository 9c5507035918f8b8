// How well what was promised is kept. The burn rate is the part of answers that were bad, over the part that may be: at 1 the error
// budget lasts exactly as long as it should. An objective burns when that is fast and still going on: over two windows at once, a long
// one against noise and a short one so that it ends with its cause (Google, Site Reliability Workbook, chapter 5).

import type { ObjectiveSettings } from '../model/watch.ts';
import { COLUMN, type Minutes } from './minutes.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const WINDOWS = { '5m': 5 * MINUTE_MS, '1h': HOUR_MS, '6h': 6 * HOUR_MS, '3d': 72 * HOUR_MS } as const;
export type Window = keyof typeof WINDOWS;
const NAMES = Object.keys(WINDOWS) as readonly Window[];

/** Burn rate over both windows from which somebody is told: 2 % of a month's budget within an hour, 5 % within six, 10 % within three days. */
const TELLING: readonly (readonly [long: Window, short: Window, rate: number])[] = [
  ['1h', '5m', 14.4],
  ['6h', '1h', 6],
  ['3d', '6h', 1],
];
/** Of fewer answers in the short window nothing is concluded. */
const LEAST_ANSWERS = 100;

export interface WindowReport {
  readonly window: Window;
  readonly total: number;
  readonly bad: number;
  /** 0 if there was nothing to answer. */
  readonly burnRate: number;
}

export interface ObjectiveReport {
  readonly name: 'availability' | 'steering';
  /** 0..1. */
  readonly objective: number;
  readonly windows: readonly WindowReport[];
  /** Of the error budget of three days, what is left; below 0 it is overdrawn. */
  readonly budgetLeft: number;
  /** Why somebody should be told; null = nobody. */
  readonly burning: string | null;
}

/** `nowMs` since 1970. */
export function objectivesOf(minutes: Minutes, settings: ObjectiveSettings, nowMs: number): readonly ObjectiveReport[] {
  const sums = NAMES.map((window) => ({ window, counts: minutes.sum(nowMs, WINDOWS[window]) }));
  const report = (name: ObjectiveReport['name'], objective: number, totalAt: number, badAt: number): ObjectiveReport => {
    const windows = sums.map(({ window, counts }): WindowReport => {
      const [total, bad] = [counts[totalAt]!, counts[badAt]!];
      return { window, total, bad, burnRate: total === 0 ? 0 : bad / total / (1 - objective) };
    });
    return { name, objective, windows, budgetLeft: 1 - windowOf(windows, '3d').burnRate, burning: burningOf(name, windows) };
  };
  return [
    report('availability', settings.availability, COLUMN.RECEIVED, COLUMN.FAILED),
    report('steering', settings.steering, COLUMN.STEERED, COLUMN.LATE),
  ];
}

const windowOf = (windows: readonly WindowReport[], name: Window): WindowReport => windows.find(({ window }) => window === name)!;

function burningOf(name: string, windows: readonly WindowReport[]): string | null {
  for (const [long, short, least] of TELLING) {
    const [over, now] = [windowOf(windows, long), windowOf(windows, short)];
    if (now.total < LEAST_ANSWERS || over.burnRate <= least || now.burnRate <= least) continue;
    return `the error budget of ${name} burns ${over.burnRate.toFixed(1)} times as fast as it may, over ${long}: ${over.bad} of ${over.total} answers`;
  }
  return null;
}

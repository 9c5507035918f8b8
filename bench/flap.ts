// How often the verdict on a target changes if a share of its checks fails at random, at the defaults, with and without the
// flap guard. Simulated time, so the numbers do not depend on the machine: docs/health.md holds them.
// Run with `node dist/bench/flap.js [simulated days, default 50]`.

import { DAY_MS, FINE, failing, HOUR_MS, mostInAnHour, REFUSED, type World, watch } from '../test/support/flap-lab.ts';
import { Random } from '../test/support/random.ts';

const SHARES_PERCENT = [1, 2, 5, 10, 12, 15, 18, 20, 25, 30, 40, 50, 60];
const BURST_MS = 10_000;
const days = Number(process.argv[2] ?? 50);

const cell = (vantagePoints: number, percent: number, isGuarded: boolean): string => {
  const world = { vantagePoints, isGuarded, seed: 1000 + percent, lengthMs: days * DAY_MS, fateAt: failing(percent / 100) };
  const report = watch(world);
  const perDay = report.changesMs.length / days;
  const down = (100 * report.downMs) / world.lengthMs;
  return `${perDay.toFixed(perDay < 10 ? 2 : 0)} (${mostInAnHour(report)}) ${down.toFixed(down < 1 ? 2 : 0)} %`;
};

const COLUMNS = ['3 points, guard', '3 points, no guard', '1 point, guard', '1 point, no guard'];
console.log(`changes of the verdict per day (most in one hour), share of time down; ${days} simulated days, interval 5 s\n`);
console.log(`| checks failing | ${COLUMNS.join(' | ')} |`);
console.log(`|---:|${COLUMNS.map(() => '---:|').join('')}`);
for (const percent of SHARES_PERCENT) {
  const cells = [3, 1].flatMap((points) => [true, false].map((isGuarded) => cell(points, percent, isGuarded)));
  console.log(`| ${percent} % | ${cells.join(' | ')} |`);
}

const SEEDS = 2000;

/** Changes in the first hour, as a line of a table. */
const firstHours = (vantagePoints: number, fateOf: (seed: number) => World['fateAt']): string => {
  const changes = Array.from({ length: SEEDS }, (_, i) => {
    return watch({ vantagePoints, isGuarded: true, lengthMs: HOUR_MS, seed: i + 1, fateAt: fateOf(i + 1) }).changesMs.length;
  });
  changes.sort((a, b) => a - b);
  const many = (100 * changes.filter((count) => count > 4).length) / SEEDS;
  return `${many.toFixed(many < 10 ? 2 : 0)} % (${changes[SEEDS / 2]}, ${changes.at(-1)})`;
};

/** Bursts of ten seconds in which nine of ten checks fail, three of ten slots, for all probers at once; else one of a hundred. */
const bursts = (seed: number): World['fateAt'] => {
  const random = new Random(seed);
  const isBad = Array.from({ length: HOUR_MS / BURST_MS + 1 }, () => random.below(10) < 3);
  return (startMs, chance) => (chance < (isBad[Math.floor(startMs / BURST_MS)] ? 0.9 : 0.01) ? REFUSED : FINE);
};

const POINTS = [1, 3, 5];
console.log(`\nfirst hours, in which the guard has to see it flap, with more than four changes (median, most); ${SEEDS} runs\n`);
console.log(`| checks failing | ${POINTS.map((points) => `${points} point${points > 1 ? 's' : ''}`).join(' | ')} |`);
console.log(`|---:|${POINTS.map(() => '---:|').join('')}`);
const line = (name: string, fateOf: (seed: number) => World['fateAt']): void =>
  console.log(`| ${name} | ${POINTS.map((points) => firstHours(points, fateOf)).join(' | ')} |`);
for (const percent of [5, 10, 15, 20, 25, 30, 40, 50, 60]) line(`${percent} %`, () => failing(percent / 100));
line('bursts', bursts);

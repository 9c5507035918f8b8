// How often the verdict on a target changes if a share of its checks fails at random, at the defaults, with and without the
// flap guard. Simulated time, so the numbers do not depend on the machine: docs/health.md holds them.
// Run with `node dist/bench/flap.js [simulated days, default 50]`.

import { DAY_MS, failing, HOUR_MS, mostInAnHour, watch } from '../test/support/flap-lab.ts';

const SHARES_PERCENT = [1, 2, 5, 10, 12, 15, 18, 20, 25, 30, 40, 50, 60];
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

const SEEDS = 200;
console.log(`\nchanges in the first hour, in which the guard has to see it flap; 3 points, guard, ${SEEDS} runs\n`);
console.log('| checks failing | median | most | runs with more than four |');
console.log('|---:|---:|---:|---:|');
for (const percent of [20, 25, 30, 40, 50, 60]) {
  const world = { vantagePoints: 3, isGuarded: true, lengthMs: HOUR_MS, fateAt: failing(percent / 100) };
  const changes = Array.from({ length: SEEDS }, (_, seed) => watch({ ...world, seed: seed + 1 }).changesMs.length);
  changes.sort((a, b) => a - b);
  const many = (100 * changes.filter((count) => count > 4).length) / SEEDS;
  console.log(`| ${percent} % | ${changes[SEEDS / 2]} | ${changes.at(-1)} | ${many.toFixed(0)} % |`);
}

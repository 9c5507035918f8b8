// Scenarios that nobody wrote, and what must hold in each: no answer is empty, nobody leaves a fence, no site is above its capacity
// while there is room, plans come to rest. Tells the worst, with the seed that makes them again.
//   npm run sim:random                          a hundred, from seed 1
//   npm run sim:random -- --seed 7 --count 1    this one

import { parseArgs } from 'node:util';
import { loadOptimumSolver } from '../src/sim/optimum.ts';
import { type Findings, judge, randomScenario } from '../test/support/random-scenario.ts';

/** Of the figures of `Findings`: what is not told as broken. */
const LIMITS: Findings = { nowhere: 1e-6, escaped: 0, fullest: 1, churn: 0.05 };
const WORST = 5;

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '100' } },
});
const solve = await loadOptimumSolver();
if (solve === undefined) throw new Error('the package highs is not installed');
const all = Array.from({ length: Number(values.count) }, (_, i) => {
  const random = randomScenario(Number(values.seed) + i);
  const { kind, model, scenario } = random;
  const findings = judge(random, solve);
  const broken = (Object.keys(LIMITS) as (keyof Findings)[]).filter((law) => findings[law] > LIMITS[law]);
  const figures = Object.entries(findings).map(([law, value]) => `${law} ${value.toPrecision(3)}`);
  const what = scenario.events.map(
    ({ event, at, times }) => `${event}${times === 1 ? '' : ` x${times.toFixed(1)}`}@${Math.round(at / 1000)}`,
  );
  const text = [
    `seed ${random.seed}: ${model.sites.length} sites, ${kind}, ttl ${scenario.ttl / 1000} s, load ${Math.round(scenario.clients.load)}`,
    `${what.join(' ') || 'no event'}; ${figures.join(', ')}${broken.length > 0 ? `; BROKEN: ${broken.join(', ')}` : ''}`,
  ].join('; ');
  if (broken.length > 0 || values.count === '1') console.log(text);
  return { findings, broken, text };
});
for (const law of Object.keys(LIMITS) as (keyof Findings)[]) {
  const broken = all.filter((one) => one.broken.includes(law)).length;
  const worst = all
    .map(({ findings }) => findings[law])
    .sort((a, b) => b - a)
    .slice(0, WORST);
  console.log(
    `${law}: limit ${LIMITS[law]}, broken by ${broken} of ${all.length}; worst ${worst.map((v) => v.toPrecision(3)).join(', ')}`,
  );
}
process.exitCode = all.some(({ broken }) => broken.length > 0) ? 1 : 0;

// Every shipped scenario under every policy, against the optimum: the figures of docs/capacity.md. Some minutes of one core.
//   npm run sim:campaign                     a table
//   npm run sim:campaign -- --pages DIR      and a page for each scenario
//   npm run sim:campaign -- NAME ...         these scenarios only

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { loadScenario } from '../src/config/scenario.ts';
import { comparisonToText, ratios, simulate } from '../src/sim/compare.ts';
import { loadOptimumSolver } from '../src/sim/optimum.ts';
import { comparisonToHtml } from '../src/sim/page.ts';

const DIRECTORY = 'zones/scenarios';

const { values, positionals } = parseArgs({ options: { pages: { type: 'string' } }, allowPositionals: true });
const solve = await loadOptimumSolver();
const names = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.yaml') && file !== 'world.yaml')
  .map((file) => file.slice(0, -'.yaml'.length))
  .filter((name) => positionals.length === 0 || positionals.includes(name))
  .sort();
const figure = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
const rows: string[] = [];
for (const name of names) {
  const { scenario, problems } = loadScenario(join(DIRECTORY, `${name}.yaml`));
  const model = scenario && loadConfig(scenario.config).snapshot?.steering;
  if (scenario === undefined || model === undefined) throw new Error(`${name}: ${problems[0]?.message ?? 'bad configuration'}`);
  const comparison = simulate(scenario, model, true, solve);
  console.log(`${comparisonToText(comparison)}\n`);
  const { extraKm, moved, variance, ripple } = ratios(comparison);
  const over = `${(100 * comparison.runs[0]!.figures.overShareSettled).toFixed(3)} %`;
  rows.push(`| ${name} | ${over} | ${figure(extraKm)} | ${figure(moved)} | ${figure(variance)} | ${figure(ripple)} |`);
  if (values.pages !== undefined) {
    mkdirSync(values.pages, { recursive: true });
    writeFileSync(join(values.pages, `${name}.html`), comparisonToHtml(comparison));
  }
}
console.log(
  '| scenario | over capacity | extra distance / optimum | moved / optimum | variance / frozen | ripple / frozen |\n|---|---|---|---|---|---|',
);
console.log(rows.join('\n'));

// The simulator: the same run for the same seed, and what it promises about the shipped scenarios, cut short to be quick. Whole
// scenarios with all rivals run by `npm run sim:campaign`.

import { readdirSync } from 'node:fs';
import test from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { loadScenario, type Scenario } from '../../../src/config/scenario.ts';
import { comparisonToText, ratios, simulate } from '../../../src/sim/compare.ts';
import { measure } from '../../../src/sim/figures.ts';
import { loadOptimumSolver } from '../../../src/sim/optimum.ts';
import { comparisonToHtml } from '../../../src/sim/page.ts';
import { REGIONS } from '../../../src/sim/population.ts';
import { makeWorld } from '../../../src/sim/run.ts';
import { isTransient } from '../../../src/sim/transients.ts';
import { ROOT } from '../../support/paths.ts';

const DIRECTORY = `${ROOT}zones/scenarios`;
const files = readdirSync(DIRECTORY).filter((file) => file !== 'world.yaml');

function scenarioOf(name: string): Scenario {
  const { scenario, problems } = loadScenario(`${DIRECTORY}/${name}.yaml`);
  if (scenario === undefined) throw new Error(JSON.stringify(problems));
  return scenario;
}
const model = loadConfig(`${DIRECTORY}/world.yaml`).snapshot!.steering;

test('all ten scenarios and their world are right', (t) => {
  t.is(files.length, 10);
  for (const file of files) t.deepEqual(loadScenario(`${DIRECTORY}/${file}`).problems, []);
  const { problems } = loadConfig(`${DIRECTORY}/world.yaml`);
  t.deepEqual(
    problems.map(({ message }) => message),
    ['there is no zone to serve'],
  );
});

test('the people of the world are about seven and a half thousand million', (t) => {
  const millions = REGIONS.reduce((sum, region) => sum + region.millions, 0);
  t.true(millions > 7400 && millions < 7700);
  t.true(
    REGIONS.every(
      ({ latitude, longitude, utcHours }) => Math.abs(latitude) < 75 && Math.abs(longitude) <= 180 && Math.abs(utcHours) <= 13,
    ),
  );
});

test('the same seed gives the same run, another one another', (t) => {
  const scenario = { ...scenarioOf('flash-crowd'), duration: 60_000, step: 5000 };
  const figures = (seed: number) => measure(makeWorld({ ...scenario, seed }, model), 'spill').figures;
  t.deepEqual(figures(1), figures(1));
  t.notDeepEqual(figures(1), figures(2));
});

test('the loss of the largest site overloads no other one once answers have run out, as nearest does', (t) => {
  const scenario = { ...scenarioOf('site-lost'), duration: 8 * 60_000, step: 2000, steadyFrom: null };
  const early = { ...scenario, events: scenario.events.map((event) => ({ ...event, at: 2 * 60_000 })) };
  const world = makeWorld(early, model);
  const spill = measure(world, 'spill').figures;
  const nearest = measure(world, 'nearest').figures;
  t.true(spill.overShareSettled < 0.001, `${spill.overShareSettled}`);
  t.true(nearest.overShareSettled > 0.05, `${nearest.overShareSettled}`);
});

test('a comparison has a table, a page without requests, and ratios to the optimum', async (t) => {
  const scenario = { ...scenarioOf('flash-crowd'), duration: 60_000, step: 10_000, steadyFrom: 30_000 };
  const comparison = simulate(scenario, model, 'all', await loadOptimumSolver());
  const text = comparisonToText(comparison);
  for (const name of ['spill', 'frozen', 'nearest', 'threshold', 'linear', 'optimum'])
    t.regex(text, new RegExp(`^${name} `, 'm'));
  const html = comparisonToHtml(comparison);
  t.regex(html, /^<!doctype html>.*<svg /s);
  t.notRegex(html, /(src|href)=|https?:|<script|@import|url\(/);
  t.true(ratios(comparison).variance !== undefined);
});

test('what comes after a sudden change is a transient until answers have run out', (t) => {
  const scenario = scenarioOf('site-lost');
  const at = scenario.events[0]!.at;
  t.false(isTransient(scenario, at - 1));
  t.true(isTransient(scenario, at + scenario.ttl));
  t.false(isTransient(scenario, at + scenario.health.detect + 2 * scenario.ttl + scenario.agents.delay));
});

for (const file of readdirSync(`${ROOT}zones/recipes`)) {
  test(`the recipe ${file} is right`, (t) => {
    const { snapshot, problems } = loadConfig(`${ROOT}zones/recipes/${file}`);
    t.truthy(snapshot);
    t.true(problems.every(({ severity }) => severity === 'warning'));
  });
}

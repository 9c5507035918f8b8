// Every shipped scenario under every policy, against the optimum: the figures of docs/spillover.md. A run that is kept in the
// directory of results is not made again, so that several of these may share the work, each with scenarios of its own.
//   npm run sim:campaign                                 all; well over half an hour of one core
//   npm run sim:campaign -- --seeds 1,2,3 --rivals 1 NAME ...   these seeds and scenarios only; the rivals with one seed
//   npm run sim:campaign -- --results DIR                where results are kept (default var/campaign)
//   npm run sim:campaign -- --kept                       make none, tell of those that are kept
//   npm run sim:campaign -- --write docs/spillover.md    and put the tables between the marks of that file

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { loadScenario } from '../src/config/scenario.ts';
import { ratios, simulate } from '../src/sim/compare.ts';
import { type Figures, measure } from '../src/sim/figures.ts';
import { loadOptimumSolver } from '../src/sim/optimum.ts';
import type { PolicyName } from '../src/sim/policies.ts';
import { makeWorld, type World } from '../src/sim/run.ts';

const DIRECTORY = 'zones/scenarios';
const RIVALS: readonly PolicyName[] = ['nearest', 'threshold', 'linear'];
/** A rival is better only by more than this. */
const BETTER = 0.98;
const SEEDS = '1,2,3,11,12,13,31,32,33';
const MARKS = { begin: '<!-- figures -->', end: '<!-- end of figures -->' };

/** Of this project's policy with one seed. */
interface Own {
  readonly figures: Figures;
  readonly ratios: ReturnType<typeof ratios>;
}

const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: SEEDS },
    rivals: { type: 'string', default: '1' },
    results: { type: 'string', default: 'var/campaign' },
    write: { type: 'string' },
    kept: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const solve = await loadOptimumSolver();
const names = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.yaml') && file !== 'world.yaml')
  .map((file) => file.slice(0, -'.yaml'.length))
  .filter((name) => positionals.length === 0 || positionals.includes(name))
  .sort();
const seeds = numbersOf(values.seeds);
const rivalSeeds = numbersOf(values.rivals);
mkdirSync(values.results, { recursive: true });

function numbersOf(list: string): number[] {
  return list.split(',').filter(Boolean).map(Number);
}

function worldOf(name: string, seed: number): World {
  const { scenario, problems } = loadScenario(join(DIRECTORY, `${name}.yaml`));
  const model = scenario && loadConfig(scenario.config).snapshot?.steering;
  if (scenario === undefined || model === undefined) throw new Error(`${name}: ${problems[0]?.message ?? 'bad configuration'}`);
  return makeWorld({ ...scenario, seed }, model);
}

/** What a run came to, from the file that keeps it or by making it; undefined if none is to be made. */
function kept<T>(file: string, make: () => T): T | undefined {
  const path = join(values.results, file);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  if (values.kept) return undefined;
  const result = make();
  writeFileSync(path, JSON.stringify(result));
  console.log(file);
  return result;
}

function ownOf(name: string, seed: number): Own | undefined {
  return kept(`${name}.${seed}.spill.json`, () => {
    const { scenario, model } = worldOf(name, seed);
    const comparison = simulate(scenario, model, 'bounds', solve);
    return { figures: comparison.runs[0]!.figures, ratios: ratios(comparison) };
  });
}

const rivalOf = (name: string, rival: PolicyName, seed: number): Figures | undefined =>
  kept(`${name}.${seed}.${rival}.json`, () => measure(worldOf(name, seed), rival).figures);

const percent = (share: number, digits: number): string => `${(100 * share).toFixed(digits)}`;
const list = (figures: readonly (number | null)[], digits: number): string =>
  figures.some((value) => value !== null) ? figures.map((value) => value?.toFixed(digits) ?? '-').join(', ') : '-';
function meanOf(figures: readonly (number | null)[]): string {
  const known = figures.filter((value) => value !== null);
  return known.length === 0 ? '-' : (known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(2);
}

function ownTable(of: readonly number[]): string[] {
  const rows = names.map((name) => {
    const runs = of.map((seed) => ownOf(name, seed));
    const relative = (key: keyof Own['ratios']): (number | null)[] => runs.map((run) => run?.ratios[key] ?? null);
    return [
      name,
      `${runs.map((run) => (run ? percent(run.figures.overShareSettled, 3) : '-')).join(', ')} %`,
      `${runs.map((run) => (run ? percent(run.figures.worst, 0) : '-')).join(', ')} %`,
      list(relative('extraKm'), 3),
      list(relative('moved'), 3),
      `${list(relative('variance'), 2)} (${meanOf(relative('variance'))})`,
      `${list(relative('ripple'), 2)} (${meanOf(relative('ripple'))})`,
    ];
  });
  return tableOf(['scenario', 'site-time over capacity', 'worst', 'extra distance', 'moved', 'variance', 'ripple'], rows);
}

function rivalTable(): string[] {
  const rows = names.flatMap((name) =>
    rivalSeeds.map((seed) => [
      name,
      cellOf(ownOf(name, seed)?.figures),
      ...RIVALS.map((rival) => cellOf(rivalOf(name, rival, seed))),
    ]),
  );
  return tableOf(['scenario', 'spill', ...RIVALS], rows);
}

const cellOf = (figures: Figures | undefined): string => {
  if (figures === undefined) return '-';
  const { overShareSettled, worst, extraKm, movedShare, ripple } = figures;
  const swing = ripple === null ? '-' : Math.sqrt(ripple).toFixed(0);
  return `${percent(overShareSettled, 3)} %, ${percent(worst, 0)} %, ${extraKm.toFixed(1)} km, ${percent(movedShare, 2)} %, ${swing}`;
};

/** Rivals that exceed capacity no more, and are better at something. */
function beaten(): string[] {
  return names.flatMap((name) =>
    rivalSeeds.flatMap((seed) =>
      RIVALS.flatMap((rival) => {
        const [own, other] = [ownOf(name, seed)?.figures, rivalOf(name, rival, seed)];
        if (own === undefined || other === undefined) return [];
        if (other.overShareSettled > own.overShareSettled) return [];
        const better = (['extraKm', 'movedShare', 'ripple'] as const).filter(
          (key) => (other[key] ?? 0) < BETTER * (own[key] ?? 0),
        );
        return better.length === 0
          ? []
          : [`- ${name}: \`${rival}\` exceeds capacity no more and is better at ${better.join(', ')}`];
      }),
    ),
  );
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

const text = [
  `Seeds ${seeds.join(', ')}; in brackets their mean.`,
  '',
  ...ownTable(seeds),
  '',
  `Rivals, seed ${rivalSeeds.join(', ')}: site-time over capacity, worst site, extra km, moved, ripple (as a standard deviation, in the unit of the sites).`,
  '',
  ...rivalTable(),
  '',
  'Rivals that win somewhere:',
  '',
  ...(beaten().length === 0 ? ['- none'] : beaten()),
].join('\n');
console.log(text);
if (values.write !== undefined) {
  const [before, rest] = readFileSync(values.write, 'utf8').split(MARKS.begin);
  const after = rest?.split(MARKS.end)[1];
  if (after === undefined) throw new Error(`${values.write}: the marks ${MARKS.begin} and ${MARKS.end} are missing`);
  writeFileSync(values.write, `${before}${MARKS.begin}\n${text}\n${MARKS.end}${after}`);
}

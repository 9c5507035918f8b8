// Scenarios of `meridian simulate`: every mistake is one line with its place.

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadScenario } from '../../../src/config/scenario.ts';

function problemsOf(text: string): string[] {
  const file = join(tmpdir(), `scenario-${process.pid}-${Math.abs(text.length)}.yaml`);
  writeFileSync(file, text);
  return loadScenario(file).problems.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);
}

test('a small scenario has defaults for all the rest', (t) => {
  const file = join(tmpdir(), `scenario-${process.pid}-good.yaml`);
  writeFileSync(file, 'title: calm\nconfig: world.yaml\nduration: 10m\nclients: { load: 1000 }\n');
  const { scenario, problems } = loadScenario(file);
  t.deepEqual(problems, []);
  t.like(scenario, { ttl: 30_000, step: 1000, servers: 3, events: [], config: join(tmpdir(), 'world.yaml') });
});

test('an event must say what it is about', (t) => {
  const problems = problemsOf(
    'title: x\nconfig: w.yaml\nduration: 10m\nclients: { load: 1 }\nevents:\n  - { at: 1m, event: down }\n  - { at: 1m, event: crowd, country: XX }\n',
  );
  t.is(problems.length, 2);
  t.regex(problems[0]!, /^6:\d+ ERR_CONFIG_MISSING events\[0\] lacks the key "site", which down needs$/);
  t.regex(problems[1]!, /^7:\d+ ERR_CONFIG_VALUE events\[1\]\.country must be an ISO 3166-1/);
});

const SAMPLE = 'agents.sample must be an integer from 0 to 128';
const JUDGED = 'judgedFrom must be a duration from 0s to 7d, such as 5s, 300ms or 1h30m';

for (const [line, complaint] of [
  ['agents: { sample: 129 }', `5:19 ERR_CONFIG_VALUE ${SAMPLE}, found 129`],
  ['agents: { sample: 0.5 }', `5:19 ERR_CONFIG_VALUE ${SAMPLE}, found 0.5`],
  ['agents: { sample: false }', `5:19 ERR_CONFIG_VALUE ${SAMPLE}, found false`],
  [
    'agents: { samples: 0 }',
    '5:11 ERR_CONFIG_UNKNOWN_KEY unknown key "samples" in agents; did you mean "sample"? allowed are: every, delay, loss, sample',
  ],
  ['judgedFrom: 10', `5:13 ERR_CONFIG_VALUE ${JUDGED}, found 10`],
  ['judgedFrom: -1m', `5:13 ERR_CONFIG_VALUE ${JUDGED}, found "-1m"`],
  ['judgedFrom: 10m', '5:13 ERR_CONFIG_VALUE judgedFrom must be less than the duration of 600s, found 600s'],
  ['steadyFrom: 1h', '5:13 ERR_CONFIG_VALUE steadyFrom must be less than the duration of 600s, found 3600s'],
] as const) {
  test(`${line} is one complaint with its place, what was found and what is allowed`, (t) => {
    t.deepEqual(problemsOf(`title: x\nconfig: w.yaml\nduration: 10m\nclients: { load: 1 }\n${line}\n`), [complaint]);
  });
}

test('a file that is not there or not YAML is said to be so', (t) => {
  t.regex(loadScenario('/nowhere/x.yaml').problems[0]!.message, /^scenario cannot be read: it does not exist$/);
  t.regex(problemsOf('title: [')[0]!, /ERR_CONFIG_YAML/);
});

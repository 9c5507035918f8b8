// Alert rules, dashboards and the handbook belong together: every alert is tested and has its section, and promtool agrees with the
// rules. Whether the metrics exist is asked of a running server (test/operate/admin.test.ts) and of the one list of names here.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { COUNTER_FACTS } from '../../src/metrics/counters.ts';
import { GAUGES, TALLIES } from '../../src/metrics/gauges.ts';
import { alertNames, metricsAskedFor, RULES, RULES_TEST, runbooks, testedAlerts } from '../support/deploy-files.ts';
import { ROOT } from '../support/paths.ts';

const handbook = readFileSync(`${ROOT}docs/handbook.md`, 'utf8');
const sections = Array.from(handbook.matchAll(/^### (\w+)$/gm), ([, name]) => name!);

function runs(t: ExecutionContext, command: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  t.is(status, 0, stdout + stderr);
}

test('promtool accepts the alert rules', (t) => {
  runs(t, 'promtool', 'check', 'rules', RULES);
});

test('each alert fires where it should and nowhere else, says promtool', (t) => {
  runs(t, 'promtool', 'test', 'rules', RULES_TEST);
});

test('every alert has a unit test', (t) => {
  t.deepEqual([...testedAlerts()].sort(), [...alertNames()].sort());
});

test('every alert has a section of the handbook, and every section is about an alert', (t) => {
  t.deepEqual([...sections].sort(), [...alertNames()].sort());
});

test('every alert sends its reader to its own section', (t) => {
  t.deepEqual(
    runbooks(),
    alertNames().map((name) => `docs/handbook.md#${name.toLowerCase()}`),
  );
});

for (const section of handbook.split(/^### /m).slice(1)) {
  test(`the handbook says of ${section.split('\n')[0]} what to see, what to type and how to undo it`, (t) => {
    for (const part of ['**You see**', '**Type**', '**Undo**']) t.true(section.includes(part), part);
  });
}

test('rules and dashboards ask for metrics of the one list of names only', (t) => {
  const known = new Set([COUNTER_FACTS, GAUGES, TALLIES].flatMap((list) => Object.values(list).map(({ metric }) => metric)));
  const asked = metricsAskedFor();
  t.true(asked.size > 30);
  t.deepEqual(
    [...asked].filter((name) => !known.has(name)),
    [],
  );
});

test('the dashboards are those that .ci/grafana.mjs makes', (t) => {
  runs(t, process.execPath, '.ci/grafana.mjs', '--check');
});

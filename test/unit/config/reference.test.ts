import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { configReference } from '../../../src/config/reference.ts';

const page = configReference();
const rows = page.split('\n').filter((line) => line.startsWith('| `'));

test('every section and the rules have one chapter', (t) => {
  const chapters = page.split('\n').filter((line) => line.startsWith('## '));
  const names = [
    'server',
    'geo',
    'zones',
    'sites',
    'pools',
    'policies',
    'probes',
    'prober',
    'health',
    'site',
    'fleet',
    'admin',
    'mesh',
    'keys',
    'transfer',
    'alerts',
    'objectives',
    'traces',
    'decisions',
    'rules',
    'driver',
  ];
  t.deepEqual(
    chapters,
    names.map((name) => `## ${name}`),
  );
});

test('every key says what is allowed and why', (t) => {
  t.true(rows.length > 50);
  for (const row of rows) {
    const [key, value, , why] = row
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
      .slice(1);
    t.true(value !== '' && value !== 'undefined', row);
    if (!/^`<\w+>`$/.test(key!)) t.true(why !== '', row);
  }
});

test('keys inside lists, maps by name and alternatives are listed with their path', (t) => {
  for (const key of [
    'tcp.idleTimeout',
    '<pool>.members[].weight',
    'nearest.tieBand',
    'map.continent',
    '<policy>.lastResort.fallback',
  ]) {
    t.true(
      rows.some((row) => row.startsWith(`| \`${key}\` |`)),
      key,
    );
  }
});

test('bounds, defaults and required keys are told', (t) => {
  t.true(page.includes('| `workers` | an integer from 0 to 256 threads | `0` |'));
  t.true(page.includes('| `tcp.idleTimeout` | a duration from 100ms to 10m, such as 5s, 300ms or 1h30m | `10s` |'));
  t.true(page.includes('| `<site>.latitude` | a number from -90 to 90 degrees | required |'));
});

test('the examples of the reference load', (t) => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);
  t.is(examples.length, 21);
  const directory = mkdtempSync(join(tmpdir(), 'meridian-reference-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'example.test.zone'), '');
  writeFileSync(join(directory, 'ns2.key'), 'MDEyMzQ1Njc4OWFiY2RlZg==');
  writeFileSync(join(directory, 'hook.secret'), '');
  // Two are both about policies: each stands with all the others. The last one is a whole file.
  const others = examples.filter((example) => !/^(?:policies|sites: \{)/.test(example));
  for (const last of [5, 19]) {
    const file = join(directory, `${last}.yaml`);
    writeFileSync(file, [...others, examples[last]!].join('\n'));
    t.deepEqual(loadConfig(file).problems, []);
  }
});

// What docs/drivers.md shows can be copied.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { ROOT } from '../../support/paths.ts';

const page = readFileSync(`${ROOT}docs/drivers.md`, 'utf8');
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);

test('every kind of driver is shown', (t) => {
  const shown = new Set(examples.flatMap((text) => [...text.matchAll(/driver:\s*\{?\s*(\w+):/g)].map(([, kind]) => kind)));
  const kinds = ['haproxyAttach', 'haproxy', 'nftables', 'nginx', 'nginxPlus', 'envoy', 'ipvs', 'prometheus', 'posted'];
  t.deepEqual([...shown].sort(), kinds.sort());
});

for (const [i, text] of examples.entries()) {
  test(`example ${i + 1} of the page on drivers loads without a complaint`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'meridian-recipe-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'meridian.yaml');
    writeFileSync(file, text);
    const { problems, snapshot } = loadConfig(file);
    t.deepEqual(
      problems.map(({ message }) => message),
      ['there is no zone to serve'],
    );
    t.true(snapshot!.site.every(({ driver }) => driver !== null));
  });
}

test('the first one is five lines', (t) => {
  t.is(examples[0]!.trim().split('\n').length, 5);
});

// Every file in fixtures/config/bad begins with the complaints it must cause, one `#! LINE:COLUMN [warning] CODE fragment` a
// line: all of them, no others, in order of the file.

import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { fixture } from '../../support/paths.ts';

const directory = fixture('config/bad');
const files = readdirSync(directory).filter((file) => file.endsWith('.yaml'));

test('there are at least forty bad configurations', (t) => {
  t.true(files.length >= 40);
});

for (const file of files) {
  test(`${file} causes exactly the complaints that its first lines tell`, (t) => {
    const expected = readFileSync(`${directory}/${file}`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('#! '))
      .map((line) => /^#! (\d+:\d+ (?:warning )?ERR_\w+) (.*)$/.exec(line)!);
    const { snapshot, problems } = loadConfig(`${directory}/${file}`);
    t.deepEqual(
      problems.map((p) => `${p.line}:${p.column} ${p.severity === 'warning' ? 'warning ' : ''}${p.code}`),
      expected.map(([, place]) => place),
    );
    for (const [i, problem] of problems.entries()) {
      t.is(problem.file, `${directory}/${file}`);
      const message = problem.message.replaceAll(`${directory}/`, '');
      t.true(message.includes(expected[i]![2]!), message);
    }
    t.is(
      snapshot === undefined,
      problems.some((problem) => problem.severity === 'error'),
    );
  });
}

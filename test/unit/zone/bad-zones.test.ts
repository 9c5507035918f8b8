// Every file of test/fixtures/zone/bad has one fault, named by the file. Its first lines say which problems are to be
// reported, and nothing else may be: `;! [file:]line:column [warning] CODE [part of the message]`.

import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { hasErrors, type Problem } from '../../../src/base/errors.ts';
import { err, ok, type Result } from '../../../src/base/result.ts';
import { checkZone } from '../../../src/zone/check.ts';
import { parseZone, type ZoneFile } from '../../../src/zone/parser.ts';
import { fixture } from '../../support/paths.ts';
import { ORIGIN, placeOf } from '../../support/zone-text.ts';

const FOLDER = fixture('zone/bad/');
const ZONES = readdirSync(FOLDER).filter((name) => name.endsWith('.zone'));

function readFixture(path: string): Result<ZoneFile, string> {
  try {
    return ok({ file: path, text: readFileSync(FOLDER + path) });
  } catch {
    return err(`no file "${path}"`);
  }
}

function problemsOf(file: string): Problem[] {
  const text = readFileSync(FOLDER + file);
  const { records, problems } = parseZone({ origin: ORIGIN, file, text, readInclude: readFixture });
  return [...problems, ...checkZone(records, !hasErrors(problems))];
}

interface Expected {
  readonly place: string;
  readonly fragment: string;
}

function expectedOf(file: string): Expected[] {
  const lines = readFileSync(FOLDER + file, 'utf8').split('\n');
  const expected: Expected[] = [];
  for (let i = 0; lines[i]!.startsWith(';! '); i++) {
    const [, place = '', fragment = ''] = /^;! (\S+ (?:warning )?\w+) ?(.*)$/.exec(lines[i]!) ?? [];
    expected.push({ place, fragment });
  }
  return expected;
}

test('there are at least 110 broken zones', (t) => {
  t.true(ZONES.length >= 110);
});

for (const file of ZONES) {
  test(`${file} gives the problems of its first lines and no others`, (t) => {
    const expected = expectedOf(file);
    const problems = problemsOf(file);
    t.true(expected.length > 0);
    t.deepEqual(
      problems.map((problem) => placeOf(problem, file)).sort(),
      expected.map(({ place }) => place).sort(),
      problems.map((problem) => `${placeOf(problem, file)}: ${problem.message}`).join('\n'),
    );
    for (const { place, fragment } of expected) {
      const messages = problems.filter((problem) => placeOf(problem, file) === place).map((problem) => problem.message);
      t.true(
        messages.some((message) => message.includes(fragment)),
        `${place}: ${messages.join(' / ')}`,
      );
    }
  });
}

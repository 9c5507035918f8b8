// Whatever is done to a configuration, loading it gives a snapshot or says what is wrong; it never throws.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { loadConfig } from '../../../src/config/load.ts';
import { fixture } from '../../support/paths.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meridian-fuzz-'));
cpSync(fixture('config/good'), scratch, { recursive: true });
test.after.always(() => rmSync(scratch, { recursive: true }));

const file = join(scratch, 'mutant.yaml');
const original = readFileSync(fixture('config/good/everything.yaml'), 'utf8');
const pieces = [
  '',
  ' ',
  '\n',
  '\t',
  ':',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '*position',
  '&x ',
  '"',
  '#',
  '0',
  '-1',
  '~',
  '1e99',
  '.nan',
  'é',
  '\u0000',
  '!!int ',
];

test('a configuration with random pieces cut out and put in loads or is refused with a place', (t) => {
  const edit = fc.record({
    at: fc.nat(original.length),
    cut: fc.nat(12),
    put: fc.constantFrom(...pieces),
  });
  let refused = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      let text = original;
      for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
      writeFileSync(file, text);
      const { snapshot, problems } = loadConfig(file);
      const errors = problems.filter((problem) => problem.severity === 'error');
      refused += errors.length > 0 ? 1 : 0;
      return (
        (snapshot === undefined) === errors.length > 0 &&
        problems.every((p) => p.line! >= 1 && p.column! >= 1 && p.message !== '')
      );
    }),
    { seed: 20260102, numRuns: 200 },
  );
  t.true(refused > 100);
});

test('any value in the place of any section is refused or fits', (t) => {
  const section = fc.constantFrom('server', 'geo', 'zones', 'sites', 'pools', 'policies');
  fc.assert(
    fc.property(section, fc.jsonValue({ maxDepth: 4 }), (name, value) => {
      writeFileSync(file, JSON.stringify({ [name]: value }));
      const { snapshot, problems } = loadConfig(file);
      return (snapshot === undefined) === problems.some((problem) => problem.severity === 'error');
    }),
    { seed: 20260103, numRuns: 200 },
  );
  t.pass();
});

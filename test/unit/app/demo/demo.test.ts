// What `npm start` prints: commands that the newcomer can type as they stand.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { demoText } from '../../../../src/app/demo/demo.ts';
import { hasProgram } from '../../../../src/app/demo/has-program.ts';

const FACTS = { endpoints: [{ address: '::', port: 5053 }], admin: [], sites: [], hasDig: true };

test('questions are asked with dig where there is dig', (t) => {
  t.regex(demoText(FACTS), /dig \+short @::1 -p 5053 www\.example\.test \+subnet=81\.2\.69\.142\/32 +# United Kingdom: London/);
});

test('questions are asked with Meridian itself where there is no dig', (t) => {
  const text = demoText({ ...FACTS, hasDig: false });
  t.regex(text, /npx meridian query www\.example\.test @\[::1\]:5053 --short --subnet 81\.2\.69\.142 +# United Kingdom: London/);
  t.notRegex(text, /\bdig\b/);
});

test('a program is found in the directories of PATH if it may be executed', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-path-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = `/nowhere::${directory}`;
  t.false(hasProgram('dig', path));
  writeFileSync(join(directory, 'dig'), '');
  chmodSync(join(directory, 'dig'), 0o644);
  // Root may execute nothing that nobody may.
  t.false(hasProgram('dig', path));
  chmodSync(join(directory, 'dig'), 0o755);
  t.true(hasProgram('dig', path));
});

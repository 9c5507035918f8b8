// Proves that the lint guards the house: a forbidden import, a node: module in a pure folder, a package outside its folder
// and an import cycle must each make it fail. Works on a copy of the rules in a temporary directory.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const biome = resolve('node_modules/@biomejs/biome/bin/biome');
const house = mkdtempSync(join(tmpdir(), 'meridian-lint-'));
const rules = JSON.parse(readFileSync('biome.json', 'utf8'));
delete rules.$schema;
writeFileSync(join(house, 'biome.json'), JSON.stringify(rules));
cpSync('src/base/result.ts', join(house, 'src/base/result.ts'));

const write = (file, text) => {
  mkdirSync(dirname(join(house, file)), { recursive: true });
  writeFileSync(join(house, file), text);
};
const lint = () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', '.'], { cwd: house, encoding: 'utf8' });
  return { status, text: stdout + stderr };
};

const OFFENCES = [
  [
    'a forbidden import',
    'noRestrictedImports',
    {
      'src/zone/a.ts': "import { ok } from '../responder/b.ts';\nexport const a = ok;\n",
      'src/responder/b.ts': 'export const ok = 1;\n',
    },
  ],
  [
    'a node: module in a pure folder',
    'noRestrictedImports',
    { 'src/zone/a.ts': "import { readFileSync } from 'node:fs';\nexport const a = readFileSync;\n" },
  ],
  ['a package outside its folder', 'noRestrictedImports', { 'src/zone/a.ts': "import { z } from 'zod';\nexport const a = z;\n" }],
  [
    'an import cycle',
    'noImportCycles',
    {
      'src/zone/a.ts': "import { b } from './b.ts';\nexport const a = (): number => b;\n",
      'src/zone/b.ts': "import { a } from './a.ts';\nexport const b = Number(a);\n",
    },
  ],
];

let failed = false;
try {
  if (lint().status !== 0) throw new Error(`the lint fails on a clean file:\n${lint().text}`);
  for (const [what, rule, files] of OFFENCES) {
    for (const [file, text] of Object.entries(files)) write(file, text);
    const { status, text } = lint();
    const caught = status !== 0 && text.includes(rule);
    console.log(`${caught ? 'ok' : 'NOT CAUGHT'}: ${what}`);
    if (!caught) failed = true;
    for (const file of Object.keys(files)) rmSync(join(house, file));
  }
} finally {
  rmSync(house, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

// docs/conformance.md names tests as evidence: each must be there, file and title.

import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { ROOT } from '../support/paths.ts';

const page = readFileSync(`${ROOT}docs/conformance.md`, 'utf8').replaceAll(/\s+/g, ' ');

/** A file in backquotes, perhaps with titles in quotation marks behind it. */
const EVIDENCE = /`(test\/[\w./-]+\.ts)`((?::|,)? "[^"]+")*/g;

const evidence = Array.from(page.matchAll(EVIDENCE), ([text, file]) => ({
  file: file!,
  titles: Array.from(text.matchAll(/"([^"]+)"/g), ([, title]) => title!),
}));

test('docs/conformance.md names its evidence', (t) => {
  t.true(evidence.length > 60);
  t.true(evidence.flatMap(({ titles }) => titles).length > 60);
});

for (const file of new Set(evidence.map((one) => one.file))) {
  test(`${file} and the titles that docs/conformance.md quotes from it exist`, (t) => {
    t.true(existsSync(ROOT + file));
    const source = readFileSync(ROOT + file, 'utf8');
    for (const title of evidence.filter((one) => one.file === file).flatMap(({ titles }) => titles)) {
      t.true(source.includes(title), title);
    }
  });
}

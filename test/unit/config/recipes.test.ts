// The recipes of docs/recipes.md: each is right as it stands, and the page tells of each.

import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { loadConfig } from '../../../src/config/load.ts';
import { ROOT } from '../../support/paths.ts';

const DIRECTORY = `${ROOT}zones/recipes`;
const page = readFileSync(`${ROOT}docs/recipes.md`, 'utf8');

for (const file of readdirSync(DIRECTORY)) {
  test(`${file} has no fault but that it serves no zone`, (t) => {
    const { problems } = loadConfig(`${DIRECTORY}/${file}`);
    t.deepEqual(
      problems.map(({ message }) => message),
      ['there is no zone to serve'],
    );
  });
  test(`docs/recipes.md tells of ${file}`, (t) => {
    t.true(page.includes(`(../zones/recipes/${file})`));
  });
}

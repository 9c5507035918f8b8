// What every script of a drill must keep to.

import { readdirSync } from 'node:fs';
import test from 'ava';
import { DRILLS } from '../../../src/drill/catalogue.ts';
import { ROOT } from '../../support/paths.ts';

test('every script has a file of its name, and every file is in the catalogue', (t) => {
  const files = readdirSync(`${ROOT}src/drill/scripts`).map((file) => file.replace(/\.ts$/, ''));
  t.deepEqual(files.sort(), DRILLS.map(({ name }) => name).sort());
});

/** Leaves nothing to undo: every server runs again when it is done. */
const UNDONE_BY_ITSELF = ['servers-restart', 'servers-upgrade'];

for (const { name, steps } of DRILLS) {
  test(`${name} undoes what it makes, makes or undoes one thing at a time, and expects something of each`, (t) => {
    const made: string[] = [];
    for (const { make, undo, expect } of steps) {
      t.true((make === undefined) !== (undo === undefined));
      t.true(expect.length > 0);
      if (make !== undefined && !UNDONE_BY_ITSELF.includes(make)) made.push(make);
      if (undo !== undefined) t.is(made.pop(), undo);
    }
    t.deepEqual(made, []);
  });
}

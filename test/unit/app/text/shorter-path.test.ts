import { join } from 'node:path';
import test from 'ava';
import { shorterPath } from '../../../../src/app/text/shorter-path.ts';

const HERE = process.cwd();

test('a path below the working directory is told from there', (t) => {
  t.is(shorterPath(join(HERE, 'zones', 'example.zone')), 'zones/example.zone');
});

test('a path that is shorter as it is stays so, and so does the working directory', (t) => {
  t.is(shorterPath('/'), '/');
  t.is(shorterPath('zones/example.zone'), 'zones/example.zone');
  t.is(shorterPath(HERE), HERE);
});

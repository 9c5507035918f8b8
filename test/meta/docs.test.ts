import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { configReference } from '../../src/config/reference.ts';
import { ROOT } from '../support/paths.ts';

test('the generated pages of docs/reference are up to date', (t) => {
  const { status, stderr } = spawnSync(process.execPath, [`${ROOT}dist/src/app/docs.js`, '--check'], { encoding: 'utf8' });
  t.is(stderr, '');
  t.is(status, 0);
});

test('docs/reference/config.md is what the schemas say', (t) => {
  t.is(readFileSync(`${ROOT}docs/reference/config.md`, 'utf8'), configReference());
});

// The catalogue of errors, the code and the documentation agree in both directions.

import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { ERRORS, type ErrorCode, formatProblem, hasErrors } from '../../src/base/errors.ts';
import { ROOT } from '../support/paths.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];
const codesIn = (text: string): Set<string> => new Set(text.match(/\bERR_[A-Z0-9_]+\b/g));

/** Codes that Node itself gives to its errors. */
const OF_NODE =
  /^ERR_(CHILD_PROCESS_\w+|SERVER_NOT_RUNNING|WORKER_INIT_FAILED|SOCKET_\w+|INVALID_\w+|STREAM_\w+|PARSE_ARGS_\w+|MODULE_NOT_FOUND)$/;

const used = new Set(
  readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'base/errors.ts')
    .flatMap((file) => [...codesIn(readFileSync(`${ROOT}src/${file}`, 'utf8'))]),
);
const documented = codesIn(readFileSync(`${ROOT}docs/reference/errors.md`, 'utf8'));

for (const code of codes) {
  test(`${code} is used, documented and explained in one sentence`, (t) => {
    t.true(used.has(code), 'nothing in src/ complains with it');
    t.true(documented.has(code), 'not in docs/reference/errors.md');
    t.regex(ERRORS[code], /^[A-Z$].*\.$/);
  });
}

test('every code in the documentation is in the catalogue', (t) => {
  t.deepEqual(
    [...documented].filter((code) => !Object.hasOwn(ERRORS, code)),
    [],
  );
});

test('every code in the source is in the catalogue', (t) => {
  t.deepEqual(
    [...used].filter((code) => !Object.hasOwn(ERRORS, code) && !OF_NODE.test(code) && !/_$/.test(code)),
    [],
  );
});

test('a problem is printed on one line that editors can follow', (t) => {
  const problem = { severity: 'error', code: 'ERR_CONFIG_VALUE', message: 'a\r\nb', file: 'f.yaml', line: 3, column: 7 } as const;
  t.is(formatProblem(problem), 'f.yaml:3:7: error ERR_CONFIG_VALUE: a b');
  t.is(formatProblem({ severity: 'warning', code: 'ERR_USAGE', message: 'x' }), 'warning ERR_USAGE: x');
});

test('warnings alone are not errors', (t) => {
  t.false(hasErrors([{ severity: 'warning', code: 'ERR_USAGE', message: 'x' }]));
  t.true(hasErrors([{ severity: 'error', code: 'ERR_USAGE', message: 'x' }]));
});

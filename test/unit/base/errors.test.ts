import test from 'ava';
import { formatProblem, hasErrors } from '../../../src/base/errors.ts';

test('a problem prints as file:line:column: severity CODE: message', (t) => {
  const place = { file: 'a.zone', line: 3, column: 7 };
  t.is(
    formatProblem({ severity: 'error', code: 'ERR_ZONE_TTL', message: 'no TTL', ...place }),
    'a.zone:3:7: error ERR_ZONE_TTL: no TTL',
  );
});

test('a problem without a place prints without one', (t) => {
  t.is(formatProblem({ severity: 'warning', code: 'ERR_USAGE', message: 'odd' }), 'warning ERR_USAGE: odd');
});

test('a problem is one line whatever its message holds', (t) => {
  t.is(formatProblem({ severity: 'error', code: 'ERR_USAGE', message: 'a\r\nb\nc' }), 'error ERR_USAGE: a b c');
});

test('warnings alone are no errors', (t) => {
  t.false(hasErrors([{ severity: 'warning', code: 'ERR_USAGE', message: 'odd' }]));
  t.true(hasErrors([{ severity: 'error', code: 'ERR_USAGE', message: 'wrong' }]));
});

// The table of `show stat`: columns by name, cells strictly.

import test from 'ava';
import fc from 'fast-check';
import { parseStat } from '../../../../src/site/drivers/haproxy/csv.ts';

const HEAD = '# pxname,svname,qcur,scur,slim,status,weight,rate,type,';
const stat = (...lines: readonly string[]) => parseStat([HEAD, ...lines, ''].join('\n'), 'x');

test('cells may be quoted, with commas and quotes in them', (t) => {
  const parsed = stat('shop,a,1,2,,"UP ""1/3"", or so",5,3,2,');
  t.like(parsed.ok && parsed.value[0], { proxy: 'shop', status: 'UP "1/3", or so', sessions: 2, sessionLimit: null, weight: 5 });
});

test('a figure that is not a count, a line that is cut off, and a column that is missing are refused', (t) => {
  const messageOf = (...lines: readonly string[]): string => {
    const parsed = stat(...lines);
    return parsed.ok ? '' : parsed.error.message;
  };
  t.is(messageOf('shop,a,1,x,,UP,5,3,2,'), 'x: show stat: line 2: scur is not a count');
  t.regex(messageOf('shop,a,1'), /line 2 is not whole/);
  t.regex(messageOf('shop,a,1,2,,"UP,5,3,2,'), /line 2 is not whole/);
  const missing = parseStat('# pxname,svname\n', 'x');
  t.is(missing.ok ? '' : missing.error.message, 'x: show stat: the column qcur is missing');
});

test('no text is more than a complaint', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => t.notThrows(() => stat(text, `"${text}`))));
});

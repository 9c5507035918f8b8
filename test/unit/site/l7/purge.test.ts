// Patterns of purges: what they mean, and what is none.

import test from 'ava';
import { isMeant, readPurge } from '../../../../src/site/l7/cache/purge.ts';

/** Pattern -> what it means, and what it does not. */
const MEANT: Record<string, readonly [readonly string[], readonly string[]]> = {
  '*': [['a.example/', 'a.example/b?c'], []],
  'a.example/': [['a.example/'], ['a.example/b', 'b.a.example/']],
  'HTTPS://A.example/B': [['a.example/B'], ['a.example/b']],
  'a.example/b*': [
    ['a.example/b', 'a.example/bc/d?e'],
    ['a.example/cb', 'x.a.example/b'],
  ],
  '*/b': [['a.example/b', 'c.example/a/b'], ['a.example/b?c']],
  '*.example/*/x*.css': [
    ['a.example/b/x.css', 'a.b.example/c/d/xy.css'],
    ['a.example/x.css', 'a.example/b/x.css?v=1'],
  ],
  'a.example/a*a': [['a.example/aa', 'a.example/aba'], ['a.example/a']],
  'a.example/*bc*cd*': [
    ['a.example/bccd', 'a.example/-bc-cd-'],
    ['a.example/bcd', 'a.example/cdbc'],
  ],
  'a.example/?b': [['a.example/?b'], ['a.example/xb']],
};

for (const [pattern, [meant, others]] of Object.entries(MEANT)) {
  test(`${pattern} means ${meant.join(' and ')}`, (t) => {
    const parts = readPurge(pattern)!;
    for (const place of meant) t.true(isMeant(parts, place), place);
    for (const place of others) t.false(isMeant(parts, place), place);
  });
}

for (const pattern of [
  '',
  'a.example',
  '/b',
  'a.example/b c',
  'a.example/b#c',
  'a.example/\xe9',
  '*a',
  `a/${'*x'.repeat(9)}`,
  `a/${'x'.repeat(3000)}`,
]) {
  test(`no pattern: ${JSON.stringify(pattern.slice(0, 40))}`, (t) => t.is(readPurge(pattern), null));
}

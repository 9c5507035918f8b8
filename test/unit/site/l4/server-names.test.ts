import test from 'ava';
import { ServerNames } from '../../../../src/site/l4/server-names.ts';

const BY_NAME = new Map([
  ['www.example.org', 'www'],
  ['*.example.org', 'any'],
  ['*.deep.example.org', 'deep'],
]);

for (const [name, wanted] of [
  ['www.example.org', 'www'],
  ['shop.example.org', 'any'],
  ['a.b.example.org', 'any'],
  ['a.deep.example.org', 'deep'],
  ['example.org', 'other'],
  ['example.net', 'other'],
  [null, 'other'],
] as const) {
  test(`${name ?? 'who names nobody'} gets ${wanted}`, (t) => {
    t.is(new ServerNames(BY_NAME, 'other').of(name), wanted);
  });
}

test('without a service for the others there is none for them', (t) => {
  const names = new ServerNames(BY_NAME, null);
  t.deepEqual([names.of('example.net'), names.of(null), names.of('www.example.org')], [null, null, 'www']);
});

import test from 'ava';
import fc from 'fast-check';
import { didYouMean, editDistance, list, nearest } from '../../../src/config/suggest.ts';

test('the edit distance counts insertions, deletions, substitutions and swaps of neighbours', (t) => {
  t.is(editDistance('pool', 'pool'), 0);
  t.is(editDistance('pool', 'pools'), 1);
  t.is(editDistance('pool', 'pol'), 1);
  t.is(editDistance('pool', 'poll'), 1);
  t.is(editDistance('pool', 'polo'), 1);
  t.is(editDistance('', 'abc'), 3);
  t.is(editDistance('kitten', 'sitting'), 3);
});

test('the edit distance is symmetric, zero only for equal strings, and at most the longer length', (t) => {
  const word = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      return distance === editDistance(b, a) && (distance === 0) === (a === b) && distance <= Math.max(a.length, b.length);
    }),
    { seed: 20260101, numRuns: 300 },
  );
  t.pass();
});

test('case and separators do not count against a suggestion', (t) => {
  t.is(nearest('udp_payload_size', ['listen', 'udpPayloadSize']), 'udpPayloadSize');
  t.is(nearest('LISTEN', ['listen', 'workers']), 'listen');
});

test('the nearest of several names is suggested, and none when all are far', (t) => {
  t.is(nearest('web-us', ['web-eu', 'web-usa', 'api']), 'web-usa');
  t.is(nearest('probes', ['server', 'geo', 'zones', 'sites', 'pools', 'policies']), undefined);
  t.is(nearest('x', []), undefined);
  t.is(didYouMean('lisen', ['listen']), '; did you mean "listen"?');
  t.is(didYouMean('colour', ['listen']), '');
});

test('names of any length are compared in bounded time', (t) => {
  t.is(nearest('a'.repeat(1_000_000), ['b'.repeat(1_000_000)]), undefined);
});

test('long lists of names are shortened', (t) => {
  t.is(list([]), 'none');
  t.is(list(['a', 'b']), 'a, b');
  t.is(list(Array.from({ length: 15 }, (_, i) => `n${i}`)), 'n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11 and 3 more');
});

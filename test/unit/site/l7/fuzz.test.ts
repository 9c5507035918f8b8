import test from 'ava';
import { fuzzHttp } from '../../../fuzz/http.ts';

test('damaged requests are refused, or come through as llhttp reads them', async (t) => {
  const { streams, requests, refused } = await fuzzHttp({ seed: 7230, amount: { streams: 300 } });
  t.is(streams, 300);
  t.true(requests > 200 && refused > 50, `${requests} passed, ${refused} refused`);
});

// What the fuzzer has found, and why it was no fault of the front.
for (const [what, seed, only] of [
  ['a path that the front refuses by itself is read by llhttp, and what comes after it is served by both', 1, 4383],
  ['a tab after a length is white space (RFC 9110 section 5.5), though llhttp refuses it', 7, 5129],
  ['and so it is after a coding', 5, 9765],
  ['Connection among trailers means nothing (RFC 9110 section 6.5.1), though llhttp obeys it', 8, 1102],
] as const) {
  test(what, async (t) => {
    const { requests } = await fuzzHttp({ seed, only, amount: { streams: only + 1 } });
    t.true(requests >= 3);
  });
}

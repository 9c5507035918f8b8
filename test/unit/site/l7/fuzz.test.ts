import test from 'ava';
import { fuzzHttp } from '../../../fuzz/http.ts';

test('damaged requests are refused, or come through as llhttp reads them', async (t) => {
  const { streams, requests, refused } = await fuzzHttp({ seed: 7230, amount: { streams: 300 } });
  t.is(streams, 300);
  t.true(requests > 200 && refused > 50, `${requests} passed, ${refused} refused`);
});

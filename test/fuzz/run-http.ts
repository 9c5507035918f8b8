// `npm run fuzz:http`: damaged HTTP/1.1 for a minute, as long as one likes, or so many streams. The same seed sends the same streams.

import { parseArgs } from 'node:util';
import { fuzzHttp, HttpFuzzFailure } from './http.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    streams: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const streams = values.streams === undefined ? {} : { streams: Number(values.streams) };
const only = values.only === undefined ? {} : { only: Number(values.only) };
for (const [name, value] of Object.entries({ seconds, seed, ...streams, ...only })) {
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} is a whole number, found ${values[name as 'seed']}`);
}

try {
  const amount = 'streams' in streams ? { streams: streams.streams } : { seconds };
  const { streams: sent, requests, refused } = await fuzzHttp({ amount, seed, ...only });
  console.log(`${sent} streams, ${refused} of them refused somewhere, ${requests} requests passed, all as llhttp reads them`);
} catch (error) {
  if (!(error instanceof HttpFuzzFailure)) throw error;
  console.error(`FAILED: ${error.message}`);
  process.exitCode = 1;
}

// `npm run fuzz`: damaged packets for a minute, or as long as one likes. The same seed sends the same packets.

import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { FuzzFailure } from './fuzzer.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '20000' },
    only: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const rate = Number(values.rate);
const only = values.only === undefined ? {} : { only: Number(values.only) };
for (const [name, value] of Object.entries({ seconds, seed, rate, ...only })) {
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} is a whole number, found ${values[name as 'seed']}`);
}

console.log(`fuzzing for ${seconds} s with seed ${seed}, at most ${rate} packets/s`);
try {
  const report = await campaign({ amount: { seconds }, seed, rate, ...only });
  const packets = report.udpPackets + report.tcpPackets;
  console.log(
    `${report.udpPackets} packets over UDP, ${report.tcpPackets} over TCP, ${report.replies} replies, no fault; ` +
      `${Math.round(packets / report.elapsedSec)} packets/s; memory grew by ${report.grownMib.toFixed(1)} MiB`,
  );
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  console.error(`FAILED with seed ${seed}: ${error.message}`);
  process.exitCode = 1;
}

// A thread that serves UDP with the packet driver of this machine until a query with the id 666 comes: on that one it throws.
// To any message it answers how many passes its event loop has made.

import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { listenUdp } from '../../src/transport/udp.ts';
import type { UdpOptions } from '../../src/transport/udp-driver.ts';
import { idOf, turnRound } from './dns-octets.ts';
import { ManualClock } from './manual-clock.ts';

const FATAL_ID = 666;
const answer = turnRound();

const { endpoint, sharing } = workerData as Required<Pick<UdpOptions, 'endpoint' | 'sharing'>>;
const opened = await listenUdp({
  endpoint,
  sharing,
  respond: (input, offset, ...rest) => {
    if (idOf(input.subarray(offset)) === FATAL_ID) throw new Error('a bug in the responder');
    return answer(input, offset, ...rest);
  },
  maxReplySize: 1232,
  clock: new ManualClock(),
  counters: new Float64Array(64),
});
parentPort!.postMessage(opened.ok ? opened.value.port : opened.error.message);

// The types are older than Node's nodeTiming.uvMetricsInfo (20.18).
const timing = performance.nodeTiming as unknown as { readonly uvMetricsInfo: { readonly loopCount: number } };
parentPort!.on('message', () => parentPort!.postMessage(timing.uvMetricsInfo.loopCount));

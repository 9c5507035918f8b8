// A thread of its own with a responder that shares its limits with others: asks itself one question many times at once, for one
// client, at time 0, and tells how often the answer came in full. See test/unit/responder/shared-limits.test.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { Counters, countersSize } from '../../src/metrics/counters.ts';
import type { RateLimitSettings } from '../../src/model/snapshot.ts';
import { Responder } from '../../src/responder/responder.ts';
import { ORIGIN, ZONE } from './answer-zone.ts';
import { queryOctets } from './query-octets.ts';
import { clientOf, imagesOf, limitsOf } from './responder.ts';

export interface LimitWorkerStart {
  readonly settings: Partial<RateLimitSettings>;
  readonly memory: SharedArrayBuffer;
  /** Its first number counts the threads that are ready. All begin when there are so many. */
  readonly ready: Int32Array;
  readonly threads: number;
  readonly queries: number;
}

const { settings, memory, ready, threads, queries } = workerData as LimitWorkerStart;
const responder = new Responder({
  udpPayloadSize: 1232,
  counters: new Counters(new SharedArrayBuffer(countersSize(1))).row(0),
  rateLimit: limitsOf(settings, memory),
});
responder.install(imagesOf({ zones: { [ORIGIN]: ZONE } }));

const query = queryOctets({ name: `www.${ORIGIN}`, type: 'A' });
const client = clientOf({});
const output = new Uint8Array(512);

Atomics.add(ready, 0, 1);
Atomics.notify(ready, 0);
for (let seen = Atomics.load(ready, 0); seen < threads; seen = Atomics.load(ready, 0)) Atomics.wait(ready, 0, seen);

let inFull = 0;
for (let i = 0; i < queries; i++) if (responder.respond(query, 0, query.length, client, output, 0) > query.length) inFull++;
parentPort!.postMessage(inFull);

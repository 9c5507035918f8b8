// What one call of respond() costs, by kind of answer, and whether it makes work for the garbage collector or the compiler. No
// sockets: octets in, octets out. Run with
//   node --expose-gc dist/bench/responder.js [calls in millions for the heap, default 10]
// What is printed says how it was measured.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { inlineWholeQueries } from '../src/app/answering/v8-flags.ts';
import { Counters, countersSize } from '../src/metrics/counters.ts';
import { Responder, type ResponderImages } from '../src/responder/responder.ts';
import { Tap } from '../src/responder/tap.ts';
import { TapRing, tapRingSize } from '../src/responder/tap-ring.ts';
import { queryOctets } from '../test/support/query-octets.ts';
import { clientOf } from '../test/support/responder.ts';
import { forcedCollectionMs, watchCollections } from './collections.ts';
import { images, KINDS, millionNames, nameQuery, renumber } from './responder-questions.ts';

const MESSAGES_PER_KIND = 1000;
const CALLS_PER_ROUND = 200_000;
/** The least of so many rounds is shown: what others do on the machine only adds. */
const ROUNDS = 10;
const WARM_UP_CALLS = 200_000;
/** Few enough that the young generation is not collected meanwhile, even at a hundred octets a call. */
const ALLOCATION_CALLS = 20_000;
const ALLOCATION_ROUNDS = 5;
const DEOPT_CALLS = 3_000_000;
const MILLION_CALLS = 5_000_000;
const CALLS_PER_TURN = 100_000;
const UDP_SIZE = 1232;
/** Argument of the run that V8 comments on, a process of its own. */
const COMMENTED = '--commented';
const SETTLED = 'all code is warm';

inlineWholeQueries();
const client = clientOf({ address: '20.1.2.3' });
const output = new Uint8Array(65535);
let octets = 0;

function responderOf(served: ResponderImages): Responder {
  const counters = new Counters(new SharedArrayBuffer(countersSize(1))).row(0);
  const responder = new Responder({ udpPayloadSize: UDP_SIZE, counters });
  responder.install(served);
  responder.useCookieSecrets([new Uint8Array(16)]);
  return responder;
}

type Vary = (message: Uint8Array) => void;
const asItIs: Vary = () => {};

function run(responder: Responder, messages: readonly Uint8Array[], calls: number, vary = asItIs): void {
  for (let i = 0, m = 0; i < calls; i++) {
    const message = messages[m]!;
    vary(message);
    octets += responder.respond(message, 0, message.length, client, output, 0);
    if (++m === messages.length) m = 0;
  }
}

/** CPU time in ns since `before`. */
function cpuNsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

function octetsPerCall(responder: Responder, messages: readonly Uint8Array[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ALLOCATION_ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed;
    run(responder, messages, ALLOCATION_CALLS);
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown);
  }
  return least / ALLOCATION_CALLS;
}

function row(...cells: readonly string[]): void {
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(32) : cell.padStart(13))).join(''));
}

/** A kind of answer: its name, its messages, and what is done to one before each call. */
type Kind = readonly [string, readonly Uint8Array[], Vary];

function table(responder: Responder, kinds: readonly Kind[]): void {
  console.log(
    `CPU time of one call, the least of ${ROUNDS} rounds of ${CALLS_PER_ROUND} calls; octets by which the heap grew per call\n` +
      'before any collection; octets of a reply. All kinds are warm: measured is code that was compiled for a mix of them.\n' +
      'There are 20,000 networks; "random networks" has another random /24 in each call (making it is 3 ns of the time).\n',
  );
  row('answer', 'CPU ns/call', 'heap B/call', 'reply B');
  const least = kinds.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [k, [, messages, vary]] of kinds.entries()) {
      const before = process.cpuUsage();
      run(responder, messages, CALLS_PER_ROUND, vary);
      least[k] = Math.min(least[k]!, cpuNsSince(before) / CALLS_PER_ROUND);
    }
  }
  for (const [k, [kind, messages]] of kinds.entries()) {
    octets = 0;
    run(responder, messages, messages.length);
    const replySize = octets / messages.length;
    row(kind, least[k]!.toFixed(0), octetsPerCall(responder, messages).toFixed(1), replySize.toFixed(0));
  }
}

/** The same answers with nothing told, with one in a thousand due, and with all due and the rate used up: time stands still here. */
function tapped(messages: readonly Uint8Array[]): void {
  const cases = [0, 1000, 1].map((oneIn) => {
    const served = images();
    const responder = responderOf(served);
    const ring = new SharedArrayBuffer(tapRingSize(UDP_SIZE));
    const each = [oneIn, ...served.steering.policyNames.map(() => oneIn)];
    if (oneIn > 0) responder.useTap(new Tap({ ring, oneIn: each, perSecond: 1e9 }));
    const reader = new TapRing(ring);
    return { oneIn, responder, reader, least: Number.POSITIVE_INFINITY };
  });
  for (const { responder } of cases) run(responder, messages, WARM_UP_CALLS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of cases) {
      while (each.reader.read() !== undefined);
      const before = process.cpuUsage();
      run(each.responder, messages, CALLS_PER_ROUND);
      each.least = Math.min(each.least, cpuNsSince(before) / CALLS_PER_ROUND);
    }
  }
  for (const { oneIn, responder, least } of cases) {
    const what = oneIn === 0 ? 'nothing told' : oneIn === 1 ? 'rate used up' : `1 in ${oneIn} told`;
    row(`GSLB by ECS, ${what}`, least.toFixed(0), octetsPerCall(responder, messages).toFixed(1));
  }
}

function heapGrowth(responder: Responder, mixed: readonly Uint8Array[], calls: number): void {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  run(responder, mixed, calls);
  globalThis.gc?.();
  const grownKb = (process.memoryUsage().heapUsed - before) / 1024;
  const note = globalThis.gc === undefined ? ' (meaningless without --expose-gc)' : '';
  console.log(`\nheap growth over ${calls} mixed calls, from one full collection to the next: ${grownKb.toFixed(1)} KiB${note}`);
}

/** Lets V8 say what it takes back, in a process of its own, and counts what it says once the code is warm. */
function deoptimizations(): number {
  const file = fileURLToPath(import.meta.url);
  const said = execFileSync(process.execPath, ['--expose-gc', file, COMMENTED], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return said
    .slice(said.indexOf(SETTLED))
    .split('\n')
    .filter((line) => line.startsWith('[bailout')).length;
}

async function serveMillionNames(): Promise<void> {
  const withoutMs = forcedCollectionMs();
  const responder = responderOf(millionNames());
  const messages = [queryOctets(nameQuery(0))];
  const serve = async (calls: number): Promise<void> => {
    for (let done = 0; done < calls; done += CALLS_PER_TURN) {
      run(responder, messages, CALLS_PER_TURN, renumber);
      await new Promise(setImmediate); // collections are reported between turns
    }
  };
  await serve(WARM_UP_CALLS);
  globalThis.gc?.();
  const serving = watchCollections();
  const before = process.cpuUsage();
  await serve(MILLION_CALLS);
  const ns = cpuNsSince(before) / MILLION_CALLS;
  const { count, longestMs } = await serving.end();
  console.log(
    `a zone of a million names, ${MILLION_CALLS} queries for random ones: ${ns.toFixed(0)} ns of CPU each (names and cache misses);\n` +
      `  major collections meanwhile: ${count}, the longest ${longestMs.toFixed(1)} ms (at most 5 are allowed);\n` +
      `  one of the whole heap at once, forced, takes ${withoutMs.toFixed(1)} ms before there is that zone and ${forcedCollectionMs().toFixed(1)} ms after`,
  );
}

const responder = responderOf(images());
const kinds = KINDS.map(
  ([kind, spec, vary = asItIs]): Kind => [kind, Array.from({ length: MESSAGES_PER_KIND }, (_, i) => queryOctets(spec(i))), vary],
);
const mixed = Array.from({ length: MESSAGES_PER_KIND }, (_, i) => kinds[i % kinds.length]![1][i]!);
const warmUp = (): void => {
  for (const [, messages, vary] of kinds) run(responder, messages, WARM_UP_CALLS, vary);
  run(responder, mixed, WARM_UP_CALLS);
};

warmUp();
if (process.argv[2] === COMMENTED) {
  warmUp();
  console.log(SETTLED);
  setFlagsFromString('--trace-deopt');
  run(responder, mixed, DEOPT_CALLS);
} else {
  table(responder, kinds);
  tapped(kinds.find(([kind]) => kind === 'GSLB by ECS')![1]);
  heapGrowth(responder, mixed, Number(process.argv[2] ?? 10) * 1_000_000);
  console.log(`deoptimisations in ${DEOPT_CALLS} mixed calls once the code is warm: ${deoptimizations()}`);
  await serveMillionNames();
}

import test from 'ava';
import { judge } from '../../../src/health/quorum.ts';
import { countdown, verdictChangeMs, voteChangeMs } from '../../../src/health/time-to-change.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import type { Verdict, Vote } from '../../../src/model/verdict.ts';
import { DEFAULT_CADENCE } from '../../support/flap-lab.ts';
import { voteOf } from '../../support/votes.ts';

const RULE = { votes: 2, regions: 2 };
const voteMs = (isUp: boolean, against: number, needed: number): number =>
  voteChangeMs(voteOf('eu/a', isUp, { against, needed }), DEFAULT_CADENCE);

test('a settled vote changes after as many intervals as it takes results', (t) => {
  t.is(voteMs(true, 0, 3), 15_000);
  t.is(voteMs(false, 0, 2), 10_000);
});

test('one that results speak against changes after that many of the faster intervals less', (t) => {
  t.is(voteMs(true, 1, 3), 2000);
  t.is(voteMs(true, 2, 3), 1000);
  t.is(voteMs(false, 1, 2), 1000);
});

test('one that the flap guard holds waits at the ordinary interval', (t) => {
  t.is(voteMs(false, 2, 12), 50_000);
  t.is(voteMs(false, 1, 12), 11_000);
  t.is(voteMs(false, 12, 12), 5000);
});

/** Time until the verdict on these votes could change, in seconds. */
function verdictSec(votes: readonly Vote[], previous?: Verdict): number {
  const verdict = judge('t', votes, RULE, previous, 0, DEFAULT_CADENCE.rise);
  return verdictChangeMs(verdict, votes, RULE, DEFAULT_CADENCE) / 1000;
}

test('a verdict changes when so many votes could have that it must follow', (t) => {
  const calm = ['eu/a', 'us/b', 'ap/c'].map((prober) => voteOf(prober, true));
  t.is(verdictSec(calm), 15);
  t.is(verdictSec([voteOf('eu/a', true, { against: 1 }), ...calm.slice(1)]), 15);
  t.is(verdictSec([voteOf('eu/a', true, { against: 1 }), voteOf('us/b', true, { against: 2 }), calm[2]!]), 2);
  t.is(verdictSec([voteOf('eu/a', false), voteOf('us/b', true, { against: 2 }), calm[2]!]), 1);
});

test('a second region must change too before one region counts', (t) => {
  const votes = [
    voteOf('eu/a', true, { against: 2 }),
    voteOf('eu/b', true, { against: 2 }),
    voteOf('us/c', true),
    voteOf('us/d', true),
  ];
  t.is(verdictSec(votes), 15);
});

test('a target that is down changes with the votes that are down', (t) => {
  const votes = ['eu/a', 'us/b', 'ap/c'].map((prober) => voteOf(prober, false, { against: 1, needed: 2 }));
  t.is(verdictSec(votes), 1);
  t.is(verdictSec([votes[0]!, votes[1]!, voteOf('ap/c', true)]), 1);
  t.is(verdictSec(votes.map((vote) => ({ ...vote, against: 0 }))), 10);
});

const held = (prober: string, fields: Partial<Vote> = {}): Vote =>
  voteOf(prober, false, { outcome: OUTCOME.OK, against: 5, needed: 25, ...fields });

test('what the guard keeps down comes up when the guard lets go', (t) => {
  const down = judge('t', [voteOf('eu/a', false), voteOf('us/b', false)], RULE, undefined, 0, DEFAULT_CADENCE.rise);
  t.is(verdictSec([held('eu/a'), held('us/b', { against: 20 }), voteOf('ap/c', true)], down), 25);
  t.is(verdictSec([held('eu/a'), held('us/b', { against: 20 }), held('ap/c')], down), 100);
});

test('what is up while the guard holds goes down like anything that is up, and sooner once a held one fails', (t) => {
  t.is(verdictSec([held('eu/a'), held('us/b'), held('ap/c')]), 15);
  t.is(verdictSec([held('eu/a', { outcome: OUTCOME.REFUSED }), held('us/b'), held('ap/c')]), 15);
  const failing = held('eu/a', { outcome: OUTCOME.REFUSED });
  t.is(verdictSec([failing, voteOf('us/b', true, { against: 1 }), voteOf('ap/c', true)]), 2);
  t.is(verdictSec([failing, voteOf('us/b', false), voteOf('ap/c', true)]), 1);
});

test('what nothing is known of changes like what is settled', (t) => {
  t.is(verdictSec([]), 15);
  const down = judge('t', [voteOf('eu/a', false), voteOf('us/b', false)], RULE, undefined, 0, DEFAULT_CADENCE.rise);
  t.is(verdictSec([], down), 10);
});

test('a countdown goes in powers of two, each for as long as it is true', (t) => {
  t.deepEqual(countdown(100_000, 0), { ttlSec: 64, nextMs: 36_001 });
  t.deepEqual(countdown(100_000, 36_001), { ttlSec: 32, nextMs: 68_001 });
  t.deepEqual(countdown(100_000, 98_000), { ttlSec: 2, nextMs: 98_001 });
  t.deepEqual(countdown(100_000, 98_001), { ttlSec: 1, nextMs: 100_000 });
  t.deepEqual(countdown(100_000, 99_900), { ttlSec: 1, nextMs: 100_000 });
  t.is(countdown(10 ** 15, 0).ttlSec, 2 ** 30);
});

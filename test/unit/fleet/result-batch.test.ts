import test from 'ava';
import fc from 'fast-check';
import {
  decodeBatch,
  encodeBatch,
  OPINIONS_MOST,
  type OpinionRow,
  RESULTS_MOST,
  type ResultBatch,
  type ResultRow,
} from '../../../src/fleet/result-batch.ts';
import { EXTRA_MOST, OPINION, PENALTY_CAP, STRAYS_MOST } from '../../../src/health/damping.ts';
import { RESULT_BATCH_MAX_SIZE } from '../../../src/model/mesh.ts';

const TARGETS = 1000;
const BASE_MS = 1_700_000_000_000;
const anyResult: fc.Arbitrary<ResultRow> = fc.record({
  target: fc.nat(TARGETS - 1),
  what: fc.nat(255),
  latencyUs: fc.integer({ min: 1, max: 2 ** 24 - 1 }),
  atMs: fc.nat(2 ** 32 - 1).map((ms) => BASE_MS + ms),
});
const anyOpinion: fc.Arbitrary<OpinionRow> = fc.record({
  target: fc.nat(TARGETS - 1),
  opinion: fc.nat(OPINION.HELD + EXTRA_MOST - 1),
  streak: fc.nat(255),
  penalty: fc.tuple(fc.nat(STRAYS_MOST), fc.nat(PENALTY_CAP)).map(([strays, penalty]) => strays * 4096 + penalty),
  anchorSec: fc.nat(2 ** 32 - 1),
  lastSec: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  sinceMs: fc.nat(2 ** 32 - 1).map((ms) => BASE_MS + ms),
  outcome: fc.nat(255),
});
const listHash = '00ff12aa3456789b';
const anyBatch: fc.Arbitrary<ResultBatch> = fc.record({
  listHash: fc.constant(listHash),
  isFarewell: fc.boolean(),
  opinions: fc.array(anyOpinion, { maxLength: 20 }),
  results: fc.array(anyResult, { maxLength: 40 }),
});
const empty: ResultBatch = { listHash, isFarewell: false, opinions: [], results: [] };
const row: ResultRow = { target: 5, what: 0, latencyUs: 1, atMs: BASE_MS };
const view: OpinionRow = { target: 5, opinion: 1, streak: 0, penalty: 0, anchorSec: 0, lastSec: 1, sinceMs: BASE_MS, outcome: 0 };

test('what was written is read, bit for bit, wherever the octets lie', (t) => {
  fc.assert(
    fc.property(anyBatch, fc.nat(7), (batch, shift) => {
      const octets = encodeBatch(batch);
      const moved = new Uint8Array(octets.length + shift);
      moved.set(octets, shift);
      t.deepEqual(decodeBatch(moved.subarray(shift), listHash, TARGETS), batch);
    }),
  );
});

test('octets that are anything else are never understood by half, and never an error', (t) => {
  fc.assert(
    fc.property(anyBatch, fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, at, flip) => {
      const octets = encodeBatch(batch);
      octets[at % octets.length]! ^= flip;
      const read = decodeBatch(octets, listHash, TARGETS);
      if (read === undefined) return true;
      return [...read.results, ...read.opinions].every(({ target }) => target < TARGETS);
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a batch that is cut short or goes on behind its end is not understood', (t) => {
  const octets = encodeBatch({ ...empty, results: [row], opinions: [view] });
  for (let length = 0; length < octets.length; length++)
    t.is(decodeBatch(octets.subarray(0, length), listHash, TARGETS), undefined);
  t.is(decodeBatch(Uint8Array.of(...octets, 0), listHash, TARGETS), undefined);
});

test('a batch about another list of targets is not understood', (t) => {
  t.is(decodeBatch(encodeBatch(empty), '00ff12aa3456789c', TARGETS), undefined);
});

test('a batch of another version is not understood', (t) => {
  const octets = encodeBatch(empty);
  octets[0]! += 1;
  t.is(decodeBatch(octets, listHash, TARGETS), undefined);
});

for (const [what, batch] of Object.entries({
  'a result of a target that is not there': { results: [{ ...row, target: TARGETS }] },
  'an opinion on a target that is not there': { opinions: [{ ...view, target: TARGETS }] },
  'an opinion that is none': { opinions: [{ ...view, opinion: OPINION.HELD + EXTRA_MOST }] },
  'a penalty beyond the cap': { opinions: [{ ...view, penalty: 4096 + PENALTY_CAP + 1 }] },
  'an opinion without a result behind it': { opinions: [{ ...view, lastSec: 0 }] },
  'an opinion since no time': { opinions: [{ ...view, sinceMs: Number.NaN }] },
  'a time before 1970': { results: [{ ...row, atMs: -1 }] },
} satisfies Record<string, Partial<ResultBatch>>)) {
  test(`${what} makes a batch not understood`, (t) => {
    t.is(decodeBatch(encodeBatch({ ...empty, ...batch }), listHash, TARGETS), undefined);
  });
}

test('latencies are capped as in the columns of a fleet', (t) => {
  const results = [
    { ...row, latencyUs: 0 },
    { ...row, latencyUs: 1e9 },
  ];
  const read = decodeBatch(encodeBatch({ ...empty, results }), listHash, TARGETS);
  t.deepEqual(
    read?.results.map(({ latencyUs }) => latencyUs),
    [1, 2 ** 24 - 1],
  );
});

test('the largest batch is one that the mesh carries', (t) => {
  const results = Array.from({ length: RESULTS_MOST }, () => row);
  const opinions = Array.from({ length: OPINIONS_MOST }, () => view);
  t.true(encodeBatch({ ...empty, results, opinions }).length <= RESULT_BATCH_MAX_SIZE);
  t.throws(() => encodeBatch({ ...empty, results: [...results, row] }), { instanceOf: RangeError });
});

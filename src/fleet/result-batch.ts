// What a prober tells an aggregator, as octets: results in columns, and opinions, by which an aggregator that is new to a target
// takes over the damping of the prober instead of beginning anew. All numbers are little-endian.
//
//   header     version u8, flags u8, 2 x 0, results u32, opinions u32, 4 x 0, hash of the target list 8 octets, base time f64 in ms
//   opinions   columns: target u32, since f64 in ms, last u32 in s, anchor u32 in s, penalty u16, opinion u8, streak u8, outcome u8
//   results    columns: target u32, what u8, latency u32 in us, time after the base u32 in ms
//
// An opinion stands for everything up to the results of the same batch. Anyone can write into a shared engine: a batch is
// understood whole or not at all.

import { EXTRA_MOST, isPenalty, OPINION } from '../health/damping.ts';
import { LATENCY_MOST_US } from './fleet.ts';

const VERSION = 2;
const HEADER_SIZE = 32;
const OPINION_SIZE = 25;
const RESULT_SIZE = 13;
const FAREWELL = 1;
const HASH_DIGITS = 16;
const OFFSET_MOST_MS = 2 ** 32 - 1;
/** The year 10,000: times beyond it are no times. */
const TIME_MOST_MS = 253_402_300_800_000;

/** Rows of one batch, so that it has at most about 32,000 octets. */
export const RESULTS_MOST = 1500;
export const OPINIONS_MOST = 500;

/** One result: `what` as in the columns of fleet.ts, `atMs` on the mesh's clock. */
export interface ResultRow {
  readonly target: number;
  readonly what: number;
  readonly latencyUs: number;
  readonly atMs: number;
}

/** The damping of a target by the prober that sends it: the columns of health/damping.ts, and what a vote says besides. */
export interface OpinionRow {
  readonly target: number;
  readonly opinion: number;
  readonly streak: number;
  readonly penalty: number;
  readonly anchorSec: number;
  /** Time of the newest result behind it; at least 1. */
  readonly lastSec: number;
  /** Since when it is of this opinion. */
  readonly sinceMs: number;
  /** Of the newest result. */
  readonly outcome: number;
}

export interface ResultBatch {
  /** See targetListHash. */
  readonly listHash: string;
  /** What the prober said before no longer counts: it withdraws or leaves. */
  readonly isFarewell: boolean;
  readonly opinions: readonly OpinionRow[];
  readonly results: readonly ResultRow[];
}

/** Throws a RangeError for more rows than allowed. Latencies are capped, times are rounded to milliseconds. */
export function encodeBatch({ listHash, isFarewell, opinions, results }: ResultBatch): Uint8Array {
  if (opinions.length > OPINIONS_MOST || results.length > RESULTS_MOST) {
    throw new RangeError(
      `fleet: batch: ${results.length} results, ${opinions.length} opinions; at most ${RESULTS_MOST}, ${OPINIONS_MOST}`,
    );
  }
  const octets = new Uint8Array(sizeOf(results.length, opinions.length));
  const view = new DataView(octets.buffer);
  const baseMs = Math.round(results.reduce((first, { atMs }) => Math.min(first, atMs), results[0]?.atMs ?? 0));
  view.setUint8(0, VERSION);
  view.setUint8(1, isFarewell ? FAREWELL : 0);
  view.setUint32(4, results.length, true);
  view.setUint32(8, opinions.length, true);
  for (let i = 0; i < 8; i++) view.setUint8(16 + i, Number.parseInt(listHash.slice(2 * i, 2 * i + 2), 16));
  view.setFloat64(24, baseMs, true);
  const m = opinions.length;
  for (const [i, row] of opinions.entries()) {
    view.setUint32(HEADER_SIZE + 4 * i, row.target, true);
    view.setFloat64(HEADER_SIZE + 4 * m + 8 * i, Math.round(row.sinceMs), true);
    view.setUint32(HEADER_SIZE + 12 * m + 4 * i, row.lastSec, true);
    view.setUint32(HEADER_SIZE + 16 * m + 4 * i, row.anchorSec, true);
    view.setUint16(HEADER_SIZE + 20 * m + 2 * i, row.penalty, true);
    view.setUint8(HEADER_SIZE + 22 * m + i, row.opinion);
    view.setUint8(HEADER_SIZE + 23 * m + i, row.streak);
    view.setUint8(HEADER_SIZE + 24 * m + i, row.outcome);
  }
  const at = HEADER_SIZE + OPINION_SIZE * m;
  const n = results.length;
  for (const [i, row] of results.entries()) {
    view.setUint32(at + 4 * i, row.target, true);
    view.setUint8(at + 4 * n + i, row.what);
    view.setUint32(at + 5 * n + 4 * i, Math.min(LATENCY_MOST_US, Math.max(1, Math.round(row.latencyUs))), true);
    view.setUint32(at + 9 * n + 4 * i, Math.min(OFFSET_MOST_MS, Math.max(0, Math.round(row.atMs - baseMs))), true);
  }
  return octets;
}

/** Undefined if it is not a batch of this version about a list with this hash and so many targets. */
export function decodeBatch(octets: Uint8Array, listHash: string, targets: number): ResultBatch | undefined {
  if (octets.length < HEADER_SIZE) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const n = view.getUint32(4, true);
  const m = view.getUint32(8, true);
  const flags = view.getUint8(1);
  if (view.getUint8(0) !== VERSION || flags > FAREWELL || n > RESULTS_MOST || m > OPINIONS_MOST) return undefined;
  if (octets.length !== sizeOf(n, m) || hashOf(view) !== listHash) return undefined;
  const baseMs = view.getFloat64(24, true);
  if (!(baseMs >= 0 && baseMs <= TIME_MOST_MS)) return undefined;
  const opinions: OpinionRow[] = [];
  for (let i = 0; i < m; i++) {
    const row = {
      target: view.getUint32(HEADER_SIZE + 4 * i, true),
      sinceMs: view.getFloat64(HEADER_SIZE + 4 * m + 8 * i, true),
      lastSec: view.getUint32(HEADER_SIZE + 12 * m + 4 * i, true),
      anchorSec: view.getUint32(HEADER_SIZE + 16 * m + 4 * i, true),
      penalty: view.getUint16(HEADER_SIZE + 20 * m + 2 * i, true),
      opinion: view.getUint8(HEADER_SIZE + 22 * m + i),
      streak: view.getUint8(HEADER_SIZE + 23 * m + i),
      outcome: view.getUint8(HEADER_SIZE + 24 * m + i),
    };
    if (!isPossible(row, targets)) return undefined;
    opinions.push(row);
  }
  const at = HEADER_SIZE + OPINION_SIZE * m;
  const results: ResultRow[] = [];
  for (let i = 0; i < n; i++) {
    const target = view.getUint32(at + 4 * i, true);
    const latencyUs = view.getUint32(at + 5 * n + 4 * i, true);
    if (target >= targets || latencyUs < 1 || latencyUs > LATENCY_MOST_US) return undefined;
    const atMs = baseMs + view.getUint32(at + 9 * n + 4 * i, true);
    results.push({ target, what: view.getUint8(at + 4 * n + i), latencyUs, atMs });
  }
  return { listHash, isFarewell: flags === FAREWELL, opinions, results };
}

const sizeOf = (results: number, opinions: number): number => HEADER_SIZE + RESULT_SIZE * results + OPINION_SIZE * opinions;

function hashOf(view: DataView): string {
  let text = '';
  for (let i = 0; i < HASH_DIGITS / 2; i++)
    text += view
      .getUint8(16 + i)
      .toString(16)
      .padStart(2, '0');
  return text;
}

function isPossible({ target, opinion, penalty, lastSec, sinceMs }: OpinionRow, targets: number): boolean {
  const isTime = sinceMs >= 0 && sinceMs <= TIME_MOST_MS;
  return target < targets && opinion < OPINION.HELD + EXTRA_MOST && isPenalty(penalty) && lastSec > 0 && isTime;
}

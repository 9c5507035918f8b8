// Votes as records. The votes of one prober are one hash, `votes:<prober>`: a field for each target, and the field `@` with what
// all of them share. The same pairs are an entry of the log.

import type { Outcome } from '../model/probe.ts';
import type { Vote } from '../model/verdict.ts';
import {
  isCount,
  isFlag,
  isText,
  MAX_NAME_LENGTH,
  MAX_PROCESS_ID_LENGTH,
  MAX_TEXT_LENGTH,
  objectWith,
  parseJson,
  RECORD_VERSION,
} from './decode.ts';

/** The field of a prober's hash that is not a vote. */
export const HEAD_FIELD = '@';
const MAX_OUTCOME = 255;
const VOTE_LENGTH = 11;
const HEAD_KEYS = ['v', 'epoch', 'withdrawn', 'write', 'region'] as const;

/** What all votes of a prober share. */
export interface VotesHead {
  readonly prober: string;
  readonly region: string;
  readonly epoch: number;
  /** Votes up to this sequence number have been taken back; 0 = none. */
  readonly withdrawn: number;
  /** Grows with every write of the prober, so that a write that was held up on its way cannot undo a later one. */
  readonly write: number;
}

export function encodeHead({ epoch, withdrawn, write, region }: VotesHead): string {
  return JSON.stringify({ v: RECORD_VERSION, epoch, withdrawn, write, region });
}

export function decodeHead(prober: unknown, text: unknown): VotesHead | undefined {
  const record = objectWith(parseJson(text), HEAD_KEYS);
  if (record === undefined || record.v !== RECORD_VERSION || !isText(prober, MAX_PROCESS_ID_LENGTH)) return undefined;
  const { epoch, withdrawn, write, region } = record;
  if (!isCount(epoch) || !isCount(withdrawn) || !isCount(write) || !isText(region, MAX_NAME_LENGTH, 0)) return undefined;
  return { prober, region, epoch, withdrawn, write };
}

/** A vote without what the head says: about 75 octets, plus the detail. */
export function encodeVote(vote: Vote): string {
  const { seq, isUp, sinceMs, atMs, expiresMs, outcome, latencyUs, against, needed, detail } = vote;
  const numbers = [RECORD_VERSION, seq, isUp ? 1 : 0, sinceMs, atMs, expiresMs, outcome, latencyUs, against, needed];
  return JSON.stringify([...numbers, detail]);
}

/** Undefined if the record is not a vote of this version. */
export function decodeVote(head: VotesHead, target: unknown, text: unknown): Vote | undefined {
  const record = parseJson(text);
  if (!Array.isArray(record) || record.length !== VOTE_LENGTH || record[0] !== RECORD_VERSION) return undefined;
  if (!isText(target, MAX_NAME_LENGTH) || target === HEAD_FIELD) return undefined;
  const [, seq, isUp, sinceMs, atMs, expiresMs, outcome, latencyUs, against, needed, detail] = record as readonly unknown[];
  if (!isCount(seq) || !isFlag(isUp) || !isCount(sinceMs) || !isCount(atMs) || !isCount(expiresMs)) return undefined;
  if (!isCount(outcome) || outcome > MAX_OUTCOME || !isCount(latencyUs) || !isCount(against) || !isCount(needed))
    return undefined;
  if (!isText(detail, MAX_TEXT_LENGTH, 0)) return undefined;
  const { prober, region, epoch } = head;
  const own = {
    seq,
    isUp: isUp === 1,
    sinceMs,
    atMs,
    expiresMs,
    outcome: outcome as Outcome,
    latencyUs,
    detail,
    against,
    needed,
  };
  return { target, prober, region, epoch, ...own };
}

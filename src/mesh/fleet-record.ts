// The head of what an aggregator has reported: the field `@` of its hash, and of each entry of its log.

import { isCount, isFlag, objectWith, parseJson, RECORD_VERSION } from './decode.ts';

export interface FleetHead {
  readonly epoch: number;
  /** Grows with every write of the aggregator: a hole in the log shows. */
  readonly write: number;
  readonly listHash: string;
  readonly atMs: number;
  /** Whether the write began from scratch. */
  readonly isWhole: boolean;
}

const KEYS = ['v', 'epoch', 'write', 'list', 'at', 'whole'] as const;

export function encodeFleetHead({ epoch, write, listHash, atMs, isWhole }: FleetHead): string {
  return JSON.stringify({ v: RECORD_VERSION, epoch, write, list: listHash, at: Math.round(atMs), whole: isWhole ? 1 : 0 });
}

/** Undefined if the record is not a head of this version. */
export function decodeFleetHead(text: unknown): FleetHead | undefined {
  const record = objectWith(parseJson(text), KEYS);
  if (record === undefined || record.v !== RECORD_VERSION) return undefined;
  const { epoch, write, list, at, whole } = record;
  if (!isCount(epoch) || !isCount(write) || !isCount(at) || !isFlag(whole)) return undefined;
  if (typeof list !== 'string' || !/^[0-9a-f]{16}$/.test(list)) return undefined;
  return { epoch, write, listHash: list, atMs: at, isWhole: whole === 1 };
}

// The record of a step as text, and back. What comes from another server or from a disk is believed only if it could have been made
// here: a record that is not leaves the state as it is.

import type { SpillRecord } from './spill-state.ts';

/** The largest limit that spill-shares.ts makes. */
const MOST_ADMIT = 2 ** 24;
const MOST_AMOUNT = 1e18;

export const encodeSpill = (record: SpillRecord): string => JSON.stringify(record);

/** Undefined if it is not the record of a step. */
export function decodeSpill(text: string): SpillRecord | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(record) ? record : undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= MOST_AMOUNT;
const isShare = (value: unknown): boolean => typeof value === 'number' && value >= -1e-6 && value <= 1 + 1e-6;

function isRecord(value: unknown): value is SpillRecord {
  if (!isObject(value) || !isAmount(value['atMs']) || !isAmount(value['countedSec'])) return false;
  if (value['sampledSec'] !== undefined && !isAmount(value['sampledSec'])) return false;
  if (value['disturbedMs'] !== undefined && !isAmount(value['disturbedMs'])) return false;
  if (!isAmount(value['reviewedMs']) || (value['missed'] !== undefined && !isAmount(value['missed']))) return false;
  if (typeof value['isImproving'] !== 'boolean' || !isObject(value['items']) || !isObject(value['sites'])) return false;
  return Object.values(value['items']).every(isItem) && Object.values(value['sites']).every(isSite);
}

const isSite = (value: unknown): boolean =>
  isObject(value) &&
  (value['load'] === null || isAmount(value['load'])) &&
  isAmount(value['averagedSec']) &&
  (value['waver'] === undefined || isAmount(value['waver'])) &&
  isShare(value['allowance']);

function isItem(value: unknown): boolean {
  if (!isObject(value) || !isAmount(value['queries']) || !isAmount(value['loadPerQuery']) || !isAmount(value['sinceMs']))
    return false;
  for (const key of ['weight', 'followedSec']) if (value[key] !== undefined && !isAmount(value[key])) return false;
  return isObject(value['slots']) && Object.values(value['slots']).every(isSlot);
}

function isSlot(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [admit, held, seen] = value as readonly unknown[];
  return (
    Number.isSafeInteger(admit) && (admit as number) >= 0 && (admit as number) <= MOST_ADMIT && isShare(held) && isShare(seen)
  );
}

// Verdicts as records: JSON under the target in the hash `verdicts`, and in the state directory.

import type { FleetVerdict, State, Verdict } from '../model/verdict.ts';
import { isCount, isFlag, isText, MAX_NAME_LENGTH, MAX_TEXT_LENGTH, parseJson, RECORD_VERSION } from './decode.ts';

const STATES: readonly State[] = ['up', 'down', 'unknown'];
const VERDICT_LENGTH = 5;

export function encodeVerdict({ state, isUp, sinceMs, why }: Verdict): string {
  return JSON.stringify([RECORD_VERSION, state, isUp ? 1 : 0, sinceMs, why.slice(0, MAX_TEXT_LENGTH)]);
}

/** Undefined if the record is not a verdict of this version. */
export function decodeVerdict(target: unknown, text: unknown): Verdict | undefined {
  return verdictOf(target, parseJson(text), VERDICT_LENGTH);
}

function verdictOf(target: unknown, record: unknown, length: number): Verdict | undefined {
  if (!Array.isArray(record) || record.length !== length || record[0] !== RECORD_VERSION) return undefined;
  const [, state, isUp, sinceMs, why] = record as readonly unknown[];
  if (!isText(target, MAX_NAME_LENGTH) || !STATES.includes(state as State)) return undefined;
  if (!isFlag(isUp) || !isCount(sinceMs) || !isText(why, MAX_TEXT_LENGTH, 0)) return undefined;
  return { target, state: state as State, isUp: isUp === 1, sinceMs, why };
}

/** That of an aggregator: with the seconds until it could change behind the rest. */
export function encodeFleetVerdict({ state, isUp, sinceMs, why, changeSec }: FleetVerdict): string {
  return JSON.stringify([RECORD_VERSION, state, isUp ? 1 : 0, sinceMs, why.slice(0, MAX_TEXT_LENGTH), changeSec]);
}

/** Undefined if the record is not a verdict of an aggregator of this version. */
export function decodeFleetVerdict(target: unknown, text: unknown): FleetVerdict | undefined {
  const record = parseJson(text);
  const verdict = verdictOf(target, record, VERDICT_LENGTH + 1);
  const changeSec = verdict === undefined ? undefined : (record as readonly unknown[])[VERDICT_LENGTH];
  return verdict !== undefined && isCount(changeSec) && changeSec >= 1 ? { ...verdict, changeSec } : undefined;
}

/** A file of verdicts: pairs of target and record. */
export const encodeVerdicts = (verdicts: readonly Verdict[]): string =>
  JSON.stringify(verdicts.map((verdict) => [verdict.target, encodeVerdict(verdict)]));

/** Undefined if it is not a list of pairs; pairs that are not verdicts of this version are left out. */
export function decodeVerdicts(text: string): readonly Verdict[] | undefined {
  const pairs = parseJson(text);
  if (!Array.isArray(pairs) || !pairs.every(Array.isArray)) return undefined;
  return pairs.map(([target, record]) => decodeVerdict(target, record)).filter((verdict) => verdict !== undefined);
}

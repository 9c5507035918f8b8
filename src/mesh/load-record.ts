// What agents say of their sites, and what DNS servers were asked, as records: JSON under the id of the agent or of the process.
// What agents say of their clients stands beside: side-record.ts.

import { type AgentReport, type DemandReport, LOAD_UNITS, type LoadUnit } from '../model/capacity.ts';
import { DEMAND_MAX_CLASSES } from '../model/mesh.ts';
import { isCount, isFlag, isText, MAX_PROCESS_ID_LENGTH, objectWith, parseJson, RECORD_VERSION } from './decode.ts';
import { SIDE_KINDS } from './side-record.ts';

/** Far above any site; sums of many such are still exact enough. */
const MAX_AMOUNT = 1e15;
const MAX_KEY_LENGTH = 32;

const LOAD_KEYS = ['v', 'site', 'epoch', 'seq', 'unit', 'current', 'target', 'max', 'draining'] as const;
const DEMAND_KEYS = ['v', 'epoch', 'seq', 'queries'] as const;

const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= MAX_AMOUNT;
const isLimit = (value: unknown): value is number | null => value === null || isAmount(value);

export function encodeLoad({ site, epoch, seq, unit, current, target, max, isDraining }: AgentReport): string {
  return JSON.stringify({ v: RECORD_VERSION, site, epoch, seq, unit, current, target, max, draining: isDraining ? 1 : 0 });
}

/** Undefined if the record is not a report of this version, or says what cannot be: less than nothing, no number. */
export function decodeLoad(agent: unknown, text: unknown): AgentReport | undefined {
  const record = objectWith(parseJson(text), LOAD_KEYS);
  if (record === undefined || record.v !== RECORD_VERSION || !isText(agent, MAX_PROCESS_ID_LENGTH)) return undefined;
  const { site, epoch, seq, unit, current, target, max, draining } = record;
  if (!isText(site, MAX_PROCESS_ID_LENGTH) || !isCount(epoch) || !isCount(seq) || !isFlag(draining)) return undefined;
  if (!LOAD_UNITS.includes(unit as LoadUnit) || !isAmount(current) || !isLimit(target) || !isLimit(max)) return undefined;
  return {
    site,
    agent,
    epoch,
    seq,
    unit: unit as LoadUnit,
    current,
    target,
    max,
    isDraining: draining === 1,
    clientRtts: [],
    clients: [],
  };
}

/** Whether others would understand it. */
export const isTellable = (report: AgentReport): boolean =>
  [{ encode: encodeLoad, decode: decodeLoad }, ...SIDE_KINDS].every(
    ({ encode, decode }) => decode(report.agent, encode(report)) !== undefined,
  );

/** Queries are given to three digits: they are averaged over a minute anyway. */
export function encodeDemand({ epoch, seq, queries }: DemandReport): string {
  const rounded = Object.fromEntries(Array.from(queries, ([key, value]) => [key, Number(value.toPrecision(3))]));
  return JSON.stringify({ v: RECORD_VERSION, epoch, seq, queries: rounded });
}

/** Undefined if the record is not a report of this version. */
export function decodeDemand(server: unknown, text: unknown): DemandReport | undefined {
  const record = objectWith(parseJson(text), DEMAND_KEYS);
  if (record === undefined || record.v !== RECORD_VERSION || !isText(server, MAX_PROCESS_ID_LENGTH)) return undefined;
  const { epoch, seq, queries } = record;
  if (!isCount(epoch) || !isCount(seq) || typeof queries !== 'object' || queries === null || Array.isArray(queries))
    return undefined;
  const entries = Object.entries(queries);
  if (entries.length > DEMAND_MAX_CLASSES) return undefined;
  if (!entries.every(([key, value]) => isText(key, MAX_KEY_LENGTH) && isAmount(value))) return undefined;
  return { server, epoch, seq, queries: new Map(entries) };
}

/** The greatest, as many as may be sent. */
export function bounded(queries: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const asked = [...queries].filter(([, value]) => value > 0);
  if (asked.length <= DEMAND_MAX_CLASSES) return new Map(asked);
  return new Map(asked.sort(([, a], [, b]) => b - a).slice(0, DEMAND_MAX_CLASSES));
}

// What agents say of their clients, beside their load: each kind is a record of its own, under the id of the agent. A reader that does
// not know of one (as of 0.1) believes no load report with a key too many, and few need them as often as loads.

import { formatCidr, parseCidr } from '../base/address.ts';
import { type AgentReport, type ClientParts, NETWORKS_MAX, type NetworkRtt, SAMPLE_MAX } from '../model/capacity.ts';
import { isCount, isText, MAX_PROCESS_ID_LENGTH, objectWith, parseJson, RECORD_VERSION } from './decode.ts';

const MAX_NETWORK_LENGTH = 43;

/** The parts of a report that have such records. */
export type Said = Pick<AgentReport, 'clientRtts' | 'clients'>;

export interface SideRecord {
  readonly agent: string;
  readonly epoch: number;
  readonly said: Partial<Said>;
}

export interface SideKind {
  /** For people. */
  readonly name: string;
  /** Who has nothing to say says nothing. */
  isSilent(report: Said): boolean;
  encode(report: AgentReport): string;
  /** Undefined if the record is not one of this version, or says what cannot be. */
  decode(agent: unknown, text: unknown): SideRecord | undefined;
}

/** JSON of version, epoch, sequence number and, under `key`, the entries of one field of the report, each a list that begins with a network. */
function kindOf<K extends keyof Said>(
  name: string,
  field: K,
  key: string,
  toEntry: (one: Said[K][number]) => readonly unknown[],
  ofEntries: (entries: readonly unknown[]) => Said[K] | undefined,
): SideKind {
  const keys = ['v', 'epoch', 'seq', key];
  return {
    name,
    isSilent: (report) => report[field].length === 0,
    encode: (report) => {
      const entries = report[field].map(toEntry);
      return JSON.stringify({ v: RECORD_VERSION, epoch: report.epoch, seq: report.seq, [key]: entries });
    },
    decode: (agent, text) => {
      const record = objectWith(parseJson(text), keys);
      if (record === undefined || !isText(agent, MAX_PROCESS_ID_LENGTH)) return undefined;
      const { v, epoch, seq, [key]: entries } = record;
      if (v !== RECORD_VERSION || !isCount(epoch) || !isCount(seq) || !Array.isArray(entries)) return undefined;
      const said = ofEntries(entries);
      return said && { agent, epoch, said: { [field]: said } };
    },
  };
}

/** Round trips. */
export const RTTS: SideKind = kindOf(
  'report of round trips',
  'clientRtts',
  'networks',
  ({ network, connections, leastUs, smoothedUs }) => [network, connections, leastUs, smoothedUs],
  (entries) => {
    if (entries.length > NETWORKS_MAX) return undefined;
    const rtts = entries.map(rttOf);
    return rtts.includes(undefined) ? undefined : (rtts as NetworkRtt[]);
  },
);

/** Samples of the load. */
export const CLIENTS: SideKind = kindOf(
  'sample of clients',
  'clients',
  'parts',
  ({ network, parts }) => [network, parts],
  (entries) => {
    if (entries.length > SAMPLE_MAX) return undefined;
    const clients = entries.map(partsOf);
    if (clients.includes(undefined)) return undefined;
    const known = clients as ClientParts[];
    if (new Set(known.map(({ network }) => network)).size < known.length) return undefined;
    return known.reduce((sum, { parts }) => sum + parts, 0) > SAMPLE_MAX ? undefined : known;
  },
);

/** In the order in which scripts give them. */
export const SIDE_KINDS: readonly SideKind[] = [RTTS, CLIENTS];

const isAboveZero = (value: unknown): value is number => isCount(value) && value > 0;

/** Of a /24 or /48, as it is written for people. */
function isNetwork(text: unknown): text is string {
  if (!isText(text, MAX_NETWORK_LENGTH)) return false;
  const cidr = parseCidr(text);
  return cidr !== undefined && cidr.prefixLen === (cidr.family === 4 ? 24 : 48) && formatCidr(cidr) === text;
}

function rttOf(entry: unknown): NetworkRtt | undefined {
  if (!Array.isArray(entry) || entry.length !== 4) return undefined;
  const [network, connections, leastUs, smoothedUs] = entry;
  if (!isNetwork(network) || !isAboveZero(connections) || !isAboveZero(leastUs) || !isAboveZero(smoothedUs)) return undefined;
  return { network, connections, leastUs, smoothedUs };
}

function partsOf(entry: unknown): ClientParts | undefined {
  if (!Array.isArray(entry) || entry.length !== 2) return undefined;
  const [network, parts] = entry;
  return isNetwork(network) && isAboveZero(parts) ? { network, parts } : undefined;
}

// What the other aggregators report, out of Redis: the hash of each at first, then new entries of its log. Writes are numbered: a
// hole means to read the hash again.

import type { FleetReport } from '../model/mesh.ts';
import type { FleetVerdict } from '../model/verdict.ts';
import { decodeFleetHead, type FleetHead } from './fleet-record.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part, pairsOf, type Round } from './redis-part.ts';
import { decodeFleetVerdict } from './verdict-record.ts';
import { HEAD_FIELD } from './vote-record.ts';

/** Entries of one log in one read: at most 3 MB. */
const READ_COUNT = 64;
/** Hashes in one round. */
const HASHES_AT_ONCE = 4;

interface Followed {
  lastId: string;
  /** The newest write known; null = the hash is still to be read. */
  head: Pick<FleetHead, 'epoch' | 'write' | 'listHash'> | null;
}

const NOTHING = { epoch: -1, write: 0, listHash: '' };

export class RedisFleets implements Part {
  readonly #desk: Desk;
  readonly #onReport: (report: FleetReport) => void;
  readonly #followed = new Map<string, Followed>();
  #asked: { readonly hashes: readonly string[]; readonly logs: readonly string[] } = { hashes: [], logs: [] };
  #isNudged = false;
  #isMore = false;

  constructor(desk: Desk, onReport: (report: FleetReport) => void) {
    this.#desk = desk;
    this.#onReport = onReport;
  }

  get isReady(): boolean {
    return [...this.#followed.values()].every(({ head }) => head !== null);
  }

  get isHungry(): boolean {
    return !this.isReady || ((this.#isNudged || this.#isMore) && this.#followed.size > 0);
  }

  /** The live aggregators, without ourselves. */
  follow(ids: readonly string[]): void {
    for (const id of this.#followed.keys()) if (!ids.includes(id)) this.#followed.delete(id);
    for (const id of ids) if (!this.#followed.has(id)) this.#followed.set(id, { lastId: '0-0', head: null });
  }

  nudged(): void {
    this.#isNudged = true;
  }

  ask({ isBeat }: Round): readonly Command[] {
    const { keys } = this.#desk;
    const unread = [...this.#followed].filter(([, { head }]) => head === null).map(([id]) => id);
    const hashes = unread.slice(0, HASHES_AT_ONCE);
    const mayHaveMore = isBeat || this.#isNudged || this.#isMore;
    const logs = mayHaveMore ? [...this.#followed.keys()].filter((id) => !unread.includes(id)) : [];
    this.#asked = { hashes, logs };
    if (logs.length > 0) this.#isNudged = false;
    const commands = hashes.flatMap((id): Command[] => [
      ['XREVRANGE', keys.fleetLog(id), '+', '-', 'COUNT', 1],
      ['HGETALL', keys.fleet(id)],
    ]);
    if (logs.length === 0) return commands;
    const streams = logs.map((id) => keys.fleetLog(id));
    const lastIds = logs.map((id) => this.#followed.get(id)!.lastId);
    return [...commands, ['XREAD', 'COUNT', READ_COUNT, 'STREAMS', ...streams, ...lastIds]];
  }

  take(replies: readonly Reply[]): void {
    const { hashes, logs } = this.#asked;
    this.#asked = { hashes: [], logs: [] };
    for (const [i, id] of hashes.entries()) this.#takeHash(id, replies[2 * i], replies[2 * i + 1]);
    if (logs.length > 0) this.#takeLogs(logs, replies[2 * hashes.length]);
  }

  lost(): void {
    this.#asked = { hashes: [], logs: [] };
    this.#isMore = false;
    for (const followed of this.#followed.values()) followed.head = null;
  }

  #takeHash(id: string, newest: Reply | undefined, hash: Reply | undefined): void {
    this.#desk.report(`verdicts of ${id}`, errorOf(newest) ?? errorOf(hash));
    const followed = this.#followed.get(id);
    if (followed === undefined) return;
    const [entries, fields] = [listOf(newest) ?? [], listOf(hash) ?? []];
    const key = this.#desk.keys.fleet(id);
    const pairs = pairsOf(fields);
    const head = decodeFleetHead(pairs.find(([field]) => field === HEAD_FIELD)?.[1]);
    followed.lastId = idOf(entries[0]) ?? '0-0';
    followed.head = head ?? NOTHING;
    this.#isNudged = true; // what has come since
    if (head !== undefined) this.#report(id, { ...head, isWhole: true }, pairs, key);
    else if (pairs.length > 0) this.#desk.complaints.ignore('set of verdicts', key);
  }

  #takeLogs(ids: readonly string[], reply: Reply | undefined): void {
    this.#desk.report('fleet logs', errorOf(reply));
    this.#isMore = false;
    for (const stream of listOf(reply) ?? []) {
      if (!Array.isArray(stream) || !Array.isArray(stream[1])) continue;
      const id = ids.find((candidate) => this.#desk.keys.fleetLog(candidate) === stream[0]);
      if (id === undefined) continue;
      if (stream[1].length >= READ_COUNT) this.#isMore = true;
      for (const entry of stream[1] as readonly unknown[]) this.#takeEntry(id, entry);
    }
  }

  #takeEntry(id: string, entry: unknown): void {
    const followed = this.#followed.get(id);
    if (followed === undefined || followed.head === null) return;
    followed.lastId = idOf(entry) ?? followed.lastId;
    const fields = Array.isArray(entry) && Array.isArray(entry[1]) ? (entry[1] as readonly unknown[]) : [];
    const pairs = pairsOf(fields);
    const head = decodeFleetHead(pairs[0]?.[0] === HEAD_FIELD ? pairs[0][1] : undefined);
    const key = this.#desk.keys.fleetLog(id);
    if (head === undefined) {
      this.#desk.complaints.ignore('fleet log entry', key);
      return;
    }
    const { epoch, write, listHash } = followed.head;
    if (head.epoch < epoch || (head.epoch === epoch && head.write <= write)) return;
    const isNext = head.epoch === epoch && head.write === write + 1 && head.listHash === listHash;
    followed.head = head.isWhole || isNext ? head : null;
    if (followed.head !== null) this.#report(id, head, pairs, key);
  }

  #report(fleet: string, { epoch, listHash, atMs, isWhole }: FleetHead, pairs: Pairs, where: string): void {
    const verdicts: FleetVerdict[] = [];
    const forgotten: string[] = [];
    for (const [target, record] of pairs) {
      if (target === HEAD_FIELD) continue;
      const verdict = decodeFleetVerdict(target, record);
      if (verdict !== undefined) verdicts.push(verdict);
      else if (record === '') forgotten.push(String(target));
      else this.#desk.complaints.ignore('verdict', where);
    }
    this.#onReport({ fleet, epoch, listHash, atMs, isWhole, verdicts, forgotten });
  }
}

type Pairs = readonly (readonly [unknown, unknown])[];

const idOf = (entry: unknown): string | undefined =>
  Array.isArray(entry) && typeof entry[0] === 'string' ? entry[0] : undefined;

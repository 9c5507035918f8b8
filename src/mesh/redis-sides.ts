// What agents say beside their loads, over Redis: each kind in a hash of its own, written and read more rarely than loads, and put
// together with them here. A kind that is not there (nobody writes it, or not yet) is nothing said.

import type { AgentReport } from '../model/capacity.ts';
import type { RedisKeys } from './redis-keys.ts';
import { CLIENTS, RTTS, type Said, SIDE_KINDS, type SideKind, type SideRecord } from './side-record.ts';

/** Between two writings of what one agent says of a kind, and two readings of all: they are up to 4 KB each. */
const EVERY_MS = 5000;
export const SIDES_EXPIRE_MS = 30_000;

const NOTHING: Said = { clientRtts: [], clients: [] };

/** Where each kind is. */
export const placesOf = (keys: RedisKeys): ReadonlyMap<SideKind, { readonly key: string; readonly times: string }> =>
  new Map([
    [RTTS, { key: keys.rtts, times: keys.rttTimes }],
    [CLIENTS, { key: keys.clients, times: keys.clientTimes }],
  ]);

export type HeardSide = SideRecord & { readonly atMs: number };

export class RedisSides {
  /** By kind, then agent of ours. */
  readonly #sentMs = new Map(SIDE_KINDS.map((kind) => [kind, new Map<string, number>()]));
  /** What others have said, by kind and agent, as it was read last. */
  readonly #heard = new Map<SideKind, ReadonlyMap<string, HeardSide>>();
  #readMs = Number.NEGATIVE_INFINITY;

  /** Of what the report says is to be written now. Who says nothing of a kind writes nothing, and what was said before expires. */
  due(report: AgentReport, nowMs: number): readonly SideKind[] {
    return SIDE_KINDS.filter((kind) => {
      const sentMs = this.#sentMs.get(kind)!;
      if (kind.isSilent(report) || nowMs - (sentMs.get(report.agent) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return false;
      sentMs.set(report.agent, nowMs);
      return true;
    });
  }

  /** Whether all is to be read now. */
  isReadDue(nowMs: number): boolean {
    if (nowMs - this.#readMs < EVERY_MS) return false;
    this.#readMs = nowMs;
    return true;
  }

  /** All that there is of a kind. */
  take(kind: SideKind, found: readonly HeardSide[]): void {
    this.#heard.set(kind, new Map(found.map((heard) => [heard.agent, heard])));
  }

  /** What an agent has said since it started, and not long ago. */
  saidBy({ agent, epoch }: AgentReport, nowMs: number): Said {
    const fresh = SIDE_KINDS.flatMap((kind) => {
      const heard = this.#heard.get(kind)?.get(agent);
      return heard?.epoch === epoch && nowMs - heard.atMs < SIDES_EXPIRE_MS ? heard.said : [];
    });
    return Object.assign({}, NOTHING, ...fresh) as Said;
  }

  lost(): void {
    for (const sentMs of this.#sentMs.values()) sentMs.clear();
    this.#readMs = Number.NEGATIVE_INFINITY;
  }
}

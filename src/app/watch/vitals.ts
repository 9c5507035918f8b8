// What the process knows of itself at one moment, put together for watch/conditions. Cheap enough for every two seconds, with a
// hundred thousand members too: it counts, and makes no report.

import { cellOf, type HealthFacts } from '../../health/facts.ts';
import { type CounterTotals, repliesOf } from '../../metrics/counters.ts';
import { type SteeringModel, serves } from '../../model/steering.ts';
import type { Group, RecentRates, Vitals } from '../../watch/conditions.ts';
import { LastMinute } from '../../watch/rates.ts';

const FAMILIES = [4, 6] as const;
const HOUR_MS = 3_600_000;
const HOURS = 24;

interface Health {
  readonly members: Vitals['members'];
  readonly pools: readonly Group[];
  readonly sites: readonly Group[];
}

/** `facts` are about `model`. */
export function healthOf(model: SteeringModel, facts: HealthFacts): Health {
  const pools = model.pools.map(({ id }) => ({ id, serving: 0, members: 0 }));
  const sites = model.sites.map(({ id }) => ({ id, serving: 0, members: 0 }));
  let unknown = 0;
  for (const member of model.members) {
    const families = FAMILIES.filter((family) => serves(member, family));
    const isServing = families.some((family) => facts.isUp(member.index, family));
    if (families.some((family) => facts.seen[cellOf(member.index, family)]?.state === 'unknown')) unknown++;
    for (const group of [pools[member.pool]!, sites[member.site]!]) {
      group.members++;
      if (isServing) group.serving++;
    }
  }
  return { members: { total: model.members.length, unknown }, pools, sites };
}

/** Most probers at a time, by hour, within the last day. */
export class ProberCount {
  readonly #most: { hour: number; most: number }[] = [];

  /** `nowMs` only grows. */
  take(probers: number, nowMs: number): Vitals['probers'] {
    const hour = Math.floor(nowMs / HOUR_MS);
    const last = this.#most.at(-1);
    if (last?.hour === hour) last.most = Math.max(last.most, probers);
    else this.#most.push({ hour, most: probers });
    while (this.#most[0]!.hour <= hour - HOURS) this.#most.shift();
    return { now: probers, mostLately: Math.max(...this.#most.map(({ most }) => most)) };
  }
}

/** Rates of what clients notice. */
export class Pulse {
  readonly #minute = new LastMinute<keyof RecentRates>();

  /** `counters` since the start; null until a minute is known. */
  take(counters: CounterTotals, nowMs: number): RecentRates | null {
    return this.#minute.take(
      {
        replies: repliesOf(counters),
        servfail: counters.REPLIES_SERVFAIL,
        exceptions: counters.EXCEPTIONS,
        udpQueries: counters.UDP_QUERIES,
        lost: counters.UDP_KERNEL_DROPS + counters.UDP_OVERFLOWED,
        overload: counters.GOVERNOR_DROPPED + counters.GOVERNOR_TRUNCATED,
      },
      nowMs,
    );
  }
}

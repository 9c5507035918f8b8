// What a server of `dashboard-world.ts` sees of itself: its objectives, kept or burning, and five minutes of rates.

import type { Objective, RateSample } from '../../src/admin/schemas/watch.ts';

type Window = Objective['windows'][number];

const window = (name: Window['window'], total: number, bad: number, objective: number): Window => ({
  window: name,
  total,
  bad,
  burnRate: bad / total / (1 - objective),
});

/** One objective is kept; the other one is too if it is a calm night. */
export function objectivesAt(isCalm: boolean): Objective[] {
  const lost = isCalm ? [0, 12, 70, 540] : [4100, 16_900, 17_200, 18_400];
  const totals = [1_254_000, 15_048_000, 90_288_000, 1_083_456_000];
  const names = ['5m', '1h', '6h', '3d'] as const;
  const availability = names.map((name, i) => window(name, totals[i]!, lost[i]!, 0.9999));
  return [
    {
      name: 'availability',
      objective: 0.9999,
      windows: availability,
      budgetLeft: 1 - availability[3]!.burnRate,
      burning: isCalm
        ? null
        : 'the error budget of availability burns 11.2 times as fast as it may, over 1h: 16900 of 15048000 answers',
    },
    {
      name: 'steering',
      objective: 0.999,
      windows: names.map((name, i) => window(name, totals[i]!, 0, 0.999)),
      budgetLeft: 1,
      burning: null,
    },
  ];
}

const SITE_SHARES = [0.36, 0.3, 0, 0.2, 0, 0.14];

/** Every two seconds, the last one now; SERVFAIL in the last minute of a night that is not calm. */
export function samplesUntil(nowMs: number, sites: readonly string[], isCalm: boolean): RateSample[] {
  return Array.from({ length: 150 }, (_, i): RateSample => {
    const perSec = 4100 + 400 * Math.sin(i / 17);
    const failing = isCalm || i < 120 ? 8 : 240;
    return {
      atMs: nowMs - 2000 * (149 - i),
      byRcode: { NOERROR: perSec - 500, NXDOMAIN: 420, REFUSED: 72, SERVFAIL: failing, FORMERR: 3, dropped: 5 },
      bySite: Object.fromEntries(sites.map((site, at) => [site, (perSec - 700) * SITE_SHARES[at % SITE_SHARES.length]!])),
    };
  });
}

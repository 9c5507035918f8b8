// A world as large as the page has to bear: a hundred sites, forty of them near one another, a dozen pools, fifty policies, and every
// name and address as long as it may be.

import type { Site } from '../../src/admin/schemas/world.ts';
import { samplesUntil } from './dashboard-watch.ts';
import { calmWorld, type DashboardWorld, member, policy, pool, refused } from './dashboard-world.ts';

const SITES = 100;
const POOLS = 12;
const POLICIES = 50;
/** Of a name in the configuration. */
const LONGEST_NAME = 63;

/** The last characters tell them apart; a line can be broken at the dashes of every second one, and nowhere in the others. */
export const longName = (kind: string, number: number): string => {
  const tail = String(number).padStart(3, '0');
  const filling = number % 2 === 0 ? `${kind}-in-the-second-hall-of-the-old-exchange-by-the-river-` : `${kind}_`;
  return `${filling.padEnd(LONGEST_NAME, 'x').slice(0, LONGEST_NAME - tail.length)}${tail}`;
};

/** The first forty within six degrees of one another, the others around the world. */
function placeOf(number: number): { readonly latitude: number; readonly longitude: number } {
  if (number < 40) return { latitude: 47 + (number % 7), longitude: 6 + Math.floor(number / 7) };
  return { latitude: -40 + ((number * 37) % 100), longitude: -170 + ((number * 61) % 340) };
}

/** `isNight`: one site in ten is down, and one site is full. */
export function crowdWorld(nowMs: number, isNight: boolean): DashboardWorld {
  const world = calmWorld(nowMs);
  const ids = Array.from({ length: SITES }, (_, i) => longName('site', i));
  const pools = Array.from({ length: POOLS }, (_, i) => longName('pool', i));
  const votersOf = (number: number) => ({ prober: longName('prober', number), region: longName('region', number) });
  const isDown = (number: number): boolean => isNight && number % 10 === 3;
  const members = pools.flatMap((of) =>
    ids.map((site, i) => {
      const each = member(of, site, {
        id: `${of}/${longName('member', i)}`,
        addresses: Array.from({ length: 8 }, (_, n) => `2001:db8:ffff:ffff:ffff:ffff:ffff:${(0xf000 + 8 * i + n).toString(16)}`),
        ...(isDown(i) ? { state: 'down', isServing: false, families: [refused(4), refused(6)] } : {}),
      });
      const families = each.families.map((one) => ({ ...one, votes: one.votes.map((vote, n) => ({ ...vote, ...votersOf(n) })) }));
      return { ...each, families };
    }),
  );
  const [like] = world.sites;
  const sites = ids.map((id, i): Site => {
    const down = isDown(i) ? POOLS : 0;
    const load = { ...like!.load!, current: isNight && i === 50 ? 9900 : 5000 + 20 * i };
    const own = { members: POOLS, serving: POOLS - down, isServing: down === 0, down };
    return { ...like!, id, ...placeOf(i), pools, ...own, load: down > 0 ? null : load };
  });
  const countries = Object.keys(world.serving);
  const serving = members.filter(({ isServing }) => isServing).length;
  const health = { ...world.status.health, members: members.length, serving, down: members.length - serving };
  return {
    ...world,
    status: { ...world.status, health, self: { ...world.status.self, id: longName('server', 1), region: longName('region', 1) } },
    sites,
    pools: pools.map((id) => pool(id, members, longName('probe', 1))),
    members,
    policies: Array.from({ length: POLICIES }, (_, i) => policy(longName('policy', i))),
    serving: Object.fromEntries(
      countries.map((country, i) => [
        country,
        [
          [ids[i % SITES]!, 61.8],
          [ids[(i + 7) % SITES]!, 38.2],
        ] as const,
      ]),
    ) as DashboardWorld['serving'],
    orders: Array.from({ length: isNight ? 30 : 0 }, (_, i) => ({
      ...{ id: `order-${i}`, glob: `site:${ids[60 + i]}`, action: 'drain' as const, source: 'human' as const },
      ...{ reason: longName('reason', 2 * i + 1).repeat(4), author: longName('author', 1), createdMs: nowMs - 60_000 },
      ...{ expiresMs: nowMs + 5_340_000, members: [], leftPercent: 100 },
    })),
    events: Array.from({ length: 200 }, (_, i) => ({
      ...{ id: `n-${i}`, atMs: nowMs - 1000 * i, kind: 'health' as const, level: 'error' as const, isUp: false },
      text: `${members[i]!.id} is down: 2 of 3 vantage points in 3 regions: refused`,
      ...{ member: members[i]!.id, pool: members[i]!.pool, site: members[i]!.site, change: null },
    })),
    samples: samplesUntil(nowMs, ids, true),
  };
}

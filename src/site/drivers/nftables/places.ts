// Which server has which place of a service's table: Maglev hashing (balance/maglev.ts), so that a change of servers moves few more
// places than it must, and all agents of a site place a client alike.

import { Candidates, WHOLE } from '../../../balance/candidates.ts';
import { Maglev } from '../../../balance/maglev.ts';
import { ServerTable } from '../../../balance/table.ts';
import type { SiteServer } from '../../../model/site.ts';

/** By place, the index in `servers`; empty if nobody can be chosen. Of the first priority that has somebody, by weight. */
export function placesOf(servers: readonly SiteServer[], isDown: (server: SiteServer) => boolean, tableSize: number): number[] {
  const able = servers.filter((server) => server.weight > 0 && !isDown(server));
  const priority = Math.min(...able.map((server) => server.priority));
  const chosen = able.filter((server) => server.priority === priority);
  if (chosen.length === 0) return [];
  const table = new ServerTable();
  const slots = table.configure(chosen.map((server) => ({ ...server, maxActive: null })));
  const candidates = new Candidates(table, 1);
  candidates.set(slots, (slot) => WHOLE * chosen[slots.indexOf(slot)]!.weight, WHOLE);
  const maglev = new Maglev(candidates, tableSize);
  maglev.update();
  const indexOf = new Map(slots.map((slot, i) => [slot, servers.indexOf(chosen[i]!)]));
  return Array.from({ length: tableSize }, (_, place) => indexOf.get(maglev.choose(place))!);
}

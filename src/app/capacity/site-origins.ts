// Where the load of each site comes from, as its agents sample it: networks become cells of the geography that answers are given by.
// The agents of a site count by the load that each reports, however many parts its sample has.

import { parseCidr } from '../../base/address.ts';
import { cellOf, GeoImage, lookupCell } from '../../geo/lookup.ts';
import type { ClientParts, HeardReport, LoadUnit } from '../../model/capacity.ts';
import type { Site } from '../../model/steering.ts';
import { freshBySite } from '../../steering/site-loads.ts';
import type { Origins } from '../../steering/spill-origins.ts';

type Cells = ReadonlyMap<number, number>;

/** Of one geography. */
export class SiteOrigins {
  readonly #geo: GeoImage;
  /** Parts by cell. A sample is handed on with several reports, and looking its networks up takes longer than all else here. */
  readonly #known = new WeakMap<readonly ClientParts[], Cells>();

  constructor(geography: SharedArrayBuffer) {
    this.#geo = new GeoImage(geography);
  }

  /** By site index; null = no agent tells. `nowMs` of the mesh's clock. */
  of(sites: readonly Site[], unit: LoadUnit, heard: readonly HeardReport[], nowMs: number): (Origins | null)[] {
    const bySite = freshBySite(heard, nowMs);
    return sites.map(({ id }) => {
      const telling = (bySite.get(id) ?? []).filter((report) => report.unit === unit && report.clients.length > 0);
      return telling.length === 0 ? null : this.#merged(telling);
    });
  }

  #merged(reports: readonly HeardReport[]): Origins | null {
    const load = reports.reduce((sum, { current }) => sum + current, 0);
    const all = reports.reduce((sum, { clients }) => sum + partsIn(clients), 0);
    const byCell = new Map<number, number>();
    for (const { current, clients } of reports) {
      // as many parts in all as were sampled, shared among agents by load
      const scale = load === 0 ? 1 : ((current / load) * all) / partsIn(clients);
      if (scale === 0) continue;
      for (const [cell, parts] of this.#cellsOf(clients)) byCell.set(cell, (byCell.get(cell) ?? 0) + parts * scale);
    }
    return byCell.size === 0 ? null : { cells: [...byCell.keys()], parts: [...byCell.values()] };
  }

  #cellsOf(clients: readonly ClientParts[]): Cells {
    const known = this.#known.get(clients);
    if (known !== undefined) return known;
    const cells = new Map<number, number>();
    for (const { network, parts } of clients) {
      const cidr = parseCidr(network);
      if (cidr === undefined) continue;
      const cell = cellOf(lookupCell(this.#geo, cidr.family, cidr.octets, 0));
      cells.set(cell, (cells.get(cell) ?? 0) + parts);
    }
    this.#known.set(clients, cells);
    return cells;
  }
}

const partsIn = (clients: readonly ClientParts[]): number => clients.reduce((sum, { parts }) => sum + parts, 0);

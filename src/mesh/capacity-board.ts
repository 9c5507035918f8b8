// What is known of loads and demand: the newest report of each agent and of each DNS server. Whatever the engine says, in whatever
// order and however often, only a greater (epoch, sequence number) is news; an expired report counts for nothing.

import { type DemandReport, type HeardReport, REPORT_EXPIRES_MS } from '../model/capacity.ts';
import { AGENTS_MAX } from '../model/mesh.ts';

interface Numbered {
  readonly epoch: number;
  readonly seq: number;
}

const isNews = (known: Numbered | undefined, { epoch, seq }: Numbered): boolean =>
  known === undefined || epoch > known.epoch || (epoch === known.epoch && seq > known.seq);

export class CapacityBoard {
  readonly #loads = new Map<string, HeardReport>();
  #demands: ReadonlyMap<string, DemandReport> = new Map();

  /** By agent. */
  get loads(): readonly HeardReport[] {
    return [...this.#loads.values()].sort((a, b) => (a.agent < b.agent ? -1 : 1));
  }

  /** By server. */
  get demands(): readonly DemandReport[] {
    return [...this.#demands.values()].sort((a, b) => (a.server < b.server ? -1 : 1));
  }

  /** Takes what is news; whether anything was. */
  takeLoads(reports: readonly HeardReport[], nowMs: number): boolean {
    let changed = false;
    for (const report of reports) {
      const known = this.#loads.get(report.agent);
      if (nowMs - report.atMs >= REPORT_EXPIRES_MS || !isNews(known, report)) continue;
      if (known === undefined && this.#loads.size >= AGENTS_MAX) continue;
      this.#loads.set(report.agent, report);
      changed = true;
    }
    return changed;
  }

  /** Drops what has expired; whether anything had. */
  sweep(nowMs: number): boolean {
    const before = this.#loads.size;
    for (const [agent, { atMs }] of this.#loads) if (nowMs - atMs >= REPORT_EXPIRES_MS) this.#loads.delete(agent);
    return this.#loads.size < before;
  }

  /** What one server says; whether it was news. */
  takeDemand(demand: DemandReport): boolean {
    if (!isNews(this.#demands.get(demand.server), demand)) return false;
    this.#demands = new Map(this.#demands).set(demand.server, demand);
    return true;
  }

  /** All that there is: servers not among these are gone. Our own is known better here. */
  replaceDemands(demands: readonly DemandReport[], own: string): boolean {
    const before = this.#demands;
    const next = new Map(demands.filter(({ server }) => server !== own).map((demand) => [demand.server, demand]));
    const ours = before.get(own);
    if (ours !== undefined) next.set(own, ours);
    for (const [server, known] of before) {
      const found = next.get(server);
      if (found !== undefined && found !== known && !isNews(known, found)) next.set(server, known);
    }
    this.#demands = next;
    return next.size !== before.size || [...next].some(([server, demand]) => before.get(server) !== demand);
  }

  forgetDemand(server: string): boolean {
    const next = new Map(this.#demands);
    const wasThere = next.delete(server);
    this.#demands = next;
    return wasThere;
  }
}

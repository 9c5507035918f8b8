// A closed loop as a running server has it, on one class of clients: answers that are kept for exactly a TTL, agents that report once
// a second, a step every other second. For what a step makes of a change of demand, second by second.

import type { SteeringModel } from '../../src/model/steering.ts';
import { spillStateFor, spillStep } from '../../src/steering/spill.ts';
import type { SpillState } from '../../src/steering/spill-state.ts';
import { clientsAt, SpillWorld } from './spill.ts';
import type { SiteName } from './steering.ts';

/** How old a report is when a step is made, if it does not come later. */
const REPORT_AGE_MS = 500;

export class SpillLoop {
  readonly #world: SpillWorld;
  readonly #ttlSec: number;
  readonly #keptSec: number;
  readonly #delaySec: number;
  /** By second. */
  readonly #loads: Float64Array[] = [];
  /** By second, the plan at its end; each is a share by slot of the item that clients are of. */
  readonly #plans: Float64Array[] = [];
  readonly #item: number;
  #state: SpillState | undefined;
  #second = 0;

  /** `keptSec`: how long clients keep answers, if not for a TTL; `delaySec`: how much later reports come. */
  constructor(model: SteeringModel, ttlSec: number, keptSec = ttlSec, delaySec = 0) {
    this.#keptSec = keptSec;
    this.#delaySec = delaySec;
    this.#world = new SpillWorld(model, [clientsAt('london', 'GB')]);
    this.#ttlSec = ttlSec;
    const { map } = this.#world;
    const kind = this.#world.classOf(0);
    this.#item = map.owners.findIndex((owners) => owners.some((owner) => owner.class === kind));
  }

  /**
   * One second in which clients ask for so much; the load of each site, as `report` tells it to the step. `lateSecOf`: reports of
   * this site are so old, and say so.
   */
  second(
    demand: number,
    report: (load: number, site: SiteName) => number = (load) => load,
    lateSecOf: (site: SiteName) => number = () => 0,
  ): Readonly<Record<string, number>> {
    const { map, model } = this.#world;
    const [from, to] = [map.first[this.#item]!, map.first[this.#item + 1]!];
    const load = new Float64Array(model.sites.length);
    for (let i = 0; i < this.#keptSec; i++) {
      // as many clients asked in each second that answers are kept for
      const plan = this.#plans.at(-1 - i) ?? map.natural.subarray(from, to);
      for (let slot = from; slot < to; slot++) {
        load[map.siteOfRank[map.site[slot]!]!]! += (demand * plan[slot - from]!) / this.#keptSec;
      }
    }
    this.#loads.push(load);
    const told = this.#loads.at(-1 - this.#delaySec) ?? this.#loads[0]!;
    const nowMs = 1_000_000 + this.#second * 1000;
    if (this.#second++ % 2 === 1) {
      const outcome = spillStep(spillStateFor(map, this.#state, nowMs), {
        nowMs,
        ttlSec: this.#ttlSec,
        queries: [Float64Array.from(this.#world.table.decided[0]!, (_, kind) => (kind === this.#world.classOf(0) ? demand : 0))],
        reports: model.sites.map(({ id, index }) => {
          const lateSec = lateSecOf(id as SiteName);
          const sent = lateSec === 0 ? told : (this.#loads.at(-1 - lateSec) ?? this.#loads[0]!);
          const current = report(sent[index]!, id as SiteName);
          return { current, target: null, max: null, ageMs: REPORT_AGE_MS + lateSec * 1000 };
        }),
      });
      this.#state = outcome.state;
      const total = outcome.flow.subarray(from, to).reduce((sum, flow) => sum + flow, 0);
      this.#plans.push(outcome.flow.slice(from, to).map((flow) => (total === 0 ? 0 : flow / total)));
    } else this.#plans.push(this.#plans.at(-1) ?? map.natural.slice(from, to));
    return Object.fromEntries(model.sites.map(({ id, index }) => [id, load[index]!]));
  }
}

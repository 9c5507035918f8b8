// Spill on small worlds: sites of test/support/steering.ts with capacities, clients at given places, and sites that receive at
// once what plans say, so that what a step concludes can be read off without waiting.

import type { LoadReport } from '../../src/model/capacity.ts';
import { EVERYTHING_UP, type HealthView } from '../../src/model/health.ts';
import type { Place } from '../../src/model/place.ts';
import type { SteeringModel } from '../../src/model/steering.ts';
import { type CellTable, Classifier } from '../../src/steering/classes.ts';
import { type SpillOutcome, spillStateFor, spillStep } from '../../src/steering/spill.ts';
import { SpillAtlas, type SpillMap } from '../../src/steering/spill-map.ts';
import type { Origins } from '../../src/steering/spill-origins.ts';
import type { SpillState } from '../../src/steering/spill-state.ts';
import { placeAt, type SiteName, siteIndex } from './steering.ts';

const TTL_SEC = 30;

/** The model with capacities: a number is a target, with a tenth more as max. */
export function withCapacity(model: SteeringModel, targets: Readonly<Partial<Record<SiteName, number>>>): SteeringModel {
  return {
    ...model,
    sites: model.sites.map((site) => {
      const target = targets[site.id as SiteName];
      return target === undefined ? site : { ...site, capacity: { max: target * 1.1, target } };
    }),
  };
}

/** One client network near a site, in a country of its own. */
export const clientsAt = (site: SiteName, country: string, eastDegrees = 0): Place => {
  const place = placeAt(site, { country });
  return { ...place, longitude: place.longitude! + eastDegrees };
};

export class SpillWorld {
  readonly model: SteeringModel;
  readonly table: CellTable;
  readonly cells: readonly number[];
  readonly atlas: SpillAtlas;
  nowMs = 1_000_000;
  map: SpillMap;
  outcome: SpillOutcome | undefined;
  #state: SpillState | undefined;

  constructor(model: SteeringModel, places: readonly Place[], health: HealthView = EVERYTHING_UP) {
    const classifier = new Classifier(model);
    this.model = model;
    this.cells = places.map((place) => classifier.cellOf(place));
    this.table = classifier.table();
    this.atlas = new SpillAtlas(model, this.table);
    this.map = this.atlas.map(health);
  }

  /** Class of a place (by its position in the list given) for a policy. */
  classOf(place: number, policy = 0): number {
    return this.table.columns[this.table.columnOf[policy]!]![this.cells[place]!]!;
  }

  setHealth(health: HealthView): void {
    this.map = this.atlas.map(health);
  }

  get state(): SpillState {
    return this.#state!;
  }

  /** One step. `queries` by place, for every policy alike; `reports` and `origins` by site. */
  step(
    queries: readonly number[],
    reports: Readonly<Partial<Record<SiteName, number | LoadReport>>>,
    seconds = 1,
    origins: Readonly<Partial<Record<SiteName, Origins>>> = {},
  ): SpillOutcome {
    this.nowMs += seconds * 1000;
    const byClass = this.model.policies.map((_, policy) => {
      const list = new Float64Array(this.table.decided[policy]!.length);
      for (const [place, value] of queries.entries()) list[this.classOf(place, policy)]! += value;
      return list;
    });
    const list: (LoadReport | null)[] = this.model.sites.map(() => null);
    for (const [name, report] of Object.entries(reports)) {
      list[siteIndex(name as SiteName)] =
        typeof report === 'number' ? { current: report, target: null, max: null, ageMs: 0 } : (report as LoadReport);
    }
    this.outcome = spillStep(spillStateFor(this.map, this.#state, this.nowMs), {
      nowMs: this.nowMs,
      ttlSec: TTL_SEC,
      queries: byClass,
      reports: list,
      origins: this.model.sites.map(({ id }) => origins[id as SiteName]),
    });
    this.#state = this.outcome.state;
    return this.outcome;
  }

  /** Steps until answers have run out several times over, with sites that receive what clients hold. `demand` by place. */
  settle(demand: readonly number[], capacities: Readonly<Partial<Record<SiteName, LoadReport>>> = {}, steps = 400): SpillOutcome {
    let outcome = this.step(demand, {}, 0);
    for (let i = 0; i < steps; i++) {
      const received = this.received(demand, 'held');
      const reports: Partial<Record<SiteName, LoadReport>> = {};
      for (const { id, index } of this.model.sites) {
        const name = id as SiteName;
        reports[name] = { target: null, max: null, ageMs: 0, ...capacities[name], current: received[index]! };
      }
      outcome = this.step(demand, reports, 1);
    }
    return outcome;
  }

  /** By site: the load of a demand by place, under what clients hold now or under the plans. */
  received(demand: readonly number[], by: 'held' | 'plans'): Float64Array {
    const { map, outcome } = this;
    const load = new Float64Array(this.model.sites.length);
    for (let item = 0; item < map.itemCount; item++) {
      let total = 0;
      for (const owner of map.owners[item]!) {
        for (const [place, value] of demand.entries()) {
          if (this.classOf(place, owner.policy) === owner.class) total += value * owner.share;
        }
      }
      for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
        const share = by === 'held' ? this.state.held[slot]! : outcome!.flow[slot]! / Math.max(1e-12, outcome!.demand[item]!);
        load[map.siteOfRank[map.site[slot]!]!]! += total * share;
      }
    }
    return load;
  }

  /** Share of a place's clients whose answers, not yet run out, name a site. */
  shareHeld(place: number, site: SiteName): number {
    const { map } = this;
    let share = 0;
    for (let item = 0; item < map.itemCount; item++) {
      const owner = map.owners[item]!.find((o) => o.policy === 0 && o.class === this.classOf(place));
      if (owner === undefined) continue;
      for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
        const held = this.#state?.held[slot] ?? map.natural[slot]!;
        if (map.siteOfRank[map.site[slot]!] === siteIndex(site)) share += owner.share * held;
      }
    }
    return share;
  }

  /** Share of a place's clients that the plans send to a site. */
  shareOf(place: number, site: SiteName, policy = 0): number {
    const { map, outcome } = this;
    const rank = map.rankOfSite[siteIndex(site)]!;
    let share = 0;
    for (let item = 0; item < map.itemCount; item++) {
      const owner = map.owners[item]!.find((o) => o.policy === policy && o.class === this.classOf(place, policy));
      if (owner === undefined) continue;
      let total = 0;
      let here = 0;
      for (let slot = map.first[item]!; slot < map.first[item + 1]!; slot++) {
        total += outcome!.flow[slot]!;
        if (map.site[slot] === rank) here += outcome!.flow[slot]!;
      }
      share += total === 0 ? 0 : owner.share * (here / total);
    }
    return share;
  }
}

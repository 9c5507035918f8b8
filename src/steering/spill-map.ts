// The world as a spill step sees it, in columns: items (clients that a policy treats alike) with slots (sites where their load
// may be, in order of preference). Items and sites are numbered by their names, not by their places in files, and policies
// whose clients have the same choices share items; so every server makes the same steps, and many policies cost like one.

import { hashText, mix32 } from '../base/hash.ts';
import type { HealthView } from '../model/health.ts';
import type { Place } from '../model/place.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { CellTable } from './classes.ts';
import type { Decided } from './decide.ts';
import { measure } from './nearest.ts';
import { SEED_A, SEED_B } from './rendezvous.ts';
import { MAX_STOPS, type Route, rampOf, routeStandings, routesOf, type Stop } from './spill-routes.ts';
import { canSpill } from './spilling.ts';

/** Shares that differ by less are the same choice. */
const SHARE_GRAIN = 2 ** 30;

/** A stream of load of one policy that an item stands for. */
export interface Owner {
  readonly policy: number;
  readonly class: number;
  /** Of the load of the class. */
  readonly share: number;
  /** Path of the leaf, by slot of the item. */
  readonly paths: readonly string[];
}

export interface SpillMap {
  readonly model: SteeringModel;
  /** Site index by rank, and rank by site index; a rank is the position of the site's id among all. */
  readonly siteOfRank: readonly number[];
  readonly rankOfSite: readonly number[];
  /** By rank: the part of its capacity that a site may use while its members recover or drain, 0..1. */
  readonly ramp: Float64Array;

  readonly itemCount: number;
  /** By item: its first slot; the last entry is the number of slots. */
  readonly first: Uint32Array;
  /** By item, the same across reloads and changes of health. */
  readonly keys: readonly string[];
  /** By item: its clients in a word or two, for people. */
  readonly labels: readonly string[];
  readonly priority: Uint8Array;
  readonly owners: readonly (readonly Owner[])[];
  /** The same in columns: by item the first owner, by owner the rest. */
  readonly firstOwner: Uint32Array;
  readonly ownerPolicy: Uint16Array;
  readonly ownerClass: Uint32Array;
  readonly ownerShare: Float64Array;

  /** By slot: rank of its site. */
  readonly site: Uint16Array;
  /** By slot: number of its group on the item's route, counting from 0. */
  readonly group: Uint16Array;
  /** By slot: what it takes of the load that reaches its group. */
  readonly share: Float64Array;
  /** By slot: what it takes of the item's load if nothing spills; they sum to 1 for each item. */
  readonly natural: Float64Array;
  /** By slot: whole kilometres beyond the first group, growing from group to group. */
  readonly costKm: Int32Array;
  /** By slot: kilometres beyond the nearest site of the first group; negative where a bias preferred a farther one. */
  readonly extraKm: Float64Array;
}

interface ClassPlace {
  readonly policy: number;
  readonly class: number;
  readonly decided: Decided;
  readonly key: string;
  readonly label: string;
  /** By site, null if the place has no position. */
  readonly distancesKm: Float64Array | null;
}

/** What does not depend on health, made once per table. */
export class SpillAtlas {
  readonly #model: SteeringModel;
  readonly #classes: readonly ClassPlace[];
  readonly #siteOfRank: readonly number[];
  readonly #rankOfSite: readonly number[];

  constructor(model: SteeringModel, table: CellTable) {
    this.#model = model;
    this.#siteOfRank = model.sites.map(({ index }) => index).sort((a, b) => compare(model.sites[a]!.id, model.sites[b]!.id));
    const ranks: number[] = [];
    for (const [rank, site] of this.#siteOfRank.entries()) ranks[site] = rank;
    this.#rankOfSite = ranks;
    const hashes = model.members.map(({ id }) => [hashText(id, SEED_A), hashText(id, SEED_B)] as const);
    this.#classes = model.policies
      .filter((policy) => canSpill(model, policy))
      .flatMap(({ id, index }) => {
        const column = table.columns[table.columnOf[index]!]!;
        return table.decided[index]!.map((decided, c): ClassPlace => {
          const place = table.places[column.indexOf(c)]!;
          const distancesKm = new Float64Array(model.sites.length);
          return {
            policy: index,
            class: c,
            decided,
            key: `${id} ${labelOf(place)} ${identityOf(model, decided, hashes)}`,
            label: labelOf(place),
            distancesKm: measure(model, place, distancesKm) ? distancesKm : null,
          };
        });
      });
  }

  /** By policy index and class, a name that is the same on every server; policies that cannot spill have none. */
  get classNames(): readonly { readonly policy: number; readonly class: number; readonly name: string }[] {
    return this.#classes.map((place) => ({ policy: place.policy, class: place.class, name: place.key }));
  }

  /** The map under the present health. */
  map(health: HealthView): SpillMap {
    const model = this.#model;
    const now = routeStandings(model, health);
    const items = new Map<string, Item>();
    for (const place of this.#classes) {
      const { priority, maxExtraKm } = model.policies[place.policy]!.spill!;
      for (const [r, route] of routesOf(model, place.decided, now).entries()) {
        const slots = this.#slotsOf(route, place.distancesKm, maxExtraKm);
        const choice = choiceOf(priority, slots);
        const owner = { policy: place.policy, class: place.class, share: route.share, paths: slots.map(({ path }) => path) };
        const key = `${place.key} ${r}`;
        const item = items.get(choice);
        if (item === undefined) items.set(choice, { key, labels: [place.label], priority, slots, owners: [owner] });
        else {
          if (compare(key, item.key) < 0) item.key = key;
          if (!item.labels.includes(place.label)) item.labels.push(place.label);
          item.owners.push(owner);
        }
      }
    }
    const ramp = rampOf(model, now);
    return {
      ...columnsOf([...items.values()].sort((a, b) => compare(a.key, b.key))),
      model,
      siteOfRank: this.#siteOfRank,
      rankOfSite: this.#rankOfSite,
      ramp: Float64Array.from(this.#siteOfRank, (site) => ramp[site]!),
    };
  }

  #slotsOf({ groups }: Route, distancesKm: Float64Array | null, maxExtraKm: number): Slot[] {
    const nearestKm = (group: readonly Stop[]): number =>
      distancesKm === null ? 0 : group.reduce((least, { site }) => Math.min(least, distancesKm[site]!), Number.POSITIVE_INFINITY);
    const baseKm = nearestKm(groups[0]!);
    const slots: Slot[] = [];
    let left = 1;
    let costKm = 0;
    for (const [g, stops] of groups.entries()) {
      if (g > 0) costKm = Math.max(costKm + 1, Math.round(nearestKm(groups[g]!) - baseKm));
      const isNatural = left > 1e-9;
      if (!isNatural && (costKm > maxExtraKm || slots.length + stops.length > MAX_STOPS)) break;
      let taken = 0;
      for (const { path, site, share } of stops) {
        const extraKm = distancesKm === null ? 0 : distancesKm[site]! - baseKm;
        slots.push({
          path,
          rank: this.#rankOfSite[site]!,
          group: g,
          share,
          natural: isNatural ? left * share : 0,
          costKm,
          extraKm,
        });
        taken += share;
      }
      left = Math.max(0, left * (1 - taken));
    }
    const total = slots.reduce((sum, { natural }) => sum + natural, 0);
    for (const slot of slots) slot.natural /= total;
    return slots;
  }
}

interface Slot {
  readonly path: string;
  readonly rank: number;
  readonly group: number;
  readonly share: number;
  natural: number;
  readonly costKm: number;
  readonly extraKm: number;
}

interface Item {
  key: string;
  readonly labels: string[];
  readonly priority: number;
  readonly slots: readonly Slot[];
  readonly owners: Owner[];
}

function columnsOf(items: readonly Item[]): Omit<SpillMap, 'model' | 'siteOfRank' | 'rankOfSite' | 'ramp'> {
  const first = new Uint32Array(items.length + 1);
  for (const [i, { slots }] of items.entries()) first[i + 1] = first[i]! + slots.length;
  const count = first[items.length]!;
  const columns = {
    site: new Uint16Array(count),
    group: new Uint16Array(count),
    share: new Float64Array(count),
    natural: new Float64Array(count),
    costKm: new Int32Array(count),
    extraKm: new Float64Array(count),
  };
  let at = 0;
  for (const slot of items.flatMap(({ slots }) => slots)) {
    columns.site[at] = slot.rank;
    columns.group[at] = slot.group;
    columns.share[at] = slot.share;
    columns.natural[at] = slot.natural;
    columns.costKm[at] = slot.costKm;
    columns.extraKm[at++] = slot.extraKm;
  }
  const owners = items.flatMap((item) => item.owners);
  const firstOwner = new Uint32Array(items.length + 1);
  for (const [i, item] of items.entries()) firstOwner[i + 1] = firstOwner[i]! + item.owners.length;
  return {
    itemCount: items.length,
    firstOwner,
    ownerPolicy: Uint16Array.from(owners, ({ policy }) => policy),
    ownerClass: Uint32Array.from(owners, (owner) => owner.class),
    ownerShare: Float64Array.from(owners, ({ share }) => share),
    first,
    keys: items.map(({ key }) => key),
    labels: items.map(({ labels }) => (labels.length > 3 ? `${labels.slice(0, 3).join(', ')} and others` : labels.join(', '))),
    priority: Uint8Array.from(items, ({ priority }) => priority),
    owners: items.map(({ owners }) => owners),
    ...columns,
  };
}

/** Two hashes of what a class decides, stable across reloads, given two of each member's id. */
function identityOf(model: SteeringModel, decided: Decided, hashes: readonly (readonly [number, number])[]): string {
  let a = SEED_A;
  let b = SEED_B;
  const add = (x: number, y: number): void => {
    a = mix32(a, x);
    b = mix32(b, y);
  };
  const visit = (node: Decided): void => {
    add(node.kind.length, node.kind.length);
    if (node.kind === 'pool' || node.kind === 'nearest') {
      for (const group of node.kind === 'nearest' ? node.groups : [model.pools[node.pool]!.members]) {
        add(0, group.length);
        for (const member of group) add(...hashes[member]!);
      }
    } else node.children.forEach(visit);
  };
  visit(decided);
  return `${a} ${b}`;
}

/** Two hashes of all that a step looks at: items with equal choices are one. */
function choiceOf(priority: number, slots: readonly Slot[]): string {
  let a = mix32(SEED_A, priority);
  let b = mix32(SEED_B, priority);
  for (const { rank, group, share, costKm } of slots) {
    const values = [rank, group, Math.round(share * SHARE_GRAIN), costKm];
    for (const value of values) {
      a = mix32(a, value);
      b = mix32(b, value);
    }
  }
  return `${slots.length} ${a} ${b}`;
}

/** By code units: the order of no language, the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function labelOf({ country, latitude, longitude }: Place): string {
  const at = latitude === null || longitude === null ? '' : ` ${latitude.toFixed(0)},${longitude.toFixed(0)}`;
  return `${country ?? 'unknown'}${at}`;
}

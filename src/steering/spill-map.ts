// The world as a spill step sees it, in columns: items (clients that a policy treats alike) with slots (sites where their load
// may be, in order of preference). Items and sites are numbered by their names, not by their places in files, and policies
// whose clients have the same choices share items; so every server makes the same steps, and many policies cost like one.

import { hashText, mix32 } from '../base/hash.ts';
import { FULL_SHARE, type HealthView } from '../model/health.ts';
import type { Place } from '../model/place.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { CellTable } from './classes.ts';
import type { Decided } from './decide.ts';
import { measure } from './nearest.ts';
import { SEED_A, SEED_B } from './rendezvous.ts';
import { MAX_STOPS, type Route, type RouteStandings, rampOf, routeStandings, routesOf, type Stop } from './spill-routes.ts';
import { type SlotColumns, SlotList } from './spill-slots.ts';
import { canSpill } from './spilling.ts';
import { STANDING } from './standing.ts';

/** Classes that are looked at without a pause: some milliseconds. */
const SLICE_CLASSES = 1000;
/** Clients of an item that are named to people; one more tells that there are others. */
const MOST_LABELS = 3;

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
  readonly table: CellTable;
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
  /** The same in columns, policy after policy: by policy index the first owner, by owner the rest. */
  readonly firstOwner: Uint32Array;
  readonly ownerItem: Uint32Array;
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
  readonly itemOfSlot: Uint32Array;
  /** By rank: how many slots all sites before it have. */
  readonly firstAt: Uint32Array;
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
  readonly #table: CellTable;
  readonly #classes: readonly ClassPlace[];
  readonly #siteOfRank: readonly number[];
  readonly #rankOfSite: readonly number[];

  constructor(model: SteeringModel, table: CellTable) {
    this.#model = model;
    this.#table = table;
    this.#siteOfRank = model.sites.map(({ index }) => index).sort((a, b) => compare(model.sites[a]!.id, model.sites[b]!.id));
    const ranks: number[] = [];
    for (const [rank, site] of this.#siteOfRank.entries()) ranks[site] = rank;
    this.#rankOfSite = ranks;
    const known = new Map<Place, Float64Array | null>();
    const distancesTo = (place: Place): Float64Array | null => {
      let distancesKm = known.get(place);
      if (distancesKm !== undefined) return distancesKm;
      distancesKm = new Float64Array(model.sites.length);
      if (!measure(model, place, distancesKm)) distancesKm = null;
      known.set(place, distancesKm);
      return distancesKm;
    };
    const hashes = model.members.map(({ id }) => [hashText(id, SEED_A), hashText(id, SEED_B)] as const);
    this.#classes = model.policies
      .filter((policy) => canSpill(model, policy))
      .flatMap(({ id, index }) => {
        const cells = firstCells(table.columns[table.columnOf[index]!]!, table.decided[index]!.length);
        return table.decided[index]!.map((decided, c): ClassPlace => {
          const place = table.places[cells[c]!]!;
          return {
            policy: index,
            class: c,
            decided,
            key: `${id} ${labelOf(place)} ${identityOf(model, decided, hashes)}`,
            label: labelOf(place),
            distancesKm: distancesTo(place),
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
    const mapping = this.mapping(health);
    for (;;) {
      const { done, value } = mapping.next();
      if (done === true) return value;
    }
  }

  /** The same in slices, each of which takes some milliseconds: a world of many policies takes a second in all. */
  *mapping(health: HealthView): Generator<undefined, SpillMap, void> {
    const model = this.#model;
    const now = routeStandings(model, health);
    const items = new Map<string, Item>();
    const slots = new SlotList();
    for (const [i, place] of this.#classes.entries()) {
      if (i > 0 && i % SLICE_CLASSES === 0) yield;
      const { priority, maxExtraKm } = model.policies[place.policy]!.spill!;
      if (this.#fillPlain(slots, place, now, maxExtraKm)) this.#add(items, place, slots, priority, 0, 1);
      else {
        for (const [r, route] of routesOf(model, place.decided, now).entries()) {
          this.#fill(slots, route, place.distancesKm, maxExtraKm);
          this.#add(items, place, slots, priority, r, route.share);
        }
      }
    }
    const ramp = rampOf(model, now);
    return mapOf(
      [...items.values()].sort((a, b) => compare(a.key, b.key)),
      model,
      this.#table,
      this.#siteOfRank,
      this.#rankOfSite,
      Float64Array.from(this.#siteOfRank, (site) => ramp[site]!),
    );
  }

  #add(items: Map<string, Item>, place: ClassPlace, slots: SlotList, priority: number, route: number, share: number): void {
    const choice = slots.choice(priority);
    const owner = { policy: place.policy, class: place.class, share, paths: slots.paths() };
    const key = `${place.key} ${route}`;
    const item = items.get(choice);
    if (item === undefined) items.set(choice, { key, labels: [place.label], priority, slots: slots.columns(), owners: [owner] });
    else {
      if (compare(key, item.key) < 0) item.key = key;
      if (item.labels.length <= MOST_LABELS && !item.labels.includes(place.label)) item.labels.push(place.label);
      item.owners.push(owner);
    }
  }

  /**
   * The slots of a class of `nearest` whose sites stand one behind the other, each whole or not there at all: nearly every class,
   * and what the rest of this file would make of it. False if this is another one.
   */
  #fillPlain(slots: SlotList, { decided, distancesKm }: ClassPlace, now: RouteStandings, maxExtraKm: number): boolean {
    if (decided.kind !== 'nearest' || distancesKm === null) return false;
    const { members } = this.#model;
    slots.clear();
    let baseKm = 0;
    let costKm = 0;
    for (const group of decided.groups) {
      const [only] = group;
      if (group.length !== 1 || members[only!]!.weight === 0) return false;
      if (now.standing[only!] === STANDING.DOWN || now.share[only!] === 0) continue;
      if (now.share[only!] !== FULL_SHARE) return false;
      const { site } = members[only!]!;
      const isFirst = slots.count === 0;
      if (isFirst) baseKm = distancesKm[site]!;
      else costKm = Math.max(costKm + 1, Math.round(distancesKm[site]! - baseKm));
      if (!isFirst && (costKm > maxExtraKm || slots.count === MAX_STOPS)) break;
      slots.push(decided.path, this.#rankOfSite[site]!, slots.count, 1, isFirst ? 1 : 0, costKm, distancesKm[site]! - baseKm);
    }
    return slots.count > 0;
  }

  #fill(slots: SlotList, { groups }: Route, distancesKm: Float64Array | null, maxExtraKm: number): void {
    const nearestKm = (group: readonly Stop[]): number =>
      distancesKm === null ? 0 : group.reduce((least, { site }) => Math.min(least, distancesKm[site]!), Number.POSITIVE_INFINITY);
    const baseKm = nearestKm(groups[0]!);
    slots.clear();
    let left = 1;
    let costKm = 0;
    for (const [g, stops] of groups.entries()) {
      if (g > 0) costKm = Math.max(costKm + 1, Math.round(nearestKm(groups[g]!) - baseKm));
      const isNatural = left > 1e-9;
      if (!isNatural && (costKm > maxExtraKm || slots.count + stops.length > MAX_STOPS)) break;
      let taken = 0;
      for (const { path, site, share } of stops) {
        const extraKm = distancesKm === null ? 0 : distancesKm[site]! - baseKm;
        slots.push(path, this.#rankOfSite[site]!, g, share, isNatural ? left * share : 0, costKm, extraKm);
        taken += share;
      }
      left = Math.max(0, left * (1 - taken));
    }
    slots.normalise();
  }
}

/** By class, the first cell that is of it. */
function firstCells(column: ArrayLike<number>, classes: number): Int32Array {
  const cells = new Int32Array(classes).fill(-1);
  for (let cell = 0; cell < column.length; cell++) if (cells[column[cell]!] === -1) cells[column[cell]!] = cell;
  return cells;
}

interface Item {
  key: string;
  readonly labels: string[];
  readonly priority: number;
  readonly slots: SlotColumns;
  readonly owners: Owner[];
}

function mapOf(
  items: readonly Item[],
  model: SteeringModel,
  table: CellTable,
  siteOfRank: readonly number[],
  rankOfSite: readonly number[],
  ramp: Float64Array,
): SpillMap {
  const first = new Uint32Array(items.length + 1);
  for (const [i, { slots }] of items.entries()) first[i + 1] = first[i]! + slots.site.length;
  const count = first[items.length]!;
  const site = new Uint16Array(count);
  const group = new Uint16Array(count);
  const share = new Float64Array(count);
  const natural = new Float64Array(count);
  const costKm = new Int32Array(count);
  const extraKm = new Float64Array(count);
  const itemOfSlot = new Uint32Array(count);
  for (const [i, { slots }] of items.entries()) {
    const at = first[i]!;
    site.set(slots.site, at);
    group.set(slots.group, at);
    share.set(slots.share, at);
    natural.set(slots.natural, at);
    costKm.set(slots.costKm, at);
    extraKm.set(slots.extraKm, at);
    itemOfSlot.fill(i, at, first[i + 1]);
  }
  const { firstOwner, ownerItem, ownerClass, ownerShare } = ownersByPolicy(items, model.policies.length);
  // every field in one literal: all maps are of one hidden class, and code that was compiled for the last one holds for the next
  return {
    model,
    table,
    siteOfRank,
    rankOfSite,
    ramp,
    itemCount: items.length,
    first,
    keys: items.map(({ key }) => key),
    labels: items.map(({ labels }) =>
      labels.length > MOST_LABELS ? `${labels.slice(0, MOST_LABELS).join(', ')} and others` : labels.join(', '),
    ),
    priority: Uint8Array.from(items, ({ priority }) => priority),
    owners: items.map(({ owners }) => owners),
    firstOwner,
    ownerItem,
    ownerClass,
    ownerShare,
    site,
    group,
    share,
    natural,
    costKm,
    extraKm,
    itemOfSlot,
    firstAt: slotsBefore(site, siteOfRank.length),
  };
}

/** Owners of all items, policy after policy, and for one policy item after item. */
function ownersByPolicy(
  items: readonly Item[],
  policies: number,
): { firstOwner: Uint32Array; ownerItem: Uint32Array; ownerClass: Uint32Array; ownerShare: Float64Array } {
  const firstOwner = new Uint32Array(policies + 1);
  let count = 0;
  for (const { owners } of items) {
    count += owners.length;
    for (const { policy } of owners) firstOwner[policy + 1]!++;
  }
  for (let policy = 0; policy < policies; policy++) firstOwner[policy + 1]! += firstOwner[policy]!;
  const next = firstOwner.slice();
  const ownerItem = new Uint32Array(count);
  const ownerClass = new Uint32Array(count);
  const ownerShare = new Float64Array(count);
  for (const [item, { owners }] of items.entries()) {
    for (const owner of owners) {
      const at = next[owner.policy]!++;
      ownerItem[at] = item;
      ownerClass[at] = owner.class;
      ownerShare[at] = owner.share;
    }
  }
  return { firstOwner, ownerItem, ownerClass, ownerShare };
}

function slotsBefore(site: Uint16Array, sites: number): Uint32Array {
  const before = new Uint32Array(sites + 1);
  for (const rank of site) before[rank + 1]!++;
  for (let rank = 0; rank < sites; rank++) before[rank + 1]! += before[rank]!;
  return before;
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

/** By code units: the order of no language, the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function labelOf({ country, latitude, longitude }: Place): string {
  const at = latitude === null || longitude === null ? '' : ` ${latitude.toFixed(0)},${longitude.toFixed(0)}`;
  return `${country ?? 'unknown'}${at}`;
}

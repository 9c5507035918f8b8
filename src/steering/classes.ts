// Sorts places into classes and cells. Two places are in one class of a policy if its decided tree (decide.ts) is the
// same for both, and in one cell if they are in one class of every policy: then no answer can differ between them. The
// geographic trie merges neighbours with equal cells, so cells are also what announced ECS scopes are made of.
//
// A policy that spills also tells places by country and by squares of 5 degrees: when a site is full, those of its clients
// leave it first who lose least, and for that they must be tellable apart although their order of sites is the same.

import type { Cidr } from '../base/address.ts';
import { NOWHERE, type Place } from '../model/place.ts';
import type { SteeringModel } from '../model/steering.ts';
import { type Decided, Decider } from './decide.ts';
import { EMPTY, ListNumbers } from './intern.ts';
import { ShapeCompiler, type ShapeNode, Viewpoint } from './shape.ts';
import { canSpill } from './spilling.ts';

/** Side of the squares: about 550 km, a small part of the distances between sites. */
const SQUARE_DEGREES = 5;

/** The outcome of classification: plain data that can be sent between threads. */
export interface CellTable {
  /** A place of each cell: the first one seen. */
  readonly places: readonly Place[];
  /** Class by cell, once for all policies that part the world alike. */
  readonly columns: readonly Uint32Array[];
  /** Index into columns, by policy. */
  readonly columnOf: readonly number[];
  /** decided[policy][class]. */
  readonly decided: readonly (readonly Decided[])[];
}

export class Classifier {
  /** Every network named in a policy; Place.networks holds indexes into it. */
  readonly networks: readonly Cidr[];
  readonly #decider: Decider;
  readonly #lists = new ListNumbers();
  readonly #policies: readonly PolicyClasses[];
  /** Those of #policies whose tree depends on the place; the others have one class. */
  readonly #geographic: readonly PolicyClasses[];
  /** Cell by the number of the list of its classes. */
  readonly #cells = new Map<number, number>();
  readonly #places: Place[] = [];
  readonly #here = new Viewpoint(NOWHERE);

  constructor(model: SteeringModel) {
    this.#decider = new Decider(model);
    this.networks = this.#decider.networks;
    const compiler = new ShapeCompiler(this.#decider, this.#lists);
    this.#policies = model.policies.map((policy) => ({
      shape: compiler.compile(policy.root),
      tellsGround: canSpill(model, policy),
      decide: (here) => this.#decider.decide(policy.root, here.place, here.distancesKm),
      classOfShape: new Map(),
      decided: [],
      column: [],
    }));
    this.#geographic = this.#policies.filter(({ shape, tellsGround }) => shape.constant === null || tellsGround);
    this.cellOf(NOWHERE); // CELL_UNKNOWN
    this.#addCell(); // CELL_PRIVATE
  }

  /** The cell of a place. A place that every policy treats like an unknown one is in CELL_UNKNOWN. */
  cellOf(place: Place): number {
    const here = this.#here;
    here.place = place;
    here.distancesKm = this.#decider.measure(place);
    here.serial++;
    here.ground = groundOf(place);
    let signature = EMPTY;
    for (const policy of this.#geographic) signature = this.#lists.append(signature, classOf(policy, here, this.#lists));
    let cell = this.#cells.get(signature);
    if (cell === undefined) {
      cell = this.#addCell();
      this.#cells.set(signature, cell);
    }
    return cell;
  }

  /** All cells so far. */
  table(): CellTable {
    const columns: Uint32Array[] = [];
    const indexOf = new Map<string, number>();
    const columnOf = this.#policies.map(({ column }) => {
      const key = column.join();
      const index = indexOf.get(key) ?? columns.push(Uint32Array.from(column)) - 1;
      indexOf.set(key, index);
      return index;
    });
    return { places: [...this.#places], columns, columnOf, decided: this.#policies.map(({ decided }) => [...decided]) };
  }

  /** Adds a cell for the place last looked at. */
  #addCell(): number {
    for (const policy of this.#policies) policy.column.push(classOf(policy, this.#here, this.#lists));
    return this.#places.push(this.#here.place) - 1;
  }
}

interface PolicyClasses {
  readonly shape: ShapeNode;
  readonly tellsGround: boolean;
  decide(here: Viewpoint): Decided;
  readonly classOfShape: Map<number, number>;
  /** By class. */
  readonly decided: Decided[];
  /** Class by cell. */
  readonly column: number[];
}

/** Country and square as one number; 0 for a place without a position. */
function groundOf({ country, latitude, longitude }: Place): number {
  if (latitude === null || longitude === null) return 0;
  const letters = country === null ? 0 : 26 * (country.charCodeAt(0) - 65) + (country.charCodeAt(1) - 65) + 1;
  const row = Math.floor((latitude + 90) / SQUARE_DEGREES);
  const column = Math.floor((longitude + 180) / SQUARE_DEGREES);
  return 1 + (letters * 40 + row) * 80 + column;
}

function classOf(policy: PolicyClasses, here: Viewpoint, lists: ListNumbers): number {
  const order = policy.shape.shape(here);
  const shape = policy.tellsGround ? lists.append(order, here.ground) : order;
  let index = policy.classOfShape.get(shape);
  if (index === undefined) {
    index = policy.decided.push(policy.decide(here)) - 1;
    policy.classOfShape.set(shape, index);
  }
  return index;
}

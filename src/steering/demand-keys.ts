// Demand by names: what one server was asked in each class, in a form that servers with other numbers for their classes (another
// moment of a reload, say) understand. A key is a hash of the policy's id, the place and what the class decides.

import { hashText } from '../base/hash.ts';
import type { DemandReport } from '../model/capacity.ts';
import type { SteeringModel } from '../model/steering.ts';
import type { CellTable } from './classes.ts';
import { SEED_A, SEED_B } from './rendezvous.ts';
import type { SpillAtlas } from './spill-map.ts';

const RADIX = 36;

interface Key {
  readonly key: string;
  readonly policy: number;
  readonly class: number;
  /** Number of the pair in the steering image. */
  readonly slot: number;
}

export class DemandKeys {
  readonly #keys: readonly Key[];
  readonly #byKey: ReadonlyMap<string, Key>;
  readonly #classCounts: readonly number[];

  constructor(model: SteeringModel, table: CellTable, atlas: SpillAtlas) {
    this.#classCounts = model.policies.map(({ index }) => table.decided[index]!.length);
    const firstSlot: number[] = [];
    let slots = 0;
    for (const count of this.#classCounts) {
      firstSlot.push(slots);
      slots += count;
    }
    const seen = new Map<string, number>();
    this.#keys = atlas.classNames.map(({ policy, class: of, name }) => {
      // squares that round to one place share a name: then the order of classes tells them apart
      const nth = (seen.get(name) ?? 0) + 1;
      seen.set(name, nth);
      const text = nth === 1 ? name : `${name}#${nth}`;
      const key = `${hashText(text, SEED_A).toString(RADIX)}${hashText(text, SEED_B).toString(RADIX)}`;
      return { key, policy, class: of, slot: firstSlot[policy]! + of };
    });
    this.#byKey = new Map(this.#keys.map((key) => [key.key, key]));
  }

  /** `counts` by slot of the steering image, made in `seconds`: queries a second by key. */
  name(counts: ArrayLike<number>, seconds: number): ReadonlyMap<string, number> {
    const rates = new Map<string, number>();
    for (const { key, slot } of this.#keys) if (counts[slot]! > 0) rates.set(key, counts[slot]! / seconds);
    return rates;
  }

  /** All servers together: queries a second by policy index and class; null for policies that nobody counts. */
  sum(demands: readonly DemandReport[]): (Float64Array | null)[] {
    const byPolicy: (Float64Array | null)[] = this.#classCounts.map(() => null);
    if (demands.length === 0) return byPolicy;
    for (const { policy } of this.#keys) byPolicy[policy] ??= new Float64Array(this.#classCounts[policy]!);
    for (const { queries } of demands) {
      for (const [key, value] of queries) {
        const known = this.#byKey.get(key);
        if (known !== undefined) byPolicy[known.policy]![known.class]! += value;
      }
    }
    return byPolicy;
  }
}

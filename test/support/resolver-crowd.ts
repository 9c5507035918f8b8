// A crowd of honest resolvers: so many addresses in so many networks /24, and queries from them in proportion to 1, 1/2, 1/3 and
// so on (Zipf), as few resolvers serve most people.

import { Random } from './random.ts';

export class ResolverCrowd {
  readonly #random: Random;
  readonly #addresses: Uint32Array;
  /** Share of the queries that come from the first resolvers up to each. */
  readonly #upTo: Float64Array;

  constructor(resolvers: number, networks: number, seed: number) {
    this.#random = new Random(seed);
    const homes = Uint32Array.from(
      { length: networks },
      () => (16 + this.#random.below(200)) * 0x1000000 + this.#random.below(0x10000) * 256,
    );
    // Every network has one, the others live anywhere.
    this.#addresses = Uint32Array.from({ length: resolvers }, (_, i) => {
      const home = homes[i < networks ? i : this.#random.below(networks)]!;
      return home + 1 + this.#random.below(250);
    });
    for (let i = resolvers - 1; i > 0; i--) this.#swap(i, this.#random.below(i + 1));
    let sum = 0;
    this.#upTo = Float64Array.from({ length: resolvers }, (_, i) => (sum += 1 / (i + 1)));
    for (let i = 0; i < resolvers; i++) this.#upTo[i]! /= sum;
  }

  /** Writes the IPv4 address of who asks next. */
  next(octets: Uint8Array): void {
    const share = this.#random.uint32() / 2 ** 32;
    let low = 0;
    let high = this.#upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#upTo[middle]! > share) high = middle;
      else low = middle + 1;
    }
    const address = this.#addresses[low]!;
    for (let i = 0; i < 4; i++) octets[i] = address >>> (24 - 8 * i);
  }

  #swap(i: number, j: number): void {
    const address = this.#addresses[i]!;
    this.#addresses[i] = this.#addresses[j]!;
    this.#addresses[j] = address;
  }
}

// Repeatable random numbers for tests: xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003).

export class Random {
  #state: number;

  /** The seed must not be zero. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  uint32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** 0..limit-1. */
  below(limit: number): number {
    return this.uint32() % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  octets(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 255);
  }
}

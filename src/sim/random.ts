// Repeatable random numbers: xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003), so that two runs of a scenario are one run.

export class SimRandom {
  #state: number;

  /** The seed must not be zero. */
  constructor(seed: number) {
    this.#state = seed | 0;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** 0 <= x < 1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 4_294_967_296;
  }

  /** Normally distributed with mean 0 and standard deviation 1: the sum of twelve uniform numbers is near enough. */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.next();
    return sum;
  }
}

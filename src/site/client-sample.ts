// Where load comes from: a random sample of it by the network of the client, so that what steers clients knows whom it would move. What
// must hold: every part of the load is as likely to be in the sample as any other, memory is bounded whatever comes, and nothing of a
// single address is kept.
//
// Stratified sampling: the load of a period is laid out one after another and cut into strata of one size; of each the client at one
// random place is noted. (At even distances clients that take turns would fall into step with the sample.) When there are too many
// strata, two become one and either of their clients stays, which leaves it as random as before.

import type { Clock } from '../base/clock.ts';
import { type ClientParts, type LoadUnit, SAMPLE_MAX, SAMPLE_MS } from '../model/capacity.ts';
import { type ClientAddress, networkKey, networkName } from './client-network.ts';

/** Of a period that goes on. Even, as strata are joined in pairs. */
const MOST_STRATA = 2 * SAMPLE_MAX;
/** A period begins with strata of which the last one would have had so many: room for more and for less. */
const WANTED_STRATA = 1.5 * SAMPLE_MAX;
/** One request, connection or octet. */
const LEAST_WEIGHT = 1;

export class ClientSample {
  readonly #clock: Clock;
  readonly #random: () => number;
  #unit: LoadUnit | null = null;
  /** Of the period: load until now, where the next stratum begins, and the place in it that counts. */
  #passed = 0;
  #stratumAt = 0;
  #next = 0;
  #stratumSize = LEAST_WEIGHT;
  #sinceMs = 0;
  /** The client of each stratum, the first `#count`. */
  readonly #keys = new Float64Array(MOST_STRATA);
  #count = 0;
  #last: readonly ClientParts[] = [];

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** What load is measured in from now on; null = nothing is kept, and there is no sample. */
  follow(unit: LoadUnit | null): void {
    if (unit === this.#unit) return;
    this.#unit = unit;
    this.#last = [];
    this.#stratumSize = LEAST_WEIGHT;
    this.#sinceMs = this.#clock.monotonicMs();
    this.#begin();
  }

  /**
   * A request, connection or flow was given a server. Connections count when they begin, not as long as they last: networks whose
   * connections are long have a greater share of the load than of the sample.
   */
  begun(client: ClientAddress): void {
    if (this.#unit === null || this.#unit === 'Mbit/s') return;
    this.#passed++;
    if (this.#next < this.#passed) this.#note(client, 1);
  }

  /** So many octets have moved, in either direction. */
  moved(client: ClientAddress, octetsSize: number): void {
    if (this.#unit !== 'Mbit/s') return;
    this.#passed += octetsSize;
    if (this.#next < this.#passed) this.#note(client, octetsSize);
  }

  /** Of the last whole period, the network with the most parts first. */
  report(): readonly ClientParts[] {
    if (this.#unit !== null) this.#turn(0);
    return this.#last;
  }

  /** The clock is read here and not for each request; a period may so take in a little of the next one, up to one stratum. */
  #note({ family, octets }: ClientAddress, weight: number): void {
    this.#turn(weight);
    const key = networkKey(family, octets);
    while (this.#next < this.#passed) {
      this.#keys[this.#count++] = key;
      this.#stratumAt += this.#stratumSize;
      if (this.#count === MOST_STRATA) this.#joinStrata();
      this.#draw();
    }
  }

  /** Begins a new period if this one is over; `weight` of what has passed is of the new one. */
  #turn(weight: number): void {
    const periods = Math.floor((this.#clock.monotonicMs() - this.#sinceMs) / SAMPLE_MS);
    if (periods < 1) return;
    // Nobody was noted since the first of several has ended.
    this.#last = periods === 1 ? this.#partsOf() : [];
    this.#stratumSize = Math.max(LEAST_WEIGHT, (this.#passed - weight) / periods / WANTED_STRATA);
    this.#sinceMs += periods * SAMPLE_MS;
    this.#begin();
    this.#passed = weight;
  }

  #begin(): void {
    this.#passed = 0;
    this.#stratumAt = 0;
    this.#count = 0;
    this.#draw();
  }

  #draw(): void {
    this.#next = this.#stratumAt + this.#random() * this.#stratumSize;
  }

  #joinStrata(): void {
    this.#count /= 2;
    for (let i = 0; i < this.#count; i++) this.#keys[i] = this.#keys[this.#random() < 0.5 ? 2 * i : 2 * i + 1]!;
    this.#stratumSize *= 2;
  }

  /** SAMPLE_MAX of the strata at most, any as likely as any other (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S). */
  #partsOf(): readonly ClientParts[] {
    const parts = new Map<number, number>();
    let wanted = Math.min(this.#count, SAMPLE_MAX);
    for (let i = 0; i < this.#count; i++) {
      if (this.#random() * (this.#count - i) >= wanted) continue;
      wanted--;
      parts.set(this.#keys[i]!, (parts.get(this.#keys[i]!) ?? 0) + 1);
    }
    const most = [...parts].sort(([, a], [, b]) => b - a);
    return most.map(([key, count]) => ({ network: networkName(key), parts: count }));
  }
}

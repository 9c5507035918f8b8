// Clients behind a few large resolvers, as a small site has them: what one of them is told moves a fifth of a site's load, for as long
// as it keeps the answer. Second by second: resolvers ask as answers run out, agents report late, a step is made every other second.

import type { SteeringModel } from '../../src/model/steering.ts';
import { SimRandom } from '../../src/sim/random.ts';
import { sharesOf, spillStateFor, spillStep } from '../../src/steering/spill.ts';
import type { SpillState } from '../../src/steering/spill-state.ts';
import { clientsAt, SpillWorld } from './spill.ts';
import type { SiteName } from './steering.ts';

interface Resolver {
  readonly place: number;
  readonly load: number;
  untilSec: number;
  site: number;
}

/** At each of these places so many resolvers, and the load that they bring together: the first place is beyond what its site takes. */
const PLACES = [
  {
    at: 'london',
    country: 'GB',
    groups: [
      { count: 3, load: 60 },
      { count: 16, load: 105 },
    ],
  },
  { at: 'frankfurt', country: 'DE', groups: [{ count: 1, load: 30 }] },
  { at: 'newyork', country: 'US', groups: [{ count: 16, load: 20 }] },
] as const satisfies readonly { at: SiteName; country: string; groups: readonly { count: number; load: number }[] }[];
const STEP_SEC = 2;
/** Answers are asked for again up to so much after they have run out. */
const LATER_SEC = 1;

export class FewResolvers {
  readonly #world: SpillWorld;
  readonly #random: SimRandom;
  readonly #ttlSec: number;
  readonly #lateSec: number;
  readonly #resolvers: Resolver[] = [];
  /** By place. */
  readonly #asked: Float64Array;
  readonly #answers: Int32Array;
  readonly #loads: Float64Array[] = [];
  #shares: Float64Array | undefined;
  #state: SpillState | undefined;
  #sec = 0;

  /** `lateSec`: how old what a step learns of loads is. */
  constructor(model: SteeringModel, ttlSec: number, lateSec: number, seed: number) {
    this.#world = new SpillWorld(
      model,
      PLACES.map(({ at, country }) => clientsAt(at, country)),
    );
    this.#random = new SimRandom(seed);
    this.#ttlSec = ttlSec;
    this.#lateSec = lateSec;
    this.#asked = new Float64Array(PLACES.length);
    this.#answers = new Int32Array(PLACES.length);
    for (const [place, { groups }] of PLACES.entries()) {
      for (const { count, load } of groups) {
        for (let i = 0; i < count; i++) {
          this.#resolvers.push({ place, load: load / count, untilSec: this.#random.next() * ttlSec, site: -1 });
        }
      }
    }
  }

  /** One second; the load of each site by its index. */
  second(): Float64Array {
    if (this.#sec > 0 && this.#sec % STEP_SEC === 0) this.#step();
    const load = new Float64Array(this.#world.model.sites.length);
    for (const resolver of this.#resolvers) {
      if (resolver.untilSec <= this.#sec) this.#ask(resolver);
      if (resolver.site >= 0) load[resolver.site]! += resolver.load;
    }
    this.#loads.push(load);
    this.#sec++;
    return load;
  }

  /** Of the clients of the first place, the share that plans leave at home. */
  get shareAtHome(): number {
    return this.#shares?.[this.#world.map.first[this.#itemOf(0)]!] ?? 1;
  }

  #itemOf(place: number): number {
    return this.#world.map.owners.findIndex((owners) => owners.some((owner) => owner.class === this.#world.classOf(place)));
  }

  /** Answers go round the sites evenly, as those of `round-robin` do. */
  #ask(resolver: Resolver): void {
    const { map } = this.#world;
    const item = this.#itemOf(resolver.place);
    let slot = map.first[item]!;
    let left = (this.#answers[resolver.place]!++ * Math.SQRT2) % 1;
    for (; slot < map.first[item + 1]! - 1; slot++) {
      left -= this.#shares?.[slot] ?? map.natural[slot]!;
      if (left < 0) break;
    }
    resolver.site = map.siteOfRank[map.site[slot]!]!;
    resolver.untilSec = this.#sec + this.#ttlSec + this.#random.next() * LATER_SEC;
    this.#asked[resolver.place]!++;
  }

  #step(): void {
    const { map, model, table } = this.#world;
    const nowMs = 1_000_000 + this.#sec * 1000;
    const queries = new Float64Array(table.decided[0]!.length);
    for (const [place, count] of this.#asked.entries()) queries[this.#world.classOf(place)]! += count / STEP_SEC;
    this.#asked.fill(0);
    const told = this.#loads.at(-1 - this.#lateSec) ?? this.#loads[0]!;
    const reports = model.sites.map(({ index }) => ({ current: told[index]!, target: null, max: null, ageMs: 500 }));
    const facts = { nowMs, ttlSec: this.#ttlSec, queries: [queries], reports };
    this.#state = spillStep(spillStateFor(map, this.#state, nowMs), facts).state;
    this.#shares = sharesOf(this.#state);
  }
}

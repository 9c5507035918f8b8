// How much the clients of each region ask for at a moment: by the hour of their day, with noise that lasts about a minute, and
// with crowds that events bring.

import type { Scenario } from '../config/scenario.ts';
import { REGIONS } from './population.ts';
import type { SimRandom } from './random.ts';

const BUSIEST_HOUR = 20;
const NOISE_SEC = 60;

export class Demand {
  /** By region, in the unit of the sites. */
  readonly now: Float64Array = new Float64Array(REGIONS.length);
  readonly #noise = new Float64Array(REGIONS.length);
  readonly #scenario: Scenario;
  readonly #random: SimRandom;
  readonly #millions: number;

  constructor(scenario: Scenario, random: SimRandom) {
    this.#scenario = scenario;
    this.#random = random;
    this.#millions = REGIONS.reduce((sum, { millions }) => sum + millions, 0);
    for (let i = 0; i < REGIONS.length; i++) this.#noise[i] = random.normal();
  }

  update(nowMs: number): void {
    const { clients, start, step, events } = this.#scenario;
    const keep = Math.exp(-step / 1000 / NOISE_SEC);
    const fresh = Math.sqrt(1 - keep * keep);
    const hours = start + nowMs / 3_600_000;
    for (const [i, region] of REGIONS.entries()) {
      this.#noise[i] = this.#noise[i]! * keep + this.#random.normal() * fresh;
      const day = 1 + (clients.swing / 100) * Math.cos(((hours + region.utcHours - BUSIEST_HOUR) * Math.PI) / 12);
      const noise = Math.max(0, 1 + (clients.noise / 100) * this.#noise[i]!);
      this.now[i] = clients.load * (region.millions / this.#millions) * day * noise;
    }
    for (const event of events) {
      if (event.event !== 'crowd') continue;
      const factor = 1 + (event.times - 1) * progress(event, nowMs);
      for (const [i, region] of REGIONS.entries()) if (region.country === event.country) this.now[i]! *= factor;
    }
  }
}

/** How far an event has come: 0 before it, 1 while it lasts, in between during `over` after its beginning and its end. */
export function progress(event: { at: number; until: number | null; over: number }, nowMs: number): number {
  const since = (beginMs: number): number =>
    nowMs < beginMs ? 0 : event.over === 0 ? 1 : Math.min(1, (nowMs - beginMs) / event.over);
  return since(event.at) - (event.until === null ? 0 : since(event.until));
}

// What a balancer, or a script of the operator's, says of itself: {"current": 120, "target": 400, "max": 500}. The listener is the agent's;
// this is what may be in the body.

import type { Clock } from '../../../base/clock.ts';
import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { REPORT_STALE_MS } from '../../../model/capacity.ts';
import type { DriverLoad, LoadReader } from '../../../model/site-driver.ts';
import { loadWith } from '../load.ts';
import { failure } from '../problem.ts';
import { FormError, numberAt, objectAt } from './fields.ts';
import { parseJson } from './parse.ts';

/** Longest body that is worth reading, in octets. */
export const POSTED_MAX_SIZE = 4096;

/** What was posted last, for as long as it may still be true. */
export class Posted implements LoadReader {
  readonly #clock: Clock;
  readonly #max: number | null;
  #last: { readonly load: DriverLoad; readonly atMs: number } | null = null;

  /** `max` overrides what is posted. */
  constructor(max: number | null, clock: Clock) {
    this.#max = max;
    this.#clock = clock;
  }

  take(body: string): Result<DriverLoad, Problem> {
    const load = parsePosted(body, 'POST /load');
    if (load.ok) this.#last = { load: load.value, atMs: this.#clock.monotonicMs() };
    return load;
  }

  async readLoad(): Promise<Result<DriverLoad, Problem>> {
    if (this.#last === null) return failure('ERR_LOAD_SOURCE', 'POST /load: nobody has said anything yet');
    const { load, atMs } = this.#last;
    const ageMs = this.#clock.monotonicMs() - atMs;
    if (ageMs > REPORT_STALE_MS) {
      return failure('ERR_LOAD_SOURCE', `POST /load: nobody has said anything for ${Math.round(ageMs / 1000)} s`);
    }
    if (this.#max === null) return ok(load);
    const whole = loadWith(load.current, this.#max);
    return ok({ ...whole, target: load.target === null ? whole.target : Math.min(load.target, this.#max) });
  }

  async close(): Promise<void> {}
}

const KEYS = ['current', 'target', 'max'];

/** `target` and `max` may be left out or null: then the configured ones count. */
export function parsePosted(text: string, where: string): Result<DriverLoad, Problem> {
  if (text.length > POSTED_MAX_SIZE) {
    return failure('ERR_LOAD_FORM', `${where}: the body has ${text.length} characters, at most ${POSTED_MAX_SIZE} are taken`);
  }
  return parseJson(text, where, (value) => {
    const posted = objectAt(value, 'the body');
    const stranger = Object.keys(posted).find((key) => !KEYS.includes(key));
    if (stranger !== undefined) throw new FormError(`"${stranger}" is not known; allowed are ${KEYS.join(', ')}`);
    const optional = (key: string): number | null => (posted[key] == null ? null : numberAt(posted[key], key));
    const current = numberAt(posted['current'], 'current');
    const [target, max] = [optional('target'), optional('max')];
    if (target !== null && max !== null && target > max) throw new FormError(`target (${target}) must not be above max (${max})`);
    return { ...loadWith(current, max), ...(target === null ? {} : { target }) };
  });
}

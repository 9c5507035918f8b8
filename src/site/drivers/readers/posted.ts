// What a balancer, or a script of the operator's, says of itself: {"current": 120, "target": 400, "max": 500}. The listener is the agent's;
// this is what may be in the body.

import type { Problem } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import type { DriverLoad } from '../../../model/site-driver.ts';
import { loadWith } from '../load.ts';
import { failure } from '../problem.ts';
import { FormError, numberAt, objectAt } from './fields.ts';
import { parseJson } from './parse.ts';

/** Longest body that is worth reading, in octets. */
export const POSTED_MAX_SIZE = 4096;

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

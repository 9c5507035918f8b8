// A list of overrides before it is taken over: what others would not understand must not get in.

import type { Problem } from '../base/errors.ts';
import type { Override } from '../model/verdict.ts';
import { checkOverride, MAX_OVERRIDES } from './override-record.ts';

export const meshProblem = (code: Problem['code'], message: string): Problem => ({ severity: 'error', code, message });

export const conflict = (expected: number, present: number): Problem =>
  meshProblem('ERR_MESH_CONFLICT', `the overrides are at version ${present}, the change was made to version ${expected}`);

/** What is wrong with the list; undefined if nothing is. */
export function checkOverrides(overrides: readonly Override[]): Problem | undefined {
  if (overrides.length > MAX_OVERRIDES) {
    return meshProblem('ERR_MESH_RECORD', `at most ${MAX_OVERRIDES} overrides are allowed, found ${overrides.length}`);
  }
  const ids = new Set<string>();
  for (const override of overrides) {
    if (checkOverride(override) === undefined) {
      return meshProblem(
        'ERR_MESH_RECORD',
        `override "${String(override.id)}" has a field that is missing, unknown or out of bounds`,
      );
    }
    if (ids.has(override.id)) return meshProblem('ERR_MESH_RECORD', `two overrides have the id "${override.id}"`);
    ids.add(override.id);
  }
  return undefined;
}

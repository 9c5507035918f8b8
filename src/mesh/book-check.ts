// A list of items before it is taken over: what others would not understand must not get in.

import type { Problem } from '../base/errors.ts';
import type { BookKind, Item } from './book.ts';

export const meshProblem = (code: Problem['code'], message: string): Problem => ({ severity: 'error', code, message });

export const conflict = ({ name }: { readonly name: string }, expected: number, present: number): Problem =>
  meshProblem('ERR_MESH_CONFLICT', `the ${name} are at version ${present}, the change was made to version ${expected}`);

/** What is wrong with the list; undefined if nothing is. */
export function checkItems<T extends Item>(items: readonly T[], { name, most, check }: BookKind<T>): Problem | undefined {
  if (items.length > most) {
    return meshProblem('ERR_MESH_RECORD', `at most ${most} ${name} are allowed, found ${items.length}`);
  }
  const one = name.slice(0, -1);
  const ids = new Set<string>();
  for (const item of items) {
    if (check(item) === undefined) {
      return meshProblem('ERR_MESH_RECORD', `${one} "${String(item.id)}" has a field that is missing, unknown or out of bounds`);
    }
    if (ids.has(item.id)) return meshProblem('ERR_MESH_RECORD', `two ${name} have the id "${item.id}"`);
    ids.add(item.id);
  }
  return undefined;
}

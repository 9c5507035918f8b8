// Fields of JSON that others send, strictly: the complaint says where in it something is not what it should be.

import { countOf, loadOf } from '../numbers.ts';

/** Thrown inside a parser only, which makes a Result of it. */
export class FormError extends Error {}

type Json = Readonly<Record<string, unknown>>;

export function objectAt(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FormError(`${path} must be an object`);
  return value as Json;
}

export function listAt(value: unknown, path: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new FormError(`${path} must be a list`);
  if (value.length > most) throw new FormError(`${path} has ${value.length} entries, at most ${most} are taken`);
  return value;
}

export function textAt(value: unknown, path: string): string {
  if (typeof value !== 'string' || value.length > 1000) throw new FormError(`${path} must be a text of at most 1000 characters`);
  return value;
}

/** A number of 0 or more; `otherwise` where there is none. */
export function numberAt(value: unknown, path: string, otherwise?: number): number {
  const number = value === undefined ? otherwise : loadOf(value);
  if (number === undefined) throw new FormError(`${path} must be a number of 0 or more`);
  return number;
}

/** As protocol buffers print 64-bit counts in JSON: text or a number, left out if 0. */
export function protoCountAt(value: unknown, path: string): number {
  const count = typeof value === 'string' ? countOf(value) : value === undefined ? 0 : loadOf(value);
  if (count === undefined) throw new FormError(`${path} must be a count`);
  return count;
}

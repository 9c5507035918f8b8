// Reading values of unknown shape, as files of others hold them.

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Text that is not empty. */
export const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
export const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
/** A list, or the one thing that stands for a list of one. */
export const listOf = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
/** Scalars of a list as text; anything else is left out. */
export const textsOf = (value: unknown): readonly string[] =>
  listOf(value).flatMap((item) => (typeof item === 'string' || typeof item === 'number' ? String(item) : []));

// What the decoders of mesh records are made of. Anyone can write into a shared engine, so nothing that was read from it is
// believed before it has been looked at: types, bounds, no unknown keys.

/** The version that records carry; another one is not understood. */
export const RECORD_VERSION = 1;

/** Longest id of a process, in UTF-16 units. */
export const MAX_PROCESS_ID_LENGTH = 128;
/** Longest target key, region, author and other short text. */
export const MAX_NAME_LENGTH = 512;
/** Longest free text: reasons, details. */
export const MAX_TEXT_LENGTH = 1000;

/** A whole number of at least 0 that a float64 holds exactly. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const isText = (value: unknown, maxLength: number, minLength = 1): value is string =>
  typeof value === 'string' && value.length >= minLength && value.length <= maxLength;

export const isFlag = (value: unknown): value is 0 | 1 => value === 0 || value === 1;

/** The parsed text, undefined if it is not JSON. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An object with exactly these keys; undefined if it is anything else. */
export function objectWith<K extends string>(value: unknown, keys: readonly K[]): Readonly<Record<K, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = Object.keys(value);
  if (found.length !== keys.length || !keys.every((key) => Object.hasOwn(value, key))) return undefined;
  return value as Readonly<Record<K, unknown>>;
}

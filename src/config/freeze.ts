// Makes a snapshot immutable in fact, not only by type: a bug that writes to shared configuration fails where it stands,
// not wherever the changed value is read next.

/** Freezes `value` and all that it holds, and returns it. Maps keep their methods, typed arrays their octets: JavaScript
 * cannot freeze those. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  const inside = value instanceof Map ? [...value.values()] : Object.values(value);
  for (const part of inside) deepFreeze(part);
  return value;
}

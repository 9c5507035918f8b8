// Domain names as uncompressed wire octets: length octet and label, repeated, ended by the root's zero octet
// (RFC 1035 section 3.1). Comparison folds ASCII case only (RFC 4343); every other octet is itself.

import { MAX_LABEL_SIZE, MAX_NAME_SIZE } from './constants.ts';

/** Lower-case form of each octet: A-Z folded, all else unchanged. Length octets (0..63) fold to themselves. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

export const ROOT: Uint8Array = new Uint8Array(1);

/** Hash of the root: any number will do. */
export const ROOT_HASH = 0x2545f491;

/** Extends the hash of a label, which starts as the label's length, by one octet in lower case (FNV-1a). */
export const hashOctet = (labelHash: number, octet: number): number => Math.imul(labelHash ^ octet, 0x01000193);

/**
 * Hash of a name from that of its parent and that of its first label: hash(www.example.) = joinHash(hash(example.), 'www').
 * So the hashes of all ancestors come with that of the name. The result is a signed 32-bit integer.
 */
export function joinHash(parentHash: number, labelHash: number): number {
  // Murmur finalizer: FNV alone leaves the low bits, which index the tables, too regular.
  const h = parentHash ^ labelHash;
  const mixed = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

/** Extends the hash of a name by the label whose length octet is at `offset`. Case-insensitive. Start with ROOT_HASH. */
export function hashLabel(parentHash: number, octets: Uint8Array, offset: number): number {
  const length = octets[offset]!;
  let hash = length;
  for (let i = offset + 1; i <= offset + length; i++) hash = hashOctet(hash, LOWER[octets[i]!]!);
  return joinHash(parentHash, hash);
}

/** Octets that a wire name occupies at `offset`, the root's zero included. The name must be valid and uncompressed. */
export function nameSize(octets: Uint8Array, offset = 0): number {
  let at = offset;
  while (octets[at] !== 0) at += octets[at]! + 1;
  return at - offset + 1;
}

/** Number of labels, the root not counted. */
export function labelCount(octets: Uint8Array, offset = 0): number {
  let count = 0;
  for (let at = offset; octets[at] !== 0; at += octets[at]! + 1) count++;
  return count;
}

/** Whether two valid names are the same, ASCII case aside. */
export function namesEqual(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  let i = 0;
  for (let length = a[aOffset]!; length !== 0; length = a[aOffset + i]!) {
    if (length !== b[bOffset + i]) return false;
    for (const end = i + length; i < end; ) {
      i++;
      if (LOWER[a[aOffset + i]!] !== LOWER[b[bOffset + i]!]) return false;
    }
    i++;
  }
  return b[bOffset + i] === 0;
}

/** Whether `name` is `ancestor` or lies below it. Both valid, uncompressed, at offset 0. */
export function isAtOrBelow(name: Uint8Array, ancestor: Uint8Array): boolean {
  let at = 0;
  for (let drop = labelCount(name) - labelCount(ancestor); drop > 0; drop--) at += name[at]! + 1;
  return namesEqual(name, at, ancestor, 0);
}

/** Canonical order of names (RFC 4034 section 6.1): by label from the root, as unsigned lower-cased octets. */
export function compareNames(a: Uint8Array, b: Uint8Array): number {
  const aLabels = labelOffsets(a);
  const bLabels = labelOffsets(b);
  for (let k = 1; k <= Math.min(aLabels.length, bLabels.length); k++) {
    const ao = aLabels[aLabels.length - k]!;
    const bo = bLabels[bLabels.length - k]!;
    const shorter = Math.min(a[ao]!, b[bo]!);
    for (let i = 1; i <= shorter; i++) {
      const difference = LOWER[a[ao + i]!]! - LOWER[b[bo + i]!]!;
      if (difference !== 0) return difference;
    }
    if (a[ao] !== b[bo]) return a[ao]! - b[bo]!;
  }
  return aLabels.length - bLabels.length;
}

function labelOffsets(name: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) offsets.push(at);
  return offsets;
}

/** Presentation form with a final dot; octets outside `!`..`~` become \DDD, special ones \X (RFC 1035 section 5.1). */
export function nameToText(octets: Uint8Array, offset = 0): string {
  if (octets[offset] === 0) return '.';
  let text = '';
  for (let at = offset; octets[at] !== 0; at += octets[at]! + 1) {
    for (let i = at + 1; i <= at + octets[at]!; i++) {
      const octet = octets[i]!;
      if (octet <= 0x20 || octet >= 0x7f) text += `\\${String(octet).padStart(3, '0')}`;
      else if ('.\\"();@$'.includes(String.fromCharCode(octet))) text += `\\${String.fromCharCode(octet)}`;
      else text += String.fromCharCode(octet);
    }
    text += '.';
  }
  return text;
}

/**
 * Presentation form to wire octets. A name without a final dot is completed by `origin`; `@` is the origin itself.
 * Returns a sentence on what is wrong instead of octets if the name is malformed.
 */
export function nameFromText(text: string, origin: Uint8Array = ROOT): Uint8Array | string {
  if (text === '@') return origin;
  if (text === '.') return ROOT;
  const out: number[] = [0];
  let lengthAt = 0;
  let i = 0;
  const closeLabel = (): string | undefined => {
    const length = out.length - lengthAt - 1;
    if (length === 0) return `empty label in name "${text}"`;
    if (length > MAX_LABEL_SIZE) return `label of ${length} octets in name "${text.slice(0, 80)}"; the most is ${MAX_LABEL_SIZE}`;
    out[lengthAt] = length;
    lengthAt = out.length;
    out.push(0);
    return undefined;
  };
  while (i < text.length) {
    let octet = text.charCodeAt(i++);
    if (octet === 0x2e) {
      const problem = closeLabel();
      if (problem !== undefined) return problem;
      continue;
    }
    if (octet === 0x5c) {
      const decimal = /^\d{3}/.exec(text.slice(i, i + 3));
      if (decimal !== null) {
        octet = Number(decimal[0]);
        i += 3;
        if (octet > 255) return `escape \\${decimal[0]} in name "${text}" is above 255`;
      } else {
        if (i >= text.length || /\d/.test(text[i]!)) return `incomplete escape in name "${text}"`;
        octet = text.charCodeAt(i++);
      }
    }
    if (octet > 0xff) return `name "${text}" holds a character outside ASCII; write it in its A-label (xn--) form`;
    out.push(octet);
  }
  if (out.length === 1 && lengthAt === 0) return 'empty name';
  const isAbsolute = lengthAt === out.length - 1; // the text ended in a dot
  if (!isAbsolute) {
    const problem = closeLabel();
    if (problem !== undefined) return problem;
    out.pop();
    out.push(...origin);
  }
  if (out.length > MAX_NAME_SIZE) return `name "${text.slice(0, 80)}" is ${out.length} octets long; the most is ${MAX_NAME_SIZE}`;
  return Uint8Array.from(out);
}

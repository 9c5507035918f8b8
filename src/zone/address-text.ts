// Addresses read straight from octets of text, for the two types that fill large zones. They accept a subset of
// base/address.ts and say only yes or no: on no, the codec of the type reads the token again and explains.

const DOT = 0x2e;
const COLON = 0x3a;
const NO_DIGIT = 0xff;

const HEX_VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const value = Number.parseInt(String.fromCharCode(octet), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** Dotted decimal without leading zeros into `out[0..4)`. */
export function readIpv4(text: Uint8Array, start: number, stop: number, out: Uint8Array): boolean {
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let i = start; i < stop; i++) {
    const octet = text[i]!;
    const digit = octet - 0x30;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && value === 0) return false;
      value = value * 10 + digit;
      if (++digits > 3 || value > 255) return false;
    } else {
      if (octet !== DOT || digits === 0 || part === 3) return false;
      out[part++] = value;
      value = 0;
      digits = 0;
    }
  }
  out[3] = value;
  return part === 3 && digits > 0;
}

/** Hexadecimal groups with at most one `::` into `out[0..16)`; embedded dotted decimal is left to the codec. */
export function readIpv6(text: Uint8Array, start: number, stop: number, out: Uint8Array): boolean {
  let groups = 0;
  let gap = -1;
  let value = 0;
  let digits = 0;
  for (let i = start; i < stop; i++) {
    const octet = text[i]!;
    const digit = HEX_VALUE[octet]!;
    if (digit !== NO_DIGIT) {
      if (++digits > 4) return false;
      value = (value << 4) | digit;
      continue;
    }
    if (octet !== COLON || groups === 8) return false;
    const isDouble = i + 1 < stop && text[i + 1] === COLON;
    if (digits > 0) {
      out[2 * groups] = value >> 8;
      out[2 * groups++ + 1] = value;
      value = 0;
      digits = 0;
      if (i + 1 === stop) return false;
    } else if (!isDouble || i > start) return false;
    if (isDouble) {
      if (gap >= 0) return false;
      gap = groups;
      i++;
    }
  }
  if (digits > 0) {
    if (groups === 8) return false;
    out[2 * groups] = value >> 8;
    out[2 * groups++ + 1] = value;
  }
  if (gap < 0) return groups === 8;
  if (groups === 8) return false;
  const shift = 2 * (8 - groups);
  out.copyWithin(2 * gap + shift, 2 * gap, 2 * groups);
  out.fill(0, 2 * gap, 2 * gap + shift);
  return true;
}

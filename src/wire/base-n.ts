// Octets as text in hexadecimal, base32hex and base64 (RFC 4648). Strict: no blanks, no characters of another alphabet,
// no bits set beyond the last octet, so that each run of octets has exactly one text (hexadecimal and base32hex: in two cases).

const HEX = '0123456789ABCDEF';
const BASE32HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Value of each ASCII character in an alphabet, 0xff for those outside it. */
function valuesOf(alphabet: string, isCaseless: boolean): Uint8Array {
  const values = new Uint8Array(128).fill(0xff);
  for (let i = 0; i < alphabet.length; i++) {
    values[alphabet.charCodeAt(i)] = i;
    if (isCaseless) values[alphabet.toLowerCase().charCodeAt(i)] = i;
  }
  return values;
}

const HEX_VALUES = valuesOf(HEX, true);
const BASE32HEX_VALUES = valuesOf(BASE32HEX, true);
const BASE64_VALUES = valuesOf(BASE64, false);

/** `bits` bits a character, most significant first; the last character is filled up with zero bits. */
function encode(octets: Uint8Array, start: number, end: number, alphabet: string, bits: number): string {
  let text = '';
  let pending = 0;
  let held = 0;
  for (let i = start; i < end; i++) {
    pending = ((pending << 8) | octets[i]!) & 0xffff;
    for (held += 8; held >= bits; held -= bits) text += alphabet[(pending >> (held - bits)) & ((1 << bits) - 1)];
  }
  return held === 0 ? text : text + alphabet[(pending << (bits - held)) & ((1 << bits) - 1)];
}

function decode(text: string, values: Uint8Array, bits: number): Uint8Array | undefined {
  const out = new Uint8Array((text.length * bits) >> 3);
  let size = 0;
  let pending = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const value = values[text.charCodeAt(i)] ?? 0xff;
    if (value === 0xff) return undefined;
    pending = ((pending << bits) | value) & 0xffff;
    held += bits;
    if (held >= 8) {
      held -= 8;
      out[size++] = pending >> held;
    }
  }
  // What is left over is less than one character, and zero.
  return held < bits && (pending & ((1 << held) - 1)) === 0 ? out : undefined;
}

/** Upper-case hexadecimal of `octets[start..end)`. */
export const toHex = (octets: Uint8Array, start = 0, end = octets.length): string => encode(octets, start, end, HEX, 4);

/** Octets of an even number of hexadecimal digits in either case; undefined if malformed. */
export const fromHex = (text: string): Uint8Array | undefined => decode(text, HEX_VALUES, 4);

/** Base32 with the extended hex alphabet, upper case, without padding, as NSEC3 writes it (RFC 5155 section 3.3). */
export const toBase32Hex = (octets: Uint8Array, start = 0, end = octets.length): string =>
  encode(octets, start, end, BASE32HEX, 5);

/** Octets of unpadded base32hex in either case; undefined if malformed. */
export const fromBase32Hex = (text: string): Uint8Array | undefined => decode(text, BASE32HEX_VALUES, 5);

/** Base64 of `octets[start..end)`, padded. */
export function toBase64(octets: Uint8Array, start = 0, end = octets.length): string {
  const text = encode(octets, start, end, BASE64, 6);
  return text.padEnd((text.length + 3) & ~3, '=');
}

/** Octets of padded base64; undefined if malformed. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode(text.slice(0, text.length - padding), BASE64_VALUES, 6);
}

// A set of record types as window blocks (RFC 4034 section 4.1.2): window number, length 1..32, bits; windows ascending,
// none empty, no trailing zero octets. One field, the last of NSEC, NSEC3 and CSYNC.

import { typeFromName, typeName } from '../rrtype.ts';
import { RdataSyntaxError } from './codec.ts';
import { endsInside, type Field } from './field.ts';

const WHAT = 'type bitmap';

const printTypes: Field['print'] = (octets, at, end) => {
  const names: string[] = [];
  for (let next = at; next < end; next += octets[next + 1]! + 2) {
    for (let bit = 0; bit < octets[next + 1]! * 8; bit++) {
      const isSet = (octets[next + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0;
      if (isSet) names.push(typeName(octets[next]! * 256 + bit));
    }
  }
  return names.join(' ');
};

const parseTypes: Field['parse'] = (text, out) => {
  const windows = new Map<number, Uint8Array>();
  while (text.more()) {
    const word = text.word('type');
    const type = typeFromName(word);
    if (type === undefined) throw new RdataSyntaxError(`unknown record type "${word}" in the ${WHAT}`, 'ERR_ZONE_TYPE');
    const bits = windows.get(type >> 8) ?? new Uint8Array(32);
    bits[(type & 0xff) >> 3]! |= 0x80 >> (type & 7);
    windows.set(type >> 8, bits);
  }
  for (const [window, bits] of [...windows].sort(([a], [b]) => a - b)) {
    const length = bits.findLastIndex((octet) => octet !== 0) + 1;
    out.u8(window);
    out.u8(length);
    out.bytes(bits, 0, length);
  }
};

/** The bitmap; `least` is the number of types it must have, 0 or 1. */
export const typeBitmap = (least: 0 | 1): Field => ({
  what: WHAT,
  parse: parseTypes,
  print: printTypes,
  measure(octets, at, end) {
    if (end - at < least) return `${WHAT} is empty`;
    let previous = -1;
    for (let next = at; next < end; ) {
      const window = octets[next]!;
      const length = next + 1 < end ? octets[next + 1]! : 1;
      if (window <= previous) return `windows of the ${WHAT} are not in ascending order`;
      if (length < 1 || length > 32) return `window of the ${WHAT} has 1 to 32 octets, found ${length}`;
      if (next + 2 + length > end) return endsInside(WHAT);
      if (octets[next + 1 + length] === 0) return `window ${window} of the ${WHAT} ends in a zero octet`;
      previous = window;
      next += length + 2;
    }
    return end - at;
  },
});

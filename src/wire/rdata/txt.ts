// TXT: one or more character-strings (RFC 1035 section 3.3.14).

import { TYPE } from '../rrtype.ts';
import { charString, endsInside, type Field, rdataCodec } from './field.ts';

const one = charString('text');

const strings: Field = {
  what: 'text',
  parse(text, out) {
    do one.parse(text, out);
    while (text.more());
  },
  measure(octets, at, end) {
    if (at === end) return endsInside('text');
    for (let next = at; next < end; ) {
      const size = one.measure(octets, next, end);
      if (typeof size === 'string') return size;
      next += size;
    }
    return end - at;
  },
  print(octets, at, end) {
    const parts: string[] = [];
    for (let next = at; next < end; next += octets[next]! + 1) parts.push(one.print(octets, next, next + octets[next]! + 1));
    return parts.join(' ');
  },
};

export const txt = rdataCodec(TYPE.TXT, [strings]);

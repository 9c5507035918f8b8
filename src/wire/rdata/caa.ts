// CAA: which authorities may issue certificates (RFC 8659). Any flags and any well-formed tag are carried.

import { TYPE } from '../rrtype.ts';
import { RdataSyntaxError } from './codec.ts';
import { endsInside, type Field, rdataCodec, uint8 } from './field.ts';
import { restText } from './rest-field.ts';

const TAG = /^[0-9a-z]{1,255}$/i;
const BAD_TAG = 'tag is 1 to 255 letters and digits, such as issue';

const tag: Field = {
  what: 'tag',
  parse(text, out) {
    const word = text.word('tag');
    if (!TAG.test(word)) throw new RdataSyntaxError(`${BAD_TAG}, found "${word}"`);
    out.u8(word.length);
    for (let i = 0; i < word.length; i++) out.u8(word.charCodeAt(i));
  },
  measure(octets, at, end) {
    if (at === end || at + octets[at]! >= end) return endsInside('tag');
    const next = at + 1 + octets[at]!;
    return TAG.test(tag.print(octets, at, next)) ? next - at : BAD_TAG;
  },
  print: (octets, at, end) => String.fromCharCode(...octets.subarray(at + 1, end)),
};

export const caa = rdataCodec(TYPE.CAA, [uint8('flags'), tag, restText('value')]);

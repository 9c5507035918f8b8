import test from 'ava';
import fc from 'fast-check';
import { OctetWriter, RdataSyntaxError } from '../../../../src/wire/rdata/codec.ts';
import { parseGeneric, printGeneric } from '../../../../src/wire/rdata/generic.ts';
import { StringFields } from '../../../support/rdata-text.ts';

function read(text: string): number[] {
  const out = new OctetWriter();
  parseGeneric(new StringFields(text), out);
  return [...out.octets.subarray(0, out.length)];
}

test('the examples of RFC 3597 section 5 are read', (t) => {
  t.deepEqual(read('\\# 0'), []);
  t.deepEqual(read('\\# 4 0A000001'), [10, 0, 0, 1]);
  t.deepEqual(read('\\# 7 010F 0203 04 0506'), [1, 15, 2, 3, 4, 5, 6]);
});

for (const [text, message] of [
  ['1.2.3.4', 'data of a type without a name is written \\# length hexadecimal, found "1.2.3.4"'],
  ['\\# 3 0A000001', 'length is 3 octets, but the data has 4'],
  ['\\# 1', 'length is 1 octets, but the data has 0'],
  ['\\# 65536 00', 'length is 0 to 65535, found "65536"'],
  ['\\# 1 0', 'data is malformed'],
] as const) {
  test(`generic data ${text} is refused`, (t) => {
    t.throws(() => read(text), { instanceOf: RdataSyntaxError, message });
  });
}

test('any octets survive their generic form', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      t.deepEqual(read(printGeneric(Uint8Array.of(7, ...octets, 7), 1, octets.length)), [...octets]);
    }),
    { seed: 3597 },
  );
});

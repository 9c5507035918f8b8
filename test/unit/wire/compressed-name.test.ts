import test from 'ava';
import fc from 'fast-check';
import { readCompressedName } from '../../../src/wire/compressed-name.ts';
import { nameToText } from '../../../src/wire/name.ts';

/** The three names of RFC 1035 section 4.1.4: F.ISI.ARPA at 0, FOO.F.ISI.ARPA at 12, a pointer to ARPA at 18, the root at 20. */
const MESSAGE = Uint8Array.from([1, 70, 3, 73, 83, 73, 4, 65, 82, 80, 65, 0, 3, 70, 79, 79, 0xc0, 0, 0xc0, 6, 0]);

const read = (at: number, end = MESSAGE.length): string => {
  const found = readCompressedName(MESSAGE, at, end);
  return typeof found === 'string' ? found : `${nameToText(found.name)} ${found.next}`;
};

test('the names of RFC 1035 section 4.1.4 are read through their pointers', (t) => {
  t.is(read(0), 'F.ISI.ARPA. 12');
  t.is(read(12), 'FOO.F.ISI.ARPA. 18');
  t.is(read(18), 'ARPA. 20');
  t.is(read(20), '. 21');
});

test('a name is cut off where the message ends', (t) => {
  for (let end = 12; end < 18; end++) t.is(read(12, end), 'a name is cut off');
  t.is(read(21), 'a name is cut off');
});

for (const [what, octets, at, problem] of [
  ['a pointer to itself', [0xc0, 0], 0, 'a compression pointer does not lead backwards'],
  ['a pointer to the labels that led to it', [1, 97, 0xc0, 0], 0, 'a compression pointer does not lead backwards'],
  ['a forward pointer', [0xc0, 2, 0], 0, 'a compression pointer does not lead backwards'],
  ['two pointers in a circle', [0xc0, 2, 0xc0, 0], 2, 'a compression pointer does not lead backwards'],
  ['a pointer into the run it came from', [1, 97, 1, 98, 0xc0, 2], 0, 'a compression pointer does not lead backwards'],
  ['label type 01', [0x41, 97, 0], 0, 'a label begins with 0x41, which is neither a length nor a pointer'],
  ['label type 10', [0x80, 97, 0], 0, 'a label begins with 0x80, which is neither a length nor a pointer'],
] as const) {
  test(`refused: ${what}`, (t) => {
    t.is(readCompressedName(Uint8Array.from(octets), at, octets.length), problem);
  });
}

test('255 octets are the most, pointers followed', (t) => {
  const label = (size: number): number[] => [size, ...new Array<number>(size).fill(97)];
  const tail = [...label(63), ...label(63), ...label(63), 0]; // 193 octets
  const fits = Uint8Array.from([...tail, ...label(61), 0xc0, 0]);
  const found = readCompressedName(fits, tail.length, fits.length);
  t.is(typeof found === 'string' ? found : found.name.length, 255);
  const tooLong = Uint8Array.from([...tail, ...label(62), 0xc0, 0]);
  t.is(readCompressedName(tooLong, tail.length, tooLong.length), 'a name is longer than 255 octets');
});

test('any octets give a name within bounds or a sentence', (t) => {
  const octet = fc.oneof(fc.constantFrom(0, 1, 2, 0xc0, 0xc1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(octet, { minLength: 1, maxLength: 300 }), fc.nat(299), (octets, at) => {
      const found = readCompressedName(Uint8Array.from(octets), at, octets.length);
      if (typeof found === 'string') t.regex(found, /name|pointer|label/);
      else t.true(found.name.length <= 255 && found.name.at(-1) === 0 && found.next > at && found.next <= octets.length);
    }),
    { seed: 9267, numRuns: 500 },
  );
});

import test from 'ava';
import fc from 'fast-check';
import {
  compareNames,
  hashLabel,
  isAtOrBelow,
  LOWER,
  labelCount,
  nameFromText,
  nameSize,
  namesEqual,
  nameToText,
  ROOT,
  ROOT_HASH,
} from '../../../src/wire/name.ts';
import { wireName } from '../../support/rdata-arbitrary.ts';

const SEED = { seed: 1035 };
const wire = (text: string, origin?: Uint8Array): Uint8Array => {
  const name = nameFromText(text, origin);
  if (typeof name === 'string') throw new Error(name);
  return name;
};

test('only A to Z have a lower case', (t) => {
  for (let octet = 0; octet < 256; octet++) {
    t.is(LOWER[octet], octet >= 65 && octet <= 90 ? octet + 32 : octet);
  }
});

test('text becomes labels with their lengths, ended by the root', (t) => {
  t.deepEqual([...wire('www.Ex.')], [3, 119, 119, 119, 2, 69, 120, 0]);
  t.deepEqual([...wire('.')], [0]);
});

test('a name without a final dot is completed by the origin, and @ is the origin itself', (t) => {
  const origin = wire('example.');
  t.is(nameToText(wire('www', origin)), 'www.example.');
  t.is(nameToText(wire('a.b', origin)), 'a.b.example.');
  t.is(nameToText(wire('@', origin)), 'example.');
  t.is(nameToText(wire('\\@', origin)), '\\@.example.');
  t.is(nameToText(wire('www')), 'www.');
});

test('escapes are octets of a label, an escaped dot too', (t) => {
  t.deepEqual([...wire('a\\.b\\046\\000\\255\\\\.')], [7, 97, 46, 98, 46, 0, 255, 92, 0]);
  t.deepEqual([...wire('a\\.')], [2, 97, 46, 0]);
  t.is(nameToText(wire('a\\.b\\000\\255\\"\\(\\032.')), 'a\\.b\\000\\255\\"\\(\\032.');
});

const LABEL63 = 'a'.repeat(63);
const NAME255 = `${LABEL63}.${LABEL63}.${LABEL63}.${'a'.repeat(61)}.`;

test('labels of 63 and names of 255 octets are the largest', (t) => {
  t.is(wire(NAME255).length, 255);
  t.is(wire(`${LABEL63}.`).length, 65);
});

for (const [text, problem] of [
  ['', 'empty name'],
  ['..', 'empty label in name ".."'],
  ['.a.', 'empty label in name ".a."'],
  ['a..b.', 'empty label in name "a..b."'],
  ['a..', 'empty label in name "a.."'],
  [`${LABEL63}a.`, `label of 64 octets in name "${LABEL63}a."; the most is 63`],
  [`${LABEL63}a`, `label of 64 octets in name "${LABEL63}a"; the most is 63`],
  [`a${NAME255}`, `label of 64 octets in name "${`a${NAME255}`.slice(0, 80)}"; the most is 63`],
  [`a.${NAME255}`, `name "${`a.${NAME255}`.slice(0, 80)}" is 257 octets long; the most is 255`],
  ['a\\256.', 'escape \\256 in name "a\\256." is above 255'],
  ['a\\12', 'incomplete escape in name "a\\12"'],
  ['a\\1x2.', 'incomplete escape in name "a\\1x2."'],
  ['a\\', 'incomplete escape in name "a\\"'],
  ['b\u00fccher\u2126.', 'name "b\u00fccher\u2126." holds a character outside ASCII; write it in its A-label (xn--) form'],
  ['a\\\u2126.', 'name "a\\\u2126." holds a character outside ASCII; write it in its A-label (xn--) form'],
] as const) {
  test(`the name ${JSON.stringify(text.slice(0, 70))} (${text.length} characters) is refused`, (t) => {
    t.is(nameFromText(text), problem);
  });
}

test('a relative name that grows too long by its origin is refused', (t) => {
  t.regex(nameFromText('b', wire(NAME255)) as string, /is 257 octets long; the most is 255$/);
});

test('any name survives its text', (t) => {
  fc.assert(
    fc.property(wireName, (name) => {
      const text = nameToText(name);
      t.regex(text, /^[\x21-\x7e]+$/);
      t.deepEqual(nameFromText(text), name);
    }),
    SEED,
  );
});

test('any text gives a name or a sentence', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: fc.constantFrom('a', '.', '\\', '0', '2', '@', '\u2126', ' ') }), (text) => {
      const name = nameFromText(text, wire('example.'));
      if (typeof name === 'string') t.regex(name, /name|escape|label/);
      else t.is(nameSize(name), name.length);
    }),
    SEED,
  );
});

test('size and labels are found at any offset', (t) => {
  const octets = Uint8Array.from([9, 9, ...wire('a.bc.'), 7]);
  t.is(nameSize(octets, 2), 6);
  t.is(labelCount(octets, 2), 2);
  t.is(nameToText(octets, 2), 'a.bc.');
  t.is(nameSize(ROOT), 1);
  t.is(labelCount(ROOT), 0);
});

test('names are equal whatever the case of their ASCII letters, and of nothing else', (t) => {
  const equal = (a: string, b: string): boolean => namesEqual(wire(a), 0, wire(b), 0);
  t.true(equal('WwW.example.', 'wWw.EXAMPLE.'));
  t.true(equal('.', '.'));
  t.false(equal('www.example.', 'www.example.com.'));
  t.false(equal('ab.', 'a.b.'));
  t.false(equal('a.', 'b.'));
  t.false(equal('\\193.', '\\225.')); // A-acute in Latin-1, upper and lower
  t.true(namesEqual(Uint8Array.of(5, 1, 97, 0), 1, Uint8Array.of(1, 65, 0), 0));
});

test('a name is at or below itself and its ancestors only', (t) => {
  const below = (a: string, b: string): boolean => isAtOrBelow(wire(a), wire(b));
  t.true(below('www.example.', 'example.'));
  t.true(below('EXAMPLE.', 'example.'));
  t.true(below('example.', '.'));
  t.false(below('example.', 'www.example.'));
  t.false(below('www.example.', 'ample.'));
  t.false(below('a.bexample.', 'example.'));
});

test('canonical order is that of RFC 4034 section 6.1', (t) => {
  const sorted = [
    'example.',
    'a.example.',
    'yljkjljk.a.example.',
    'Z.a.example.',
    'zABC.a.EXAMPLE.',
    'z.example.',
    '\\001.z.example.',
    '*.z.example.',
    '\\200.z.example.',
  ].map((text) => wire(text));
  t.deepEqual([...sorted].reverse().sort(compareNames), sorted);
  t.is(compareNames(wire('A.example.'), wire('a.EXAMPLE.')), 0);
  t.true(compareNames(wire('a.'), wire('ab.')) < 0);
});

test('the hash of a name does not depend on case, and does on its labels', (t) => {
  const hash = (name: Uint8Array): number => {
    const offsets: number[] = [];
    for (let at = 0; name[at] !== 0; at += name[at]! + 1) offsets.push(at);
    return offsets.reduceRight((parent, at) => hashLabel(parent, name, at), ROOT_HASH);
  };
  t.is(hash(wire('WWW.Example.')), hash(wire('www.example.')));
  t.is(hash(ROOT), ROOT_HASH);
  const names = Array.from({ length: 5000 }, (_, i) => wire(`h${i}.example.`));
  const hashes = new Set(names.map(hash));
  t.true(hashes.size >= 4999); // 5000 of 2^32: no collision is expected, one would be no bug
  t.not(hash(wire('ab.c.')), hash(wire('a.bc.')));
  const low = new Set([...hashes].map((value) => value & 4095));
  t.true(low.size > 2700); // 5000 balls in 4096 bins leave about 2888 of them taken
});

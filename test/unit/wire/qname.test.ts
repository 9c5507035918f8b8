import test from 'ava';
import fc from 'fast-check';
import { hashLabel, LOWER, labelCount, nameFromText, nameToText, ROOT_HASH } from '../../../src/wire/name.ts';
import { QueryName } from '../../../src/wire/qname.ts';
import { wireName } from '../../support/rdata-arbitrary.ts';

const wire = (text: string): Uint8Array => nameFromText(text) as Uint8Array;

test('a name is lower-cased, its labels found and every suffix hashed', (t) => {
  const name = new QueryName();
  const message = Uint8Array.from([9, 9, ...wire('WWW.Example.'), 9]);
  t.is(name.read(message, 2, message.length), 13);
  t.is(name.size, 13);
  t.is(name.labels, 2);
  t.is(nameToText(name.octets), 'www.example.');
  t.deepEqual([...name.offset.subarray(0, 3)], [0, 4, 12]);
  const example = hashLabel(ROOT_HASH, wire('example.'), 0);
  t.deepEqual([...name.hash.subarray(0, 3)], [hashLabel(example, wire('www.'), 0), example, ROOT_HASH]);
});

test('the root is a name without labels', (t) => {
  const name = new QueryName();
  t.is(name.read(Uint8Array.of(0), 0, 1), 1);
  t.is(name.labels, 0);
  t.is(name.hash[0], ROOT_HASH);
});

test('one instance reads a short name after a long one', (t) => {
  const name = new QueryName();
  const long = wire(`${'a.'.repeat(127)}`);
  t.is(name.read(long, 0, long.length), 255);
  t.is(name.labels, 127);
  t.is(name.offset[127], 254);
  const short = wire('b.');
  t.is(name.read(short, 0, short.length), 3);
  t.is(nameToText(name.octets), 'b.');
  t.is(name.labels, 1);
});

const LABEL = [63, ...new Array<number>(63).fill(97)];

for (const [what, octets] of [
  ['nothing', []],
  ['a missing root', [1, 97]],
  ['a label cut off', [3, 97, 97]],
  ['a label that ends where the message does', [2, 97, 97]],
  ['a compression pointer', [0xc0, 0x0c]],
  ['a compression pointer behind a label', [1, 97, 0xc0, 0x00, 0]],
  ['label type 01', [0x40, 97, 0]],
  ['label type 10', [0x80, 97, 0]],
  ['256 octets', [...LABEL, ...LABEL, ...LABEL, 62, ...new Array<number>(62).fill(97), 0]],
] as const) {
  test(`a name is refused for ${what}`, (t) => {
    const message = Uint8Array.from(octets);
    t.is(new QueryName().read(message, 0, message.length), 0);
  });
}

test('a name that goes on beyond the end of the message is refused, whatever lies there', (t) => {
  const octets = wire('www.example.');
  for (let end = 0; end < octets.length; end++) t.is(new QueryName().read(octets, 0, end), 0);
  t.is(new QueryName().read(octets, 0, octets.length), octets.length);
});

test('any valid name is read as it is, in lower case', (t) => {
  const name = new QueryName();
  fc.assert(
    fc.property(wireName, (octets) => {
      t.is(name.read(octets, 0, octets.length), octets.length);
      t.deepEqual(
        name.octets.slice(0, name.size),
        octets.map((octet) => LOWER[octet]!),
      );
      t.is(name.labels, labelCount(octets));
    }),
    { seed: 4343 },
  );
});

test('a part of a name is compared with octets elsewhere in whatever case, up to its end and no further', (t) => {
  const name = new QueryName();
  const message = wire('www.example.');
  name.read(message, 0, message.length);
  const zone = Uint8Array.from([9, 9, ...wire('ExAmPlE.'), 7]);
  t.true(name.isAt(4, name.size, zone, 2));
  t.false(name.isAt(4, name.size, Uint8Array.from([9, 9, ...wire('ExAmPlF.')]), 2));
  t.false(name.isAt(4, name.size, Uint8Array.from([9, 9, ...wire('ExAmPlE.net.')]), 2));
  t.false(name.isAt(4, name.size, Uint8Array.from([9, 9, ...wire('ExAmPl.')]), 2));
  t.true(name.isAt(0, 4, wire('WWW.net.'), 0));
  t.true(name.isAt(4, 4, zone, 0), 'no octets are always there');
});

import test from 'ava';
import fc from 'fast-check';
import { Ecs } from '../../../src/wire/ecs.ts';

const read = (...octets: number[]): Ecs | undefined => {
  const message = Uint8Array.of(0xff, 0xff, ...octets, 0xff, 0xff);
  const ecs = new Ecs();
  return ecs.read(message, 2, octets.length) ? ecs : undefined;
};

const GOOD: readonly [string, number[]][] = [
  ['IPv4 /24', [0, 1, 24, 0, 192, 0, 2]],
  ['IPv4 /27, not at an octet', [0, 1, 27, 0, 192, 0, 2, 0xe0]],
  ['IPv4 /32', [0, 1, 32, 0, 192, 0, 2, 255]],
  ['IPv4 /1', [0, 1, 1, 0, 0x80]],
  ['IPv4 /0', [0, 1, 0, 0]],
  ['IPv6 /56', [0, 2, 56, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 1]],
  ['IPv6 /128', [0, 2, 128, 0, ...Array(16).fill(255)]],
  ['IPv6 /0', [0, 2, 0, 0]],
  ['family 0 /0', [0, 0, 0, 0]],
];

for (const [name, octets] of GOOD) {
  test(`a client subnet is read and written back octet for octet: ${name}`, (t) => {
    const ecs = read(...octets)!;
    t.true(ecs.isPresent);
    t.is(ecs.hasAddress, octets[2]! > 0);
    const out = new Uint8Array(40);
    const end = ecs.write(out, 1, 0);
    t.is(end, 1 + ecs.optionSize);
    t.deepEqual([...out.subarray(1, end)], [0, 8, 0, octets.length, ...octets]);
  });
}

const BAD: readonly [string, number[]][] = [
  ['empty', []],
  ['three octets', [0, 1, 0]],
  ['IPv4 /33', [0, 1, 33, 0, 192, 0, 2, 0, 0]],
  ['IPv6 /129', [0, 2, 129, 0, ...Array(17).fill(0)]],
  ['family 0 /1', [0, 0, 1, 0, 0x80]],
  ['family 0 with octets', [0, 0, 0, 0, 0]],
  ['family 3', [0, 3, 0, 0]],
  ['family 257', [1, 1, 24, 0, 192, 0, 2]],
  ['an octet too few', [0, 1, 24, 0, 192, 0]],
  ['an octet too many', [0, 1, 24, 0, 192, 0, 2, 0]],
  ['a bit beyond the prefix', [0, 1, 23, 0, 192, 0, 3]],
  ['SCOPE in a query', [0, 1, 24, 1, 192, 0, 2]],
];

for (const [name, octets] of BAD) {
  test(`a malformed client subnet is refused: ${name}`, (t) => {
    t.is(read(...octets), undefined);
  });
}

test('the address is extended with zeros to that of a host, whatever the query before held', (t) => {
  const ecs = new Ecs();
  t.true(ecs.read(Uint8Array.of(0, 2, 128, 0, ...Array(16).fill(255)), 0, 20));
  t.true(ecs.read(Uint8Array.of(0, 1, 8, 0, 10), 0, 5));
  t.deepEqual([...ecs.octets.subarray(0, 4)], [10, 0, 0, 0]);
  t.true(ecs.read(Uint8Array.of(0, 2, 12, 0, 0x20, 0x10), 0, 6));
  t.deepEqual([...ecs.octets], [0x20, 0x10, ...Array(14).fill(0)]);
  ecs.clear();
  t.false(ecs.isPresent);
  t.false(ecs.hasAddress);
});

test('the scope is written into the option, but stays 0 where there is no address family', (t) => {
  const out = new Uint8Array(16);
  read(0, 1, 24, 0, 192, 0, 2)!.write(out, 0, 17);
  t.is(out[7], 17);
  read(0, 0, 0, 0)!.write(out, 0, 17);
  t.is(out[7], 0);
});

test('every prefix of random addresses is accepted when masked and refused with one bit more', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom([1, 4] as const, [2, 16] as const),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.nat(128),
      ([family, width], address, length) => {
        const source = length % (width * 8 + 1);
        const size = (source + 7) >> 3;
        const octets = [...address.subarray(0, size)];
        const used = source & 7;
        if (used !== 0) octets[size - 1]! &= 0xff << (8 - used);
        t.truthy(read(0, family, source, 0, ...octets));
        if (used === 0) return;
        octets[size - 1]! |= 1;
        t.is(read(0, family, source, 0, ...octets), undefined);
      },
    ),
    { seed: 7871 },
  );
});

import test from 'ava';
import fc from 'fast-check';
import { type Cidr, type Family, maskOctets, parseAddress, parseCidr } from '../../../src/base/address.ts';
import { PrefixSet } from '../../../src/base/prefix-set.ts';

const SEED = 20_240_117;

const setOf = (...texts: readonly string[]): PrefixSet => new PrefixSet(texts.map((text) => parseCidr(text)!));

function has(set: PrefixSet, address: string): boolean {
  const { family, octets } = parseAddress(address)!;
  const padded = new Uint8Array(16);
  padded.set(octets);
  return set.has(family, padded);
}

test('an empty set has no address', (t) => {
  t.false(has(setOf(), '192.0.2.1'));
  t.false(has(setOf(), '::'));
});

test('a set has the first and the last address of each network and not their neighbours', (t) => {
  const set = setOf('192.0.2.0/25', '10.1.2.3', '203.0.113.64/27', '2001:db8::/33', '2001:db8:ffff::1');
  for (const address of ['192.0.2.0', '192.0.2.127', '10.1.2.3', '203.0.113.64', '203.0.113.95'])
    t.true(has(set, address), address);
  for (const address of ['2001:db8::', '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff', '2001:db8:ffff::1'])
    t.true(has(set, address), address);
  for (const address of ['192.0.1.255', '192.0.2.128', '10.1.2.2', '10.1.2.4', '203.0.113.63', '203.0.113.96'])
    t.false(has(set, address), address);
  for (const address of ['2001:db7:ffff::', '2001:db8:8000::', '2001:db8:ffff::', '2001:db8:ffff::2'])
    t.false(has(set, address), address);
});

test('networks of one family say nothing about the other', (t) => {
  t.false(has(setOf('0.0.0.0/0'), '2001:db8::1'));
  t.false(has(setOf('::/0'), '192.0.2.1'));
});

test('networks of length 0 have everything, in any company', (t) => {
  const set = setOf('128.0.0.0/1', '0.0.0.0/0', '192.0.2.1', '::/0', '::/128');
  for (const address of ['0.0.0.0', '127.0.0.1', '192.0.2.2', '255.255.255.255', '::1', 'ffff::'])
    t.true(has(set, address), address);
});

test('octets behind an address of 4 do not matter', (t) => {
  const octets = new Uint8Array(16).fill(0xff);
  octets.set([192, 0, 2, 1]);
  t.true(setOf('192.0.2.1').has(4, octets));
});

/** Few octet values, so that networks nest and touch. */
const cidr = (family: Family): fc.Arbitrary<Cidr> => {
  const size = family === 4 ? 4 : 16;
  const octet = fc.constantFrom(0, 1, 127, 128, 255);
  return fc.tuple(fc.array(octet, { minLength: size, maxLength: size }), fc.nat(size * 8)).map(([few, prefixLen]) => {
    const octets = Uint8Array.from(few);
    maskOctets(octets, prefixLen, size);
    return { family, octets, prefixLen };
  });
};

/** The definition: the address, cut to the length of the prefix, is the prefix. */
const isInside = (address: Uint8Array, network: Cidr): boolean => {
  const masked = address.slice(0, network.octets.length);
  maskOctets(masked, network.prefixLen, masked.length);
  return Buffer.compare(masked, network.octets) === 0;
};

for (const family of [4, 6] as const) {
  test(`membership is what comparing with every network of IPv${family} says`, (t) => {
    const input = fc.tuple(fc.array(cidr(family), { maxLength: 12 }), fc.array(cidr(family), { minLength: 1, maxLength: 12 }));
    fc.assert(
      fc.property(input, ([networks, asked]) => {
        const set = new PrefixSet(networks);
        for (const { octets } of [...asked, ...networks]) {
          const address = new Uint8Array(16);
          address.set(octets);
          t.is(
            set.has(family, address),
            networks.some((network) => isInside(address, network)),
          );
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
}

import { isIP } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import {
  formatAddress,
  formatCidr,
  maskOctets,
  parseAddress,
  parseCidr,
  parseIpv4,
  parseIpv6,
} from '../../../src/base/address.ts';

test('dotted decimal is read into four octets', (t) => {
  const out = new Uint8Array(6);
  t.true(parseIpv4('192.0.2.255', out, 1));
  t.deepEqual([...out], [0, 192, 0, 2, 255, 0]);
});

for (const text of [
  '',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '01.2.3.4',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '1.2.3.4 ',
  '1.2.3.x',
  '1.2.3.1234',
]) {
  test(`"${text}" is not an IPv4 address`, (t) => {
    t.false(parseIpv4(text, new Uint8Array(4)));
  });
}

for (const text of [
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  'g::',
  '1:2:3:4:5:6:7::8:9',
  '::1%lo',
  '::1.2.3',
  '1.2.3.4',
  '1:',
  '::ffff:1.2.3.4:1',
  '1:2:3:4:5:6:7:8::',
]) {
  test(`"${text}" is not an IPv6 address`, (t) => {
    t.false(parseIpv6(text, new Uint8Array(16)));
  });
}

test('an IPv6 address may end in dotted decimal', (t) => {
  t.is(formatAddress(parseAddress('::ffff:192.0.2.1')!.octets, 6), '::ffff:192.0.2.1');
});

test('text of an IPv6 address is the canonical form of RFC 5952', (t) => {
  const canonical = (text: string): string => formatAddress(parseAddress(text)!.octets, 6);
  t.is(canonical('2001:DB8:0:0:8:800:200C:417A'), '2001:db8::8:800:200c:417a');
  t.is(canonical('0:0:0:0:0:0:0:0'), '::');
  t.is(canonical('2001:db8:0:1:1:1:1:1'), '2001:db8:0:1:1:1:1:1'); // one zero group is not shortened
  t.is(canonical('2001:0:0:1:0:0:0:1'), '2001:0:0:1::1'); // the longest run is
  t.is(canonical('2001:db8:0:0:1:0:0:1'), '2001:db8::1:0:0:1'); // the first of equal runs is
});

test('every IPv4 and IPv6 address survives printing and reading', (t) => {
  for (const [size, family] of [
    [4, 4],
    [16, 6],
  ] as const) {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (octets) => {
        const text = formatAddress(octets, family);
        return isIP(text) === family && Buffer.compare(parseAddress(text)!.octets, octets) === 0;
      }),
      { seed: 1, numRuns: 2000 },
    );
  }
  t.pass();
});

test('whatever the system takes for an address, and nothing else, is read as one', (t) => {
  const piece = fc.constantFrom(':', '::', '.', '0', '1', 'ff', 'ffff', '255', '256', 'g', '01', '1.2.3.4');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
      const text = pieces.join('');
      return (parseAddress(text)?.family ?? 0) === isIP(text);
    }),
    { seed: 2, numRuns: 20_000 },
  );
  t.pass();
});

test('a prefix is read and printed', (t) => {
  t.is(formatCidr(parseCidr('198.51.100.0/22')!), '198.51.100.0/22');
  t.is(formatCidr(parseCidr('2001:db8::/32')!), '2001:db8::/32');
  t.is(formatCidr(parseCidr('0.0.0.0/0')!), '0.0.0.0/0');
  t.is(formatCidr(parseCidr('192.0.2.7')!), '192.0.2.7/32');
});

for (const text of [
  '192.0.2.1/24',
  '192.0.2.0/33',
  '2001:db8::/129',
  '192.0.2.0/',
  '192.0.2.0/-1',
  '192.0.2.0/024',
  'x/8',
  '2001:db8::1/64',
]) {
  test(`"${text}" is not a prefix`, (t) => {
    t.is(parseCidr(text), undefined);
  });
}

test('masking clears exactly the bits beyond the prefix', (t) => {
  for (let prefixLen = 0; prefixLen <= 32; prefixLen++) {
    const octets = Uint8Array.of(9, 0xff, 0xff, 0xff, 0xff, 9);
    maskOctets(octets, prefixLen, 4, 1);
    const value = octets.subarray(1, 5).reduce((bits, octet) => bits + octet.toString(2).padStart(8, '0'), '');
    t.is(value, '1'.repeat(prefixLen).padEnd(32, '0'));
    t.deepEqual([octets[0], octets[5]], [9, 9]);
  }
});

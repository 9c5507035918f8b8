// The readers that work on octets agree with the ones that work on strings.

import test from 'ava';
import fc from 'fast-check';
import { parseIpv4, parseIpv6 } from '../../../src/base/address.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { readIpv4, readIpv6 } from '../../../src/zone/address-text.ts';
import { readName, readPlainName } from '../../../src/zone/name-text.ts';
import { readTimeSec } from '../../../src/zone/time-text.ts';
import { ORIGIN, octetsOf } from '../../support/zone-text.ts';

const RUNS = { seed: 1, numRuns: 3000 };

test('IPv4 text is read exactly as by base/address', (t) => {
  const parts = fc.array(fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '00', '01', 'a', '1 ')), { maxLength: 5 });
  fc.assert(
    fc.property(parts, (list) => {
      const text = octetsOf(list.join('.'));
      const [mine, theirs] = [new Uint8Array(4), new Uint8Array(4)];
      const isRead = parseIpv4(list.join('.'), theirs);
      t.is(readIpv4(text, 0, text.length, mine), isRead);
      if (isRead) t.deepEqual(mine, theirs);
    }),
    RUNS,
  );
});

test('IPv6 text is read as by base/address, embedded IPv4 left aside', (t) => {
  const pieces = fc.constantFrom(':', '::', '0', 'db8', 'FFFF', '12345', '1', 'a', 'g');
  const addresses = fc
    .tuple(fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }), fc.nat(8), fc.nat(8))
    .map(([groups, a, b]) => {
      const hex = groups.map((group) => group.toString(16));
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      return from === to ? hex.join(':') : `${hex.slice(0, from).join(':')}::${hex.slice(to).join(':')}`;
    });
  fc.assert(
    fc.property(
      fc.oneof(
        addresses,
        fc.array(pieces, { maxLength: 18 }).map((list) => list.join('')),
      ),
      (address) => {
        const text = octetsOf(`x${address}x`);
        const [mine, theirs] = [new Uint8Array(16).fill(0xee), new Uint8Array(16)];
        const isRead = parseIpv6(address, theirs);
        t.is(readIpv6(text, 1, text.length - 1, mine), isRead);
        if (isRead) t.deepEqual(mine, theirs);
      },
    ),
    RUNS,
  );
});

test('embedded IPv4 is left to the codec', (t) => {
  const text = octetsOf('::ffff:192.0.2.1');
  t.false(readIpv6(text, 0, text.length, new Uint8Array(16)));
});

test('a name that is read as plain is the name that wire/name reads', (t) => {
  const piece = fc.constantFrom(
    '.',
    '..',
    'a',
    'WWW',
    '_x',
    '-',
    '*',
    '$',
    '@',
    '\\',
    '\\.',
    '\\046',
    'é',
    'l'.repeat(63),
    'm'.repeat(64),
  );
  let plain = 0;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const text = octetsOf(pieces.join(''));
      const out = new Uint8Array(256);
      const size = readPlainName(text, 0, text.length, ORIGIN, out);
      const expected = nameFromText(pieces.join(''), ORIGIN);
      if (size === 0) return;
      plain++;
      t.deepEqual(out.subarray(0, size), expected);
      t.deepEqual(readName(text, 0, text.length, ORIGIN), expected);
    }),
    RUNS,
  );
  t.true(plain > 200);
});

test('names that are not plain are read by readName(), or it says what is wrong', (t) => {
  const read = (text: string): Uint8Array | string => readName(octetsOf(text), 0, octetsOf(text).length, ORIGIN);
  t.is(read('@'), ORIGIN);
  t.deepEqual(read('.'), Uint8Array.of(0));
  t.deepEqual(read('\\@\\..'), Uint8Array.of(2, 0x40, 0x2e, 0));
  t.regex(String(read('a@b')), /mailbox/);
  t.regex(String(read('é')), /octet 195 .* outside ASCII/);
  t.regex(String(read('a..b')), /empty label/);
});

test('the plain reader refuses names and labels that are too long', (t) => {
  const size = (text: string): number => readPlainName(octetsOf(text), 0, text.length, ORIGIN, new Uint8Array(256));
  const label = 'l'.repeat(63);
  const long = [label, label, label];
  t.is(size([...long, 'x'.repeat(61), ''].join('.')), 255);
  t.is(size([...long, 'x'.repeat(62), ''].join('.')), 0);
  t.is(size([...long, 'x'.repeat(48)].join('.')), 192 + 49 + ORIGIN.length);
  t.is(size([...long, 'x'.repeat(49)].join('.')), 0);
  t.is(size(`${label}l`), 0);
  t.is(size(`${label}l.`), 0);
  t.is(size(''), 0);
  t.is(size('.'), 0);
});

test('times are seconds, or numbers with units in any order and case', (t) => {
  const sec = (text: string): number => readTimeSec(octetsOf(text), 0, text.length);
  t.is(sec('0'), 0);
  t.is(sec('3600'), 3600);
  t.is(sec('1h30m'), 5400);
  t.is(sec('1W2D3H4M5S'), 604_800 + 2 * 86_400 + 3 * 3600 + 4 * 60 + 5);
  t.is(sec('5s1h'), 3605);
  t.is(sec('2147483647'), 2_147_483_647);
  for (const text of ['', 'h', '1h30', '1x', '-1', '1.5h', '2147483648', '3551w', '99999999999999999999', '1hh', '1 h']) {
    t.is(sec(text), -1, text);
  }
});

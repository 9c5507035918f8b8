import test from 'ava';
import fc from 'fast-check';
import { fromBase32Hex, fromBase64, fromHex, toBase32Hex, toBase64, toHex } from '../../../src/wire/base-n.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** RFC 4648 section 10: text, base64, base32hex without padding, base16. */
for (const [text, base64, base32hex, base16] of [
  ['', '', '', ''],
  ['f', 'Zg==', 'CO', '66'],
  ['fo', 'Zm8=', 'CPNG', '666F'],
  ['foo', 'Zm9v', 'CPNMU', '666F6F'],
  ['foob', 'Zm9vYg==', 'CPNMUOG', '666F6F62'],
  ['fooba', 'Zm9vYmE=', 'CPNMUOJ1', '666F6F6261'],
  ['foobar', 'Zm9vYmFy', 'CPNMUOJ1E8', '666F6F626172'],
] as const) {
  test(`"${text}" is written as RFC 4648 says, and read back`, (t) => {
    t.is(toBase64(ascii(text)), base64);
    t.is(toBase32Hex(ascii(text)), base32hex);
    t.is(toHex(ascii(text)), base16);
    t.deepEqual(fromBase64(base64), ascii(text));
    t.deepEqual(fromBase32Hex(base32hex.toLowerCase()), ascii(text));
    t.deepEqual(fromHex(base16.toLowerCase()), ascii(text));
  });
}

test('a part of an array is written alone', (t) => {
  t.is(toHex(Uint8Array.of(1, 2, 3, 4), 1, 3), '0203');
  t.is(toBase64(Uint8Array.of(0, 102, 0), 1, 2), 'Zg==');
});

test('malformed base64 is refused: padding missing or misplaced, stray bits, another alphabet', (t) => {
  for (const text of ['Zg', 'Zg=', 'Z===', '=', '====', 'Zh==', 'Zm9=', 'Zm 9', 'Zm9-', 'Zg==Zg==', 'Zm9\u0100', 'Zm9\x80']) {
    t.is(fromBase64(text), undefined, text);
  }
});

test('malformed hexadecimal and base32hex are refused', (t) => {
  for (const text of ['0', '000', '0g', '0 0', '\u0130\u0130']) t.is(fromHex(text), undefined, text);
  for (const text of ['C', 'CPN', 'CPNMUO', 'CP', 'W0', 'CO======']) t.is(fromBase32Hex(text), undefined, text);
});

test('base64 agrees with that of Node for any octets', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
      t.is(toBase64(octets), Buffer.from(octets).toString('base64'));
      t.deepEqual(fromBase64(toBase64(octets)), octets);
      t.deepEqual(fromBase32Hex(toBase32Hex(octets)), octets);
      t.deepEqual(fromHex(toHex(octets)), octets);
    }),
    { seed: 4648 },
  );
});

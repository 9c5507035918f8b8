import test from 'ava';
import { quote, resolveEscapes } from '../../../../src/wire/rdata/char-string.ts';
import { RdataSyntaxError } from '../../../../src/wire/rdata/codec.ts';

test('every octet survives quoting', (t) => {
  const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
  const text = quote(octets, 0, 256);
  t.regex(text, /^"[\x20-\x7e]+"$/);
  t.deepEqual(resolveEscapes(text.slice(1, -1), 'text'), octets);
});

test('a backslash takes the next character its meaning, and three digits are an octet', (t) => {
  t.deepEqual([...resolveEscapes('\\a\\"\\\\\\065\\000', 'text')], [0x61, 0x22, 0x5c, 65, 0]);
});

for (const [text, message] of [
  ['a\\', 'incomplete escape in text'],
  ['\\12', 'incomplete escape in text'],
  ['\\1x2', 'incomplete escape in text'],
  ['\\256', 'a character or escape in text is above octet 255'],
  ['\u0100', 'a character or escape in text is above octet 255'],
] as const) {
  test(`the text ${JSON.stringify(text)} is refused`, (t) => {
    t.throws(() => resolveEscapes(text, 'text'), { instanceOf: RdataSyntaxError, message });
  });
}

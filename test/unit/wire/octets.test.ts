import test from 'ava';
import { readU16, readU32 } from '../../../src/wire/octets.ts';

test('integers are read in network order and never negative', (t) => {
  const octets = Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc);
  t.is(readU16(octets, 0), 0x00ff);
  t.is(readU16(octets, 1), 0xfffe);
  t.is(readU32(octets, 1), 0xfffefdfc);
});

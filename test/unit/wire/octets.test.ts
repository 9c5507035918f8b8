import test from 'ava';
import { copyOctets, readU16, readU32 } from '../../../src/wire/octets.ts';

test('integers are read in network order and never negative', (t) => {
  const octets = Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc);
  t.is(readU16(octets, 0), 0x00ff);
  t.is(readU16(octets, 1), 0xfffe);
  t.is(readU32(octets, 1), 0xfffefdfc);
});

test('any number of octets is copied, and none beside them written', (t) => {
  const source = Uint8Array.from({ length: 40 }, (_, i) => i + 1);
  for (let size = 0; size <= 20; size++) {
    const out = new Uint8Array(40);
    copyOctets(source, 7, size, out, 5);
    const expected = new Uint8Array(40);
    expected.set(source.subarray(7, 7 + size), 5);
    t.deepEqual(out, expected);
  }
});

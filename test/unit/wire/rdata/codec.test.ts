import test from 'ava';
import { OctetWriter, RdataSyntaxError } from '../../../../src/wire/rdata/codec.ts';

test('a writer keeps integers in network order', (t) => {
  const out = new OctetWriter();
  out.u8(0x01);
  out.u16(0x0203);
  out.u32(0xfffefdfc);
  t.deepEqual([...out.octets.subarray(0, out.length)], [1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc]);
});

test('a writer grows by single octets and by runs, and takes parts of a run', (t) => {
  const out = new OctetWriter();
  for (let i = 0; i < 700; i++) out.u8(i);
  out.bytes(new Uint8Array(5000).fill(9));
  out.bytes(Uint8Array.of(1, 2, 3, 4), 1, 3);
  t.is(out.length, 5702);
  t.is(out.octets[699], 699 & 0xff);
  t.deepEqual([...out.octets.subarray(5698, 5702)], [9, 9, 2, 3]);
});

test('a syntax error is about RDATA unless it says otherwise', (t) => {
  t.is(new RdataSyntaxError('x').code, 'ERR_ZONE_RDATA');
  t.is(new RdataSyntaxError('x', 'ERR_ZONE_NAME').code, 'ERR_ZONE_NAME');
});

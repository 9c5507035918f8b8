import test from 'ava';
import fc from 'fast-check';
import { parseAddress } from '../../../src/base/address.ts';
import { cellOf, depthOf, embeddedIpv4, GeoImage, INVERTED, lookupCell, NOT_EMBEDDED } from '../../../src/geo/lookup.ts';
import { EMBEDDING_NETWORKS, holds } from '../../../src/geo/networks.ts';
import { CELL_PRIVATE } from '../../../src/model/place.ts';
import { compiled, database, PlaceCells, sources } from '../../support/geo-sources.ts';

const octetsOf = (text: string): Uint8Array => parseAddress(text)!.octets;

test('forms of IPv6 that carry an IPv4 address are told apart from their neighbours', (t) => {
  t.is(embeddedIpv4(octetsOf('::ffff:1.2.3.4'), 0), 96);
  t.is(embeddedIpv4(octetsOf('64:ff9b::1.2.3.4'), 0), 96);
  t.is(embeddedIpv4(octetsOf('2002:102:304::1'), 0), 16);
  t.is(embeddedIpv4(octetsOf('2001:0:4136:e378:8000:63bf:3fff:fdd2'), 0), 96 | INVERTED);
  for (const text of ['::1.2.3.4', '::1:ffff:1.2.3.4', '64:ff9b:1::1.2.3.4', '64:ff9b::1:0:1.2.3.4', '2001:1::1', '2003::1']) {
    t.is(embeddedIpv4(octetsOf(text), 0), NOT_EMBEDDED, text);
  }
  t.is(embeddedIpv4(octetsOf('0:1::ffff:1.2.3.4'), 0), NOT_EMBEDDED);
});

test('the embedding networks of the compiler are those of the lookup', (t) => {
  const words = fc.array(fc.constantFrom(0, 0xffff, 0x64, 0xff9b, 0x2001, 0x2002, 1), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(words, (groups) => {
      const octets = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
      const isHeld = EMBEDDING_NETWORKS.some((cidr) => holds(cidr, 6, octets));
      return isHeld === (embeddedIpv4(octets, 0) !== NOT_EMBEDDED);
    }),
    { seed: 11, numRuns: 3000 },
  );
  t.pass();
});

test('embedded addresses get the cell of their IPv4 address and a depth counted in IPv6', (t) => {
  const cells = new PlaceCells();
  const { look } = compiled(sources([database({ networks: { '81.2.69.0/24': { country_code: 'GB' } } })]), cells.cellOf);
  const [cell, depth] = look('81.2.69.142');
  t.is(cells.placeAt(cell)!.country, 'GB');
  t.is(depth, 24);
  t.deepEqual(look('::ffff:81.2.69.142'), [cell, 120]);
  t.deepEqual(look('64:ff9b::81.2.69.142'), [cell, 120]);
  t.deepEqual(look('2002:5102:458e:1234::1'), [cell, 40]);
  t.deepEqual(look('2001:0:4136:e378:8000:63bf:aefd:ba71'), [cell, 120]); // 81.2.69.142 inverted
  t.deepEqual(look('::ffff:10.1.2.3'), [CELL_PRIVATE, 104]);
  t.deepEqual(look('2002:a01:203::1'), [CELL_PRIVATE, 24]);
});

test('an address is read at any offset of a larger buffer', (t) => {
  const { image } = compiled(sources([database({ networks: { '2.0.0.0/7': { country_code: 'FR' } } })]), () => 7);
  const packed = lookupCell(image, 4, Uint8Array.from([9, 9, 9, 3, 4, 5, 6, 9]), 3);
  t.is(cellOf(packed), 7);
  t.is(depthOf(packed), 7);
});

test('the largest cell and depth fit into the packed number', (t) => {
  const last = 2 ** 23 - 2;
  const { look } = compiled(sources([], ['2001:db8::1 tag=host']), () => last);
  t.deepEqual(look('2001:db8::1'), [last, 128]);
});

test('a buffer that is no image is refused', (t) => {
  t.throws(() => new GeoImage(new SharedArrayBuffer(64)), { message: 'not a geo image' });
});

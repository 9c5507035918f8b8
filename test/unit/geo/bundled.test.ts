import test from 'ava';
import maxmind, { type CountryResponse } from 'maxmind';
import { formatAddress, parseAddress } from '../../../src/base/address.ts';
import { lookupCell } from '../../../src/geo/lookup.ts';
import { EMBEDDING_NETWORKS, holds, isPrivate } from '../../../src/geo/networks.ts';
import { bundledCountryDatabase, openDatabase } from '../../../src/geo/open.ts';
import { placeOf } from '../../../src/geo/place.ts';
import { CELL_PRIVATE, NOWHERE } from '../../../src/model/place.ts';
import { compiled, PlaceCells, sources } from '../../support/geo-sources.ts';
import { Random } from '../../support/random.ts';

const opened = openDatabase(bundledCountryDatabase());
if (!opened.ok) throw new Error(opened.error.message);
const input = sources([opened.value]);
const cells = new PlaceCells();
const { image, look } = compiled(input, cells.cellOf);

test('the bundled database places the clients of the demo', (t) => {
  const expected: Record<string, string> = {
    '81.2.69.142': 'GB',
    '133.242.0.1': 'JP',
    '200.160.0.8': 'BR',
    '196.25.1.1': 'ZA',
    '139.130.4.5': 'AU',
    '8.8.8.8': 'US',
    '2001:200::1': 'JP',
  };
  for (const [text, country] of Object.entries(expected)) t.is(cells.placeAt(look(text)[0])?.country, country, text);
  t.true(opened.value.summary.knownShareV4 > 0.8);
});

test('the trie agrees with maxmind and with the slow lookup on 20,000 random addresses', async (t) => {
  const reader = await maxmind.open<CountryResponse>(bundledCountryDatabase());
  const random = new Random(2024);
  const heads = [0x2a00, 0x2a02, 0x2a10, 0x2001, 0x2400, 0x2600, 0x2804, 0x2c0f, 0xfd00, 0x2003];
  let compared = 0;
  let known = 0;
  for (let i = 0; i < 20_000; i++) {
    const family = i % 2 === 0 ? 4 : 6;
    const octets = random.octets(family === 4 ? 4 : 16);
    if (family === 6) {
      const head = random.pick(heads);
      octets.set([head >> 8, head & 255, octets[2]! & 15]);
    }
    const text = formatAddress(octets, family);
    const packed = lookupCell(image, family, octets, 0);
    const place = cells.placeAt(packed >>> 8) ?? NOWHERE;
    t.deepEqual(place, placeOf(input, family, octets).place, text);
    if (isPrivate(family, octets)) t.is(packed >>> 8, CELL_PRIVATE);
    else if (!EMBEDDING_NETWORKS.some((cidr) => holds(cidr, family, octets))) {
      const [record, prefixLen] = reader.getWithPrefixLength(text);
      if (prefixLen > (family === 4 ? 24 : 56)) continue; // cut: the majority stands for the network
      const code = (record as unknown as { country_code?: string } | null)?.country_code ?? null;
      t.is(place.country, code, text);
      t.true((packed & 255) <= prefixLen, text);
      compared++;
      if (code !== null) known++;
    }
  }
  t.true(compared > 18_000 && known > 17_000, `${compared} ${known}`);
});

test('no scope of a database is longer than /24 or /56, apart from single private addresses', (t) => {
  const random = new Random(5);
  for (let i = 0; i < 5000; i++) t.true((lookupCell(image, 4, random.octets(4), 0) & 255) <= 24);
  const { octets } = parseAddress('2a00::')!;
  for (let i = 0; i < 5000; i++) {
    const address = Uint8Array.from(octets, (octet, at) => (at < 2 ? octet : random.below(256)));
    t.true((lookupCell(image, 6, address, 0) & 255) <= 56);
  }
});

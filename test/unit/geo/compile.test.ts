import test from 'ava';
import { type Cidr, type Family, formatAddress, maskOctets, parseCidr } from '../../../src/base/address.ts';
import { compileGeo } from '../../../src/geo/compile.ts';
import { factsOf, NO_FACTS } from '../../../src/geo/facts.ts';
import { lookupCell } from '../../../src/geo/lookup.ts';
import { EMBEDDING_NETWORKS, holds, isEmbedded } from '../../../src/geo/networks.ts';
import { composePlace, placeOf } from '../../../src/geo/place.ts';
import { CELL_PRIVATE, CELL_UNKNOWN, NOWHERE } from '../../../src/model/place.ts';
import { compiled, database, PlaceCells, sources } from '../../support/geo-sources.ts';
import { Random } from '../../support/random.ts';

const byContinent = (place: { continent: string | null }): number => 2 + ['EU', 'NA'].indexOf(place.continent ?? '');

test('two halves of the address space give depth 1', (t) => {
  const { look, statistics } = compiled(sources([], ['0.0.0.0/1 continent=NA\n128.0.0.0/1 continent=EU']), byContinent);
  t.deepEqual(look('1.2.3.4'), [3, 1]);
  t.deepEqual(look('10.2.3.4'), [3, 1]); // placed by the map, so not private
  t.deepEqual(look('200.2.3.4'), [2, 1]);
  t.is(statistics.asked, 4); // each of the two lines, and private networks under it
});

test('neighbours of one cell merge and make the scope short', (t) => {
  const networks = {
    '20.0.0.0/10': { country_code: 'DE' },
    '20.64.0.0/10': { country_code: 'FR' },
    '20.128.0.0/9': { country_code: 'IT' },
    '21.0.0.0/8': { country_code: 'US' },
  };
  const { look } = compiled(sources([database({ networks })]), byContinent);
  t.deepEqual(look('20.1.1.1'), [2, 8]);
  t.deepEqual(look('20.200.1.1'), [2, 8]);
  t.deepEqual(look('21.1.1.1'), [3, 8]);
});

test('with nothing known all public addresses are one cell, parted only by the private networks', (t) => {
  const { look, statistics } = compiled(sources([]), () => t.fail() as unknown as number);
  t.deepEqual(look('200.1.1.1'), [CELL_UNKNOWN, 5]);
  t.deepEqual(look('2001:db8::1')[0], CELL_UNKNOWN);
  t.is(statistics.asked, 0);
});

test('private networks are a cell of their own with the depth of their block', (t) => {
  const everything = { '0.0.0.0/0': { country_code: 'US' }, '::/1': { country_code: 'US' }, '8000::/1': { country_code: 'US' } };
  const { look } = compiled(sources([database({ networks: everything, ipVersion: 6 })]), () => 9);
  const expected: Record<string, number> = {
    '10.255.0.1': 8,
    '100.64.0.1': 10,
    '127.0.0.1': 8,
    '169.254.1.1': 16,
    '172.31.255.255': 12,
    '192.168.1.1': 16,
    '::1': 128,
    'fd00::1': 7,
    'fe80::1': 10,
  };
  for (const [text, depth] of Object.entries(expected)) t.deepEqual(look(text), [CELL_PRIVATE, depth], text);
  for (const text of ['11.0.0.1', '100.128.0.1', '172.32.0.1', 'fec0::1']) t.is(look(text)[0], 9, text);
});

test('a map line or a policy network places a part of a private network', (t) => {
  const cells = new PlaceCells();
  const { look } = compiled(sources([], ['10.20.0.0/16 country=GB'], ['10.30.0.0/16']), cells.cellOf);
  t.is(cells.placeAt(look('10.20.1.1')[0])!.country, 'GB');
  t.is(look('10.20.1.1')[1], 16);
  t.deepEqual(cells.placeAt(look('10.30.1.1')[0]), { ...NOWHERE, networks: [0] });
  t.is(look('10.40.1.1')[0], CELL_PRIVATE);
});

test('databases are cut at /24 and /56, where the place that fills most of the network stands for it', (t) => {
  const networks = {
    '1.1.1.0/26': { country_code: 'FR' },
    '1.1.1.64/26': { country_code: 'DE' },
    '1.1.1.128/25': { country_code: 'DE' },
    '1.1.2.128/32': { country_code: 'IT' },
    '1.1.4.0/25': { country_code: 'SE' },
    '1.1.4.128/25': { country_code: 'NO' },
    '2a00::/57': { country_code: 'FR' },
    '2a00:0:0:80::/58': { country_code: 'DE' },
  };
  const asnNetworks = { '1.1.1.0/25': { autonomous_system_number: 1 }, '1.1.1.128/25': { autonomous_system_number: 2 } };
  const cells = new PlaceCells();
  const input = sources([database({ networks }), database({ networks: asnNetworks })]);
  const { look } = compiled(input, cells.cellOf);
  const at = (text: string) => {
    const [cell, depth] = look(text);
    return `${cells.placeAt(cell)?.country} ${depth}`;
  };
  t.is(at('1.1.1.1'), 'DE 24');
  t.is(cells.placeAt(look('1.1.1.200')[0])!.asn, 1); // equal shares: the first
  t.is(at('1.1.2.1'), 'IT 24'); // known before unknown
  t.is(at('1.1.4.200'), 'SE 24'); // equal shares: the first
  t.is(at('2a00::1'), 'FR 56');
  t.is(at('2a00:0:0:80::1'), 'FR 56');
});

test('maps and policy networks may be longer than databases', (t) => {
  const cells = new PlaceCells();
  const input = sources([database({ networks: { '1.1.1.0/24': { country_code: 'FR' } } })], ['1.1.1.7 tag=host'], ['1.1.1.8/31']);
  const { look } = compiled(input, cells.cellOf);
  t.is(look('1.1.1.7')[1], 32);
  t.deepEqual(cells.placeAt(look('1.1.1.7')[0])!.tag, 'host');
  t.is(cells.placeAt(look('1.1.1.7')[0])!.country, 'FR');
  t.deepEqual(cells.placeAt(look('1.1.1.9')[0])!.networks, [0]);
  t.is(look('1.1.1.9')[1], 31);
});

test('an AS database stands beside the country database, also where only one of them knows a network', (t) => {
  const country = database({ networks: { '1.0.0.0/8': { country_code: 'AU' } } });
  const asn = database({
    networks: { '1.1.0.0/16': { autonomous_system_number: 13335 }, '2.0.0.0/8': { autonomous_system_number: 3215 } },
  });
  const cells = new PlaceCells();
  const { look } = compiled(sources([country, asn]), cells.cellOf);
  const at = (text: string) => cells.placeAt(look(text)[0])!;
  t.deepEqual([at('1.1.1.1').country, at('1.1.1.1').asn], ['AU', 13335]);
  t.deepEqual([at('1.2.1.1').country, at('1.2.1.1').asn], ['AU', null]);
  t.deepEqual(at('2.1.1.1'), { ...NOWHERE, asn: 3215 });
});

test('one database for each family may be given', (t) => {
  const v4 = database({ networks: { '1.0.0.0/8': { country_code: 'AU' } }, ipVersion: 4 });
  const v6 = database({ networks: { '2a00::/16': { country_code: 'FR' } } });
  const cells = new PlaceCells();
  const { look } = compiled(sources([v4, v6]), cells.cellOf);
  t.is(cells.placeAt(look('1.1.1.1')[0])!.country, 'AU');
  t.is(cells.placeAt(look('2a00::1')[0])!.country, 'FR');
});

test('a distinct place is asked for once, however many networks have it', (t) => {
  const networks: Record<string, unknown> = {};
  for (let i = 0; i < 200; i++) networks[`${i + 20}.${i}.0.0/16`] = { country_code: i % 2 === 0 ? 'DE' : 'US', city: `${i}` };
  let asked = 0;
  const cellOf: typeof byContinent = (place) => {
    asked++;
    return byContinent(place);
  };
  const { statistics } = compileGeo({ ...sources([database({ networks })]), cellOf });
  t.is(asked, 2);
  t.is(statistics.asked, 2);
});

test('what is not a cell is refused', (t) => {
  for (const cell of [-1, 1.5, 2 ** 23 - 1, Number.NaN]) {
    t.throws(() => compileGeo({ ...sources([], ['1.0.0.0/8 tag=x']), cellOf: () => cell }), { instanceOf: RangeError });
  }
});

const MAPS = [
  '20.0.0.0/8 country=JP tag=a\n20.16.0.0/12 tag=b\n20.16.1.0/25 country=BR\n10.0.0.0/9 continent=EU\n2a00:1::/33 tag=six',
  '20.0.0.0/8 tag=c\n20.16.1.128/26 lat=1 lon=2\n2a00:1:8000::/49 country=ZA asn=7\n2a00::/12 subdivision=US-CA\n::/3 tag=low',
];
const POLICY_NETWORKS = [
  '20.0.0.0/9',
  '20.16.1.0/24',
  '0.0.0.0/2',
  '10.1.0.0/16',
  '2a00:1::/32',
  'fd00::/8',
  '2001::/16',
  '20.0.0.0/9',
];

/** Networks of random lengths, clustered so that they nest. */
function randomNetworks(random: Random): Record<string, unknown> {
  const networks: Record<string, unknown> = {};
  for (let i = 0; i < 300; i++) {
    const isV4 = random.below(2) === 0;
    const octets = random.octets(isV4 ? 4 : 16);
    octets[0] = isV4 ? random.pick([20, 21, 10, 1]) : random.pick([0x2a, 0x20]);
    octets[1] = random.pick([0, 1, 2, 16]);
    octets[2]! &= 7;
    const prefixLen = isV4 ? 4 + random.below(21) : 4 + random.below(53);
    maskOctets(octets, prefixLen, octets.length);
    networks[`${formatAddress(octets, isV4 ? 4 : 6)}/${prefixLen}`] = {
      country_code: random.pick(['FR', 'DE', 'US', 'JP', 'ZZ']),
    };
  }
  return networks;
}

function randomAddress(random: Random, near: readonly Cidr[]): { family: Family; octets: Uint8Array } {
  const { family, octets: first, prefixLen } = random.pick(near);
  return { family, octets: varied(random, first, prefixLen) };
}

/** The same first bits, random ones behind. */
function varied(random: Random, octets: Uint8Array, prefixLen: number): Uint8Array {
  const noise = random.octets(octets.length);
  return octets.map((octet, i) => {
    const kept = Math.min(8, Math.max(0, prefixLen - 8 * i));
    const mask = (0xff00 >> kept) & 255;
    return (octet & mask) | (noise[i]! & ~mask & 255);
  });
}

const longest = <T extends { cidr: Cidr }>(items: readonly T[]): T | undefined =>
  items.reduce<T | undefined>(
    (best, item) => (best === undefined || item.cidr.prefixLen >= best.cidr.prefixLen ? item : best),
    undefined,
  );

test('lookup, slow lookup and a naive search for the longest prefix agree on random sources', (t) => {
  const random = new Random(42);
  for (let round = 0; round < 3; round++) {
    const networks = randomNetworks(random);
    const input = sources(
      [database({ networks, recordBits: random.pick([24, 28, 32]), hasAliases: round % 2 === 0 })],
      MAPS,
      POLICY_NETWORKS,
    );
    const cells = new PlaceCells();
    const { image } = compiled(input, cells.cellOf);
    const known = Object.entries(networks).map(([text, record]) => ({ cidr: parseCidr(text)!, facts: factsOf(record) }));
    const lines = input.networkMaps.flatMap((map) => map.entries);
    const near = [...known, ...lines].map(({ cidr }) => cidr).concat(input.networks, parseCidr('0.0.0.0/0')!, parseCidr('::/0')!);
    for (let i = 0; i < 3000; i++) {
      const { family, octets } = randomAddress(random, near);
      if (EMBEDDING_NETWORKS.some((cidr) => holds(cidr, family, octets))) continue;
      const packed = lookupCell(image, family, octets, 0);
      const cell = packed >>> 8;
      const report = placeOf(input, family, octets);
      const place = cells.placeAt(cell) ?? NOWHERE;
      const text = formatAddress(octets, family);
      t.deepEqual(place, report.place, text);
      t.is(cell === CELL_PRIVATE, report.isUnplacedPrivate, text);
      const isPrivateBlock = /^(10|127)\.|^f[cd]|^fe[89ab]|^100\.|^169\.254|^172\.|^192\.168|^::1$/.test(text);
      if (isPrivateBlock) continue;
      const held = <T extends { cidr: Cidr }>(items: readonly T[]) => items.filter(({ cidr }) => holds(cidr, family, octets));
      const said = held(lines).sort((a, b) => a.cidr.prefixLen - b.cidr.prefixLen);
      const covering = input.networks.map((cidr, index) => ({ cidr, index }));
      const naive = composePlace(
        longest(held(known))?.facts ?? NO_FACTS,
        null,
        said.map(({ facts }) => facts),
        held(covering)
          .sort((a, b) => a.cidr.prefixLen - b.cidr.prefixLen)
          .map(({ index }) => index),
      );
      t.deepEqual(place, naive, text);
    }
  }
});

test('every address inside a scope has the same cell, and its sister network has not', (t) => {
  const random = new Random(99);
  const input = sources([database({ networks: randomNetworks(random), hasAliases: true })], MAPS, POLICY_NETWORKS);
  const { image } = compiled(input, (place) => (place.continent === null ? CELL_UNKNOWN : byContinent(place)));
  const near = [
    ...EMBEDDING_NETWORKS,
    ...input.networks,
    ...input.networkMaps.flatMap((map) => map.entries.map(({ cidr }) => cidr)),
  ];
  for (const text of ['0.0.0.0/0', '::/0', '2001:1::/32', '2003::/16', '::fffe:0:0/96', '64:ff9a::/96', '::/64'])
    near.push(parseCidr(text)!);
  for (let i = 0; i < 20_000; i++) {
    const { family, octets } = randomAddress(random, near);
    const packed = lookupCell(image, family, octets, 0);
    const depth = packed & 255;
    const other = varied(random, octets, depth);
    t.is(lookupCell(image, family, other, 0), packed, `${formatAddress(octets, family)} ${formatAddress(other, family)}`);
    if (depth === 0) continue;
    const sister = Uint8Array.from(octets);
    sister[(depth - 1) >> 3]! ^= 128 >> ((depth - 1) & 7);
    const isApart = EMBEDDING_NETWORKS.some((cidr) => holds(cidr, family, octets) !== holds(cidr, family, sister));
    if (!isApart) t.not(lookupCell(image, family, sister, 0), packed, formatAddress(octets, family));
  }
});

test('networks inside the embedding parts of IPv6 are recognised', (t) => {
  t.true(isEmbedded(parseCidr('2002:c000:200::/40')!));
  t.true(isEmbedded(parseCidr('64:ff9b::/96')!));
  t.false(isEmbedded(parseCidr('2000::/3')!));
  t.false(isEmbedded(parseCidr('192.0.2.0/24')!));
});

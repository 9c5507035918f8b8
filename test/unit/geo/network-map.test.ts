import { readFileSync } from 'node:fs';
import test from 'ava';
import { formatCidr } from '../../../src/base/address.ts';
import { formatProblem } from '../../../src/base/errors.ts';
import { parseNetworkMap } from '../../../src/geo/network-map.ts';
import { fixture } from '../../support/paths.ts';

test('a line places a network with the keys it gives, and is silent on the rest', (t) => {
  const text =
    '\ufeff# offices\r\n\r\n192.0.2.0/24 country=DE tag=office_1 # Berlin\n2001:db8::/32\tlat=-33.9 lon=18.42 asn=64500';
  const { map, problems } = parseNetworkMap('x.map', text);
  t.deepEqual(problems, []);
  t.deepEqual(
    map.entries.map(({ cidr, line }) => `${line} ${formatCidr(cidr)}`),
    ['3 192.0.2.0/24', '4 2001:db8::/32'],
  );
  const silent = {
    continent: null,
    country: null,
    subdivision: null,
    asn: null,
    latitude: null,
    longitude: null,
    tag: null,
  };
  t.deepEqual(map.entries[0]!.facts, { ...silent, country: 'DE', tag: 'office_1' });
  t.deepEqual(map.entries[1]!.facts, { ...silent, latitude: -33.9, longitude: 18.42, asn: 64500 });
});

test('the example map that comes with Meridian has no errors', (t) => {
  const { map, problems } = parseNetworkMap('example', readFileSync(fixture('../../geoip/networks.example.txt'), 'utf8'));
  t.deepEqual(problems, []);
  t.true(map.entries.length > 3);
});

test('every broken line of a file is reported with its line and column, and gives no entry', (t) => {
  const text = readFileSync(fixture('geo/broken-network-map.txt'), 'utf8');
  const expected = [...text.matchAll(/^.*# expect (.*)$/gm)].flatMap((match) => match[1]!.split(' | '));
  const { map, problems } = parseNetworkMap('broken.map', text);
  t.deepEqual(
    problems.map((problem) => formatProblem(problem).replace(/^broken.map:\d+:(\d+): error ERR_GEO_MAP: /, '$1 ')),
    expected,
  );
  t.deepEqual(
    map.entries.map(({ facts }) => facts.tag),
    ['good'],
  );
});

test('a problem names file, line and column', (t) => {
  const { problems } = parseNetworkMap('maps/eu.map', '\n  10.0.0.1/8 tag=x');
  t.is(
    formatProblem(problems[0]!),
    "maps/eu.map:2:3: error ERR_GEO_MAP: a network must be address/length without bits behind the length, found '10.0.0.1/8'",
  );
});

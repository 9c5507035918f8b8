import test from 'ava';
import fc from 'fast-check';
import { QueryName } from '../../../src/wire/qname.ts';
import { TYPE } from '../../../src/wire/rrtype.ts';
import { compileZone } from '../../../src/zone/compile.ts';
import { ZoneImage } from '../../../src/zone/image.ts';
import { ZoneSet } from '../../../src/zone/zone-set.ts';
import { SOA_ROW, wire, zoneRecords } from '../../support/zone-records.ts';

const setOf = (origins: readonly string[]): ZoneSet =>
  new ZoneSet(origins.map((origin) => new ZoneImage(compileZone(zoneRecords(origin, [SOA_ROW])))));

function find(set: ZoneSet, name: string, type: number = TYPE.A): number {
  const query = new QueryName();
  query.read(wire(name), 0, 255);
  return set.find(query, type);
}

test('The zone with the longest matching apex answers, at its apex and below.', (t) => {
  const set = setOf(['example.com.', 'com.', 'sub.example.com.', 'example.net.']);
  t.is(find(set, 'example.com.'), 0);
  t.is(find(set, 'a.b.c.EXAMPLE.com.'), 0);
  t.is(find(set, 'sub.example.com.'), 2);
  t.is(find(set, 'www.sub.example.com.'), 2);
  t.is(find(set, 'notexample.com.'), 1);
  t.is(find(set, 'www.example.net.'), 3);
});

test('A name in no zone is answered by none.', (t) => {
  const set = setOf(['example.com.']);
  t.is(find(set, 'com.'), -1);
  t.is(find(set, '.'), -1);
  t.is(find(set, 'example.net.'), -1);
  t.is(find(set, 'xexample.com.'), -1);
  t.is(find(setOf([]), 'example.com.'), -1);
});

test('The root zone takes what no other zone takes.', (t) => {
  const set = setOf(['com.', '.']);
  t.is(find(set, 'example.com.'), 0);
  t.is(find(set, 'example.org.'), 1);
  t.is(find(set, '.'), 1);
  t.is(find(set, '.', TYPE.DS), 1);
});

test('DS at an apex belongs to the parent zone, if that is served.', (t) => {
  const set = setOf(['example.com.', 'sub.example.com.', 'far.away.example.com.']);
  t.is(find(set, 'sub.example.com.', TYPE.DS), 0);
  t.is(find(set, 'far.away.example.com.', TYPE.DS), 0);
  t.is(find(set, 'www.sub.example.com.', TYPE.DS), 1);
  t.is(find(set, 'example.com.', TYPE.DS), 0);
});

test('Of two zones with one apex the first answers.', (t) => {
  t.is(find(setOf(['example.com.', 'EXAMPLE.com.']), 'www.example.com.'), 0);
});

test('A name whose hash is equal to that of an apex is not taken for it.', (t) => {
  const set = setOf(['dnai6qzvkhzc.example.']); // the same pair as in the lookup's test
  t.is(find(set, 'dnai6qzvkhzc.example.'), 0);
  t.is(find(set, 'kgkn4sx1cs5q.example.'), -1);
});

test('Thousands of zones are told apart.', (t) => {
  const origins = Array.from({ length: 3000 }, (_, i) => `zone${i}.example.`);
  const set = setOf(origins);
  for (const [index, origin] of origins.entries()) t.is(find(set, `www.${origin}`), index);
});

test('Random sets: the zone found is the longest suffix among the apexes.', (t) => {
  const label = fc.constantFrom('a', 'b');
  const name = fc.array(label, { maxLength: 4 }).map((labels) => `${labels.join('.')}.`);
  const property = fc.property(fc.uniqueArray(name, { maxLength: 6 }), name, fc.boolean(), (origins, asked, isDs) => {
    const suffixes = [asked];
    for (let rest = asked; rest !== '.'; ) {
      rest = rest.slice(rest.indexOf('.') + 1) || '.';
      suffixes.push(rest);
    }
    const candidates = suffixes.filter((suffix) => origins.includes(suffix));
    const expected = isDs && candidates[0] === asked ? (candidates[1] ?? candidates[0]) : candidates[0];
    const index = find(setOf(origins), asked, isDs ? TYPE.DS : TYPE.A);
    t.is(origins[index], expected);
  });
  t.notThrows(() => fc.assert(property, { seed: 1034, numRuns: 2000 }));
});

// Laws that every codec keeps, over random RDATA: what is valid survives text, and no octets whatever make a codec throw
// or look beyond its RDATA.

import test from 'ava';
import fc from 'fast-check';
import { codecOf } from '../../../../src/wire/rdata/registry.ts';
import { TYPE, typeName } from '../../../../src/wire/rrtype.ts';
import { RDATA_OF } from '../../../support/rdata-arbitrary.ts';
import { rdataFromText, rdataProblem, rdataToText } from '../../../support/rdata-text.ts';

const SEED = { seed: 20240607 };

test('every type that may stand in a zone has a codec of its own type, except Meridian’s own', (t) => {
  const without = new Set<number>([TYPE.OPT, TYPE.NXNAME, TYPE.TSIG, TYPE.IXFR, TYPE.AXFR, TYPE.ANY, TYPE.GSLB]);
  for (const type of Object.values(TYPE)) t.is(codecOf(type)?.type, without.has(type) ? undefined : type, typeName(type));
  t.is(codecOf(65280), undefined);
});

test('the random RDATA of these tests covers every codec', (t) => {
  for (const type of Object.values(TYPE)) t.is(RDATA_OF.has(type), codecOf(type) !== undefined, typeName(type));
});

for (const [type, arbitrary] of RDATA_OF) {
  test(`${typeName(type)}: valid octets are accepted, and printed text is read back to the same octets and text`, (t) => {
    fc.assert(
      fc.property(arbitrary, (octets) => {
        t.is(rdataProblem(type, octets), undefined);
        const text = rdataToText(type, octets);
        const again = rdataFromText(type, text);
        t.deepEqual(again, octets, text);
        t.is(rdataToText(type, again as Uint8Array), text);
        t.regex(text, /^[\x20-\x7e]*$/);
      }),
      { ...SEED, numRuns: 150 },
    );
  });

  const damaged = fc
    .tuple(
      arbitrary,
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
      fc.nat(300),
      fc.uint8Array({ maxLength: 3 }),
    )
    .map(([octets, edits, keep, tail]) => {
      const copy = Uint8Array.from([...octets.subarray(0, keep), ...tail]);
      for (const [at, octet] of edits) if (at < copy.length) copy[at] = octet;
      return copy;
    });

  test(`${typeName(type)}: damaged or random octets give a sentence or survive text, whatever lies around them`, (t) => {
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 })), (octets) => {
        const problem = rdataProblem(type, octets);
        if (problem === undefined) t.deepEqual(rdataFromText(type, rdataToText(type, octets)), octets);
        else t.regex(problem, /^[^\n]{8,}[^.]$/);
        for (const filler of [0x00, 0x01, 0xff]) {
          const around = new Uint8Array(octets.length + 600).fill(filler);
          around.set(octets, 300);
          t.is(codecOf(type)!.check(around, 300, octets.length), problem);
          if (problem === undefined) t.is(codecOf(type)!.print(around, 300, octets.length), rdataToText(type, octets));
        }
      }),
      { ...SEED, numRuns: 200 },
    );
  });
}

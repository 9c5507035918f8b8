// Any records, printed, parse back to the same records; any text, however damaged, is parsed and checked without a throw.

import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import type { Problem } from '../../../src/base/errors.ts';
import { err, ok } from '../../../src/base/result.ts';
import { nameSize } from '../../../src/wire/name.ts';
import { TYPE } from '../../../src/wire/rrtype.ts';
import { checkZone } from '../../../src/zone/check.ts';
import { parseZone } from '../../../src/zone/parser.ts';
import { printZone } from '../../../src/zone/print.ts';
import { ZoneRecords } from '../../../src/zone/records.ts';
import { fixture } from '../../support/paths.ts';
import { ORIGIN, octetsOf, parseText } from '../../support/zone-text.ts';

const octets = (minLength: number, maxLength = minLength): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(255), { minLength, maxLength });
const label = fc.oneof({ weight: 9, arbitrary: octets(1, 8) }, { weight: 1, arbitrary: octets(63) });
/** A wire name of at most 255 octets, of any octets. */
const wire = fc
  .array(label, { maxLength: 6 })
  .map((labels) => [...labels.flatMap((one) => [one.length, ...one]), 0])
  .filter((name) => name.length <= 255);
const u16 = octets(2);
const string = octets(0, 40).map((one) => [one.length, ...one]);
const joined = (...parts: fc.Arbitrary<number[]>[]): fc.Arbitrary<number[]> => fc.tuple(...parts).map((list) => list.flat());

const typed = fc.oneof(
  ...(
    [
      [TYPE.A, octets(4)],
      [TYPE.AAAA, octets(16)],
      [TYPE.AAAA, joined(fc.constant(Array(8).fill(0)), octets(8))],
      [TYPE.NS, wire],
      [TYPE.CNAME, wire],
      [TYPE.DNAME, wire],
      [TYPE.PTR, wire],
      [TYPE.MX, joined(u16, wire)],
      [TYPE.SRV, joined(u16, u16, u16, wire)],
      [TYPE.TXT, fc.array(string, { minLength: 1, maxLength: 4 }).map((list) => list.flat())],
      [TYPE.HINFO, joined(string, string)],
      [TYPE.NAPTR, joined(u16, u16, fc.constant([1, 0x75]), string, fc.constant([0]), wire)],
    ] as const
  ).map(([type, rdata]) => fc.tuple(fc.constant<number>(type), rdata)),
  fc.tuple(fc.integer({ min: 65_280, max: 65_400 }), octets(0, 60)),
);
const record = fc.record({ owner: wire, ttlSec: fc.nat(0x7fffffff), typed });
const gslb = fc
  .tuple(wire, fc.nat(1000), fc.nat(1000), fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/))
  .map(([owner, min, more, policy]) => ({
    owner,
    ttlSec: min + more,
    typed: [TYPE.GSLB as number, [0, 0, min >> 8, min & 255, ...octetsOf(policy)]] as [number, number[]],
  }));

test('printed records parse back to the same records', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: record }, { weight: 1, arbitrary: gslb }), { maxLength: 12 }),
      (list) => {
        const records = new ZoneRecords(ORIGIN);
        for (const {
          owner,
          ttlSec,
          typed: [type, rdata],
        } of list) {
          const ownerAt = records.addOctets(Uint8Array.from(owner));
          records.add(ownerAt, type, ttlSec, records.addOctets(Uint8Array.from(rdata)), rdata.length, 0, 1);
        }
        const again = parseText(printZone(records));
        t.deepEqual(again.problems, []);
        const actual = Array.from({ length: again.records.count }, (_, i) => ({
          owner: [...again.records.owner(i)],
          ttlSec: again.records.ttlSec[i],
          typed: [again.records.type[i], [...again.records.rdata(i)]],
        }));
        t.deepEqual(actual, list);
      },
    ),
    { seed: 2, numRuns: 300 },
  );
});

const FOLDERS = ['zone/good/', 'zone/bad/'].map(fixture);
const TEXTS = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.zone'))
    .map((name) => readFileSync(folder + name)),
).filter((text) => text.length < 4000);

const mutation = fc.record({
  kind: fc.constantFrom('delete', 'insert', 'replace', 'duplicate'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  size: fc.integer({ min: 1, max: 12 }),
  octets: fc.oneof(
    octets(1, 4),
    fc
      .constantFrom(
        ' ',
        '\n',
        '"',
        '(',
        ')',
        ';',
        '\\',
        '.',
        '$',
        '@',
        '$GENERATE 1-3 ',
        '$INCLUDE ',
        '\\# ',
        '0',
        '99999999999',
        '*.',
        '\r',
        '\t',
      )
      .map((text) => [...octetsOf(text)]),
  ),
});

function mutate(text: Uint8Array, change: { kind: string; at: number; size: number; octets: number[] }): Uint8Array {
  const at = Math.floor(change.at * text.length);
  const piece = text.subarray(at, at + change.size);
  const into = change.kind === 'insert' ? [...change.octets, ...piece] : change.kind === 'replace' ? change.octets : [];
  const middle = change.kind === 'duplicate' ? [...piece, ...piece] : into;
  return Uint8Array.from([...text.subarray(0, at), ...middle, ...text.subarray(at + change.size)]);
}

/** Whether a problem points into the text, the place behind its last character included. */
function isInside(problem: Problem, text: Uint8Array): boolean {
  const lines = new TextDecoder('latin1').decode(text).split('\n');
  const line = lines[problem.line! - 1];
  return line !== undefined && problem.column! >= 1 && problem.column! <= line.length + 1;
}

test('damaged text never throws, and every problem lies inside its file', (t) => {
  fc.assert(
    fc.property(fc.nat(TEXTS.length - 1), fc.array(mutation, { minLength: 1, maxLength: 5 }), (pick, changes) => {
      const text = changes.reduce<Uint8Array>(mutate, TEXTS[pick]!);
      const part = octetsOf('p A 192.0.2.1\n');
      const { records, problems } = parseZone({
        origin: ORIGIN,
        file: 'main',
        text,
        limits: { generateCount: 200 },
        readInclude: (path) => (path.length % 2 === 0 ? ok({ file: 'part', text: part }) : err('no')),
      });
      for (const problem of [...problems, ...checkZone(records), ...checkZone(records, false)]) {
        t.true(isInside(problem, problem.file === 'part' ? part : text), JSON.stringify(problem));
      }
      for (let i = 0; i < records.count; i++) t.true(nameSize(records.octets, records.ownerOffset[i]!) <= 255);
      const printed = printZone(records);
      t.is(printZone(parseText(printed).records), printed);
    }),
    { seed: 3, numRuns: 1500 },
  );
});

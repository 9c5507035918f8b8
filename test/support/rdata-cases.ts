// The three kinds of tables that every record type is tested with, each row a test.

import test from 'ava';
import { fromHex, toHex } from '../../src/wire/base-n.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { typeName } from '../../src/wire/rrtype.ts';
import { rdataFromText, rdataProblem, rdataToText } from './rdata-text.ts';

const ORIGIN = nameFromText('example.') as Uint8Array;

/** Type, text, octets in hexadecimal, and the printed text where it is not the same. */
export type ReadCase = readonly [number, string, string, string?];
/** Type, text or octets, and the sentence that says what is wrong. */
export type RefusedCase = readonly [number, string, string];

export function readCases(cases: readonly ReadCase[]): void {
  for (const [type, text, hex, printed = text] of cases) {
    test(`${typeName(type)} ${text.slice(0, 90)} is read, accepted as octets, and printed again`, (t) => {
      const octets = rdataFromText(type, text, ORIGIN);
      t.is(typeof octets === 'string' ? octets : toHex(octets), hex);
      t.is(rdataProblem(type, fromHex(hex)!), undefined);
      t.is(rdataToText(type, fromHex(hex)!), printed);
    });
  }
}

export function refusedTexts(cases: readonly RefusedCase[]): void {
  for (const [type, text, problem] of cases) {
    test(`${typeName(type)} ${text.slice(0, 90)} (${text.length} characters) is refused`, (t) => {
      t.is(rdataFromText(type, text, ORIGIN), problem);
    });
  }
}

export function refusedOctets(cases: readonly RefusedCase[]): void {
  for (const [type, hex, problem] of cases) {
    test(`${typeName(type)} of the octets ${hex.slice(0, 80)} (${hex.length / 2}) is refused`, (t) => {
      t.is(rdataProblem(type, fromHex(hex)!), problem);
    });
  }
}

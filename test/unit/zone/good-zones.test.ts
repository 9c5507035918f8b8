// Every file of test/fixtures/zone/good is a zone without fault; the file beside it lists the records it has to give.
// The lists were compared with what named-compilezone (BIND 9.18) makes of the same files.

import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { ok } from '../../../src/base/result.ts';
import { checkZone } from '../../../src/zone/check.ts';
import { type ParsedZone, parseZone } from '../../../src/zone/parser.ts';
import { printZone } from '../../../src/zone/print.ts';
import { fixture } from '../../support/paths.ts';
import { ORIGIN, octetsOf } from '../../support/zone-text.ts';

const FOLDER = fixture('zone/good/');

const parse = (file: string, text: Uint8Array): ParsedZone =>
  parseZone({
    origin: ORIGIN,
    file,
    text,
    readInclude: (path) => ok({ file: path, text: readFileSync(FOLDER + path) }),
  });

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.zone'))) {
  test(`${file} has the records listed beside it, and they print to text that parses back`, (t) => {
    const { records, problems } = parse(file, readFileSync(FOLDER + file));
    t.deepEqual(problems, []);
    t.deepEqual(checkZone(records), []);
    const printed = printZone(records);
    t.is(printed, readFileSync(FOLDER + file.replace('.zone', '.expected'), 'utf8'));
    const again = parse('printed', octetsOf(printed));
    t.deepEqual(again.problems, []);
    t.is(printZone(again.records), printed);
  });
}

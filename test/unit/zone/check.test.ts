import test from 'ava';
import type { Problem } from '../../../src/base/errors.ts';
import { err } from '../../../src/base/result.ts';
import { checkZone } from '../../../src/zone/check.ts';
import { parseZone } from '../../../src/zone/parser.ts';
import { HEAD, octetsOf, parseText, places, wireName } from '../../support/zone-text.ts';

function check(text: string, isWhole?: boolean): Problem[] {
  const { records, problems } = parseText(text);
  if (problems.length > 0) throw new Error(problems[0]!.message);
  return checkZone(records, isWhole);
}

test('what seems to be missing is not reported if some lines could not be read', (t) => {
  const text = '$TTL 60\n@ MX 10 mail\nsub NS ns.sub\na A 192.0.2.1\na CNAME b\n';
  t.deepEqual(places(check(text, false)), ['5:1 ERR_ZONE_CNAME_CLASH']);
  t.deepEqual(places(check(text)), [
    '1:1 ERR_ZONE_SOA',
    '1:1 ERR_ZONE_NS',
    '3:1 ERR_ZONE_MISSING_GLUE',
    '5:1 ERR_ZONE_CNAME_CLASH',
    '2:1 warning ERR_ZONE_TARGET_MISSING',
  ]);
});

test('the root zone is checked like any other', (t) => {
  const { records } = parseZone({
    origin: wireName('.'),
    file: 'root.zone',
    text: octetsOf('$TTL 60\n. SOA a. b. 1 2 3 4 5\n. NS ns.net.\nnet. NS ns.net.\nns.net. A 192.0.2.1\nx. MX 0 .\ny. CNAME .\n'),
    readInclude: () => err('none'),
  });
  t.deepEqual(checkZone(records), []);
});

test('warnings cannot hide errors: each kind has its own hundred', (t) => {
  const warnings = Array.from({ length: 150 }, () => 'ns A 192.0.2.1\n').join('');
  const problems = check(`${HEAD}${warnings}x CNAME ns\nx TXT "a"\n`);
  t.is(problems.filter((problem) => problem.severity === 'error').length, 1);
  t.is(problems.length, 1 + 100 + 1);
  t.is(problems[101]!.message, 'and 50 more warnings in this zone; 100 are listed');
});

test('a single problem beyond the hundred is counted in the singular', (t) => {
  const problems = check(`${HEAD}${'ns A 192.0.2.1\n'.repeat(101)}`);
  t.is(problems[100]!.message, 'and 1 more warning in this zone; 100 are listed');
});

test('problems are listed by place, files in the order they are met', (t) => {
  const { records } = parseText(`${HEAD}b CNAME ns\n$INCLUDE part\na TXT "x"\na CNAME ns\nb A 192.0.2.1\n`, {
    part: 'c CNAME ns\nc A 192.0.2.1\n',
  });
  t.deepEqual(places(checkZone(records)), [
    '5:1 ERR_ZONE_CNAME_CLASH',
    '8:1 ERR_ZONE_CNAME_CLASH',
    'part:1:1 ERR_ZONE_CNAME_CLASH',
  ]);
});

test('RRSIG and NSEC may stand beside a CNAME, and RRSIGs may differ in TTL', (t) => {
  const sig = (type: string): string => `RRSIG ${type} 13 3 300 20300101000000 20200101000000 1 example.test. AAAA\n`;
  t.deepEqual(check(`${HEAD}c CNAME ns\nc NSEC ns CNAME RRSIG NSEC\nc 60 ${sig('CNAME')}c 70 ${sig('NSEC')}`), []);
});

test('an RRset of a thousand records is taken, and its duplicates are found', (t) => {
  const many = Array.from({ length: 999 }, (_, i) => `m A 10.0.${i >> 8}.${i & 255}\n`).join('');
  t.deepEqual(places(check(`${HEAD}${many}m A 10.0.3.1\n`)), ['1004:1 warning ERR_ZONE_DUPLICATE']);
});

test('a single record that no reply can hold is an error', (t) => {
  const text = (octets: number): string => `${HEAD}t TYPE65280 \\# ${octets} ${'00'.repeat(octets)}\n`;
  t.deepEqual(check(text(64_988)), []);
  t.deepEqual(places(check(text(64_989))), ['5:1 ERR_ZONE_LIMIT']);
});

test('chains of aliases are followed through DNAMEs, wildcards and other chains', (t) => {
  const chain = Array.from({ length: 8 }, (_, i) => `c${i} CNAME ${i === 7 ? 'ns' : `c${i + 1}`}\n`).join('');
  t.deepEqual(check(HEAD + chain), []);
  t.deepEqual(places(check(`${HEAD}${chain}*.w CNAME c0\n`)), ['13:1 warning ERR_ZONE_ALIAS_CHAIN']);
  t.deepEqual(places(check(`${HEAD}${chain}d CNAME c0.e\ne DNAME f\nc0.f CNAME c0\n`)), ['15:1 warning ERR_ZONE_ALIAS_CHAIN']);
  t.deepEqual(places(check(`${HEAD}${chain}a CNAME b\nb CNAME c0\n`)), ['14:1 warning ERR_ZONE_ALIAS_CHAIN']);
});

test('a chain of hundreds of aliases is reported once, where it becomes too long', (t) => {
  const chain = Array.from({ length: 600 }, (_, i) => `c${i} CNAME ${i === 599 ? 'ns' : `c${i + 1}`}\n`).join('');
  t.deepEqual(places(check(HEAD + chain)), [`${4 + 592}:1 warning ERR_ZONE_ALIAS_CHAIN`]);
});

test('an alias that a DNAME makes too long ends the chain', (t) => {
  const long = ['a', 'b', 'c'].map((letter) => letter.repeat(63)).join('.');
  t.deepEqual(check(`${HEAD}c CNAME ${long}.d\nd DNAME ${'e'.repeat(63)}.other.test.\n`), []);
});

test('an alias that runs into looping DNAMEs is left to the report about those', (t) => {
  t.deepEqual(places(check(`${HEAD}c CNAME x.d\nd DNAME e\ne DNAME d\n`)), ['6:1 ERR_ZONE_ALIAS_LOOP']);
});

test('aliases below a cut are no part of any chain', (t) => {
  t.deepEqual(places(check(`${HEAD}sub NS ns\na.sub CNAME a.sub\nb CNAME a.sub\n`)), ['6:1 warning ERR_ZONE_OCCLUDED']);
});

test('of a loop only the loop is reported, not what leads into it', (t) => {
  t.deepEqual(places(check(`${HEAD}a CNAME b\nb CNAME c\nc CNAME b\nz CNAME a\n`)), ['6:1 ERR_ZONE_ALIAS_LOOP']);
});

test('a target below a wildcard has the address of the wildcard, unless the name exists', (t) => {
  t.deepEqual(check(`${HEAD}* A 192.0.2.1\n@ MX 10 any\n@ MX 20 a.b.c\n`), []);
  t.deepEqual(places(check(`${HEAD}* A 192.0.2.1\nany TXT "x"\n@ MX 10 any\n@ MX 20 a.any\n`)), [
    '7:1 warning ERR_ZONE_TARGET_MISSING',
    '8:1 warning ERR_ZONE_TARGET_MISSING',
  ]);
});

test('a GSLB record counts as the address of a target', (t) => {
  t.deepEqual(check(`${HEAD}@ MX 10 mail\nmail 30 GSLB p\n_s._tcp SRV 0 0 1 x.w\n*.w 30 GSLB q\n`), []);
});

test('targets of records that are never answered are not looked at', (t) => {
  t.deepEqual(places(check(`${HEAD}sub NS ns\nsub MX 10 nowhere\na.sub MX 10 nowhere\n`)), [
    '6:1 warning ERR_ZONE_OCCLUDED',
    '7:1 warning ERR_ZONE_OCCLUDED',
  ]);
});

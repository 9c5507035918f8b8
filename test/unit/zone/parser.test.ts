import test from 'ava';
import { err, ok } from '../../../src/base/result.ts';
import { parseZone } from '../../../src/zone/parser.ts';
import { printZone } from '../../../src/zone/print.ts';
import { HEAD, ORIGIN, octetsOf, parseText, places } from '../../support/zone-text.ts';

test('records know the file and line they were written in', (t) => {
  const { records } = parseText(`${HEAD}$INCLUDE a\nx A ( \n 192.0.2.1 )\n$INCLUDE a\n`, { a: '\ny A 192.0.2.2\n' });
  t.deepEqual(records.files, ['main.zone', 'a']);
  t.deepEqual([...records.file.subarray(3, records.count)], [1, 0, 1]);
  t.deepEqual([...records.line.subarray(3, records.count)], [2, 6, 2]);
});

test('consecutive records of one owner share its octets, whether it is repeated or left out', (t) => {
  const { records } = parseText(`${HEAD}a A 192.0.2.1\n  A 192.0.2.2\na A 192.0.2.3\nA A 192.0.2.4\n`);
  const [first, second, third, fourth] = records.ownerOffset.subarray(3, 7);
  t.is(first, second);
  t.is(first, third);
  t.not(first, fourth);
});

test('an error does not keep the lines after it from being read', (t) => {
  const { records, problems } = parseText('$TTL 60\na A 1\nb A 192.0.2.1\nc A ( 2\n3 )\nd A 192.0.2.2\n');
  t.deepEqual(places(problems), ['2:5 ERR_ZONE_RDATA', '4:7 ERR_ZONE_RDATA']);
  t.is(printZone(records), 'b.example.test. 60 IN A 192.0.2.1\nd.example.test. 60 IN A 192.0.2.2\n');
});

test('a record with an unreadable owner is checked but not kept, nor are those that inherit it', (t) => {
  const { records, problems } = parseText('$TTL 60\na..b A 192.0.2.1\n  A 192.0.2.2\n"q" A 192.0.2.3\nc A 192.0.2.4\n');
  t.deepEqual(places(problems), ['2:1 ERR_ZONE_NAME', '4:1 ERR_ZONE_NAME']);
  t.is(printZone(records), 'c.example.test. 60 IN A 192.0.2.4\n');
});

test('the reader is asked for the path as written and told which file asks', (t) => {
  const asked: string[][] = [];
  parseZone({
    origin: ORIGIN,
    file: 'main',
    text: octetsOf('$INCLUDE "a b/ü\\.zone"\n'),
    readInclude: (path, fromFile) => {
      asked.push([path, fromFile]);
      return path === 'next' ? err('no') : ok({ file: 'canonical', text: octetsOf('$INCLUDE next\n') });
    },
  });
  t.deepEqual(asked, [
    ['a b/ü.zone', 'main'],
    ['next', 'canonical'],
  ]);
});

test('files may be included eight deep and as often as wanted', (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`f${i}`, i < 7 ? `$INCLUDE f${i + 1}\n` : 'x 1 A 192.0.2.1\n']),
  );
  const { records, problems } = parseText('$INCLUDE f0\n$INCLUDE f0\n', files);
  t.deepEqual(problems, []);
  t.is(records.count, 2);
});

test('the number of inclusions is limited', (t) => {
  const { problems } = parseText('$INCLUDE a\n$INCLUDE a\n$INCLUDE a\n', { a: '' }, { includes: 2 });
  t.deepEqual(places(problems), ['3:10 ERR_ZONE_INCLUDE']);
});

test('reading stops at the limit of records', (t) => {
  const { records, problems } = parseText(`${HEAD}a A 192.0.2.1\nb A 192.0.2.2\nc A bad\n`, {}, { records: 4 });
  t.is(records.count, 4);
  t.deepEqual(places(problems), ['6:1 ERR_ZONE_LIMIT']);
  t.regex(problems[0]!.message, /more than 4 records/);
});

test('reading stops at the limit of octets kept, out of every file', (t) => {
  const files = { a: Array.from({ length: 9 }, (_, i) => `a${i} 60 A 192.0.2.1\n`).join('') };
  const { problems } = parseText('$INCLUDE a\nz 60 A bad\n', files, { dataOctets: 100 });
  t.deepEqual(places(problems), ['a:6:1 ERR_ZONE_LIMIT']);
});

test('reading stops at the limit of text, which counts inclusions and generated lines', (t) => {
  const big = parseText('x'.repeat(101), {}, { textOctets: 100 });
  t.deepEqual(places(big.problems), ['1:1 ERR_ZONE_LIMIT']);
  const included = parseText('$INCLUDE a\n$INCLUDE b\n', { a: ';'.repeat(80) }, { textOctets: 100 });
  t.deepEqual(places(included.problems), ['a:1:1 ERR_ZONE_LIMIT']);
  const made = parseText('$TTL 60\n$GENERATE 1-9 h$ A 192.0.2.$\n', {}, { textOctets: 100 });
  t.deepEqual(places(made.problems), ['2:29 ERR_ZONE_LIMIT']);
  t.is(made.records.count, 4);
});

test('$GENERATE stops at the limit of records', (t) => {
  const { records, problems } = parseText('$TTL 60\n$GENERATE 1-9 h$ A 192.0.2.$\n', {}, { records: 5 });
  t.is(records.count, 5);
  t.deepEqual(places(problems), ['2:15 ERR_ZONE_LIMIT']);
});

test('a file in UTF-16 is refused in one sentence', (t) => {
  for (const mark of [
    [0xff, 0xfe],
    [0xfe, 0xff],
  ]) {
    const { problems } = parseText(Uint8Array.of(...mark, 0x61, 0x00, 0x0a, 0x00));
    t.deepEqual(places(problems), ['1:1 ERR_ZONE_SYNTAX']);
    t.regex(problems[0]!.message, /UTF-16/);
  }
});

test('text without records gives no records and no problems', (t) => {
  for (const text of ['', '\n', ' \n\t', '; only a comment', '\r\n', '( )\n', '\ufeff', '(\n;x\n)']) {
    const { records, problems } = parseText(text);
    t.is(records.count, 0, text);
    t.deepEqual(problems, [], text);
  }
});

test('at most a hundred errors are listed, and the others counted', (t) => {
  const { problems } = parseText('a A 1\n'.repeat(250));
  t.is(problems.length, 101);
  t.is(problems[100]!.message, 'and 150 more errors in this zone; 100 are listed');
});

test('after ten thousand errors the text is not read on', (t) => {
  const { records, problems } = parseText(`${'a A 1\n'.repeat(10_000)}b 60 A 192.0.2.1\n`);
  t.is(problems[100]!.message, 'and at least 9900 more errors in this zone; 100 are listed');
  t.is(records.count, 0);
});

test('RDATA of more than 65535 octets is refused', (t) => {
  const { problems } = parseText(`a 60 TXT ${`"${'x'.repeat(255)}" `.repeat(257)}\n`);
  t.is(problems[0]!.code, 'ERR_ZONE_RDATA');
});

test('an error inside a $GENERATE is reported once, with the line it made', (t) => {
  const { problems } = parseText('$TTL 60\n$GENERATE 1-500 h$ A 10.0.0.$\n');
  t.deepEqual(places(problems), ['2:22 ERR_ZONE_RDATA']);
  t.regex(problems[0]!.message, /in "h256 A 10\.0\.0\.256"/);
});

test('a fault of a codec that is no fault of the text is not swallowed', (t) => {
  const bug = new TypeError('bug');
  t.throws(
    () =>
      parseZone({
        origin: ORIGIN,
        file: 'main',
        text: octetsOf('$INCLUDE a\n'),
        readInclude: () => {
          throw bug;
        },
      }),
    { is: bug },
  );
});

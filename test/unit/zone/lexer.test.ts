import test from 'ava';
import { Lexer, latin1, ZoneTextError } from '../../../src/zone/lexer.ts';
import { octetsOf } from '../../support/zone-text.ts';

const lexerOf = (text: string, line?: number): Lexer => new Lexer(octetsOf(text), line);

/** The tokens of the first entry. */
function tokens(text: string): string[] {
  const lexer = lexerOf(text);
  const found: string[] = [];
  for (lexer.next(); !lexer.isEnd; lexer.next()) found.push(`${lexer.isQuoted ? 'quoted' : 'word'} ${lexer.token()}`);
  return found;
}

test('words and quoted strings are told apart, with their escapes kept', (t) => {
  t.deepEqual(tokens('a "b c" d\\ e "\\""\n'), ['word a', 'quoted "b c"', 'word d\\ e', 'quoted "\\""']);
});

test('a parameter with a quoted value is one word', (t) => {
  t.deepEqual(tokens('alpn="h2, h3" x="" key="a;b(c"'), ['word alpn="h2, h3"', 'word x=""', 'word key="a;b(c"']);
});

test('an entry goes on over lines inside parentheses and ends at the first line end outside', (t) => {
  t.deepEqual(tokens('a ( b ; comment )\n c (\n) \n) d\ne'), ['word a', 'word b', 'word c', 'word d']);
});

test('a comment inside parentheses may end the text', (t) => {
  const error = t.throws(() => tokens('a ( ; never closed'), { instanceOf: ZoneTextError });
  t.like(error, { code: 'ERR_ZONE_SYNTAX', at: 2, line: 1 });
});

test('lines are counted from the number given, through parentheses and comments', (t) => {
  const lexer = lexerOf('a (\n;x\nb )\nc', 7);
  const lines: number[] = [];
  for (lexer.next(); !lexer.isEnd; lexer.next()) lines.push(lexer.tokenLine);
  lexer.nextEntry();
  lexer.next();
  t.deepEqual([...lines, lexer.tokenLine], [7, 9, 10]);
});

test('next() stays at the end of the entry until nextEntry() is called', (t) => {
  const lexer = lexerOf('a\nb');
  lexer.next();
  lexer.next();
  lexer.next();
  t.true(lexer.isEnd);
  t.false(lexer.isExhausted);
  lexer.nextEntry();
  lexer.next();
  t.is(lexer.token(), 'b');
  lexer.nextEntry();
  t.true(lexer.isExhausted);
});

test('columns count characters of UTF-8 and leave a byte order mark out', (t) => {
  const lexer = lexerOf('\ufeffä b');
  lexer.next();
  t.is(lexer.columnOf(lexer.start), 1);
  lexer.next();
  t.is(lexer.columnOf(lexer.start), 3);
});

test('the blank at the beginning of an entry is seen, also where there is no text', (t) => {
  t.true(lexerOf(' a').isIndented);
  t.true(lexerOf('\ta').isIndented);
  t.false(lexerOf('a').isIndented);
  t.false(lexerOf('').isIndented);
});

test('skipping an entry looks for its end over quotes, escapes, comments and parentheses', (t) => {
  const skips: [string, string][] = [
    ['a ) b\nnext', 'next'],
    ['a ) "x ( y" \\( ; (\nnext', 'next'],
    ['a ) ( b\n ; )\n "quote closed by the line end\n ) ) c\nnext', 'next'],
    ['a ) \\\nnext', 'next'],
    ['a ) ; at the end of the text', ''],
    ['a ) b\\', ''],
  ];
  for (const [text, rest] of skips) {
    const lexer = lexerOf(text);
    lexer.next();
    t.throws(() => lexer.next());
    t.is(lexer.skipEntry(), undefined);
    lexer.nextEntry();
    lexer.next();
    t.is(lexer.token(), rest);
  }
});

test('skipping an entry whose parenthesis is never closed says so', (t) => {
  const lexer = lexerOf('a ) b (\nc (\nd');
  lexer.next();
  t.throws(() => lexer.next());
  t.like(lexer.skipEntry(), { message: 'parenthesis is never closed', at: 6, line: 1 });
  t.true(lexer.isExhausted);
});

test('a token is shown between quotes, cut and readable', (t) => {
  const lexer = lexerOf(`grün "x" ${'y'.repeat(100)}`);
  const shown: string[] = [];
  for (lexer.next(); !lexer.isEnd; lexer.next()) shown.push(lexer.shown());
  t.deepEqual([...shown, lexer.shown()], ['"grün"', '"x"', `"${'y'.repeat(60)}..."`, 'the end of the line']);
});

test('latin1() gives one character per octet at any length', (t) => {
  const octets = Uint8Array.from({ length: 20_000 }, (_, i) => i & 0xff);
  const text = latin1(octets, 1, 20_000);
  t.is(text.length, 19_999);
  t.true([...text].every((character, i) => character.charCodeAt(0) === ((i + 1) & 0xff)));
});

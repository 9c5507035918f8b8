// biome-ignore-all lint/suspicious/noTemplateCurlyInString: dollar and braces are what the templates are made of
import test from 'ava';
import { expandTemplate, parseTemplate } from '../../../src/zone/generate-template.ts';

function expand(template: string, value: number): string | undefined {
  const parsed = parseTemplate(template);
  if (typeof parsed === 'string') throw new Error(parsed);
  return expandTemplate(parsed, value);
}

// What BIND 9.18 makes of the same templates.
const CASES: readonly [template: string, value: number, expected: string][] = [
  ['host', 7, 'host'],
  ['$', 7, '7'],
  ['a$b$c', 7, 'a7b7c'],
  ['$$', 7, '$'],
  ['\\$', 7, '\\$'],
  ['\\\\$', 7, '\\\\7'],
  ['${0}', 7, '7'],
  ['${10}', 7, '17'],
  ['${-5}', 7, '2'],
  ['${0,4}', 7, '0007'],
  ['${0,2}', 1234, '1234'],
  ['${0,3,d}', 10, '010'],
  ['${0,0,o}', 64, '100'],
  ['${0,4,x}', 171, '00ab'],
  ['${0,4,X}', 171, '00AB'],
  ['${0,0,n}', 0, '0'],
  ['${0,0,n}', 0x1ab, 'b.a.1'],
  ['${0,3,n}', 1, '1.0'],
  ['${0,4,n}', 1, '1.0.'],
  ['${0,7,N}', 0xab, 'B.A.0.0'],
];

for (const [template, value, expected] of CASES) {
  test(`${template} for ${value} is ${expected}`, (t) => {
    t.is(expand(template, value), expected);
  });
}

test('a value that an offset makes negative is refused', (t) => {
  t.is(expand('${-8}', 7), undefined);
});

test('a lone backslash at the end is kept for the lexer to complain about', (t) => {
  t.is(expand('a\\', 7), 'a\\');
});

test('malformed modifiers are refused', (t) => {
  for (const text of ['${', '${}', '${1', '${a}', '${1,}', '${1,2,}', '${1,2,y}', '${1,256}', '${1,2,dd}', '${ 1}']) {
    t.is(typeof parseTemplate(text), 'string', text);
  }
});

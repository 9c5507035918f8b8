import test from 'ava';
import { err, ok } from '../../../src/base/result.ts';
import { parseVscf, type Vscf } from '../../../src/migrate/vscf.ts';

const nothingIncluded = () => err('there is no such file');

/** The tree as plain values. */
function plain(node: Vscf): unknown {
  if (node.kind === 'string') return node.value;
  if (node.kind === 'array') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, plain(value)]));
}

function read(text: string): unknown {
  const parsed = parseVscf(text, nothingIncluded);
  return parsed.ok ? plain(parsed.value) : `line ${parsed.error.line}: ${parsed.error.message}`;
}

test('arrows, equals signs, commas and blanks are a matter of taste', (t) => {
  const expected = { options: { listen: ['192.0.2.1', '192.0.2.2'], user: 'dns' } };
  t.deepEqual(read('options => { listen => [ 192.0.2.1, 192.0.2.2, ], user => dns, }'), expected);
  t.deepEqual(read('options={listen=[192.0.2.1 192.0.2.2]user=dns}'), expected);
});

test('comments begin with # or ; and end with the line', (t) => {
  t.deepEqual(read('a = 1 # b = 2\n; c = 3\nd = 4'), { a: '1', d: '4' });
});

test('strings are escaped as in zone files, quoted or not', (t) => {
  t.deepEqual(read('a = "two words; and #" b = two\\ words c = ex\\097mple d = "\\"" '), {
    a: 'two words; and #',
    b: 'two words',
    c: 'example',
    d: '"',
  });
});

test('an included file stands for a value, or for keys', (t) => {
  const files: Readonly<Record<string, string>> = { 'one.cfg': 'x = 1', 'list.cfg': '[ a b ]' };
  const parsed = parseVscf('$include{one.cfg} y = $include{list.cfg} z = $include{one.cfg}', (path) => ok(files[path]!));
  t.deepEqual(parsed.ok && plain(parsed.value), { x: '1', y: ['a', 'b'], z: { x: '1' } });
});

test('a file that includes itself is refused', (t) => {
  const parsed = parseVscf('$include{me}', () => ok('$include{me}'));
  t.regex(parsed.ok ? '' : parsed.error.message, /files include one another more than 64 deep/);
});

const MISTAKES: readonly (readonly [string, string, string])[] = [
  ['an open hash', 'a = {\nb = 1', 'line 2: a hash that begins in line 1 is not closed with "}"'],
  ['an open array', 'a = [ 1', 'line 1: an array that begins in line 1 is not closed with "]"'],
  ['an open string', 'a = "b', 'line 1: a string that begins in line 1 is not closed with a quote'],
  ['a key without a value', 'a', 'line 1: "=" or "=>" must follow the key a'],
  ['a value that is missing', 'a = ', 'line 1: a value is missing'],
  ['a bracket too many', 'a = 1 }', 'line 1: "}" cannot begin a value'],
  ['a key that stands twice', 'a = 1\na = 2', 'line 2: the key a stands twice'],
  ['a file that is not there', 'a = $include{b}', 'line 1: $include{b}: there is no such file'],
  ['an escape above 255', 'a = \\256', 'line 1: \\256 is above 255'],
];
for (const [what, text, message] of MISTAKES) test(`${what} is told with its line`, (t) => t.is(read(text), message));

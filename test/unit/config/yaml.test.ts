import test from 'ava';
import { formatProblem } from '../../../src/base/errors.ts';
import { MAX_VALUES, pathText, YamlSource } from '../../../src/config/yaml.ts';
import { findExcess, MAX_DEPTH, MAX_TOKENS } from '../../../src/config/yaml-bounds.ts';

const plain = (text: string): unknown => JSON.parse(JSON.stringify(new YamlSource('f.yaml', text).value));
const complaints = (text: string): string[] => new YamlSource('f.yaml', text).problems.map(formatProblem);

test('maps, lists and scalars become plain values, keys always text', (t) => {
  t.deepEqual(plain('a: 1\n64500: yes\nNO: [x, 2.5, true, ~, "1"]\n'), { '64500': 'yes', NO: ['x', 2.5, true, null, '1'], a: 1 });
});

test('addresses and networks need no quotes', (t) => {
  t.deepEqual(plain('v6: 2001:db8::1\nnets: { 2001:db8::/32: ::1 }'), { v6: '2001:db8::1', nets: { '2001:db8::/32': '::1' } });
});

test('an empty file is an empty map', (t) => {
  for (const text of ['', '\n# nothing\n', '---\n']) t.deepEqual(plain(text), {});
});

test('an alias is the value of the last anchor of its name before it', (t) => {
  t.deepEqual(plain('a: &x 1\nb: *x\nc: &x 2\nd: *x\n'), { a: 1, b: 1, c: 2, d: 2 });
});

test('aliases that expand within bounds share memory', (t) => {
  const source = new YamlSource('f.yaml', 'a: &a [1, 2]\nb: [*a, *a]\n');
  const value = source.value as { a: unknown; b: unknown[] };
  t.is(value.b[0], value.a);
  t.is(value.b[1], value.a);
});

test('aliases that would expand beyond bounds are refused without expanding them', (t) => {
  const levels = Array.from({ length: 40 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}]`);
  const [complaint] = complaints(['l0: &l0 x', ...levels].join('\n'));
  t.regex(complaint!, new RegExp(`ERR_CONFIG_YAML: too many values; at most ${MAX_VALUES}`));
});

test('nesting is bounded in every way of writing it', (t) => {
  const tooDeep = /:3:\d+: error ERR_CONFIG_YAML: nested too deeply; at most 64 levels are allowed$/;
  for (const open of ['[', '{a: ', '- ', '? ']) {
    t.regex(complaints(`# x\n# y\n${open.repeat(MAX_DEPTH + 1)}`).join(), tooDeep, open);
    t.regex(complaints(`# x\n# y\n${open.repeat(100_000)}`).join(), tooDeep, open);
  }
  const indented = Array.from({ length: MAX_DEPTH + 2 }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
  t.regex(complaints(indented).join(), /nested too deeply/);
  t.deepEqual(complaints(`a: ${'['.repeat(MAX_DEPTH - 1)}${']'.repeat(MAX_DEPTH - 1)}`), []);
});

test('brackets in text and comments do not count as nesting', (t) => {
  t.is(findExcess(`a: "${'['.repeat(200)}" # ${'{'.repeat(200)}\n`), undefined);
});

test('a list of any length costs no depth, but tokens are bounded', (t) => {
  t.is(findExcess('- a\n'.repeat(1000)), undefined);
  t.deepEqual(findExcess('- x\n'.repeat(MAX_TOKENS / 4))?.message, `too long; at most ${MAX_TOKENS} tokens are allowed`);
});

test('no more than the first syntax errors are reported', (t) => {
  t.is(complaints('a: "\\q"\n'.repeat(50)).length, 10);
});

test('problems stand at the key, at the value, or at the nearest thing around what is not there', (t) => {
  const source = new YamlSource('f.yaml', 'a:\n  b: [1, { c: 2 }]\n  d:\n');
  const at = (path: (string | number)[], what: 'key' | 'value'): string => {
    const { line, column } = source.problem(path, what, 'ERR_CONFIG_VALUE', 'x');
    return `${line}:${column}`;
  };
  t.is(at([], 'value'), '1:1');
  t.is(at(['a'], 'key'), '1:1');
  t.is(at(['a'], 'value'), '2:3');
  t.is(at(['a', 'b'], 'key'), '2:3');
  t.is(at(['a', 'b'], 'value'), '2:6');
  t.is(at(['a', 'b', 0], 'value'), '2:7');
  t.is(at(['a', 'b', 1, 'c'], 'key'), '2:12');
  t.is(at(['a', 'b', 1, 'c'], 'value'), '2:15');
  t.is(at(['a', 'd'], 'value'), '3:3');
  t.is(at(['a', 'nowhere', 3], 'value'), '2:3');
  t.is(at(['a', 'b', 7], 'value'), '2:6');
});

test('a problem behind an alias stands where the value is written', (t) => {
  const source = new YamlSource('f.yaml', 'a: &x { b: 1 }\nc: *x\n');
  const { line, column } = source.problem(['c', 'b'], 'value', 'ERR_CONFIG_VALUE', 'x');
  t.deepEqual([line, column], [1, 12]);
});

test('tags that would make other than plain values are refused', (t) => {
  for (const text of ['a: !!set { b }', 'a: !!omap [b: 1]', 'a: !!binary aGk=', 'a: !mine b']) {
    t.regex(complaints(text).join(), /ERR_CONFIG_YAML: unresolved tag/, text);
  }
});

test('no key is special to the values', (t) => {
  const value = new YamlSource('f.yaml', 'constructor: 1\ntoString: 2\n').value as Record<string, unknown>;
  t.deepEqual(Object.keys(value), ['constructor', 'toString']);
  t.is(Object.getPrototypeOf(value), null);
});

test('paths read as people write them', (t) => {
  t.is(pathText(['pools', 'web', 'members', 1, 'weight']), 'pools.web.members[1].weight');
  t.is(pathText([]), '');
});

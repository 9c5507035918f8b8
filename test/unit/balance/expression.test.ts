import test from 'ava';
import fc from 'fast-check';
import { parseExpression } from '../../../src/balance/expression.ts';

function value(text: string, metrics: Record<string, number> = {}): number {
  const parsed = parseExpression(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.evaluate(parsed.value.metrics.map((name) => metrics[name] ?? Number.NaN));
}

function complaint(text: string): string {
  const parsed = parseExpression(text);
  return parsed.ok ? 'none' : `${parsed.error.column}: ${parsed.error.message}`;
}

test('products bind closer than sums, and equals go from left to right', (t) => {
  t.is(value('1 + 2 * 3'), 7);
  t.is(value('(1 + 2) * 3'), 9);
  t.is(value('10 - 4 - 3'), 3);
  t.is(value('24 / 4 / 3'), 2);
  t.is(value('2 * -3 + -(1 - 4)'), -3);
});

test('numbers may have fractions and exponents', (t) => {
  t.deepEqual(
    ['1.5', '.5', '2.', '1e3', '2.5e-1', '1E+2'].map((text) => value(text)),
    [1.5, 0.5, 2, 1000, 0.25, 100],
  );
});

test('metrics are read by name, in the order of their first use', (t) => {
  t.is(value('max(cpu, 0.5 * memory) + queue / 100', { cpu: 0.2, memory: 0.8, queue: 10 }), 0.5);
  const parsed = parseExpression('b + a.x * b + _c');
  t.deepEqual(parsed.ok ? parsed.value.metrics : [], ['b', 'a.x', '_c']);
});

test('min and max take one or more', (t) => {
  t.is(value('min(3, 1, 2)'), 1);
  t.is(value('max(3, 4, min(9, 5))'), 5);
  t.is(value('max(7)'), 7);
});

test('a metric that is missing, or a division by zero, is no number', (t) => {
  t.is(value('cpu + 1'), Number.NaN);
  t.is(value('1 / 0'), Number.NaN);
  t.is(value('0 / 0'), Number.NaN);
  t.is(value('max(cpu, 1)'), Number.NaN);
  const parsed = parseExpression('a + b');
  t.is(parsed.ok ? parsed.value.evaluate([1]) : 0, Number.NaN);
});

test('an error says where, what is allowed and what was found', (t) => {
  const factor = 'must be a number, the name of a metric, min(), max() or a parenthesis';
  t.is(complaint(''), `1: ${factor}, found the end`);
  t.is(complaint('cpu +'), `6: ${factor}, found the end`);
  t.is(complaint('cpu * ]'), `7: ${factor}, found "]"`);
  t.is(complaint('cpu memory'), '5: must end, or go on with one of + - * /, found "memory"');
  t.is(complaint('(cpu'), '5: must be ")", found the end');
  t.is(complaint('(+)'), `2: ${factor}, found "+)"`);
  t.is(complaint('-'), `2: ${factor}, found the end`);
  t.is(complaint('min cpu'), '5: must be "(", found "cpu"');
  t.is(complaint('min()'), `5: ${factor}, found ")"`);
  t.is(complaint('max(1, )'), `8: ${factor}, found ")"`);
  t.is(complaint('max(1 2)'), '7: must be ")", found "2)"');
  t.is(complaint('1 + process.exit(0) and much more'), '17: must end, or go on with one of + - * /, found "(0) and mu"');
});

test('length and depth are bounded', (t) => {
  t.is(complaint('1'.repeat(501)), '501: must have at most 500 characters, found 501');
  t.is(value(`${'('.repeat(32)}1${')'.repeat(32)}`), 1);
  t.regex(complaint('('.repeat(250)), /^34: must not be nested deeper than 32 levels, found/);
  t.regex(complaint(`${'-'.repeat(250)}1`), /^34: must not be nested deeper than 32 levels, found/);
});

test('any text is either an expression or an error with a column inside it or behind its end', (t) => {
  const characters = fc.constantFrom(...'0159.e+-*/(), abminx_$[]{}"\n');
  const text = fc.string({ unit: characters, maxLength: 40 });
  fc.assert(
    fc.property(text, (it) => {
      const parsed = parseExpression(it);
      if (!parsed.ok) return parsed.error.column >= 1 && parsed.error.column <= it.length + 1;
      return typeof parsed.value.evaluate(parsed.value.metrics.map(() => 1)) === 'number';
    }),
    { seed: 5, numRuns: 1000 },
  );
  t.pass();
});

test('values are those of a reference that works on trees', (t) => {
  type Tree = { readonly text: string; readonly value: number };
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.nat(99).map((n): Tree => ({ text: String(n), value: n })),
      fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/'), tie('tree')).map(([a, sign, b]): Tree => {
        const values = { '+': a.value + b.value, '-': a.value - b.value, '*': a.value * b.value, '/': a.value / b.value };
        return { text: `(${a.text} ${sign} ${b.text})`, value: values[sign] };
      }),
      fc.tuple(tie('tree'), tie('tree')).map(
        ([a, b]): Tree => ({
          text: `min(${a.text},-${b.text})`,
          value: Math.min(a.value, -b.value),
        }),
      ),
    ),
  }));
  fc.assert(
    fc.property(tree, (it) => {
      const found = parseExpression(it.text);
      if (!found.ok) return it.text.length > 500;
      const got = found.value.evaluate([]);
      return Number.isFinite(it.value) ? got === it.value : Number.isNaN(got);
    }),
    { seed: 6, numRuns: 300 },
  );
  t.pass();
});

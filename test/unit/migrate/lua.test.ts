// The part of Lua that records of PowerDNS need, and that whatever is beyond it, or broken, is one sentence.

import test from 'ava';
import fc from 'fast-check';
import { type Expression, parseLua, parseLuaConfig, type Statement } from '../../../src/migrate/lua.ts';

function statementsOf(snippet: string): readonly Statement[] {
  const parsed = parseLua(snippet);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** What a snippet without a semicolon returns. */
function returned(snippet: string): Expression {
  const [statement] = statementsOf(snippet);
  if (statement?.kind !== 'return') throw new Error('no return');
  return statement.value;
}

test('an expression is returned without saying so', (t) => {
  t.deepEqual(returned('pickrandom({\'192.0.2.1\', "192.0.2.2"})'), {
    kind: 'call',
    name: 'pickrandom',
    args: [
      {
        kind: 'table',
        items: [
          { kind: 'text', value: '192.0.2.1' },
          { kind: 'text', value: '192.0.2.2' },
        ],
        fields: new Map(),
      },
    ],
  });
});

test('a table has items and named fields side by side', (t) => {
  const table = returned("{1, 'a', selector='all', ['192.0.2.1']='b'; timeout=2.5}");
  if (table.kind !== 'table') throw new Error('no table');
  t.deepEqual(table.items, [
    { kind: 'number', value: 1 },
    { kind: 'text', value: 'a' },
  ]);
  t.deepEqual([...table.fields.keys()], ['selector', '192.0.2.1', 'timeout']);
});

test('text may be escaped and joined', (t) => {
  t.deepEqual(returned("'it\\'s' .. \" \" .. 'one'"), { kind: 'text', value: "it's one" });
});

test('a call may leave out its parentheses around one table or text', (t) => {
  t.is((returned("all{'192.0.2.1'}") as { name: string }).name, 'all');
  t.is((returned("continent'EU'") as { name: string }).name, 'continent');
});

test('branches have their conditions and the last one none', (t) => {
  const [choice] = statementsOf(
    ";if continent('EU') or country('US') then return 'a' elseif (asnum(1)) then return 'b' else return 'c' end",
  );
  if (choice?.kind !== 'if') throw new Error('no if');
  t.deepEqual(
    choice.branches.map(({ condition }) => condition?.kind),
    ['or', 'call', undefined],
  );
});

test('a configuration assigns, whether it begins with a semicolon or not', (t) => {
  for (const snippet of ["a={'192.0.2.1'} b=2", ";local a={'192.0.2.1'}; b=2"]) {
    const parsed = parseLuaConfig(snippet);
    t.deepEqual(parsed.ok && parsed.value.map((each) => (each.kind === 'assign' ? each.name : each.kind)), ['a', 'b']);
  }
});

test('comments and line ends are white space', (t) => {
  t.deepEqual(returned("'a' -- and so on\n"), { kind: 'text', value: 'a' });
});

const BROKEN: readonly (readonly [snippet: string, error: string])[] = [
  ['', 'a name is expected at character 1, found the end'],
  ["pickrandom({'a'}", 'a comma or ")" is expected at character 17, found the end'],
  ["{'a' 'b'}", 'a comma or "}" is expected at character 6, found \'b\''],
  ["'a' 'b'", "the end is expected at character 5, found 'b'"],
  [';for i=1,2 do end', 'more than answers, tables and if cannot be carried over at character 2, found for'],
  [';if x then return 1', '"end" is expected at character 20, found the end'],
  [';x.y = 1', '"." at character 3 cannot be carried over'],
  ["'open", `"'" at character 1 cannot be carried over`],
  [`${'{'.repeat(60)}${'}'.repeat(60)}`, 'nested too deeply'],
  [";print('x')", 'an assignment, include, if or return is expected'],
  [';include(x)', 'include takes the name of a record'],
  ['{[{}]=1}', 'a key is text or a number'],
  ["'a' .. b", 'only text can be joined'],
];
for (const [snippet, error] of BROKEN)
  test(`"${snippet.slice(0, 30)}" is told as a sentence with a place`, (t) => {
    const parsed = parseLua(snippet);
    t.false(parsed.ok);
    t.true(!parsed.ok && parsed.error.includes(error), parsed.ok ? '' : parsed.error);
  });

test('whatever stands there, reading it ends with statements or a sentence', (t) => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '(',
    ')',
    ',',
    ';',
    '=',
    "'a'",
    '1',
    'if',
    'then',
    'else',
    'end',
    'return',
    'or',
    'x',
    '[',
    ']',
    '..',
    ' ',
    '\\',
    "'",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const parsed = parseLua(pieces.join(' '));
      return parsed.ok || parsed.error.length > 0;
    }),
  );
  t.pass();
});

import test from 'ava';
import fc from 'fast-check';
import { YamlSource } from '../../../src/config/yaml.ts';
import { yamlText } from '../../../src/migrate/yaml-text.ts';

const scalar = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('yes', 'null', '1.0', '5s', 'a: b', '- c'),
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('value'), { maxLength: 5 }), tie('map')),
  map: fc.dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== '__proto__' && key !== '<<'),
    tie('value'),
    { maxKeys: 6 },
  ),
}));

test('what is printed reads back as the same values', (t) => {
  fc.assert(
    fc.property(tree.map, (value) => {
      const text = yamlText(value as Readonly<Record<string, unknown>>);
      const source = new YamlSource('printed.yaml', text);
      t.deepEqual(source.problems, []);
      t.deepEqual(JSON.parse(JSON.stringify(source.value ?? {})), JSON.parse(JSON.stringify(value)));
    }),
    { seed: 20261121, numRuns: 60 },
  );
});

test('what is short shares a line, names of things do not', (t) => {
  const value = {
    sites: { fra: { latitude: 50, longitude: 9 } },
    pools: { web: { members: [{ site: 'fra', v4: '192.0.2.1' }] } },
  };
  t.is(
    yamlText(value),
    'sites:\n  fra: { latitude: 50, longitude: 9 }\npools:\n  web: { members: [{ site: fra, v4: "192.0.2.1" }] }\n',
  );
});

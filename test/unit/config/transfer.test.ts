import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { formatProblem } from '../../../src/base/errors.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { nameToText } from '../../../src/wire/name.ts';

const SECRET = Buffer.from('a secret of thirty-two octets...').toString('base64');
const directory = mkdtempSync(join(tmpdir(), 'meridian-transfer-'));
test.after.always(() => rmSync(directory, { recursive: true }));
writeFileSync(join(directory, 'example.test.zone'), '');
writeFileSync(join(directory, 'good.key'), `${SECRET}\n`);
writeFileSync(join(directory, 'short.key'), 'AAAA');

let written = 0;
function load(text: string) {
  const file = join(directory, `${written++}.yaml`);
  writeFileSync(file, `geo: { database: none }\n${text}`);
  const { snapshot, problems } = loadConfig(file);
  return {
    transfer: snapshot?.transfer,
    texts: problems.map((problem) => formatProblem(problem).replaceAll(`${directory}/`, '')),
  };
}

test('nothing is allowed unless it is written', (t) => {
  t.deepEqual(load('').transfer, { keys: [], rules: [] });
});

test('keys and rules are resolved', (t) => {
  const { transfer, texts } = load(`keys:
  NS2.Example.Test.: { secretFile: good.key }
  b: { algorithm: hmac-sha512, secret: ${SECRET} }
transfer:
  Example.test: { allow: [192.0.2.0/24, "2001:db8::1"], keys: [b, NS2.Example.Test.], notify: ["192.0.2.53:53"] }
`);
  t.deepEqual(texts, []);
  t.deepEqual(
    transfer!.keys.map(({ name, algorithm, secret }) => [nameToText(name), algorithm, Buffer.from(secret).toString('base64')]),
    [
      ['ns2.example.test.', 'hmac-sha256', SECRET],
      ['b.', 'hmac-sha512', SECRET],
    ],
  );
  const [rule] = transfer!.rules;
  t.is(nameToText(rule!.origin), 'example.test.');
  t.deepEqual(rule!.keys, [1, 0]);
  t.deepEqual(
    rule!.allow.map(({ prefixLen }) => prefixLen),
    [24, 128],
  );
  t.deepEqual(rule!.notify, [{ address: '192.0.2.53', port: 53 }]);
});

const WRONG: readonly (readonly [text: string, complaint: RegExp])[] = [
  ['keys: { k: {} }', /:2:12: error ERR_CONFIG_VALUE: keys\.k must have exactly one of the keys secretFile, secret$/],
  [`keys: { k: { secret: ${SECRET}, secretFile: good.key } }`, /must have exactly one of the keys secretFile, secret$/],
  [
    'keys: { k: { secretFile: none.key } }',
    /ERR_CONFIG_REFERENCE: keys\.k\.secretFile names none\.key, which cannot be read: it does not exist$/,
  ],
  ['keys: { k: { secretFile: short.key } }', /names short\.key, which must hold base64 of 16 to 128 octets and nothing else$/],
  ['keys: { "a..b": { secretFile: good.key } }', /ERR_CONFIG_VALUE: key "a\.\.b" in keys must be a domain name$/],
  ['keys: { k: { secretFile: good.key }, K: { secretFile: good.key } }', /ERR_CONFIG_DUPLICATE: keys has the name K twice$/],
  ['transfer: { example.test: {} }', /transfer\.example\.test must have allow, keys or both, or nobody may transfer the zone$/],
  [
    'transfer: { example.net: { allow: [::/0] } }',
    /ERR_CONFIG_REFERENCE: transfer\.example\.net names a zone that is not served$/,
  ],
  [
    'transfer: { example.test: { keys: [nobody] } }',
    /ERR_CONFIG_REFERENCE: .* names the key "nobody", which is not defined; defined are: /,
  ],
  ['transfer: { example.test: { allow: [192.0.2.1/24] } }', /must be a network such as 192\.0\.2\.0\/24/],
];

for (const [text, complaint] of WRONG) {
  test(`a mistake is found: ${text}`, (t) => {
    const { transfer, texts } = load(text);
    t.is(transfer, undefined);
    t.is(texts.length, 1, texts.join('\n'));
    t.regex(texts[0]!, complaint);
  });
}

test('no complaint repeats what may be a secret', (t) => {
  for (const text of [
    `keys: { k: { secret: "${SECRET}!" } }`,
    `keys: { k: { secret: "${SECRET.slice(0, 8)}" } }`,
    `keys: { k: { algorithm: "${SECRET}" , secretFile: good.key } }`,
    `keys: { k: "${SECRET}" }`,
    `keys: "${SECRET}"`,
    `keys: { k: { secret: ["${SECRET}"] } }`,
  ]) {
    const { transfer, texts } = load(text);
    t.is(transfer, undefined);
    t.true(texts.length > 0);
    t.notRegex(texts.join('\n'), new RegExp(SECRET.slice(0, 8)), text);
  }
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { cookieSecretsOf } from '../../../../src/app/answering/cookie-secrets.ts';
import type { ServerSettings, Snapshot } from '../../../../src/model/snapshot.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meridian-cookies-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

const file = join(scratch, 'cookie.secrets');
writeFileSync(file, '000102030405060708090a0b0c0d0e0f\n');
const fromFile = Uint8Array.from({ length: 16 }, (_, i) => i);

const snapshotOf = (cookies: ServerSettings['cookies']): Snapshot => ({ server: { cookies } }) as Snapshot;
const random = snapshotOf({ enabled: true, secretFile: null });
const named = snapshotOf({ enabled: true, secretFile: file });
const off = snapshotOf({ enabled: false, secretFile: file });

function secretsOf(snapshot: Snapshot, previous?: Parameters<typeof cookieSecretsOf>[1]): readonly Uint8Array[] {
  const secrets = cookieSecretsOf(snapshot, previous);
  if (!secrets.ok) throw new Error(JSON.stringify(secrets.error));
  return secrets.value;
}

test('cookies that are off have no secret', (t) => {
  t.deepEqual(secretsOf(off), []);
});

test('the secrets of the file are taken each time', (t) => {
  t.deepEqual(secretsOf(named), [fromFile]);
  t.deepEqual(secretsOf(named, { snapshot: random, cookieSecrets: [new Uint8Array(16)] }), [fromFile]);
});

test('without a file a random secret is made once and kept over reloads', (t) => {
  const first = secretsOf(random);
  t.deepEqual(
    first.map((secret) => secret.length),
    [16],
  );
  t.notDeepEqual(secretsOf(random), first);
  t.deepEqual(secretsOf(random, { snapshot: random, cookieSecrets: first }), first);
});

test('a secret that stood in a file does not live on as a random one', (t) => {
  for (const snapshot of [named, off]) {
    const [secret] = secretsOf(random, { snapshot, cookieSecrets: [fromFile] });
    t.is(secret!.length, 16);
    t.notDeepEqual(secret, fromFile);
  }
});

test('a file with a mistake is an error', (t) => {
  const broken = join(scratch, 'broken.secrets');
  writeFileSync(broken, 'secret\n');
  t.false(cookieSecretsOf(snapshotOf({ enabled: true, secretFile: broken })).ok);
});

// Replies that outlive the process that gave them.

import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Idempotency } from '../../../src/admin/idempotency.ts';
import { recordingLogger } from '../../support/mesh.ts';

const REQUEST = ['POST', '/v1/overrides', '{}'];
const replyOf = (body: string, status = 200) => ({ status, body, headers: { 'content-type': 'application/json' } });

function stage(t: ExecutionContext) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-keys-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return { directory, open: (mostOctets?: number) => Idempotency.open(directory, recordingLogger(), mostOctets) };
}

test('a reply is given again after a kill, and a key stands for its request alone', async (t) => {
  const { directory, open } = stage(t);
  const first = await open();
  t.is(first.begin('ann k', REQUEST), undefined);
  await first.end('ann k', replyOf('done'));
  t.is(statSync(join(directory, 'idempotency.log')).mode & 0o777, 0o600);

  const second = await open(); // nobody closed the first
  t.deepEqual(second.begin('ann k', REQUEST), replyOf('done'));
  t.throws(() => second.begin('ann k', ['POST', '/v1/drain', '{}']), { message: /used for another request/ });
  await Promise.all([first.close(), second.close()]);
});

test('what was under way, and what failed, is done again', async (t) => {
  const { open } = stage(t);
  const first = await open();
  first.begin('under way', REQUEST);
  first.begin('failed', REQUEST);
  await first.end('failed', replyOf('a bug', 500));
  await first.close();
  const second = await open();
  t.is(second.begin('under way', REQUEST), undefined);
  t.is(second.begin('failed', REQUEST), undefined);
});

test('half a line at the end, and nonsense, cost nothing else', async (t) => {
  const { directory, open } = stage(t);
  const first = await open();
  first.begin('a', REQUEST);
  await first.end('a', replyOf('1'));
  await first.close();
  appendFileSync(join(directory, 'idempotency.log'), 'null\n{"key":7}\n{"key":"b","request":"x","rep');
  const second = await open();
  t.deepEqual(second.begin('a', REQUEST), replyOf('1'));
  second.begin('c', REQUEST);
  await second.end('c', replyOf('3'));
  await second.close();
  t.deepEqual((await open()).begin('c', REQUEST), replyOf('3'));
});

test('the files stay bounded, and the latest replies are kept', async (t) => {
  const { directory, open } = stage(t);
  const first = await open(500);
  for (let i = 0; i < 30; i++) {
    first.begin(`k${i}`, REQUEST);
    await first.end(`k${i}`, replyOf(`${i}`));
  }
  await first.close();
  const sizes = readdirSync(directory).map((file) => statSync(join(directory, file)).size);
  t.is(sizes.length, 2);
  t.true(
    sizes.every((size) => size < 800),
    String(sizes),
  );
  const second = await open(500);
  t.deepEqual(second.begin('k29', REQUEST), replyOf('29'));
  t.is(second.begin('k0', REQUEST), undefined);
});

test('a large reply is kept in memory alone', async (t) => {
  const { directory, open } = stage(t);
  const keys = await open();
  keys.begin('k', REQUEST);
  await keys.end('k', replyOf('x'.repeat(100_000)));
  t.is(keys.begin('k', REQUEST)?.body.length, 100_000);
  t.deepEqual(readdirSync(directory), []);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readCookieSecrets } from '../../../src/config/cookie-secrets.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meridian-secrets-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

const FIRST = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const SECOND = 'DD3BDF9344B678B185A6F5CB60FCA715';
let written = 0;

function read(text: string): readonly string[] {
  const file = join(scratch, `${written++}.secrets`);
  writeFileSync(file, text);
  const result = readCookieSecrets(file);
  if (result.ok) return result.value.map((secret) => Buffer.from(secret).toString('hex'));
  return result.error.map(({ severity, code, line, message, file: named }) => {
    if (severity !== 'error' || code !== 'ERR_CONFIG_COOKIE_SECRET' || named !== file) throw new Error('another complaint');
    return `${line ?? '-'}: ${message}`;
  });
}

test('one or two secrets are read in order; blank lines, comments and line ends of any kind are skipped', (t) => {
  t.deepEqual(read(FIRST), [FIRST]);
  t.deepEqual(read(`# in use\n${FIRST}\n\n  # next\r\n\t${SECOND} \r\n`), [FIRST, SECOND.toLowerCase()]);
});

test('every line that is no secret is complained about, without its text', (t) => {
  const problems = read(`${FIRST}\n${FIRST}0\nsecret\n${FIRST.slice(1)}g\n`);
  t.deepEqual(
    problems.map((problem) => problem.slice(0, 2)),
    ['2:', '3:', '4:'],
  );
  for (const problem of problems) t.notRegex(problem, /secret$|e973e5/);
});

test('no secret, or a third one, is an error', (t) => {
  t.deepEqual(read('# none\n'), ['-: there must be 1 to 2 cookie secrets, found 0']);
  t.deepEqual(read(`${FIRST}\n${SECOND}\n${FIRST}\n`), ['-: there must be 1 to 2 cookie secrets, found 3']);
});

test('a file that is not there, or too large, is an error', (t) => {
  const missing = readCookieSecrets(join(scratch, 'none'));
  t.like(missing, { ok: false, error: [{ message: 'cookie secrets cannot be read: it does not exist' }] });
  t.regex(read('#'.repeat(5000))[0]!, /cannot be read: it has 5000 octets/);
});

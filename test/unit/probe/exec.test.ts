import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { OUTCOME } from '../../../src/model/probe.ts';
import { checkIcmp } from '../../../src/probe/icmp.ts';
import { eventually } from '../../support/patience.ts';
import { checkPort } from '../../support/probing.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meridian-exec-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

const exec = (...argv: string[]) => ({ kind: 'exec', argv }) as const;
/** Waits for the end of a process. */
const isGone = (pid: string): Promise<void> =>
  eventually(
    () => {
      try {
        return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        return true;
      }
    },
    () => `process ${pid} is still there`,
  );
const shell = (script: string) => exec('/bin/sh', '-c', script);

test('exit code 0 is up, and the first line is shown', async (t) => {
  const { outcome, detail } = await checkPort(shell('echo all is well; echo more'), null);
  t.deepEqual([outcome, detail], [OUTCOME.OK, 'all is well']);
});

test('another exit code is a bad status, with what the program says', async (t) => {
  const { outcome, detail } = await checkPort(shell('echo disk full >&2; exit 3'), null);
  t.deepEqual([outcome, detail], [OUTCOME.BAD_STATUS, 'exit code 3: disk full']);
});

test('a program that a signal ends is a bad status', async (t) => {
  const { outcome, detail } = await checkPort(shell('kill -SEGV $$'), null);
  t.deepEqual([outcome, detail], [OUTCOME.BAD_STATUS, 'killed by SIGSEGV']);
});

test('address, port and family are filled in, and nothing of it is read by a shell', async (t) => {
  const { detail } = await checkPort(exec('/bin/echo', '{address}', '{port}', 'v{family}', '$(id)', ';', '*'), 8080);
  t.is(detail, '127.0.0.1 8080 v4 $(id) ; *');
});

test('the program gets no environment but PATH', async (t) => {
  process.env['MERIDIAN_TEST_SECRET'] = 'secret';
  t.teardown(() => delete process.env['MERIDIAN_TEST_SECRET']);
  t.is((await checkPort(shell('test -z "$MERIDIAN_TEST_SECRET" && test -n "$PATH"'), null)).outcome, OUTCOME.OK);
});

test('a program that takes too long is killed, and all that it started', async (t) => {
  const file = join(scratch, 'child');
  const check = shell(`sleep 600 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`);
  // On a busy machine the program may need longer to start.
  for (let timeoutMs = 1500; !existsSync(file); timeoutMs *= 2) {
    t.is((await checkPort(check, null, {}, { timeoutMs })).outcome, OUTCOME.TIMEOUT);
  }
  await isGone(readFileSync(file, 'utf8').trim());
});

test('something left in the background does not outlive a check that has ended', async (t) => {
  const file = join(scratch, 'left');
  const { outcome } = await checkPort(shell(`sleep 600 & echo $! > ${file}`), null);
  t.is(outcome, OUTCOME.OK);
  await isGone(readFileSync(file, 'utf8').trim());
});

test('a program that floods its output is stopped', async (t) => {
  const { outcome, detail } = await checkPort(exec('/bin/cat', '/dev/zero'), null);
  t.is(outcome, OUTCOME.BAD_CONTENT);
  t.regex(detail, /wrote more than 1048576 octets/);
});

test('a program that cannot be started is no fault of the target', async (t) => {
  const missing = await checkPort(exec('/nowhere/check'), null);
  t.deepEqual(
    [missing.outcome, missing.detail],
    [OUTCOME.NOT_CHECKED, 'not checked: /nowhere/check cannot be started: it does not exist'],
  );
  const file = join(scratch, 'no-permission');
  writeFileSync(file, '', { mode: 0o600 });
  t.is((await checkPort(exec(file), null)).outcome, OUTCOME.NOT_CHECKED);
});

const limits = { timeoutMs: 30_000, connectTimeoutMs: 30_000, signal: new AbortController().signal };
const place = { address: '127.0.0.1', family: 4, host: '127.0.0.1' } as const;

test('an echo check without the ping command says so in one line', async (t) => {
  const { outcome, detail } = await checkIcmp(place, limits, 'ping-that-is-not-there');
  t.deepEqual(
    [outcome, detail],
    [OUTCOME.NOT_CHECKED, 'not checked: ping-that-is-not-there cannot be started: it does not exist'],
  );
});

for (const [code, outcome] of [
  [0, OUTCOME.OK],
  [1, OUTCOME.TIMEOUT],
  [2, OUTCOME.NOT_CHECKED],
] as const) {
  test(`exit code ${code} of ping is understood`, async (t) => {
    const program = join(scratch, `ping-${code}`);
    // Stands in for ping only in its exit code; it fails unless it is called as ping is to be.
    writeFileSync(program, `#!/bin/sh\n[ "$*" = "-4 -n -q -c 1 -W 30 127.0.0.1" ] || exit 9\nexit ${code}\n`, { mode: 0o700 });
    t.is((await checkIcmp(place, limits, program)).outcome, outcome);
  });
}

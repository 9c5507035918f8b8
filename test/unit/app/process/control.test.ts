// The control socket of two servers that follow one another.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { askControl, type Control, openControl } from '../../../../src/app/process/control.ts';

function pathFor(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-control-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'control.sock');
}

async function open(path: string, name: string, hasPredecessor = false): Promise<Control> {
  const opened = await openControl(path, async () => ({ name }), hasPredecessor);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

const asked = async (path: string): Promise<unknown> => askControl(path, { command: 'status' });

test.serial('a socket is for its owner only, and goes with its server', async (t) => {
  const path = pathFor(t);
  const control = await open(path, 'first');
  t.is(statSync(path).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(join(path, '..')), ['control.sock']);
  t.deepEqual(await asked(path), { ok: true, value: { name: 'first' } });
  control.close();
  t.false(existsSync(path));
});

test.serial('a second server is refused while the first is there', async (t) => {
  const path = pathFor(t);
  const control = await open(path, 'first');
  const second = await openControl(path, async () => ({}));
  t.regex(second.ok ? '' : second.error.message, /another server already listens/);
  control.close();
});

test.serial('a successor takes the name when it is told to, and the end of the predecessor does not take it away', async (t) => {
  const path = pathFor(t);
  const first = await open(path, 'first');
  // In truth another process: the name under which a socket is bound is that of the process.
  const { pid } = process;
  Object.defineProperty(process, 'pid', { value: pid + 1, configurable: true });
  const second = await open(path, 'second', true);
  Object.defineProperty(process, 'pid', { value: pid, configurable: true });
  t.deepEqual(await asked(path), { ok: true, value: { name: 'first' } });
  second.replace();
  t.deepEqual(await asked(path), { ok: true, value: { name: 'second' } });
  first.close();
  t.deepEqual(await asked(path), { ok: true, value: { name: 'second' } });
  second.close();
  t.false(existsSync(path));
});

test.serial('a socket may be in the directory from which the server was started', async (t) => {
  const path = pathFor(t);
  const before = process.cwd();
  t.teardown(() => process.chdir(before));
  process.chdir(join(path, '..'));
  const control = await open(join(process.cwd(), 'control.sock'), 'first');
  t.deepEqual(await asked(join(process.cwd(), 'control.sock')), { ok: true, value: { name: 'first' } });
  control.close();
});

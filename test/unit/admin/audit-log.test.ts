// The audit keeps what was acknowledged, notices what was altered, and goes on after damage.

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { AuditLog } from '../../../src/admin/audit-log.ts';
import { recordingLogger } from '../../support/mesh.ts';

type Entry = Parameters<AuditLog['add']>[0];
const entry = (subject: string): Entry => ({
  atMs: 1,
  actor: 'ann',
  via: 'api',
  action: 'order',
  result: 'done',
  isBreakGlass: false,
  subject,
  reason: 'x',
  detail: '',
  requestId: '',
});

function place(t: ExecutionContext) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-audit-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const log = recordingLogger();
  const open = (mostOctets?: number) => AuditLog.open({ directory, log, ...(mostOctets === undefined ? {} : { mostOctets }) });
  return { file: join(directory, 'audit.log'), log, open };
}

const subjects = (audit: AuditLog, before: number | null = null, limit = 100): string[] =>
  audit.read(before, limit).map(({ subject }) => subject);

test('what was added is there after a restart, the newest first, and can be read in parts', async (t) => {
  const { open } = place(t);
  const first = await open();
  await Promise.all(['a', 'b', 'c'].map((subject) => first.add(entry(subject))));
  await first.close();
  const again = await open();
  t.deepEqual(subjects(again), ['c', 'b', 'a']);
  t.deepEqual(subjects(again, null, 2), ['c', 'b']);
  t.deepEqual(subjects(again, 2), ['a']);
  await again.add(entry('d'));
  t.is(again.read(null, 1)[0]!.seq, 4);
  await again.close();
});

test('half a line at the end, as a crash leaves it, is cut off and costs nothing else', async (t) => {
  const { file, log, open } = place(t);
  const first = await open();
  await first.add(entry('a'));
  await first.close();
  appendFileSync(file, '0123456789abcdef');
  const again = await open();
  t.deepEqual(subjects(again), ['a']);
  t.true(log.lines.some((line) => line.startsWith('ERR_AUDIT')));
  await again.add(entry('b'));
  await again.close();
  t.deepEqual(subjects(await open()), ['b', 'a']);
  t.true(readFileSync(`${file}.damaged`, 'utf8').endsWith('0123456789abcdef'));
});

test('an entry that was altered or taken out is noticed', async (t) => {
  for (const tamper of [
    (text: string) => text.replace('"subject":"b"', '"subject":"x"'),
    (text: string) => text.split('\n').toSpliced(1, 1).join('\n'),
  ]) {
    const { file, log, open } = place(t);
    const first = await open();
    for (const subject of ['a', 'b', 'c']) await first.add(entry(subject));
    await first.close();
    writeFileSync(file, tamper(readFileSync(file, 'utf8')));
    t.deepEqual(subjects(await open()), ['a']);
    t.true(log.lines.some((line) => line.startsWith('ERR_AUDIT')));
  }
});

test('a full file is put aside, and both are read together', async (t) => {
  const { open } = place(t);
  const first = await open(300);
  for (const subject of ['a', 'b', 'c', 'd', 'e']) await first.add(entry(subject));
  await first.close();
  const again = await open(300);
  const kept = subjects(again);
  t.is(kept[0], 'e');
  t.true(kept.length >= 2 && kept.length < 5);
  t.is(again.read(null, 1)[0]!.seq, 5);
  await again.close();
});

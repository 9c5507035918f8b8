// Alerts on their way: over real HTTP to a receiver that takes, refuses and hangs, and to real programs.

import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/base/clock.ts';
import type { AlertReceiver, AlertSettings } from '../../../src/model/watch.ts';
import type { News } from '../../../src/watch/alert-book.ts';
import { AlertSender } from '../../../src/watch/alert-sender.ts';
import { JsonlFile } from '../../../src/watch/jsonl-file.ts';
import { openHook } from '../../support/hook.ts';
import { recordingLogger } from '../../support/mesh.ts';
import { eventually } from '../../support/patience.ts';

const SECRET = 'correct horse battery staple';
/** Pauses of a second last a hundredth of it. */
const PACE = 0.01;

const NEWS: News = {
  ...{ name: 'site-out', subject: 'fra', severity: 'warning', state: 'firing' },
  ...{ text: 'site fra gets no traffic', sinceMs: 1_700_000_000_000 },
};
const CRITICAL: News = { ...NEWS, name: 'pool-empty', subject: 'web', severity: 'critical' };

const receiver = (route: AlertReceiver['route'], more: Partial<AlertReceiver> = {}): AlertReceiver => ({
  ...{ id: 'ops', route, only: ['*'], leastSeverity: 'warning', timeoutMs: 60_000, giveUpMs: 3_600_000 },
  ...more,
});

function stage(t: ExecutionContext, ...receivers: readonly AlertReceiver[]) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-alerts-'));
  const settings: AlertSettings = { receivers, groupMs: 0, repeatMs: 3_600_000, queue: 3 };
  const sender = new AlertSender(
    { server: 'ns1', stateDirectory: directory, clock: systemClock, log: recordingLogger(), pace: PACE },
    settings,
  );
  t.teardown(async () => {
    await sender.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const deadFile = join(directory, 'alerts-dead.jsonl');
  const dead = () =>
    existsSync(deadFile)
      ? readFileSync(deadFile, 'utf8')
          .split('\n')
          .slice(0, -1) // what has no end yet
          .map((line) => JSON.parse(line) as { receiver: string; why: string; message: { alerts: News[] } })
      : [];
  const isCounted = (key: 'delivered' | 'failedAttempts' | 'dead', count: number): Promise<void> =>
    eventually(
      () => (sender.counts()[0]?.[key] ?? 0) >= count,
      () => `${key} is not ${count}: ${JSON.stringify(sender.counts())}`,
    );
  return { sender, settings, directory, dead, isCounted };
}

test('a webhook gets what belongs together in one message, signed so that it can tell who sent it and when', async (t) => {
  const hook = await openHook(t);
  const directory = mkdtempSync(join(tmpdir(), 'meridian-secret-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const secretFile = join(directory, 'secret');
  writeFileSync(secretFile, `${SECRET}\nnot this\n`);
  const { sender, isCounted } = stage(t, receiver({ kind: 'webhook', url: hook.url, secretFile }));
  sender.tell([NEWS]);
  sender.tell([CRITICAL]);
  await isCounted('delivered', 1);
  t.is(hook.received.length, 1);
  const { headers, body } = hook.received[0]!;
  const message = JSON.parse(body) as { server: string; receiver: string; id: string; alerts: (News & { runbook: string })[] };
  t.like(message, { server: 'ns1', receiver: 'ops', version: 1 });
  t.deepEqual(
    message.alerts.map(({ name, runbook }) => [name, runbook]),
    [
      ['site-out', 'docs/handbook.md#meridiansiteout'],
      ['pool-empty', 'docs/handbook.md#meridianpoolempty'],
    ],
  );
  t.is(headers['content-type'], 'application/json');
  t.is(headers['x-meridian-id'], message.id);
  const [, atSec, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-meridian-signature']))!;
  t.is(mac, createHmac('sha256', SECRET).update(`${atSec}.${body}`).digest('hex'));
  t.true(Math.abs(Number(atSec) - Date.now() / 1000) < 600);
});

for (const status of [500, 302, 404]) {
  test(`a webhook that answers ${status} is asked again until it takes the message, which stays the same`, async (t) => {
    const hook = await openHook(t);
    hook.answer = status;
    const { sender, isCounted, dead } = stage(t, receiver({ kind: 'webhook', url: hook.url, secretFile: null }));
    sender.tell([NEWS]);
    await hook.got(3);
    hook.answer = 200;
    await isCounted('delivered', 1);
    t.is(new Set(hook.received.map(({ body }) => body)).size, 1);
    t.is(hook.received[0]!.headers['x-meridian-signature'], undefined);
    t.deepEqual(dead(), []);
  });
}

test('one that hangs is given up after its time, and the message after all attempts becomes a dead letter', async (t) => {
  const hook = await openHook(t);
  hook.answer = 'hang';
  const { sender, isCounted, dead } = stage(
    t,
    receiver({ kind: 'webhook', url: hook.url, secretFile: null }, { timeoutMs: 50, giveUpMs: 1 }),
  );
  sender.tell([NEWS]);
  await isCounted('dead', 1);
  await eventually(
    () => dead().length === 1,
    () => 'no dead letter was written',
  );
  t.like(dead()[0], { receiver: 'ops', why: 'no reply within 50 ms' });
  t.is(dead()[0]!.message.alerts[0]!.name, 'site-out');
});

test('nobody listens, and a secret that is too short: the reason stands in the dead letter', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-secret-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'secret'), 'short\n');
  const { sender, dead } = stage(
    t,
    receiver({ kind: 'webhook', url: 'http://127.0.0.1:1/', secretFile: null }, { id: 'nobody', giveUpMs: 1 }),
    receiver(
      { kind: 'webhook', url: 'http://127.0.0.1:1/', secretFile: join(directory, 'secret') },
      { id: 'short', giveUpMs: 1 },
    ),
  );
  sender.tell([NEWS]);
  await eventually(
    () => dead().length === 2,
    () => JSON.stringify(dead()),
  );
  const why = Object.fromEntries(dead().map((letter) => [letter.receiver, letter.why]));
  t.regex(why['nobody']!, /fetch failed/);
  t.regex(why['short']!, /must have at least 16 characters/);
});

test('beyond its queue a receiver loses the oldest that wait, not without a trace, and a stop buries the rest', async (t) => {
  const hook = await openHook(t);
  hook.answer = 'hang';
  const { sender, dead, settings } = stage(t, receiver({ kind: 'webhook', url: hook.url, secretFile: null }));
  const subjects = ['a', 'b', 'c', 'd', 'e'];
  for (const subject of subjects) {
    sender.tell([{ ...NEWS, subject }]);
    await eventually(
      () => sender.counts()[0]!.waiting + sender.counts()[0]!.dead > subjects.indexOf(subject),
      () => 'it was not posted',
    );
  }
  t.is(sender.counts()[0]!.waiting, settings.queue);
  await sender.close();
  const letters = dead().map(({ why, message }) => `${message.alerts[0]!.subject}: ${why}`);
  t.deepEqual(letters, [
    'b: too many messages wait',
    'c: too many messages wait',
    'a: the server stopped',
    'd: the server stopped',
    'e: the server stopped',
  ]);
});

test('a receiver is told of what it asks for, and of what is bad enough', async (t) => {
  const hook = await openHook(t);
  const route = { kind: 'webhook', url: hook.url, secretFile: null } as const;
  const { sender } = stage(
    t,
    receiver(route, { id: 'worst', leastSeverity: 'critical' }),
    receiver(route, { id: 'sites', only: ['site-*/fra'] }),
    receiver(route, { id: 'others', only: ['mesh-stale'] }),
  );
  sender.tell([NEWS, CRITICAL]);
  await hook.got(2);
  await sender.close();
  const told = hook.received.map(({ body }) => JSON.parse(body) as { receiver: string; alerts: News[] });
  t.deepEqual(Object.fromEntries(told.map((message) => [message.receiver, message.alerts.map(({ name }) => name)])), {
    worst: ['pool-empty'],
    sites: ['site-out'],
  });
});

test('a program gets its arguments as they are and the message on its standard input', async (t) => {
  const { sender, directory, isCounted } = stage(
    t,
    receiver({ kind: 'exec', command: ['/bin/sh', '-c', 'cat > "$1"', 'sh', '/dev/null; exit 1'] }),
  );
  const out = join(directory, 'a b;c');
  sender.adopt({
    ...{ groupMs: 0, repeatMs: 3_600_000, queue: 3 },
    receivers: [receiver({ kind: 'exec', command: ['/bin/sh', '-c', 'cat > "$1"', 'sh', out] })],
  });
  sender.tell([NEWS]);
  await isCounted('delivered', 1);
  t.is((JSON.parse(readFileSync(out, 'utf8')) as { alerts: News[] }).alerts[0]!.subject, 'fra');
});

for (const [title, command, why] of [
  ['that fails', ['/bin/sh', '-c', 'echo no pager >&2; exit 3'], /^it ended with 3: no pager$/],
  ['that is not there', ['/nowhere/page'], /ENOENT/],
  ['that never ends', ['/bin/sh', '-c', 'sleep 1000 & wait'], /^no reply within 100 ms$/],
  ['that does not read', ['/bin/false'], /^it ended with 1$/],
] as const) {
  test(`a program ${title}: a dead letter says so`, async (t) => {
    const { sender, dead } = stage(
      t,
      receiver({ kind: 'exec', command }, { timeoutMs: title === 'that never ends' ? 100 : 60_000, giveUpMs: 1 }),
    );
    sender.tell([NEWS]);
    await eventually(
      () => dead().length === 1,
      () => 'no dead letter was written',
    );
    t.regex(dead()[0]!.why, why);
  });
}

test('a file of lines is put aside when it is full, and goes on with what was there before', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-lines-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'x.jsonl');
  writeFileSync(path, '{"n":0}\n');
  const file = new JsonlFile(path, 16);
  void file.add({ n: 1 });
  void file.add({ n: 2 });
  await file.settle();
  t.is(readFileSync(`${path}.1`, 'utf8'), '{"n":0}\n{"n":1}\n');
  t.is(readFileSync(path, 'utf8'), '{"n":2}\n');
});

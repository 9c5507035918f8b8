// Other servers as secondaries: NSD and Knot load a zone by a signed AXFR, and again when they are told of a change; dig, which
// checks every signature of a transfer, sees the same records; nobody else gets any.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { freePort, isInstalled, SECONDARIES, startSecondary } from '../support/secondaries.ts';
import { demoDirectory, type RunningServer, run, startServer } from '../support/server.ts';

const KEY = {
  name: 'ns2.example.test',
  algorithm: 'hmac-sha256',
  secret: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64'),
};
const MORE_RECORDS = 2000;
const NEW_SERIAL = 2026010102;
/** A secondary that has not asked after this long will not. */
const MAX_TRIES = 300;
const TRY_INTERVAL_MS = 100;

async function start(notifyPort?: number): Promise<RunningServer> {
  const directory = demoDirectory();
  writeFileSync(join(directory, 'ns2.key'), `${KEY.secret}\n`);
  const notify = notifyPort === undefined ? '' : `, notify: ["127.0.0.1:${notifyPort}"]`;
  appendFileSync(
    join(directory, 'meridian.yaml'),
    `\nkeys:\n  ${KEY.name}: { secretFile: ns2.key }\ntransfer:\n  example.test: { allow: [127.0.0.0/8], keys: [${KEY.name}]${notify} }\n`,
  );
  const many = Array.from({ length: MORE_RECORDS }, (_, i) => `h${i}.many TXT "record ${i}"\n`).join('');
  appendFileSync(join(directory, 'example.test.zone'), many);
  return startServer(directory);
}

const dig = async (port: number, ...args: string[]): Promise<string> =>
  (await run('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=5', ...args])).stdout;

const SIGNED = ['-y', `${KEY.algorithm}:${KEY.name}:${KEY.secret}`];

/** The records of a transfer, as a set. */
async function transferred(port: number): Promise<string[]> {
  const output = await dig(port, ...SIGNED, 'example.test', 'AXFR', '+onesoa');
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith(';') && !/\sTSIG\s/.test(line));
  return lines.map((line) => line.replace(/\s+/g, ' ')).sort();
}

async function serves(port: number, ...question: string[]): Promise<string> {
  return (await dig(port, '+short', '+norecurse', ...question)).trim();
}

async function until(isTrue: () => Promise<boolean>, why: () => string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, TRY_INTERVAL_MS));
  }
  throw new Error(why());
}

function raise(server: RunningServer): void {
  const zone = join(server.directory, 'example.test.zone');
  writeFileSync(zone, `${readFileSync(zone, 'utf8').replace('2026010101', String(NEW_SERIAL))}fresh TXT "new"\n`);
  server.signal('SIGHUP');
}

for (const [title, kind] of Object.entries(SECONDARIES)) {
  test.serial(`${title} loads the zone, and loads it again when it is told of a change`, async (t) => {
    if (!isInstalled(kind)) {
      t.log(`skipped: ${kind.program} is not installed`);
      t.pass();
      return;
    }
    const port = await freePort();
    const server = await start(port);
    const secondary = startSecondary(kind, port, server.port, 'example.test', KEY);
    try {
      const log = (): string => `${secondary.log()}\n${server.log()}`;
      await until(async () => (await serves(port, 'example.test', 'SOA')).includes('2026010101'), log);
      await areEqual(t, server.port, port);
      raise(server);
      await until(async () => (await serves(port, 'example.test', 'SOA')).includes(String(NEW_SERIAL)), log);
      t.is(await serves(port, 'fresh.example.test', 'TXT'), '"new"');
      await areEqual(t, server.port, port);
    } finally {
      await secondary.stop();
      await server.stop();
    }
  });
}

/** Asks both servers for each record of the zone: what the primary transfers, the secondary answers. */
async function areEqual(t: ExecutionContext, primary: number, secondary: number): Promise<void> {
  const records = await transferred(primary);
  t.true(records.length > MORE_RECORDS);
  const questions = new Set(
    records
      .filter((record) => !/^(h\d+\.many|ns1\.lab|lab)\./.test(record))
      .map((record) =>
        record
          .split(' ')
          .filter((_, i) => i === 0 || i === 3)
          .join(' '),
      ),
  );
  for (const question of [
    ...questions,
    'h0.many.example.test TXT',
    `h${MORE_RECORDS - 1}.many.example.test TXT`,
    'x.lab.example.test A',
  ]) {
    // Beside an answer NSD repeats the NS records of the zone; a referral has nothing else.
    const sections = question.includes('lab') ? ['+authority', '+additional'] : ['+answer'];
    const args = ['+noall', ...sections, '+norecurse', ...question.split(' ')];
    const answers = await Promise.all([primary, secondary].map(async (port) => linesOf(await dig(port, ...args))));
    t.deepEqual(answers[1], answers[0], question);
    t.not(answers[0]!.length, 0, question);
  }
}

/** The records of an answer, sorted. */
const linesOf = (output: string): string[] =>
  output
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => line.replace(/\s+/g, ' '))
    .sort();

test.serial('dig verifies the signatures of a transfer of several messages', async (t) => {
  const server = await start();
  try {
    const output = await dig(server.port, ...SIGNED, 'example.test', 'AXFR');
    t.regex(output, /;; XFR size: \d+ records \(messages [2-9]/);
    t.notRegex(output, /Transfer failed|verify|validated/);
    t.is(output.split('\n').filter((line) => /\.many\.example\.test\.\s/.test(line)).length, MORE_RECORDS);
    t.notRegex(output, /GSLB|TYPE65402|cdn\.example\.test/);
    const incremental = await dig(server.port, ...SIGNED, 'example.test', 'IXFR=2026010101');
    t.regex(incremental, /XFR size: 1 records/);
  } finally {
    await server.stop();
  }
});

test.serial('strangers get nothing: no key, a wrong secret, an unknown key, another zone', async (t) => {
  const server = await start();
  try {
    const rcode = async (...args: string[]): Promise<string> =>
      /status: (\w+)/.exec(await dig(server.port, '+tcp', '+noall', '+comments', ...args))?.[1] ?? 'none';
    // dig shows the rcode of a plain query only, so the transfer is asked for as if it were one.
    t.is(await rcode('example.test', 'TYPE252'), 'REFUSED');
    t.is(await rcode('-y', `hmac-sha256:${KEY.name}:${Buffer.alloc(32).toString('base64')}`, 'example.test', 'SOA'), 'NOTAUTH');
    t.is(await rcode('-y', `hmac-sha256:other:${KEY.secret}`, 'example.test', 'SOA'), 'NOTAUTH');
    t.is(await rcode('example.net', 'TYPE252'), 'NOTAUTH');
    for (const args of [[], ['-y', `hmac-sha256:other:${KEY.secret}`]]) {
      t.regex(await dig(server.port, ...args, 'example.test', 'AXFR'), /Transfer failed/);
    }
    t.is(await serves(server.port, ...SIGNED, 'example.test', 'TXT'), '"v=spf1 mx -all"');
    t.notRegex(server.log(), new RegExp(KEY.secret.slice(0, 12)));
  } finally {
    await server.stop();
  }
});

test.serial('a changed zone without a higher serial is warned about once', async (t) => {
  const server = await start();
  try {
    appendFileSync(join(server.directory, 'example.test.zone'), 'fresh TXT "new"\n');
    server.signal('SIGHUP');
    await server.logged('reloaded');
    t.regex(server.log(), /ERR_ZONE_SERIAL/);
    const before = server.log().length;
    server.signal('SIGHUP');
    await server.logged('reloaded', 2);
    t.notRegex(server.log().slice(before), /ERR_ZONE_SERIAL/);
  } finally {
    await server.stop();
  }
});

// Other servers as secondaries: NSD and Knot load a zone by a signed AXFR, and again when they are told of a change; dig, which
// checks every signature of a transfer, sees the same records; nobody else gets any.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { tryDig } from '../support/dig.ts';
import { eventually } from '../support/patience.ts';
import { reservePort } from '../support/reserved-port.ts';
import { isInstalled, SECONDARIES, type Secondary, startSecondary } from '../support/secondaries.ts';
import { demoDirectory, type RunningServer, startServer } from '../support/server.ts';

const KEY = {
  name: 'ns2.example.test',
  algorithm: 'hmac-sha256',
  secret: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64'),
};
const MORE_RECORDS = 2000;
const OLD_SERIAL = 2026010101;
const NEW_SERIAL = 2026010102;

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

const dig = async (port: number, ...args: string[]): Promise<string> => (await tryDig(port, ...args)).stdout;

const SIGNED = ['-y', `${KEY.algorithm}:${KEY.name}:${KEY.secret}`];

/** The records of a transfer, as a set. */
async function transferred(port: number): Promise<string[]> {
  const output = await dig(port, ...SIGNED, 'example.test', 'AXFR', '+onesoa');
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith(';') && !/\sTSIG\s/.test(line));
  return lines.map((line) => line.replace(/\s+/g, ' ')).sort();
}

/** Asked of a secondary again and again: a server that starts may lose a query. */
const SOON = '+time=5';

async function serves(port: number, ...question: string[]): Promise<string> {
  return (await dig(port, '+short', ...question)).trim();
}

/** Waits until the secondary has the zone with this serial. */
async function loads(secondary: Secondary, serial: number, server: RunningServer): Promise<void> {
  const hasSerial = async (): Promise<boolean> =>
    (await serves(secondary.port, SOON, 'example.test', 'SOA')).includes(String(serial));
  const log = (): string => `the secondary has no serial ${serial}; it printed:\n${secondary.log()}\n${server.log()}`;
  await eventually(async () => {
    if (!secondary.isRunning()) throw new Error(`the secondary has ended; it printed:\n${secondary.log()}`);
    return hasSerial();
  }, log);
}

function raise(server: RunningServer): void {
  const zone = join(server.directory, 'example.test.zone');
  writeFileSync(zone, `${readFileSync(zone, 'utf8').replace(String(OLD_SERIAL), String(NEW_SERIAL))}fresh TXT "new"\n`);
  server.signal('SIGHUP');
}

for (const [title, kind] of Object.entries(SECONDARIES)) {
  test.serial(`${title} loads the zone, and loads it again when it is told of a change`, async (t) => {
    if (!isInstalled(kind)) {
      t.log(`skipped: ${kind.program} is not installed`);
      t.pass();
      return;
    }
    const { port, release } = await reservePort();
    const server = await start(port);
    const secondary = startSecondary(kind, port, server.port, 'example.test', KEY);
    try {
      await loads(secondary, OLD_SERIAL, server);
      await areEqual(t, server.port, port);
      raise(server);
      await loads(secondary, NEW_SERIAL, server);
      await areEqual(t, server.port, port);
    } finally {
      await secondary.stop();
      await server.stop();
      await release();
    }
  });
}

/**
 * Asks both servers for each record of the zone: what the primary transfers, the secondary answers. For a moment the processes of
 * NSD that have the old zone and those that have the new one answer side by side, so a question is asked until it is.
 */
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
    const args = ['+noall', ...sections, ...question.split(' ')];
    const expected = linesOf(await dig(primary, ...args));
    t.not(expected.length, 0, question);
    let found: string[] = [];
    await eventually(
      async () => {
        found = linesOf(await dig(secondary, SOON, ...args));
        return isDeepStrictEqual(found, expected);
      },
      () => `${question}: ${found.join('\n')}\nin place of ${expected.join('\n')}`,
    );
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

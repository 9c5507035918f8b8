// A server that tells of its answers one by one: what dig gets is what the lines say, and what others read as dnstap.

import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { adminDirectory, startAdmin } from '../support/admin-client.ts';
import { askAll } from '../support/ask-all.ts';
import { dig } from '../support/dig.ts';
import { control, FrameReader, fieldsOf } from '../support/dnstap.ts';
import { eventually } from '../support/patience.ts';
import { queryOctets } from '../support/query-octets.ts';
import { editConfig, run } from '../support/server.ts';

const ANSWERS = 6;
const SECTION = `decisions:
  log: told.jsonl
  dnstap: { socket: tap.sock, file: told.fstrm }
  oneIn: 2
  policies: { api-policy: 1 }
  perSecond: 100
zones:
`;

interface Line {
  readonly client: string;
  readonly subnet: string;
  readonly name: string;
  readonly sites: readonly string[];
  readonly reason: string;
  readonly id: string;
}

const linesOf = (file: string): Line[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line)
    : [];

test('sampled answers are lines with their reasons, and frames for readers of dnstap', async (t) => {
  const directory = adminDirectory();
  editConfig(directory, [/^zones:\n/m, SECTION], [/workers: \d+/, 'workers: 1']);
  const frames = new FrameReader();
  const collector = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const type of frames.take(chunk)) {
        if (type === 'READY') socket.write(control(1, 'protobuf:dnstap.Dnstap'));
        if (type === 'STOP') socket.end(control(5));
      }
    });
  });
  await new Promise<void>((resolve) => collector.listen(join(directory, 'tap.sock'), resolve));
  t.teardown(() => collector.close());
  const { server, api } = await startAdmin(directory);
  t.teardown(() => server.stop());
  await eventually(
    () => frames.heard.includes('START protobuf:dnstap.Dnstap'),
    () => server.log(),
  );

  for (let i = 0; i < ANSWERS; i++) await dig(server.port, 'www.example.test', '+subnet=81.2.69.142/32');
  await dig(server.port, 'api.example.test', '+subnet=81.2.69.142/32');
  await dig(server.port, 'mail.example.test');

  const file = join(directory, 'told.jsonl');
  const expected = ANSWERS / 2 + 1;
  await eventually(
    () => linesOf(file).length >= expected,
    () => server.log(),
  );
  const lines = linesOf(file);
  t.is(lines.length, expected, 'every second one of www, all of api, nothing that no policy decides');
  t.deepEqual(new Set(lines.map(({ client }) => client)), new Set(['127.0.0.0/24']));
  t.deepEqual(new Set(lines.map(({ subnet }) => subnet)), new Set(['81.2.69.0/24']), 'truncated to the 24 bits that may be told');
  t.like(lines[0], { name: 'www.example.test.', sites: ['london'], reason: 'nearest' });
  t.like(lines.at(-1), { name: 'api.example.test.', reason: 'map' });

  await eventually(
    () => frames.payloads.length >= 2 * expected,
    () => frames.heard.join('\n'),
  );
  const [query, reply] = frames.payloads.map((payload) => fieldsOf(payload));
  t.is(Buffer.from(query!.get(3) as Uint8Array).toString(), lines[0]!.id, 'the frame names its line');
  const asked = fieldsOf(query!.get(14) as Uint8Array);
  t.deepEqual([asked.get(1), [...(asked.get(4) as Uint8Array)]], [1, [127, 0, 0, 0]]);
  const answered = fieldsOf(reply!.get(14) as Uint8Array);
  t.is(answered.get(1), 2);
  t.true(Buffer.from(answered.get(14) as Uint8Array).includes(Buffer.of(192, 0, 2, 10)), 'the address of London');

  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  t.regex(metrics, /^meridian_decisions_total\{result="told"\} 4$/m);
  t.regex(metrics, /^meridian_decision_records_total\{to="log",result="written"\} 4$/m);
  t.regex(metrics, /^meridian_decision_records_total\{to="dnstap-socket",result="written"\} 8$/m);

  // Everything off, then into the log: a reload is enough, and the file of frames is ended for others to read.
  editConfig(directory, [/^decisions:\n(?: .*\n)+/m, 'decisions: { log: stdout, oneIn: 1 }\n']);
  server.signal('SIGHUP');
  await server.logged('reloaded');
  await eventually(
    () => frames.heard.at(-1) === 'STOP',
    () => frames.heard.join('\n'),
  );
  const read = await run('dnstap-read', ['-p', join(directory, 'told.fstrm')]);
  t.is(read.code, 0, read.stderr);
  t.is(read.stdout.match(/ AQ /g)?.length, expected, read.stdout);
  t.is(read.stdout.match(/ AR /g)?.length, expected);
  t.regex(read.stdout, /192\.0\.2\.10/);

  await dig(server.port, 'www.example.test', '+subnet=81.2.69.142/32');
  t.like(await server.logged('decision'), { name: 'www.example.test.', subnet: '81.2.69.0/24', sites: ['london'] });
  t.is(linesOf(file).length, expected);
});

test('the answers of the last moment before a stop are told: as lines, as frames, and in the log', async (t) => {
  const last = 40;
  const directory = adminDirectory();
  const section = 'decisions: { log: told.jsonl, dnstap: { file: told.fstrm }, oneIn: 1, perSecond: 500 }\nzones:\n';
  editConfig(directory, [/^zones:\n/m, section], [/workers: \d+/, 'workers: 2']);
  const stopAfterAnswers = async (): Promise<string> => {
    const { server } = await startAdmin(directory);
    const questions = Array.from({ length: last }, (_, id) => queryOctets({ id, name: 'www.example.test', type: 'A' }));
    await askAll(server.port, questions);
    server.signal('SIGTERM');
    t.is(await server.ended, 0);
    return server.log();
  };
  await stopAfterAnswers();
  t.is(linesOf(join(directory, 'told.jsonl')).length, last);
  const read = await run('dnstap-read', [join(directory, 'told.fstrm')]);
  t.is(read.stdout.trim().split('\n').length, 2 * last, read.stderr);

  editConfig(directory, [/^decisions: .*\n/m, 'decisions: { log: stdout, oneIn: 1, perSecond: 500 }\n']);
  const log = await stopAfterAnswers();
  const told = log.split('\n').filter((line) => line.includes('"msg":"decision"') || line.includes('"message":"decision"'));
  t.is(told.length, last, log.slice(-2000));
});

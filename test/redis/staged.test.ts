// A change that is tried at one of three servers: all of them have it in the end, or none.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { StagedState } from '../../src/admin/schemas/staged.ts';
import { newToken } from '../../src/admin/token.ts';
import { encodeQuery } from '../../src/wire/message.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { TYPE } from '../../src/wire/rrtype.ts';
import { type AdminClient, clientOf } from '../support/admin-client.ts';
import { askAll } from '../support/ask-all.ts';
import { dig } from '../support/dig.ts';
import { know, meshStage } from '../support/mesh-servers.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis } from '../support/redis.ts';
import { editConfig, type RunningServer } from '../support/server.ts';
import { statusOf } from '../support/sites.ts';

const { token: TOKEN, hash: HASH } = newToken();
const HEADERS = { authorization: `Bearer ${TOKEN}` };
const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

interface Server {
  readonly directory: string;
  readonly running: RunningServer;
  readonly api: AdminClient;
  readonly id: string;
}

async function stage(t: ExecutionContext) {
  const { directory, serve } = await meshStage(t);
  const begin = async (where: string): Promise<Server> => {
    const running = await serve(where, 'dns,admin');
    const { endpoints } = await running.logged('admin API listening');
    const api = clientOf(`http://127.0.0.2:${(endpoints as { port: number }[])[0]!.port}`, HEADERS);
    return { directory: where, running, api, id: (await statusOf(where)).health.self.id };
  };
  const directories = ['eu', 'us', 'ap'].map((region) => directory(region));
  const admin = `admin: { listen: ["127.0.0.2:0"], tokens: { ann: { role: admin, hash: "${HASH}" } } }`;
  for (const where of directories) editConfig(where, [/^sites:\n/m, `${admin}\nsites:\n`]);
  const servers: Server[] = [];
  for (const where of directories) servers.push(await begin(where));
  await know(3, ...directories);
  return { servers, begin };
}

const fileOf = ({ directory }: Server): string => join(directory, 'example.test.zone');
const textOf = (server: Server): string => readFileSync(fileOf(server), 'utf8');

async function put({ api }: Server, text: string, query: string): Promise<Response> {
  const url = `${api.url}/v1/zones/example.test/file`;
  const { headers } = await fetch(url, { headers: HEADERS });
  const terms = { ...HEADERS, 'content-type': 'text/dns', 'if-match': headers.get('etag')! };
  return fetch(`${url}?${query}`, { method: 'PUT', headers: terms, body: text });
}

const changeAt = async ({ api }: Server): Promise<StagedState | null> =>
  (await api.get<{ change: StagedState | null }>('/v1/change')).change;

async function becomes(server: Server, phase: StagedState['phase']): Promise<StagedState> {
  let last: StagedState | null = null;
  await eventually(
    async () => {
      last = await changeAt(server);
      return last?.phase === phase;
    },
    () => `not ${phase} at ${server.id}: ${JSON.stringify(last)}\n${server.running.log().slice(-4000)}`,
  );
  return last!;
}

const addressOf = async ({ running }: Server, name: string): Promise<string> => (await dig(running.port, '+short', name)).trim();

async function allAnswer(servers: readonly Server[], name: string, address: string): Promise<void> {
  let last: readonly string[] = [];
  await eventually(
    async () => {
      last = await Promise.all(servers.map((server) => addressOf(server, name)));
      return last.every((each) => each === address);
    },
    () => `${name} is ${last.join(' | ')}, not ${address}`,
  );
}

const questions = (count: number): Uint8Array[] => {
  const name = nameFromText('www.example.test');
  if (typeof name === 'string') throw new Error(name);
  return Array.from({ length: count }, () =>
    encodeQuery({ id: 0, name, type: TYPE.A, flags: { rd: false, ad: false, cd: false } }),
  );
};

test('a text for a zone that proves itself is taken over by all; one that a server could not have, or that does worse, by none', async (t) => {
  const { servers } = await stage(t);
  const [one, two, three] = servers as [Server, Server, Server];
  const states = ({ servers: all }: StagedState): unknown => Object.fromEntries(all.map(({ server, state }) => [server, state]));

  const good = `${textOf(one)}put 60 A 192.0.2.77\n`;
  t.is((await put(one, good, 'scope=all')).status, 409, 'it is tried first');
  t.is((await put(one, good, 'watchSec=2&scope=all')).status, 200);
  t.is(await addressOf(one, 'put.example.test'), '192.0.2.77', 'at once where it is tried');
  const kept = await becomes(two, 'kept');
  t.like(kept, { what: 'zone', subject: 'example.test.', scope: 'all', server: one.id });
  t.deepEqual(states(kept), Object.fromEntries(servers.map(({ id }) => [id, 'applied'])));
  await allAnswer(servers, 'put.example.test', '192.0.2.77');
  t.deepEqual(new Set(servers.map(textOf)), new Set([good]));
  await becomes(one, 'kept');

  // One of the others has another file.
  writeFileSync(fileOf(three), `${good}own 60 A 192.0.2.99\n`);
  await put(one, good.replace('192.0.2.77', '192.0.2.78'), 'watchSec=1&scope=all');
  const refused = await becomes(two, 'rolled-back');
  t.regex(refused.reason ?? '', new RegExp(`^${three.id} refuses: its file of example\\.test\\. is at `));
  await becomes(one, 'rolled-back');
  await allAnswer(servers, 'put.example.test', '192.0.2.77');
  t.is(textOf(one), good);
  t.is(textOf(two), good);
  // It is told at the next look at what the others have written.
  const line = `zone example.test. of ann on trial at ${one.id}: rolled back, ${three.id} refuses`;
  const told = async (): Promise<readonly string[]> =>
    (await two.api.get<{ items: { text: string }[] }>('/v1/events?limit=50')).items.map(({ text }) => text);
  await eventually(
    async () => (await told()).some((text) => text.startsWith(line)),
    () => `nobody is told "${line}"`,
  );
  writeFileSync(fileOf(three), good);

  // A name that everybody asks for is gone.
  await askAll(one.running.port, questions(150));
  await put(one, good.replace(/^www .*\n/m, ''), 'watchSec=600&scope=all');
  t.is((await put(two, `${good}x 60 A 192.0.2.1\n`, 'watchSec=5&scope=all')).status, 409, 'one at a time');
  await askAll(one.running.port, questions(150));
  const worse = await becomes(three, 'rolled-back');
  t.regex(worse.reason ?? '', /of \d+ replies are NXDOMAIN/);
  t.true((await addressOf(one, 'www.example.test')).includes('192.0.2.1'));
  t.is(textOf(one), good);

  // Somebody decides elsewhere, with the glass broken.
  writeFileSync(fileOf(three), `${good}own 60 A 192.0.2.99\n`);
  const forced = good.replace('192.0.2.77', '192.0.2.79');
  await put(one, forced, 'watchSec=600&scope=all');
  t.is((await two.api.post('/v1/change', { action: 'keep', breakGlass: true })).status, 200);
  const left = await becomes(one, 'kept');
  t.deepEqual(states(left), { [one.id]: 'applied', [two.id]: 'applied', [three.id]: 'refused' });
  await allAnswer([one, two], 'put.example.test', '192.0.2.79');
  t.is(await addressOf(three, 'put.example.test'), '192.0.2.77');
});

test('a server that dies while it tries a change takes it back when it is there again; a reload of all goes the same way', async (t) => {
  const { servers, begin } = await stage(t);
  const [one, two, three] = servers as [Server, Server, Server];
  const reload = { watchSec: 2, scope: 'all' };
  for (const { directory } of [one, two]) editConfig(join(directory), ['answers: 3', 'answers: 2']);
  await one.api.post('/v1/reload', reload);
  const differs = await becomes(two, 'rolled-back');
  t.regex(
    differs.reason ?? '',
    new RegExp(`^${three.id} refuses: its files come to \\w+, those of ${one.id} to \\w+: they differ`),
  );
  await becomes(one, 'rolled-back');
  t.is((await addressOf(one, 'www.example.test')).split('\n').length, 3, 'what was loaded before is served again');
  editConfig(three.directory, ['answers: 3', 'answers: 2']);
  await one.api.post('/v1/reload', reload);
  await becomes(three, 'kept');
  for (const server of servers) t.is((await addressOf(server, 'www.example.test')).split('\n').length, 2);
  await becomes(one, 'kept');

  const before = textOf(one);
  await put(one, `${before}put 60 A 192.0.2.77\n`, 'watchSec=600&scope=all');
  t.is(await addressOf(one, 'put.example.test'), '192.0.2.77');
  one.running.signal('SIGKILL');
  await one.running.ended;
  const dead = await becomes(two, 'rolled-back');
  t.is(dead.reason, `${one.id} has died`);
  const again = await begin(one.directory);
  await eventually(
    () => textOf(again) === before,
    () => `the former file is not back: ${textOf(again)}\n${again.running.log().slice(-4000)}`,
  );
  await allAnswer([again, two, three], 'put.example.test', '');
  await eventually(
    async () => (await changeAt(two))!.servers.find(({ server }) => server === one.id)?.state === 'restored',
    () => 'it never said so',
  );
});

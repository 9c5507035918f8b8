// What a deployment does to a site agent, at a thousand requests a second that come whether or not answers do: its configuration is
// reloaded, a server drained, the agent replaced, and at last a server killed. No request may fail but those on the killed server that
// nobody may send twice.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { OpenLoop } from '../support/open-loop.ts';
import { type ReservedPort, reservePort } from '../support/reserved-port.ts';
import { beginServer, editConfig, meridian, type StartingServer } from '../support/server.ts';
import { Succession } from '../support/succession.ts';

const PER_SECOND = 1_000;
/** After each step: some two seconds of requests, more on a busy machine. */
const ANSWERS_BETWEEN = 2_000;
const WEB_SERVER = `require('node:http').createServer((request, response) => request.resume().on('end', () => response.end('${'x'.repeat(200)}')))
  .listen(+process.argv[1], '127.0.0.1', () => console.log('ready'))`;

let reserved: ReservedPort[];
let servers: ChildProcess[];
let agent: StartingServer;
let succession: Succession;

test.before(async () => {
  reserved = [];
  for (let i = 0; i < 4; i++) reserved.push(await reservePort());
  const [front, a, b, c] = reserved.map(({ port }) => port);
  servers = [a, b, c].map((port) =>
    spawn(process.execPath, ['-e', WEB_SERVER, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  await Promise.all(servers.map((server) => once(server.stdout!, 'data')));
  const directory = mkdtempSync(join(tmpdir(), 'meridian-deploy-'));
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
sites: { fra: { latitude: 50.1, longitude: 8.7 }, lon: { latitude: 51.5, longitude: -0.1 } }
site:
  fra:
    services:
      web:
        servers:
          a: { address: "127.0.0.1:${a}" }
          b: { address: "127.0.0.1:${b}" }
          # c: { address: "127.0.0.1:${c}" }
        algorithm: round-robin
    listeners:
      public: { listen: "127.0.0.1:${front}", http: { service: web } }
`,
  );
  agent = beginServer(directory, { args: ['--role', 'site', '--site', 'fra'] });
  succession = new Succession(agent);
  await agent.logged('at the site');
});

test.after.always(async () => {
  await succession?.stop();
  for (const server of servers ?? []) server.kill('SIGKILL');
  for (const { release } of reserved ?? []) await release();
});

const command = async (...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await meridian([...args, '--config', agent.config]);
  if (code !== 0) throw new Error(`meridian ${args.join(' ')}: ${stderr}`);
};

test.serial('reloads, a drained server and two replacements of the agent fail no request', async (t) => {
  const clients = new OpenLoop(reserved[0]!.port, PER_SECOND);
  t.teardown(() => clients.stop());
  await clients.more(ANSWERS_BETWEEN);
  for (const [from, to] of [
    ['algorithm: round-robin', 'algorithm: least-connections'],
    ['# c:', 'c:'],
    ['http: { service: web }', 'http: { service: web, timeouts: { keepAlive: 30s } }'],
  ] as const) {
    editConfig(agent.directory, [from, to]);
    await command('reload');
    await clients.more(ANSWERS_BETWEEN);
  }
  await command('drain', 'fra/web/a', '--reason', 'new disk');
  await clients.more(ANSWERS_BETWEEN);
  await command('undrain', 'fra/web/a');
  for (let i = 1; i <= 2; i++) {
    succession.signal('SIGUSR2');
    await succession.takenOver(i);
    await clients.more(ANSWERS_BETWEEN);
  }
  const { answered, failed } = await clients.stop();
  t.log(`${answered} requests answered`);
  t.deepEqual(failed, []);
});

test.serial('a server that is killed fails only requests that nobody may send twice', async (t) => {
  const clients = new OpenLoop(reserved[0]!.port, PER_SECOND);
  t.teardown(() => clients.stop());
  await clients.more(ANSWERS_BETWEEN);
  servers[1]!.kill('SIGKILL');
  await clients.more(ANSWERS_BETWEEN);
  const { answered, failed, mostUnderWay } = await clients.stop();
  t.log(`${answered} requests answered, failed: ${JSON.stringify(failed)}`);
  t.deepEqual(
    failed.filter(({ method }) => method !== 'POST'),
    [],
  );
  t.true(failed.length <= mostUnderWay, 'those that it had, each once');
  t.true(
    failed.every(({ how }) => how === 'status 502'),
    'each is told so',
  );
});

// The role `site` as an operator runs it: the real binary, real servers behind it, real clients before it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { eventually } from '../support/patience.ts';
import { type ReservedPort, reservePort } from '../support/reserved-port.ts';
import { beginServer, editConfig, meridian, type RunResult, type StartingServer, serveInVain } from '../support/server.ts';
import { fetchName, WebServer } from '../support/site-agent.ts';

/** Patient enough that a busy machine takes nobody down: what a test waits for is a refused connection, which is seen at once. */
const CHECK = 'check: { http: {}, interval: 3s, transitionInterval: 100ms, timeout: 3s, connectTimeout: 3s, rise: 2, fall: 3 }';

let agent: StartingServer;
let reserved: ReservedPort[];
let servers: WebServer[];
let ports: { front: number; load: number; check: number; other: number };

function configOf(directory: string): void {
  const [a, b] = servers.map(({ port }) => `"127.0.0.1:${port}"`);
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
sites: { fra: { latitude: 50.1, longitude: 8.7 }, lon: { latitude: 51.5, longitude: -0.1 } }
site:
  fra:
    services:
      web:
        servers:
          a: { address: ${a}, maxActive: 100 }
          b: { address: ${b}, maxActive: 100 }
        algorithm: round-robin
        slowStart: { window: 0s }
        outlier: off
        breaker: off
        ${CHECK}
    listeners:
      public: { listen: "127.0.0.1:${ports.front}", tcp: { service: web } }
      load: { listen: "127.0.0.1:${ports.load}", load: {} }
      haproxy: { listen: "127.0.0.1:${ports.check}", agentCheck: { service: web } }
`,
  );
}

test.before(async () => {
  servers = [await WebServer.open('a'), await WebServer.open('b')];
  reserved = [];
  for (let i = 0; i < 4; i++) reserved.push(await reservePort());
  const [front, load, check, other] = reserved.map(({ port }) => port) as [number, number, number, number];
  ports = { front, load, check, other };
  const directory = mkdtempSync(join(tmpdir(), 'meridian-site-'));
  configOf(directory);
  agent = beginServer(directory, { args: ['--role', 'site', '--site', 'fra'] });
  await agent.logged('at the site');
});

test.after.always(async () => {
  agent?.signal('SIGKILL');
  await agent?.ended;
  for (const server of servers ?? []) server.kill();
  for (const { release } of reserved ?? []) await release();
  if (agent !== undefined) rmSync(agent.directory, { recursive: true, force: true });
});

const command = (...args: readonly string[]): Promise<RunResult> => meridian([...args, '--config', agent.config]);

const site = async (): Promise<StatusReport['site'][number]> =>
  (JSON.parse((await command('status', '--json')).stdout) as StatusReport).site[0]!;

const stateOf = async (server: string): Promise<string> =>
  (await site()).services[0]!.servers.find((one) => one.server === server)!.state;

/** Waits for the end of one more reload than there were. */
async function reloadBySignal(): Promise<void> {
  const reloads = agent.log().split('"msg":"reloaded"').length - 1;
  agent.signal('SIGHUP');
  await agent.logged('reloaded', reloads + 1);
}

/** Waits for the last clients to have left: who has its answer may still be closing its connection. */
const idle = (): Promise<void> =>
  eventually(
    async () => JSON.parse(await fetchName(ports.load, '/load')).current === 0,
    () => agent.log(),
  );

/** Who answers so many clients, one after another. */
async function answers(count: number): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < count; i++) names.add(await fetchName(ports.front));
  return [...names].sort();
}

/** All that a listener says to somebody who only connects. */
const lineOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });

test.serial('clients are spread over the servers, and both load listeners and status tell of them', async (t) => {
  t.deepEqual(await answers(4), ['a', 'b']);
  await idle();
  const load = JSON.parse(await fetchName(ports.load, '/load'));
  t.like(load, { site: 'fra', isDraining: false, unit: 'connections', current: 0, max: 200, target: 160 });
  t.is(await lineOf(ports.check), 'up 100%\n');
  const { services, listeners } = await site();
  t.deepEqual(
    services[0]!.servers.map(({ server, state, total, failed }) => ({ server, state, total, failed })),
    ['a', 'b'].map((server) => ({ server, state: 'up', total: 2, failed: 0 })),
  );
  t.deepEqual(
    listeners.map(({ listener, kind, port }) => [listener, kind, port]),
    [
      ['public', 'tcp', ports.front],
      ['load', 'load', ports.load],
      ['haproxy', 'agent-check', ports.check],
    ],
  );
  t.regex((await command('status')).stdout, /Site fra: load 0 of 200 connections.* fra\/web\/a +127\.0\.0\.1 port \d+ +up/s);
});

test.serial('a server that is drained gets nobody new, keeps what it has, and comes back by one command', async (t) => {
  const slow = [fetchName(ports.front, '/slow'), fetchName(ports.front, '/slow')];
  await Promise.all(servers.map((server) => server.slowRequest()));
  const { code, stdout } = await command('drain', 'fra/web/a', '--reason', 'new disk');
  t.is(code, 0);
  t.regex(stdout, /^server:fra\/web\/a drained .*servers: fra\/web\/a\nundo: meridian undrain server:fra\/web\/a\n$/s);
  t.deepEqual(await answers(4), ['b']);
  // Half of the servers, and of b's hundred places one is taken, or some more whose clients are about to leave.
  t.regex(await lineOf(ports.check), /^up (4[5-9]|50)%\n$/);
  for (const server of servers) server.answerSlow();
  t.deepEqual((await Promise.all(slow)).sort(), ['a', 'b']);
  t.regex((await command('status')).stdout, /fra\/web\/a .* DRAINED .* new disk; seen: up/);
  t.is((await command('undrain', 'fra/web/a')).code, 0);
  t.deepEqual(await answers(4), ['a', 'b']);
});

test.serial('a drain of the whole site is told to those who send clients, and serves those who come all the same', async (t) => {
  await command('drain', 'site:fra', '--reason', 'maintenance').then(({ code }) => t.not(code, 0)); // no member is at fra
  editConfig(agent.directory, ['site:\n', 'pools: { web: { members: [{ site: fra, v4: 192.0.2.1 }] } }\nsite:\n']);
  t.is((await command('reload')).code, 0);
  t.is((await command('drain', 'fra', '--reason', 'maintenance')).code, 1); // the last site that serves
  t.is((await command('drain', 'fra', '--reason', 'maintenance', '--break-glass')).code, 0);
  t.is(await lineOf(ports.check), 'up 0%\n');
  t.true(JSON.parse(await fetchName(ports.load, '/load')).isDraining);
  t.deepEqual(await answers(2), ['a', 'b']);
  t.is((await command('undrain', 'fra')).code, 0);
  t.regex(await lineOf(ports.check), /^up (9\d|100)%\n$/);
});

test.serial('reloads under load lose no connection, and listeners, servers and algorithms come and go', async (t) => {
  const outcomes = new Map<string, number>();
  let isOver = false;
  const client = async (): Promise<void> => {
    while (!isOver) {
      const name = await fetchName(ports.front);
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    }
  };
  const clients = Array.from({ length: 3 }, client);
  const slow = fetchName(ports.front, '/slow');
  await Promise.race(servers.map((server) => server.slowRequest()));
  const original = readFileSync(agent.config, 'utf8');
  for (const edits of [
    [['algorithm: round-robin', 'algorithm: maglev']],
    [['      load:', `      second: { listen: "127.0.0.1:${ports.other}", http: { service: web } }\n      load:`]],
    [['tcp: { service: web }', 'tcp: { service: web, attempts: 2, idleTimeout: 1m }']],
    [[/ {10}b: .*\n/, '']],
  ] as const) {
    editConfig(agent.directory, ...edits);
    await reloadBySignal();
  }
  t.is(await fetchName(ports.other), 'a');
  writeFileSync(agent.config, original);
  await reloadBySignal();
  t.is(await fetchName(ports.other), 'ECONNREFUSED');
  isOver = true;
  await Promise.all(clients);
  for (const server of servers) server.answerSlow();
  t.regex(await slow, /^[ab]$/);
  t.deepEqual([...outcomes.keys()].sort(), ['a', 'b']);
  await idle();
});

test.serial('a broken reload changes nothing: neither a wrong file nor a port that somebody has', async (t) => {
  const original = readFileSync(agent.config, 'utf8');
  editConfig(agent.directory, ['service: web }', 'service: wbe }']);
  const wrong = await command('reload');
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /meridian\.yaml:\d+:\d+: error ERR_CONFIG_REFERENCE: .*"wbe".*did you mean "web"/);
  t.deepEqual(await answers(4), ['a', 'b']);
  writeFileSync(agent.config, original);
  const taken = `      taken: { listen: "127.0.0.1:${servers[0]!.port}", load: {} }\n`;
  editConfig(agent.directory, ['      load:', `${taken}      load:`], [/ {10}a: .*\n/, '']);
  const busy = await command('reload');
  t.is(busy.code, 2);
  t.regex(busy.stderr, /error ERR_LISTEN: site fra: listener "taken": tcp 127\.0\.0\.1 port \d+ cannot be used: another program/);
  t.deepEqual(await answers(4), ['a', 'b']);
  writeFileSync(agent.config, original);
});

test.serial('a server that is killed costs no client, is seen to be down, and gets clients again when it is back', async (t) => {
  const { port } = servers[1]!;
  servers[1]!.kill();
  t.deepEqual(await answers(6), ['a']);
  await eventually(
    async () => (await stateOf('b')) === 'down',
    () => agent.log(),
  );
  servers[1] = await WebServer.open('b', port);
  await eventually(
    async () => (await stateOf('b')) === 'up',
    () => agent.log(),
  );
  await eventually(
    async () => (await fetchName(ports.front)) === 'b',
    () => agent.log(),
  );
});

test.serial('a stop refuses new clients at once and waits for those that there are', async (t) => {
  const slow = fetchName(ports.front, '/slow');
  await Promise.race(servers.map((server) => server.slowRequest()));
  agent.signal('SIGTERM');
  await eventually(
    async () => (await fetchName(ports.front)) === 'ECONNREFUSED',
    () => agent.log(),
  );
  for (const server of servers) server.answerSlow();
  t.regex(await slow, /^[ab]$/);
  t.is(await agent.ended, 0);
});

for (const [what, args, complaint] of [
  [
    'a port that somebody has',
    ['--role', 'site'],
    /^error ERR_LISTEN: site fra: listener "public": tcp 127\.0\.0\.1 port \d+ cannot be used/,
  ],
  ['a site that has no agent', ['--role', 'site', '--site', 'lon'], /^error ERR_ROLE: --site lon has no entry under "site"/],
] as const) {
  test.serial(`${what} is one clear line at the start`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'meridian-site-'));
    const { front } = ports;
    ports.front = servers[0]!.port;
    configOf(directory);
    editConfig(directory, [/ {10}a: .*\n/, '']); // or it would be its own server
    ports.front = front;
    const { code, stderr } = await serveInVain(directory, { args });
    t.not(code, 0);
    t.regex(stderr, complaint);
  });
}

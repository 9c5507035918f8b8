// The command line: what it prints, and the exit codes that scripts rely on.

import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from '../support/paths.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import { demoDirectory, meridian, startServer } from '../support/server.ts';

const COMMANDS = [
  'serve',
  'check',
  'explain',
  'query',
  'bench',
  'simulate',
  'reload',
  'status',
  'drain',
  'undrain',
  'override',
  'demo',
];

test.serial('without a command the commands are listed', async (t) => {
  const { code, stdout } = await meridian([]);
  t.is(code, 0);
  for (const command of COMMANDS) t.true(stdout.includes(`  ${command}`));
});

for (const command of COMMANDS) {
  test.serial(`${command} --help shows its usage line`, async (t) => {
    const { code, stdout } = await meridian([command, '--help']);
    t.is(code, 0);
    t.true(stdout.startsWith(`Usage: meridian ${command}`));
  });
}

test.serial('a command that is nearly one is told which', async (t) => {
  const { code, stderr } = await meridian(['statsu']);
  t.is(code, 2);
  t.regex(stderr, /^error ERR_USAGE: unknown command "statsu"; did you mean "status"\? allowed are /);
});

for (const args of [
  ['frobnicate'],
  ['toString'],
  ['check', '--nope'],
  ['check', '--config'],
  ['explain'],
  ['explain', 'www.example.test'],
  ['explain', 'www.example.test', '--client', '300.1.2.3'],
  ['explain', 'www..example.test', '--client', '192.0.2.1'],
  ['explain', 'www.example.test', '--client', '192.0.2.1', '--type', 'NOPE'],
  ['query'],
  ['query', 'www.example.test', 'NOPE'],
  ['query', 'www.example.test', '@nowhere'],
  ['query', 'www.example.test', '@127.0.0.1:0'],
  ['query', 'www.example.test', 'A', 'B'],
  ['query', 'www.example.test', '--subnet', '192.0.2.1/24'],
  ['query', 'www.example.test', '--timeout', '-1'],
  ['query', 'www.example.test', '--short', '--json'],
  ['bench'],
  ['simulate'],
  ['simulate', 'a.yaml', 'b.yaml'],
  ['bench', 'localhost', 'www.example.test'],
  ['bench', '127.0.0.1', 'www..example.test'],
  ['bench', '127.0.0.1', '--type', 'NOPE'],
  ['bench', '127.0.0.1', '--port', '0'],
  ['bench', '127.0.0.1', '--rate', '1e9'],
  ['bench', '127.0.0.1', '--seconds', '-1'],
  ['status', '--vote'],
  ['drain'],
  ['drain', 'london'],
  ['drain', 'london', 'tokyo', '--reason', 'x'],
  ['drain', 'london', '--reason', 'x', '--for', '30'],
  ['undrain'],
  ['undrain', 'london', '--reason', 'x'],
  ['undrain', 'london', 'tokyo'],
  ['override'],
  ['override', 'sideways', 'london', '--reason', 'x'],
  ['override', 'up'],
  ['override', 'down', 'london', '--reason', ''],
  ['override', 'up', 'london', '--reason', 'x', '--author', ''],
  ['override', 'remove'],
  ['override', 'list', 'london'],
  ['demo'],
  ['demo', 'pause', 'london'],
  ['demo', 'stop'],
  ['demo', 'list', 'london'],
  ['demo', 'start', 'london', 'tokyo'],
]) {
  test.serial(`wrong use is one clear line and exit code 2: meridian ${args.join(' ')}`, async (t) => {
    const { code, stdout, stderr } = await meridian(args);
    t.is(code, 2, stderr);
    t.regex(stderr, /^error ERR_USAGE: [^\n]+\n$/);
    t.false(stdout.includes('at '));
  });
}

test.serial('check accepts the demo', async (t) => {
  const { code, stdout, stderr } = await meridian(['check']);
  t.is(code, 0);
  t.regex(stdout, /^ok: 1 zone, 7 policies, 6 pools, 5 sites, \d+ cells\n$/);
  t.is(stderr, '');
});

test.serial('check reports the errors of all files at once with exit code 2', async (t) => {
  const directory = demoDirectory();
  writeFileSync(join(directory, 'office.networks'), '10.0.0.0/33 country=DE\n');
  writeFileSync(join(directory, 'bad.test.zone'), '@ SOA only\n');
  const { code, stderr } = await meridian(['check', '--config', join(directory, 'meridian.yaml')]);
  rmSync(directory, { recursive: true });
  t.is(code, 2);
  t.regex(stderr, /office\.networks:1:1: error ERR_GEO_MAP: /);
  t.regex(stderr, /bad\.test\.zone:1:\d+: error ERR_ZONE_/);
});

test.serial('check --json gives the problems to scripts', async (t) => {
  const { code, stdout } = await meridian(['check', '--config', '/nonexistent.yaml', '--json']);
  t.is(code, 2);
  const report = JSON.parse(stdout);
  t.is(report.ok, false);
  t.is(report.problems[0].code, 'ERR_CONFIG_FILE');
});

test.serial('simulate tells the figures of a scenario and writes a page', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-simulate-'));
  const [scenario, page] = [join(directory, 'calm.yaml'), join(directory, 'calm.html')];
  const world = join(ROOT, 'zones/scenarios/world.yaml');
  writeFileSync(scenario, `title: calm\nconfig: ${world}\nduration: 1m\nstep: 10s\nclients: { load: 90000 }\n`);
  const { code, stdout, stderr } = await meridian(['simulate', scenario, '--json', '--html', page]);
  t.is(stderr, '');
  t.is(code, 0);
  const { title, policies } = JSON.parse(stdout);
  t.is(title, 'calm');
  t.deepEqual([policies.length, policies[0].policy, policies[0].overShare], [1, 'spill', 0]);
  t.regex(readFileSync(page, 'utf8'), /^<!doctype html>/);
  const missing = await meridian(['simulate', scenario, '--html', join(directory, 'no/page.html')]);
  t.is(missing.code, 1);
  t.regex(missing.stderr, /^error ERR_SIMULATE: .* cannot be written: it does not exist\n$/);
  rmSync(directory, { recursive: true });
});

test.serial('simulate reports the errors of a scenario with their places', async (t) => {
  const { code, stderr } = await meridian(['simulate', 'zones/scenarios/world.yaml']);
  t.is(code, 2);
  t.regex(stderr, /world\.yaml:\d+:\d+: error ERR_CONFIG_/);
});

test.serial('explain without a server reads the files and says so', async (t) => {
  const directory = demoDirectory();
  const { code, stdout } = await meridian([
    'explain',
    'shop.example.test',
    '--client',
    '81.2.69.142',
    '--config',
    join(directory, 'meridian.yaml'),
  ]);
  rmSync(directory, { recursive: true });
  t.is(code, 0);
  t.regex(stdout, /no running server was asked/);
  t.regex(stdout, /country=GB/);
  t.regex(stdout, /record {3}www\.example\.test\. GSLB www-policy/);
  t.regex(stdout, /100\.00 % {2}web\/london at london/);
});

test.serial('explain asks the running server, and its answer is what clients get', async (t) => {
  const server = await startServer();
  try {
    const common = ['--config', server.config, '--json'];
    const { stdout } = await meridian(['explain', 'www.example.test', '--client', '202.12.27.33', '--type', 'AAAA', ...common]);
    const report = JSON.parse(stdout);
    t.is(report.steering.policy, 'www-policy');
    t.is(report.steering.shares[0].member, 'web/tokyo');
    const at = `@127.0.0.1:${server.port}`;
    const asked = ['www.example.test', 'AAAA', at, '--subnet', '202.12.27.33', '--timeout', '60', '--json'];
    const reply = JSON.parse((await meridian(['query', ...asked])).stdout);
    t.deepEqual(report.answers, reply.answers);
    t.is(reply.edns.options[0], `CLIENT-SUBNET 202.12.27.33/32 scope ${report.scopePrefixLen}`);
  } finally {
    await server.stop();
  }
});

test.serial('query shows a reply, over TCP too, and fails when nobody answers', async (t) => {
  const server = await startServer();
  try {
    const at = `@127.0.0.1:${server.port}`;
    const { code, stdout } = await meridian(['query', 'example.test', 'MX', at, '--tcp', '--timeout', '60']);
    t.is(code, 0);
    t.regex(stdout, /example\.test\.\t3600\tIN\tMX\t10 mail\.example\.test\.\n/);
    t.regex(stdout, /over tcp/);
    const short = await meridian(['query', 'example.test', 'MX', at, '--short', '--timeout', '60']);
    t.deepEqual([short.code, short.stdout, short.stderr], [0, '10 mail.example.test.\n', '']);
    const none = await meridian(['query', 'nowhere.example.test', at, '--short', '--timeout', '60']);
    t.deepEqual([none.code, none.stdout, none.stderr], [0, '', 'no answer: NXDOMAIN\n']);
  } finally {
    await server.stop();
  }
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
  const { code, stderr } = await meridian(['query', 'example.test', `@127.0.0.1:${silent.address().port}`, '--timeout', '0.3']);
  silent.close();
  t.is(code, 1);
  t.regex(stderr, /^error ERR_QUERY: /);
});

test.serial('status tells what is served and what was answered', async (t) => {
  const server = await startServer();
  try {
    // Over TCP, for over UDP a query may be sent twice.
    await meridian(['query', 'nowhere.example.test', `@127.0.0.1:${server.port}`, '--tcp', '--timeout', '60']);
    const report = JSON.parse((await meridian(['status', '--config', server.config, '--json'])).stdout);
    t.is(report.counters.REPLIES_NXDOMAIN, 1);
    t.is(report.zones[0].name, 'example.test.');
    t.regex((await meridian(['status', '--config', server.config])).stdout, /zone +example\.test\. serial 2026010101/);
  } finally {
    await server.stop();
  }
});

test.serial('commands that need a server say that none is running', async (t) => {
  const directory = demoDirectory();
  for (const command of ['reload', 'status', 'drain london --reason x', 'undrain london', 'override list', 'demo list']) {
    const { code, stderr } = await meridian([...command.split(' '), '--config', join(directory, 'meridian.yaml')]);
    t.is(code, 1);
    t.regex(stderr, /^error ERR_CONTROL: no server is running here; 'meridian serve' starts one/);
  }
  rmSync(directory, { recursive: true });
});

test.serial('a port that is taken is one clear line and exit code 1', async (t) => {
  const port = await reservePortFor(t);
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
  const directory = demoDirectory();
  const config = join(directory, 'taken.yaml');
  writeFileSync(config, `server: { listen: ["127.0.0.1:${port}"], stateDirectory: var }\nzones: { directory: . }\n`);
  rmSync(join(directory, 'example.test.zone'));
  const { code, stderr } = await meridian(['serve', '--config', config]);
  holder.close();
  rmSync(directory, { recursive: true });
  t.is(code, 1);
  t.regex(
    stderr,
    new RegExp(
      `^error ERR_LISTEN: tcp 127\\.0\\.0\\.1:${port} cannot be used: process ${process.pid} \\([^)]+\\) has port ${port}[^\\n]*\\n$`,
    ),
  );
});

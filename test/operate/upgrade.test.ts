// `meridian upgrade` as an operator uses it: the real binary under load, replaced again and again, and successors that fail.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { eventually } from '../support/patience.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import { beginServer, demoDirectory, editConfig, meridian, startServer } from '../support/server.ts';
import { WebServer } from '../support/site-agent.ts';
import { askAnew, askOverHttp, askOverTcp, askOverUdp } from '../support/steady-clients.ts';
import { Succession } from '../support/succession.ts';

/** Between two upgrades, so that each is under load from its begin to its end. */
const ANSWERS_BETWEEN = 100;

function twoWorkers(): string {
  const directory = demoDirectory();
  editConfig(directory, ['workers: 0', 'workers: 2']);
  return directory;
}

for (const { title, env, upgrades, workers } of [
  { title: 'five upgrades in a row', env: {}, upgrades: 5, workers: { alive: 2, wanted: 2 } },
  { title: 'two upgrades without the native addon', env: { MERIDIAN_NATIVE: 'off' }, upgrades: 2, workers: null },
])
  test.serial(`no query is lost over ${title}, over UDP and TCP, and counters go on`, async (t) => {
    const server = await startServer(twoWorkers(), { env });
    const succession = new Succession(server);
    const clients = [askOverUdp(server.port, 16), askOverTcp(server.port, 8)];
    try {
      const seen = [await succession.status()];
      for (let i = 0; i < upgrades; i++) {
        const before = succession.pid;
        const { run, report } = await succession.upgrade();
        t.deepEqual({ code: run.code, done: report.done }, { code: 0, done: true }, run.stdout);
        t.not(report.pid, before);
        await Promise.all(clients.map((client) => client.more(ANSWERS_BETWEEN)));
        seen.push(await succession.status());
      }
      const tallies = await Promise.all(clients.map((client) => client.stop()));
      for (const [i, name] of ['UDP', 'TCP'].entries()) {
        t.deepEqual(tallies[i]!.lost, [], name);
        t.true(tallies[i]!.answered > upgrades * ANSWERS_BETWEEN, name);
      }
      for (const [i, status] of seen.entries()) {
        t.deepEqual(status.workers, workers ?? seen[0]!.workers);
        t.is(status.health.self.id, seen[0]!.health.self.id, 'the same member of the mesh');
        if (i > 0)
          t.true(status.counters.UDP_QUERIES > seen[i - 1]!.counters.UDP_QUERIES, 'queries that were counted stay counted');
      }
    } finally {
      await Promise.all(clients.map((client) => client.stop()));
      await succession.stop();
    }
  });

test.serial(
  'a successor that cannot start changes nothing: its errors are printed, the server goes on and can be changed',
  async (t) => {
    const server = await startServer(twoWorkers());
    const succession = new Succession(server);
    const good = readFileSync(server.config, 'utf8');
    try {
      writeFileSync(server.config, good.replace('workers: 2', 'workers: many'));
      const socket = join(server.directory, 'var', 'meridian.sock');
      const broken = await meridian(['upgrade', '--socket', socket]);
      t.is(broken.code, 1);
      t.regex(broken.stderr, /error ERR_UPGRADE: the successor failed: it ended with code 2/);
      t.regex(broken.stderr, /meridian\.yaml:\d+:\d+: error ERR_CONFIG\S*: .*workers/);
      t.is(broken.stdout, `nothing was changed: process ${server.pid} goes on\n`);
      writeFileSync(server.config, good);

      const { run, report } = await succession.upgrade('--within', '1ms');
      t.is(run.code, 1);
      t.like(report, { done: false, pid: server.pid });
      t.regex(report.problems[0]!.message, /it was not ready within 1 ms/);

      const order = await meridian(['override', 'down', 'london', '--reason', 'test', '--config', server.config]);
      t.is(order.code, 0, order.stderr);
      // Both that failed have ended, and the next one finds the state as it is now.
      t.true((await succession.upgrade()).report.done);
      const overrides = await meridian(['override', 'list', '--config', server.config, '--json']);
      t.regex(overrides.stdout, /london/);
    } finally {
      await succession.stop();
    }
  },
);

test.serial(
  'a successor that dies when it has just taken the name of the control socket gives it back, and the next one succeeds',
  async (t) => {
    const directory = twoWorkers();
    // A service manager whose messenger kills whoever says first that it is the main process.
    const messenger = join(directory, 'systemd-notify');
    const met = join(directory, 'met');
    writeFileSync(
      messenger,
      `#!/bin/sh\ncase "$1" in MAINPID*) [ -e ${met} ] || { : > ${met}; kill -9 "\${1#MAINPID=}"; } ;; esac\n`,
      {
        mode: 0o755,
      },
    );
    const env = { NOTIFY_SOCKET: '/nonexistent', PATH: `${directory}:${process.env['PATH']}` };
    const server = await startServer(directory, { env });
    const succession = new Succession(server);
    try {
      const { run, report } = await succession.upgrade();
      t.is(run.code, 1);
      t.like(report, { done: false, pid: server.pid });
      t.regex(report.problems[0]!.message, /the successor failed: it ended by SIGKILL/);
      const isAsked = async (): Promise<boolean> => (await meridian(['status', '--config', server.config])).code === 0;
      await eventually(isAsked, () => server.log());
      t.is((await succession.status()).pid, server.pid);
      t.true((await succession.upgrade()).report.done);
      t.is((await succession.status()).pid, succession.pid);
    } finally {
      await succession.stop();
    }
  },
);

test.serial('SIGUSR2 does the same; connections and requests of a site agent are served without a failure', async (t) => {
  const servers = [await WebServer.open('a'), await WebServer.open('b')];
  const [tcp, http] = [await reservePortFor(t), await reservePortFor(t)];
  const directory = mkdtempSync(join(tmpdir(), 'meridian-upgrade-'));
  const [a, b] = servers.map(({ port }) => `"127.0.0.1:${port}"`);
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
sites: { fra: { latitude: 50.1, longitude: 8.7 }, lon: { latitude: 51.5, longitude: -0.1 } }
site:
  fra:
    services:
      web: { servers: { a: { address: ${a} }, b: { address: ${b} } }, outlier: off, breaker: off }
    listeners:
      raw: { listen: "127.0.0.1:${tcp}", tcp: { service: web } }
      web: { listen: "127.0.0.1:${http}", http: { service: web } }
`,
  );
  const server = beginServer(directory, { args: ['--role', 'site', '--site', 'fra'] });
  const succession = new Succession(server);
  await server.logged('at the site');
  const clients = [askAnew(tcp, 4), askOverHttp(http, 8)];
  try {
    for (let i = 1; i <= 3; i++) {
      await Promise.all(clients.map((client) => client.more(ANSWERS_BETWEEN)));
      succession.signal('SIGUSR2');
      await succession.takenOver(i);
    }
    await Promise.all(clients.map((client) => client.more(ANSWERS_BETWEEN)));
    const tallies = await Promise.all(clients.map((client) => client.stop()));
    t.deepEqual(
      tallies.map(({ lost }) => lost),
      [[], []],
    );
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    await succession.stop();
    for (const one of servers) one.kill();
  }
});

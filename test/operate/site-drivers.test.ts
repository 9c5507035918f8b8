// Balancers that are already there, as an operator makes Meridian aware of them: the real binary beside a real HAProxy, attached and
// managed, and beside something that tells of its load by itself.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { ask } from '../../src/site/drivers/haproxy/socket.ts';
import { startChild } from '../support/child.ts';
import { testUnless } from '../support/environments.ts';
import { whyNoHaproxy } from '../support/haproxy.ts';
import { WITH_SERVERS } from '../support/paths.ts';
import { eventually, PATIENCE_MS } from '../support/patience.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import { beginServer, editConfig, meridian, type RunResult, type StartingServer, serveInVain } from '../support/server.ts';
import { fetchName, WebServer } from '../support/site-agent.ts';

const REASON = whyNoHaproxy();
const HEAD = 'server: { stateDirectory: var }\nsites: { fra: { latitude: 50.1, longitude: 8.7 } }\n';

type Site = StatusReport['site'][number];

interface Agent extends StartingServer {
  command(...args: readonly string[]): Promise<RunResult>;
  site(): Promise<Site>;
  /** The server's state in `meridian status`, and why. */
  serverIs(server: string, state: string): Promise<void>;
}

function directoryFor(t: ExecutionContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-drivers-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'meridian.yaml'), HEAD + text);
  return directory;
}

async function agentIn(t: ExecutionContext, directory: string): Promise<Agent> {
  const started = beginServer(directory, { args: ['--role', 'site'] });
  t.teardown(async () => {
    started.signal('SIGTERM');
    await started.ended;
  });
  await started.logged('at the site');
  const command: Agent['command'] = (...args) => meridian([...args, '--config', started.config]);
  const site: Agent['site'] = async () =>
    (JSON.parse((await command('status', '--json')).stdout) as StatusReport).site.find((one) => one.site === 'fra')!;
  const serverIs: Agent['serverIs'] = async (server, state) => {
    let found: unknown;
    await eventually(
      async () => {
        const all = (await site()).services.flatMap(({ servers }) => servers);
        found = all.find((one) => one.server === server);
        return all.some((one) => one.server === server && one.state === state);
      },
      () => `${server} is not ${state}: ${JSON.stringify(found)}\n${started.log()}`,
    );
  };
  return { ...started, command, site, serverIs };
}

/** An operator's own HAProxy before two servers, which can be started again. */
async function operatorsHaproxy(
  t: ExecutionContext,
): Promise<{ socket: string; port: number; start(): Promise<() => Promise<void>> }> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-own-'));
  const port = await reservePortFor(t);
  const socket = join(directory, 'own.sock');
  const servers = [await WebServer.open('a'), await WebServer.open('b')];
  const file = join(directory, 'own.cfg');
  writeFileSync(
    file,
    `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
frontend in
  bind 127.0.0.1:${port}
  default_backend web
backend web
${servers.map(({ name, port: at }) => `  server ${name} 127.0.0.1:${at} maxconn 50\n`).join('')}`,
  );
  t.teardown(() => {
    for (const server of servers) server.kill();
    rmSync(directory, { recursive: true, force: true });
  });
  const start = async (): Promise<() => Promise<void>> => {
    const child = startChild('haproxy', ['-db', '-f', file], { env: WITH_SERVERS });
    const stop = async (): Promise<void> => {
      child.kill('SIGKILL');
      await child.ended;
    };
    t.teardown(stop);
    await eventually(
      async () => (await ask(socket, 'show info', PATIENCE_MS)).ok,
      () => child.printed('both'),
    );
    return stop;
  };
  return { socket, port, start };
}

/** Who answers so many clients, one after another. */
async function answers(port: number, count: number): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < count; i++) names.add(await fetchName(port));
  return [...names].sort();
}

testUnless(
  REASON,
  'five lines of YAML make an HAProxy known: its servers are seen, drained by order, and its load is told',
  async (t) => {
    const own = await operatorsHaproxy(t);
    const stop = await own.start();
    const text = `site:\n  fra:\n    driver:\n      haproxyAttach: { socket: ${own.socket} }\n`;
    const agent = await agentIn(t, directoryFor(t, text));
    await agent.serverIs('a', 'up');
    const { load, driver, services } = await agent.site();
    t.deepEqual(load, { unit: 'connections', current: 0, target: 80, max: 100 });
    t.like(driver, { kind: 'haproxy-attach', trouble: null });
    t.deepEqual(
      services.map(({ service }) => service),
      ['web'],
    );

    t.is((await agent.command('drain', 'server:fra/web/a', '--reason', 'new disk')).code, 0);
    await agent.serverIs('a', 'drained');
    t.deepEqual(await answers(own.port, 4), ['b']);
    t.regex(
      (await agent.command('status')).stdout,
      /balancer haproxy-attach: read .*fra\/web\/a .*DRAINED .*new disk.*says draining/s,
    );

    // What HAProxy forgets when it is started again is told anew.
    await stop();
    await eventually(
      async () => (await agent.site()).load === null,
      () => agent.log(),
    );
    t.regex((await agent.command('status')).stdout, /load NOT KNOWN.*TROUBLE: haproxy \S+own\.sock: nobody listens there/s);
    await own.start();
    await agent.logged('haproxy was reloaded or restarted: weights, limits and orders were given again');
    t.deepEqual(await answers(own.port, 4), ['b']);

    t.is((await agent.command('undrain', 'server:fra/web/a')).code, 0);
    await agent.serverIs('a', 'up');
    t.deepEqual(await answers(own.port, 4), ['a', 'b']);

    // A driver that cannot be reached does not replace one that works; an unrelated change is made all the same.
    const config = readFileSync(agent.config, 'utf8');
    editConfig(agent.directory, [own.socket, '/nowhere/admin.sock']);
    const refused = await agent.command('reload');
    t.not(refused.code, 0);
    t.regex(refused.stderr, /error ERR_DRIVER_UNREACHABLE: site fra: haproxy \/nowhere\/admin\.sock: there is no such socket/);
    writeFileSync(agent.config, config.replace(`socket: ${own.socket}`, `socket: ${own.socket}, max: 60`));
    t.is((await agent.command('reload')).code, 0);
    await eventually(
      async () => (await agent.site()).load?.max === 60,
      () => agent.log(),
    );
  },
);

testUnless(REASON, 'an HAProxy that is not there yet is a warning at the start, and is used as soon as it is', async (t) => {
  const own = await operatorsHaproxy(t);
  const services = 'services: { web: { servers: { a: { address: "127.0.0.1:1", weight: 7 }, b: { address: "127.0.0.1:2" } } } }';
  const text = `site: { fra: { driver: { haproxyAttach: { socket: ${own.socket} } }, ${services} } }\n`;
  const agent = await agentIn(t, directoryFor(t, text));
  t.regex(agent.log(), /ERR_DRIVER_UNREACHABLE/);
  t.is((await agent.site()).load, null);
  await own.start();
  await agent.serverIs('a', 'up');
  await eventually(
    async () => (await agent.site()).services[0]!.servers[0]!.weight === 7,
    () => agent.log(),
  );
});

const managed = (directory: string, port: number, servers: readonly WebServer[], more = ''): string => `site:
  fra:
    driver:
      haproxy: { directory: ${directory}, user: root, threads: 1, maxConnections: 1000${more} }
    services:
      web:
        algorithm: weighted-round-robin
        slowStart: { window: 0s }
        servers:
${servers.map(({ name, port: at }) => `          ${name}: { address: "127.0.0.1:${at}", weight: 1, maxActive: 50 }\n`).join('')}    listeners:
      public: { listen: "127.0.0.1:${port}", http: { service: web } }
`;

testUnless(REASON, 'the agent runs an HAProxy: reloads, drains, and starts it again when it has died', async (t) => {
  const port = await reservePortFor(t);
  const servers = [await WebServer.open('a'), await WebServer.open('b')];
  t.teardown(() => {
    for (const server of servers) server.kill();
  });
  const run = mkdtempSync(join(tmpdir(), 'mh-'));
  t.teardown(() => rmSync(run, { recursive: true, force: true }));
  const agent = await agentIn(t, directoryFor(t, managed(run, port, servers)));
  t.deepEqual(await answers(port, 4), ['a', 'b']);
  await agent.serverIs('a', 'up');
  t.like((await agent.site()).load, { unit: 'connections', max: 100, target: 80 });

  t.is((await agent.command('drain', 'fra/web/a', '--reason', 'new disk')).code, 0);
  await agent.serverIs('a', 'drained');
  t.deepEqual(await answers(port, 4), ['b']);
  t.is((await agent.command('undrain', 'fra/web/a')).code, 0);
  await agent.serverIs('a', 'up');

  // Weights are orders at run time; a broken file and a port that somebody has change nothing.
  const pidOf = async (): Promise<string> => {
    const info = await ask(join(run, 'runtime.sock'), 'show info', PATIENCE_MS);
    return info.ok ? /^Pid: (\d+)/m.exec(info.value)![1]! : info.error.message;
  };
  const pid = await pidOf();
  const config = readFileSync(agent.config, 'utf8');
  editConfig(agent.directory, [/(a: .*)weight: 1/, '$1weight: 5']);
  t.is((await agent.command('reload')).code, 0);
  t.is(await pidOf(), pid, 'the same worker');
  editConfig(agent.directory, [`127.0.0.1:${port}`, `127.0.0.1:${servers[0]!.port}`], [/ {10}a: .*\n/, '']);
  const refused = await agent.command('reload');
  t.not(refused.code, 0);
  t.regex(refused.stderr, /error ERR_DRIVER_REFUSED: site fra: haproxy: /);
  t.deepEqual(await answers(port, 6), ['a', 'b']);
  writeFileSync(agent.config, config);

  const master = await ask(join(run, 'master.sock'), 'show proc', PATIENCE_MS);
  const pids = master.ok ? [...master.value.matchAll(/^(\d+)\s+(?:master|worker)/gm)].map(([, one]) => Number(one)) : [];
  t.true(pids.length >= 2, JSON.stringify(master));
  for (const one of pids) process.kill(one, 'SIGKILL');
  await agent.logged('haproxy had ended by itself: started again');
  t.deepEqual(await answers(port, 6), ['a', 'b']);
});

for (const [what, line, complaint] of [
  [
    'missing',
    null,
    /^error ERR_DRIVER_PROGRAM: site fra: \S+haproxy-of-ours: there is no such program; install the package haproxy/,
  ],
  [
    'too old',
    'HAProxy version 2.4.22 2023/02/14',
    /^error ERR_DRIVER_PROGRAM: site fra: \S+haproxy-of-ours: HAProxy 2\.6 or newer is needed, found 2\.4/,
  ],
] as const) {
  test(`an HAProxy that is ${what} is one clear line at the start`, async (t) => {
    const port = await reservePortFor(t);
    const run = mkdtempSync(join(tmpdir(), 'mh-'));
    t.teardown(() => rmSync(run, { recursive: true, force: true }));
    const program = join(run, 'haproxy-of-ours');
    if (line !== null) {
      writeFileSync(program, `#!/bin/sh\necho '${line}'\n`);
      chmodSync(program, 0o755);
    }
    const server = { name: 'a', port: 9 } as WebServer;
    const directory = directoryFor(t, managed(run, port, [server], `, program: ${program}`));
    const { code, stderr } = await serveInVain(directory, { args: ['--role', 'site'] });
    t.not(code, 0);
    t.regex(stderr, complaint);
  });
}

/** Status and body. */
const post = (port: number, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path: '/load', method: 'POST', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${text.trim()}`));
    });
    asking.on('error', reject);
    asking.end(body);
  });

test('a load that is posted is that of the site until it is too old', async (t) => {
  const port = await reservePortFor(t);
  const text = `site:\n  fra:\n    driver: { posted: {} }\n    listeners: { report: { listen: "127.0.0.1:${port}", load: {} } }\n`;
  const agent = await agentIn(t, directoryFor(t, text));
  t.regex(await fetchName(port, '/load'), /"error":"POST \/load: nobody has said anything yet"|"error":"not known"/);
  t.is(await post(port, '{"current": 12, "target": 40, "max": 50}'), '200 {"isTaken":true}');
  await eventually(
    async () => {
      await post(port, '{"current": 12, "target": 40, "max": 50}');
      return JSON.parse(await fetchName(port, '/load')).current === 12;
    },
    () => agent.log(),
  );
  t.regex(await post(port, '{"current": -1}'), /^400 .*"code":"ERR_LOAD_FORM".*current must be a number of 0 or more/);
  t.regex(await post(port, 'x'.repeat(5000)), /^413 .*at most 4096 octets, found 5000/);
  await eventually(
    async () => (await agent.site()).load === null,
    () => agent.log(),
  );
  t.regex((await agent.command('status')).stdout, /Site fra: load NOT KNOWN.*nobody has said anything for \d+ s/s);
});

const OWN_NETWORK = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const NETWORK_TRIAL = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin; nft add table inet t && test -r /proc/net/nf_conntrack';

function whyNoKernel(): string | undefined {
  const { status, stderr, error } = spawnSync('unshare', [...OWN_NETWORK, 'sh', '-c', NETWORK_TRIAL], { encoding: 'utf8' });
  if (error !== undefined) return `unshare: ${error.message}`;
  return status === 0 ? undefined : `a network of its own with nft: ${stderr.trim().split('\n').at(-1) || `exit code ${status}`}`;
}

const SERVERS = `
for (const [name, port] of [['a', 8081], ['b', 8082]]) {
  require('node:http').createServer((request, response) => response.end(name)).listen(port, '127.0.0.1');
}`;

testUnless(
  whyNoKernel(),
  'the kernel balances as the agent is told, and its table comes back after somebody has flushed it',
  async (t) => {
    const text = `site:
  fra:
    driver:
      nftables: { max: 100, tableSize: 1021 }
    services:
      web:
        algorithm: round-robin
        servers:
          a: { address: "127.0.0.1:8081" }
          b: { address: "127.0.0.1:8082" }
        check: { tcp: {}, interval: 3s, transitionInterval: 100ms, timeout: 3s, connectTimeout: 3s, rise: 2, fall: 3 }
    listeners:
      public: { listen: "127.0.0.1:80", tcp: { service: web } }
`;
    const directory = directoryFor(t, text);
    const begin = `ip link set lo up; ${process.execPath} -e "$SERVERS" & exec "$@"`;
    const agent = beginServer(directory, {
      args: ['--role', 'site'],
      wrapper: ['unshare', ...OWN_NETWORK, 'sh', '-c', begin, 'sh'],
      env: { SERVERS },
    });
    t.teardown(async () => {
      agent.signal('SIGKILL'); // and with it all in its namespaces
      await agent.ended;
    });
    await agent.logged('at the site');
    const inside = (...argv: readonly string[]) =>
      spawnSync('nsenter', [`--net=/proc/${agent.pid}/ns/net`, '--', ...argv], { encoding: 'utf8' });
    const who = (count: number): string =>
      [...new Set(Array.from({ length: count }, () => inside('curl', '-s', '--max-time', '60', 'http://127.0.0.1/').stdout))]
        .sort()
        .join();
    const command = (...args: readonly string[]): Promise<RunResult> => meridian([...args, '--config', agent.config]);
    const gives = async (names: string): Promise<void> =>
      eventually(
        () => who(8) === names,
        () => `not ${names} but ${who(8)}\n${inside('/usr/sbin/nft', 'list', 'ruleset').stdout}${agent.log()}`,
      );
    await gives('a,b');
    t.is((await command('drain', 'fra/web/a', '--reason', 'new disk')).code, 0);
    await gives('b');
    // What the balancer says of itself is read once a second.
    let status = '';
    await eventually(
      async () => {
        status = (await command('status')).stdout;
        return /Site fra: load \d+ of 50 connections, target 40.*balancer nftables.*fra\/web\/a .*DRAINED/s.test(status);
      },
      () => status,
    );
    t.is((await command('undrain', 'fra/web/a')).code, 0);
    await gives('a,b');
    t.is(inside('/usr/sbin/nft', 'flush', 'ruleset').status, 0);
    await agent.logged('nftables: the table meridian had been removed by somebody: made again');
    await gives('a,b');
    editConfig(directory, [/ {10}a: .*\n/, '']);
    t.is((await command('reload')).code, 0);
    await gives('b');
    editConfig(directory, ['algorithm: round-robin', 'algorithm: least-connections']);
    const refused = await command('reload');
    t.not(refused.code, 0);
    t.regex(
      refused.stderr,
      /error ERR_DRIVER_PLAN: site fra: nftables: service web: the kernel can do .*found least-connections/,
    );
    await gives('b');
  },
);

// Changing what is served: by signal and by command, and what a mistake changes (nothing).

import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { dig } from '../support/dig.ts';
import {
  beginServer,
  demoDirectory,
  editConfig,
  meridian,
  type RunningServer,
  type StartingServer,
  startServer,
} from '../support/server.ts';

const ask = async (server: RunningServer, name: string): Promise<string> =>
  (await dig(server.port, '+short', name, 'TXT')).trim();

test.serial('SIGHUP makes a changed zone live', async (t) => {
  const server = await startServer();
  try {
    t.is(await ask(server, 'news.example.test'), '');
    appendFileSync(join(server.directory, 'example.test.zone'), 'news TXT "fresh"\n');
    server.signal('SIGHUP');
    const line = await server.logged('reloaded');
    t.is(line['zonesRead'], 1);
    t.is(await ask(server, 'news.example.test'), '"fresh"');
  } finally {
    t.is(await server.stop(), 0);
  }
});

test.serial('reload reads only the zones that changed, and new ones', async (t) => {
  const server = await startServer();
  try {
    copyFileSync(join(server.directory, 'example.test.zone'), join(server.directory, 'second.test.zone'));
    const text = readFileSync(join(server.directory, 'second.test.zone'), 'utf8');
    writeFileSync(join(server.directory, 'second.test.zone'), text.replace('$ORIGIN example.test.', '$ORIGIN second.test.'));
    const { code, stdout, stderr } = await meridian(['reload', '--config', server.config]);
    t.is(code, 0, stderr);
    t.regex(stdout, /1 zone read, 1 unchanged, geography unchanged/);
    t.is(await ask(server, 'second.test'), '"v=spf1 mx -all"');
  } finally {
    await server.stop();
  }
});

test.serial('a reload with any error prints every error, changes nothing and exits with 2', async (t) => {
  const server = await startServer();
  try {
    const zone = join(server.directory, 'example.test.zone');
    appendFileSync(zone, 'news TXT "fresh"\nbad A 300.1.2.3\nworse MX ten mail\nsteered GSLB no-such-policy\n');
    const lines = readFileSync(zone, 'utf8').split('\n').length;
    const { code, stdout, stderr } = await meridian(['reload', '--config', server.config]);
    t.is(code, 2);
    t.regex(stderr, new RegExp(`example\\.test\\.zone:${lines - 3}:7: error ERR_ZONE_RDATA: `));
    t.regex(stderr, new RegExp(`example\\.test\\.zone:${lines - 2}:10: error ERR_ZONE_RDATA: `));
    t.regex(stderr, new RegExp(`example\\.test\\.zone:${lines - 1}:\\d*:? ?error ERR_ZONE_GSLB_TARGET: `));
    t.regex(stderr, /3 errors, 0 warnings/);
    t.regex(stdout, /nothing was changed/);
    t.is(await ask(server, 'news.example.test'), '');
    t.is(await ask(server, 'example.test'), '"v=spf1 mx -all"');
  } finally {
    await server.stop();
  }
});

test.serial('a damaged database changes nothing', async (t) => {
  const server = await startServer();
  try {
    const broken = join(server.directory, 'broken.mmdb');
    writeFileSync(broken, 'this is not a database');
    writeFileSync(server.config, readFileSync(server.config, 'utf8').replace('database: bundled', 'database: broken.mmdb'));
    const { code, stderr } = await meridian(['reload', '--config', server.config]);
    t.is(code, 2);
    t.regex(stderr, /broken\.mmdb: error ERR_GEO_FORMAT: /);
    t.is(await ask(server, 'example.test'), '"v=spf1 mx -all"');
  } finally {
    await server.stop();
  }
});

test.serial('settings that need a restart are named by a reload', async (t) => {
  const server = await startServer();
  try {
    writeFileSync(server.config, readFileSync(server.config, 'utf8').replace('workers: 0', 'workers: 3'));
    const { code, stderr } = await meridian(['reload', '--config', server.config]);
    t.is(code, 0);
    t.regex(stderr, /warning ERR_CONFIG_RESTART: /);
  } finally {
    await server.stop();
  }
});

test.serial('a second server in the same state directory is refused, and the first goes on', async (t) => {
  const server = await startServer();
  try {
    const { code, stderr } = await meridian(['serve', '--config', server.config]);
    t.is(code, 1);
    t.regex(stderr, /error ERR_CONTROL: another server already listens on control socket /);
    t.is(await ask(server, 'example.test'), '"v=spf1 mx -all"');
  } finally {
    await server.stop();
  }
});

/** Starts a server and resolves as soon as it has opened its control socket, which it does before its workers start. */
async function opening(): Promise<{ server: StartingServer; socket: string }> {
  const directory = demoDirectory();
  editConfig(directory, ['workers: 0', 'workers: 8']); // the more workers, the longer the start
  const server = beginServer(directory);
  const socket = join(directory, 'var/meridian.sock');
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 1));
  return { server, socket };
}

test.serial('SIGHUP while the server starts is remembered: it reloads once it listens', async (t) => {
  const { server, socket } = await opening();
  server.signal('SIGHUP');
  await server.logged('reloaded');
  const log = server.log();
  t.true(log.indexOf('"msg":"listening"') < log.indexOf('"msg":"reloaded"'));
  server.signal('SIGTERM');
  t.is(await server.ended, 0);
  t.false(existsSync(socket));
  rmSync(server.directory, { recursive: true });
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test.serial(`${signal} while the server starts ends it in order`, async (t) => {
    const { server, socket } = await opening();
    server.signal(signal);
    t.is(await server.ended, 0);
    t.regex(server.log(), /"msg":"stopping"}\n(.*"msg":"listening"}\n)?.*"msg":"stopped"}\n$/);
    t.false(existsSync(socket));
    rmSync(server.directory, { recursive: true });
  });
}

test.serial('one request to stop that comes as two signals is one request', async (t) => {
  const server = await startServer();
  server.signal('SIGTERM');
  server.signal('SIGINT');
  t.is(await server.stop(), 0);
});

// Changing what is served: by signal and by command, and what a mistake changes (nothing).

import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { meridian, type RunningServer, run, startServer } from '../support/server.ts';

async function ask(server: RunningServer, name: string): Promise<string> {
  const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(server.port), '+short', '+norecurse', '+tries=1', name, 'TXT']);
  return stdout.trim();
}

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

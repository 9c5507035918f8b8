// DNS Cookies of the running server, with dig as client: it keeps no state, so cookies are handed to it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { dig } from '../support/dig.ts';
import { demoDirectory, meridian, type RunningServer, startServer } from '../support/server.ts';

const CLIENT = '2464c4abcf10c957';
const FIRST = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const SECOND = '445536bcd2513298075a5d379663c962';

/** The cookie in the reply to a query with this one. */
async function exchange(server: RunningServer, cookie: string): Promise<string> {
  const stdout = await dig(server.port, `+cookie=${cookie}`, 'www.example.test', 'A');
  if (!stdout.includes('status: NOERROR')) throw new Error(stdout);
  const found = /; COOKIE: ([0-9a-f]+)/.exec(stdout);
  if (found?.[1]?.length !== 48) throw new Error(stdout);
  return found[1];
}

/** Counts of valid and bad cookies, by the server's own account. */
async function worth(server: RunningServer): Promise<number[]> {
  const { stdout } = await meridian(['status', '--config', server.config, '--json']);
  const { counters } = JSON.parse(stdout) as { counters: Record<string, number> };
  return [counters['COOKIES_VALID']!, counters['COOKIES_BAD']!];
}

async function reload(server: RunningServer): Promise<void> {
  const { code, stdout, stderr } = await meridian(['reload', '--config', server.config]);
  if (code !== 0) throw new Error(stdout + stderr);
}

function directoryWith(server: string): string {
  const directory = demoDirectory();
  const config = join(directory, 'meridian.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('\nserver:\n', `\nserver:\n${server}`));
  return directory;
}

test.serial('a secret is rolled over without a restart and without a cookie being lost', async (t) => {
  const directory = directoryWith('  cookies: { secretFile: cookie.secrets }\n');
  const secrets = join(directory, 'cookie.secrets');
  writeFileSync(secrets, `${FIRST}\n`);
  const server = await startServer(directory);
  try {
    const given = await exchange(server, CLIENT);
    t.is(await exchange(server, given), given);
    writeFileSync(secrets, `${FIRST}\n${SECOND}\n`);
    await reload(server);
    t.is(await exchange(server, given), given);
    writeFileSync(secrets, `${SECOND}\n${FIRST}\n`);
    await reload(server);
    const renewed = await exchange(server, given);
    t.not(renewed, given);
    writeFileSync(secrets, `${SECOND}\n`);
    await reload(server);
    t.is(await exchange(server, renewed), renewed);
    t.deepEqual(await worth(server), [4, 0]);
    t.not(await exchange(server, given), given);
    t.deepEqual(await worth(server), [4, 1]);

    writeFileSync(secrets, 'slip\n');
    const { code, stderr } = await meridian(['reload', '--config', server.config]);
    t.is(code, 2);
    t.regex(stderr, /cookie\.secrets:1: error ERR_CONFIG_COOKIE_SECRET: /);
    t.is(await exchange(server, renewed), renewed);
  } finally {
    t.is(await server.stop(), 0);
  }
});

test.serial('a random secret lasts over reloads, and the server tells who it is to who asks', async (t) => {
  const server = await startServer(directoryWith('  nsid: lon-1\n  chaos: { id: lon-1 }\n'));
  try {
    const given = await exchange(server, CLIENT);
    await reload(server);
    t.is(await exchange(server, given), given);
    const { port } = server;
    t.regex(await dig(port, '+nsid', 'www.example.test'), /; NSID: .*\("lon-1"\)/);
    t.regex(await dig(port, 'CH', 'TXT', 'id.server'), /^id\.server\.\s+0\s+CH\s+TXT\s+"lon-1"$/m);
    t.regex(await dig(port, 'CH', 'TXT', 'version.bind'), /status: REFUSED/);
    t.regex(await dig(port, '+tcp', '+keepalive', 'www.example.test'), /; TCP[ -]KEEPALIVE: 10\.0/i);
  } finally {
    t.is(await server.stop(), 0);
  }
});

// Bad places to start a server in: each gives one clear line with a stable code and exit code 1, never a stack trace, or the server
// starts with less and says so.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hasReusePort, supportsReusePort } from '../../src/transport/listen.ts';
import { adminDirectory } from '../support/admin-client.ts';
import { startChild } from '../support/child.ts';
import { dig } from '../support/dig.ts';
import {
  asUser,
  buildRefusal,
  copyOfProgram,
  giveTo,
  inOwnNetwork,
  NO_IPV6,
  NOBODY,
  PRIVILEGED_PORTS,
  STRANGER,
  testUnless,
  whyNot,
  whyNotUser,
  withOpenFiles,
} from '../support/environments.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import {
  demoDirectory,
  editConfig,
  meridian,
  type RunResult,
  type Surroundings,
  serveInVain,
  startServer,
} from '../support/server.ts';
import { StreamClient } from '../support/stream-client.ts';

/** The demo, listening elsewhere. */
function listeningOn(...endpoints: readonly string[]): string {
  const directory = demoDirectory();
  editConfig(directory, ['"127.0.0.1:0"', endpoints.map((endpoint) => `"${endpoint}"`).join(', ')]);
  return directory;
}

/** The server has said nothing but one line, and ended with code 1. */
function isOneLine(t: ExecutionContext, result: RunResult, line: RegExp): void {
  t.is(result.code, 1, result.stdout);
  t.regex(result.stderr, /^error ERR_[A-Z_]+: [^\n]+\n$/);
  t.regex(result.stderr, line);
  t.is(result.stdout, '');
}

const vain = async (t: ExecutionContext, directory: string, line: RegExp, surroundings?: Surroundings): Promise<void> =>
  isOneLine(t, await serveInVain(directory, surroundings), line);

/** Starts, checks that exactly the warnings of these codes were logged, and that queries are answered. */
async function startsWith(
  t: ExecutionContext,
  codes: readonly string[],
  surroundings: Surroundings,
  text: RegExp,
): Promise<void> {
  const directory = demoDirectory();
  editConfig(directory, ['workers: 0', 'workers: 2']);
  const server = await startServer(directory, surroundings);
  try {
    const warnings = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"msg":"problem"'));
    t.deepEqual(
      warnings.map((line) => JSON.parse(line).code),
      codes,
    );
    t.regex(server.log(), text);
    t.is((await dig(server.port, '+short', 'example.test', 'TXT')).trim(), '"v=spf1 mx -all"');
  } finally {
    t.is(await server.stop(), 0);
  }
}

for (const protocol of ['udp', 'tcp'] as const) {
  test.serial(`a port that another process has for ${protocol} names that process`, async (t) => {
    const port = await reservePortFor(t); // nobody else has it for the other protocol
    const holder = protocol === 'udp' ? createSocket('udp4').bind(port, '127.0.0.1') : createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    const line = new RegExp(
      `^error ERR_LISTEN: ${protocol} 127\\.0\\.0\\.1:${port} cannot be used: process ${process.pid} \\(.+, user ${process.getuid!()}\\) has port`,
    );
    await vain(t, listeningOn(`127.0.0.1:${port}`), line);
    holder.close();
  });
}

test.serial('a port that another Meridian shares among its workers is not shared with a second one', async (t) => {
  const first = await startServer();
  const line = new RegExp(`ERR_LISTEN: udp and tcp 127\\.0\\.0\\.1:${first.port} cannot be used: process ${first.pid} \\(`);
  await vain(t, listeningOn(`127.0.0.1:${first.port}`), line);
  t.is(await first.stop(), 0);
});

testUnless(whyNotUser() ?? whyNotUser(STRANGER), 'a port that a process of another user has names that user', async (t) => {
  const port = await reservePortFor(t);
  const program = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`;
  const [command, ...args] = [...asUser(STRANGER), process.execPath, '-e', program];
  const holder = startChild(command!, args);
  await once(holder.stdout, 'data');
  const directory = listeningOn(`127.0.0.1:${port}`);
  giveTo(NOBODY, directory);
  await vain(t, directory, /ERR_LISTEN: tcp .* a process of user 65533 has port \d+; 'sudo ss -lnpt/, {
    wrapper: asUser(NOBODY),
  });
  holder.kill('SIGTERM');
});

testUnless(
  whyNotUser() ?? whyNot([...asUser(NOBODY), 'nice', '-n', '19']),
  'a user whose server has the lowest priority from the start has an API and reloads all the same',
  async (t) => {
    const directory = adminDirectory();
    giveTo(NOBODY, directory);
    const server = await startServer(directory, { wrapper: [...asUser(NOBODY), 'nice', '-n', '19'] });
    const { endpoints } = await server.logged('admin API listening');
    const [{ address, port }] = endpoints as [{ address: string; port: number }];
    t.is((await fetch(`http://${address}:${port}/healthz`)).status, 200);
    t.is((await meridian(['reload', '--config', server.config])).code, 0);
    t.notRegex(server.log(), /ERR_INTERNAL/);
    t.is(await server.stop(), 0);
  },
);

const unprivileged = [...inOwnNetwork(PRIVILEGED_PORTS), ...asUser(NOBODY)];
testUnless(whyNotUser() ?? whyNot(unprivileged), 'port 53 without a privilege names the ways to get it', async (t) => {
  const directory = listeningOn('127.0.0.1:53');
  giveTo(NOBODY, directory);
  const line =
    /ERR_LISTEN: udp and tcp 127\.0\.0\.1:53 cannot be used: port 53 needs a privilege: .*meridian\.socket.*AmbientCapabilities=.*setcap.*sysctl.*docs\/deploy\.md/;
  await vain(t, directory, line, { wrapper: unprivileged });
});

test.serial('an address that the machine does not have is named', (t) =>
  vain(
    t,
    listeningOn('192.0.2.77:5053'),
    /ERR_LISTEN: udp and tcp 192\.0\.2\.77:5053 .*no interface of this machine has the address/,
  ),
);

const withoutIpv6 = inOwnNetwork(NO_IPV6);
testUnless(whyNot(withoutIpv6), 'an IPv6 address on a machine without IPv6 says that there is none', (t) =>
  vain(
    t,
    listeningOn('127.0.0.1:5053', '[::1]:5053'),
    /ERR_LISTEN: udp and tcp \[::1\]:5053 .*this machine has no IPv6 address/,
    {
      wrapper: withoutIpv6,
    },
  ),
);

testUnless(whyNot(withoutIpv6), 'all of IPv6 on a machine without IPv6 is served in vain, and a warning says so', async (t) => {
  const server = await startServer(listeningOn('127.0.0.1:0', '[::]:0'), { wrapper: withoutIpv6 });
  t.regex(server.log(), /"code":"ERR_LISTEN","message":"\[::\]:0 is served, but no interface has an IPv6 address/);
  t.is(await server.stop(), 0);
});

const refusal = process.platform === 'linux' ? buildRefusal() : undefined;
const noRefusal = refusal === undefined ? 'no C compiler' : undefined;
const refusing = (feature: string): Surroundings => ({ env: { LD_PRELOAD: refusal!, REFUSE: feature } });

testUnless(noRefusal, 'IPv6 on a kernel without it says that there is none', (t) =>
  vain(t, listeningOn('[::]:0'), /ERR_LISTEN: udp and tcp \[::\]:0 .*this machine has no IPv6; remove it/, refusing('ipv6')),
);

testUnless(
  noRefusal ?? (supportsReusePort ? undefined : 'ports cannot be shared here anyway'),
  'on a kernel whose sockets cannot share a port one worker answers, and a line says why',
  (t) =>
    startsWith(t, ['ERR_WORKER'], refusing('reuseport'), /one worker answers, not 2: the kernel .*SO_REUSEPORT: ENOPROTOOPT/),
);

/** Without the addon several workers need a Node that shares ports by itself. */
const aloneCodes = hasReusePort(process.versions.node, process.platform) ? [] : ['ERR_WORKER'];

test.serial('without the addon the server answers all the same, and a line says why and what to do', async (t) => {
  const reason = 'there is no C++ compiler';
  const { directory, main } = copyOfProgram((build) => writeFileSync(join(build, 'reason'), `${reason}\n`));
  const text = new RegExp(`addon is not used, because ${reason.replaceAll('+', '\\+')}; .*node native/build\\.mjs --force`);
  await startsWith(t, ['ERR_ADDON', ...aloneCodes], { main }, text);
  rmSync(directory, { recursive: true });
});

test.serial('an addon of another machine is told apart from none', async (t) => {
  // The head of an ELF file for 32-bit ARM.
  const foreign = Buffer.concat([Buffer.from('7f454c460101010000000000000000000300280001000000', 'hex'), Buffer.alloc(512)]);
  const { directory, main } = copyOfProgram((build) => writeFileSync(join(build, 'packet-io.node'), foreign));
  await startsWith(t, ['ERR_ADDON', ...aloneCodes], { main }, /addon is not used, because it does not load: .*ELF/);
  rmSync(directory, { recursive: true });
});

testUnless(whyNotUser(), 'a state directory that cannot be written is named', async (t) => {
  const directory = demoDirectory();
  giveTo(NOBODY, directory);
  mkdirSync(join(directory, 'var'), { mode: 0o755 });
  await vain(t, directory, /ERR_STATE: state directory \S+\/var cannot be used: permission denied; make it writable/, {
    wrapper: asUser(NOBODY),
  });
});

test.serial('a state directory that is a file is named', (t) => {
  const directory = demoDirectory();
  writeFileSync(join(directory, 'var'), '');
  return vain(t, directory, /ERR_STATE: state directory \S+\/var cannot be used: /);
});

test.serial('a control socket that cannot be made is named', (t) => {
  const directory = demoDirectory();
  editConfig(directory, ['stateDirectory: var', 'stateDirectory: var\n  controlSocket: nowhere/meridian.sock']);
  return vain(
    t,
    directory,
    /ERR_CONTROL: control socket \S+nowhere\/meridian\.sock cannot be opened: its directory does not exist or is not writable/,
  );
});

test.serial('too few open files to start at all are refused with the number that is needed', (t) =>
  vain(t, demoDirectory(), /ERR_OPEN_FILES: the limit of 64 open files is too low to start; at least 512/, {
    wrapper: withOpenFiles(64),
  }),
);

test.serial('with few open files a crowd of TCP connections locks nobody out', async (t) => {
  const server = await startServer(demoDirectory(), { wrapper: withOpenFiles(600) });
  const crowd: StreamClient[] = [];
  try {
    t.regex(
      server.log(),
      /"code":"ERR_OPEN_FILES","message":"the limit of 600 open files is too low for server\.tcp\.maxConnections 1024/,
    );
    for (let i = 0; i < 1200; i++) crowd.push(await StreamClient.open(server.port));
    for (let i = 0; i < 5; i++)
      t.is((await dig(server.port, '+tcp', '+short', 'example.test', 'TXT')).trim(), '"v=spf1 mx -all"');
  } finally {
    for (const client of crowd) client.close();
    t.is(await server.stop(), 0);
  }
});

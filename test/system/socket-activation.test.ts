// Port 53 without the right to open it: sockets that systemd hands over (sd_listen_fds(3)), and a capability of the process.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { packetIo } from '../../src/transport/packet-io.ts';
import { tryDig } from '../support/dig.ts';
import {
  asUser,
  giveTo,
  inOwnNetwork,
  NOBODY,
  PRIVILEGED_PORTS,
  testUnless,
  whyNot,
  whyNotUser,
  withSockets,
} from '../support/environments.ts';
import { eventually } from '../support/patience.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import {
  beginServer,
  demoDirectory,
  editConfig,
  meridian,
  type RunningServer,
  run,
  serveInVain,
  startServer,
} from '../support/server.ts';

const TEXT = '"v=spf1 mx -all"';
const ADDON_OFF = { MERIDIAN_NATIVE: 'off' };
const hasSockets = whyNot(withSockets());
const needsAddon = packetIo.addon === undefined ? 'without the native addon sockets cannot be shared' : undefined;

function listeningOn(listen: string, workers = 2): string {
  const directory = demoDirectory();
  editConfig(directory, ['"127.0.0.1:0"', listen], ['workers: 0', `workers: ${workers}`]);
  return directory;
}

/** Asks so often that every socket of a group gets some of the questions: the system chooses one by the client's port. */
async function isAnswering(t: ExecutionContext, port: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    for (const transport of ['+notcp', '+tcp']) {
      const { stdout } = await tryDig(port, transport, '+short', 'example.test', 'TXT');
      t.is(stdout.trim(), TEXT, `question ${i + 1}, ${transport}`);
    }
  }
}

async function workersOf(server: RunningServer): Promise<{ alive: number; wanted: number }> {
  return JSON.parse((await meridian(['status', '--config', server.config, '--json'])).stdout).workers;
}

for (const [title, env, skip] of [
  ['with the addon', {}, needsAddon],
  ['without the addon', ADDON_OFF, undefined],
] as const) {
  testUnless(hasSockets ?? skip, `inherited sockets are answered on, UDP and TCP, ${title}`, async (t) => {
    const port = await reservePortFor(t);
    const wrapper = withSockets(`tcp:127.0.0.1:${port}`, `udp:127.0.0.1:${port}`);
    const server = await startServer(listeningOn(`"127.0.0.1:${port}"`, 2), { wrapper, env });
    try {
      await isAnswering(t, port, 4);
      t.deepEqual(await workersOf(server), env === ADDON_OFF ? { alive: 1, wanted: 1 } : { alive: 2, wanted: 2 });
    } finally {
      t.is(await server.stop(), 0);
    }
  });

  for (const [sockets, workers] of [
    [2, 2],
    [3, 2],
    [3, 1],
    [2, 3],
  ] as const) {
    testUnless(
      hasSockets ?? skip,
      `each of ${sockets} sockets of one address is read by ${workers} workers, ${title}`,
      async (t) => {
        const port = await reservePortFor(t);
        const group = Array.from({ length: sockets }, () => [
          `reuse-udp:127.0.0.1:${port}`,
          `reuse-tcp:127.0.0.1:${port}`,
        ]).flat();
        const server = await startServer(listeningOn(`"127.0.0.1:${port}"`, workers), { wrapper: withSockets(...group), env });
        try {
          await isAnswering(t, port, 8);
        } finally {
          t.is(await server.stop(), 0);
        }
      },
    );
  }
}

testUnless(hasSockets, 'an address without inherited sockets is opened as usual', async (t) => {
  const port = await reservePortFor(t);
  const wrapper = withSockets(`udp:127.0.0.1:${port}`);
  const server = await startServer(listeningOn(`"127.0.0.1:${port}", "127.0.0.3:0"`), { wrapper });
  try {
    await isAnswering(t, port, 1); // TCP was not inherited
    const [, second] = (await server.logged('listening'))['endpoints'] as { port: number }[];
    const { stdout } = await run('dig', `@127.0.0.3 -p ${second!.port} +tries=1 +time=300 +short example.test TXT`.split(' '));
    t.is(stdout.trim(), TEXT);
  } finally {
    t.is(await server.stop(), 0);
  }
});

testUnless(hasSockets, 'inherited sockets of no use are each named, and nothing is started', async (t) => {
  const port = await reservePortFor(t);
  const directory = listeningOn(`"127.0.0.1:${port}"`);
  const wrapper = withSockets(`udp:127.0.0.1:${port}`, `udp:127.0.0.2:0`, `unix:${join(directory, 'stray.sock')}`);
  const { code, stdout, stderr } = await serveInVain(directory, { wrapper });
  t.is(code, 1);
  t.is(stdout, '');
  const [first, second, ...rest] = stderr.trimEnd().split('\n');
  t.regex(
    first!,
    /^error ERR_INHERITED_SOCKET: inherited socket 4 \(udp\) is udp 127\.0\.0\.2:\d+, which server\.listen does not have/,
  );
  t.regex(second!, /^error ERR_INHERITED_SOCKET: inherited socket 5 \(unix\) is neither a bound UDP socket nor a listening TCP/);
  t.deepEqual(rest, []);
});

test.serial('sockets for another process are left alone, with a warning', async (t) => {
  const server = await startServer(demoDirectory(), { env: { LISTEN_PID: '1', LISTEN_FDS: '1' } });
  t.regex(
    server.log(),
    /"code":"ERR_INHERITED_SOCKET","message":"sockets are inherited, but LISTEN_PID gives them to process 1 and/,
  );
  t.is(await server.stop(), 0);
});

const systemd = whyNot(['systemd-socket-activate', '--version']);
testUnless(systemd, 'the first query starts a server that systemd listens for', async (t) => {
  const port = await reservePortFor(t);
  const directory = listeningOn(`"127.0.0.1:${port}"`);
  const wrapper = ['systemd-socket-activate', '--datagram', `--listen=127.0.0.1:${port}`, `--setenv=NODE_OPTIONS=`];
  const server = beginServer(directory, { wrapper });
  try {
    const reply = async (): Promise<boolean> =>
      (await run('dig', `@127.0.0.1 -p ${port} +short +tries=1 +time=20 example.test TXT`.split(' '))).stdout.trim() === TEXT;
    await eventually(reply, () => `no answer; the server said:\n${server.log()}`);
    await server.logged('listening');
  } finally {
    server.signal('SIGTERM');
    t.is(await server.ended, 0);
  }
});

/** Asks inside the network of a server. */
async function askInside(server: RunningServer, ...options: readonly string[]): Promise<string> {
  const asked = ['dig', '@127.0.0.1', '+short', '+tries=1', '+time=300', ...options, 'example.test', 'TXT'];
  return (await run('nsenter', [`--net=/proc/${server.pid}/ns/net`, ...asked])).stdout.trim();
}

const statusOf = (pid: number, key: string): string =>
  new RegExp(`^${key}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;

const ownNetwork = inOwnNetwork(PRIVILEGED_PORTS);
for (const [title, wrapper] of [
  ['inherited sockets', [...ownNetwork, ...withSockets('udp:127.0.0.1:53', 'tcp:127.0.0.1:53'), ...asUser(NOBODY)]],
  [
    'an ambient capability',
    [...ownNetwork, ...asUser(NOBODY, '--inh-caps=+net_bind_service', '--ambient-caps=+net_bind_service')],
  ],
] as const) {
  testUnless(whyNotUser() ?? whyNot(wrapper), `port 53 is served by a user without privileges through ${title}`, async (t) => {
    const directory = listeningOn('"127.0.0.1:53"');
    giveTo(NOBODY, directory);
    const server = await startServer(directory, { wrapper });
    try {
      t.is(statusOf(server.pid, 'Uid').split('\t')[1], String(NOBODY));
      t.is(await askInside(server), TEXT);
      t.is(await askInside(server, '+tcp'), TEXT);
    } finally {
      t.is(await server.stop(), 0);
    }
  });
}

const bothFamilies = [...inOwnNetwork(), ...withSockets('dual-udp::::5053', 'dual-tcp::::5053')];
testUnless(whyNot(bothFamilies), 'a socket of both families serves IPv4 clients too', async (t) => {
  const server = await startServer(listeningOn('"[::]:5053"'), { wrapper: bothFamilies });
  try {
    for (const options of [
      ['-p', '5053'],
      ['-p', '5053', '+tcp'],
    ])
      t.is(await askInside(server, ...options), TEXT);
  } finally {
    t.is(await server.stop(), 0);
  }
});

// A virtual address that two agents share, each on a machine of its own (a network namespace) and over one real Redis: the holder is
// stopped, Redis is killed, comes back empty, and the holder ends. The address is never at both.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { testUnless, whyNot } from '../support/environments.ts';
import { eventually, PATIENCE_MS } from '../support/patience.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { beginServer, meridian, type StartingServer } from '../support/server.ts';

const LOOK_MS = 50;
const inOwnNetwork = (device: string): readonly string[] => [
  ...[
    'unshare',
    '--net',
    'sh',
    '-c',
    `ip link set lo up && ip link add ${device} type veth peer name ${device}p && ip link set ${device} up && exec "$@"`,
    'sh',
  ],
];
const REASON = hasRedis ? whyNot(inOwnNetwork('trial0')) : 'redis-server is not installed';

interface Agent extends StartingServer {
  hasAddress(): boolean;
  status(): Promise<StatusReport['addresses'][number]>;
}

async function agentFor(t: ExecutionContext, id: string, socket: string): Promise<Agent> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-address-'));
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
prober: { id: ${id} }
mesh: { redis: { server: "${socket}" } }
sites: { fra: { latitude: 50.1, longitude: 8.7 } }
site:
  fra:
    services: {}
    addresses:
      vip: { address: 10.99.0.1/24, device: vip0, lease: 10s }
`,
  );
  const server = beginServer(directory, { args: ['--role', 'site'], wrapper: inOwnNetwork('vip0') });
  t.teardown(async () => {
    server.signal('SIGKILL');
    await server.ended;
    rmSync(directory, { recursive: true, force: true });
  });
  await server.logged('at the site');
  return {
    ...server,
    hasAddress: () => {
      const argv = [`--net=/proc/${server.pid}/ns/net`, '--', 'ip', '-o', 'addr', 'show', 'dev', 'vip0'];
      return spawnSync('nsenter', argv, { encoding: 'utf8' }).stdout.includes('10.99.0.1/24');
    },
    status: async () => {
      const { stdout } = await meridian(['status', '--json', '--config', server.config]);
      return (JSON.parse(stdout) as StatusReport).addresses[0]!;
    },
  };
}

testUnless(REASON, 'an address is at one agent at a time, whoever is stopped, killed or cut off', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-address-redis-'));
  const socket = join(directory, 'redis.sock');
  const redis = await RedisServer.start({ args: ['--unixsocket', socket] });
  t.teardown(async () => {
    await redis.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const agents = [await agentFor(t, 'a', socket), await agentFor(t, 'b', socket)] as const;
  const [a, b] = agents;
  /** Waits, and looks all the time that not both have it: it is at the first before and after it is at the second. */
  const until = async (isTrue: () => boolean, what: string): Promise<void> => {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!isTrue()) {
      t.false(a.hasAddress() && b.hasAddress() && a.hasAddress(), `both have it while waiting for ${what}`);
      if (performance.now() > deadlineMs) throw new Error(`still not so: ${what}\n${a.log()}\n${b.log()}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  await until(() => a.hasAddress() || b.hasAddress(), 'somebody has it');
  const [first, second] = a.hasAddress() ? [a, b] : [b, a];
  const { token, holder, isOurs } = await first.status();
  t.true(isOurs);
  t.is(holder, first === a ? 'a' : 'b');
  await eventually(
    async () => (await second.status()).holder === holder,
    () => 'the standby has not asked yet',
  );
  t.regex(
    (await meridian(['status', '--config', second.config])).stdout,
    /address fra\/vip +10\.99\.0\.1\/24 +at [ab] +token \d+/,
  );

  // Stopped: it cannot give the address up, and the kernel takes it away.
  first.signal('SIGSTOP');
  await until(() => second.hasAddress(), 'the second one has it');
  first.signal('SIGCONT');
  t.true((await second.status()).token > token);
  await until(() => !first.hasAddress(), 'the first one does not');

  // Cut off: nobody can renew it, so nobody has it until Redis is back; it comes back empty, and whoever may hold it is waited for.
  await redis.kill();
  await until(() => !a.hasAddress() && !b.hasAddress(), 'nobody has it');
  await redis.restart();
  await until(() => a.hasAddress() || b.hasAddress(), 'somebody has it again');

  // Ended: the other one has it at once.
  const [last, heir] = a.hasAddress() ? [a, b] : [b, a];
  last.signal('SIGTERM');
  t.is(await last.ended, 0);
  await until(() => heir.hasAddress(), 'the other one has it');
  t.true((await heir.status()).isOurs);
});

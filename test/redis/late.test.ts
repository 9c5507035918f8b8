// Two sites, an agent each, over one real Redis: clients that come to a drained one are sent to the other, by redirects or through it, and
// never round in circles. Whole programs; one of them is given the orders, and the other one follows them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { testUnless } from '../support/environments.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import { beginServer, meridian, type StartingServer } from '../support/server.ts';
import { named, WebServer } from '../support/site-http.ts';

interface Ports {
  readonly redirecting: number;
  readonly passing: number;
}

const portsFor = async (t: ExecutionContext): Promise<Ports> => ({
  redirecting: await reservePortFor(t),
  passing: await reservePortFor(t),
});

async function agentOf(t: ExecutionContext, site: string, redis: string, own: Ports, other: Ports): Promise<StartingServer> {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-late-'));
  const { server } = await WebServer.open(t, 'a', named(site));
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
prober: { id: ${site} }
mesh: { redis: { server: "${redis}" } }
admin: { safety: { leastSites: 0 } }
sites: { fra: { latitude: 50.1, longitude: 8.7 }, lon: { latitude: 51.5, longitude: -0.1 } }
pools:
  www: { members: [{ site: fra, v4: 192.0.2.1 }, { site: lon, v4: 192.0.2.2 }] }
site:
  ${site}:
    services:
      web: { servers: { a: { address: "127.0.0.1:${server.port}" } } }
      other: { servers: { a: { address: "127.0.0.1:${other.passing}" } } }
    listeners:
      redirecting:
        listen: "127.0.0.1:${own.redirecting}"
        http: { service: web, lateClients: { redirect: { location: "http://127.0.0.1:${other.redirecting}{target}" } } }
      passing: { listen: "127.0.0.1:${own.passing}", http: { service: web, lateClients: { service: other } } }
`,
  );
  const agent = beginServer(directory, { args: ['--role', 'site', '--site', site] });
  t.teardown(async () => {
    agent.signal('SIGKILL');
    await agent.ended;
    rmSync(directory, { recursive: true, force: true });
  });
  await agent.logged('at the site');
  return agent;
}

testUnless(
  hasRedis ? undefined : 'redis-server is not installed',
  'clients of a drained site get the other one, and of two drained sites the one that they are sent to',
  async (t) => {
    const redis = await RedisServer.start();
    t.teardown(() => redis.stop());
    const [fra, lon] = [await portsFor(t), await portsFor(t)];
    const agent = await agentOf(t, 'fra', `127.0.0.1:${redis.port}`, fra, lon);
    await agentOf(t, 'lon', `127.0.0.1:${redis.port}`, lon, fra);
    const order = async (...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await meridian([...args, '--config', agent.config]);
      t.is(code, 0, stderr);
    };
    const said = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
    const all = (): Promise<string[]> => Promise.all([fra.redirecting, fra.passing, lon.redirecting, lon.passing].map(said));
    const become = (wanted: readonly string[]): Promise<void> =>
      eventually(
        async () => String(await all()) === String(wanted),
        () => `not ${wanted}\n${agent.log()}`,
      );

    await become(['fra', 'fra', 'lon', 'lon']);
    await order('drain', 'fra', '--reason', 'power');
    await become(['lon', 'lon', 'lon', 'lon']);
    await order('drain', 'lon', '--reason', 'power');
    await become(['lon', 'lon', 'fra', 'fra']);
    await order('undrain', 'fra');
    await order('undrain', 'lon');
    await become(['fra', 'fra', 'lon', 'lon']);
  },
);

// An order to purge that is given over HTTP to a process that is no agent: the agent of the site does it, by way of one real Redis.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testUnless } from '../support/environments.ts';
import { eventually } from '../support/patience.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import { beginServer } from '../support/server.ts';
import { WebServer } from '../support/site-http.ts';

testUnless(
  hasRedis ? undefined : 'redis-server is not installed',
  'an order that another process takes over HTTP reaches the agent, and the audit names who gave it',
  async (t) => {
    const redis = await RedisServer.start();
    t.teardown(() => redis.stop());
    let count = 0;
    const { server } = await WebServer.open(t, 'a', (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=1000' }).end(String(++count));
    });
    const [front, api] = [await reservePortFor(t), await reservePortFor(t)];
    const begin = (id: string, role: string) => {
      const directory = mkdtempSync(join(tmpdir(), 'meridian-purge-'));
      writeFileSync(
        join(directory, 'meridian.yaml'),
        `server: { stateDirectory: var }
prober: { id: ${id} }
admin: { listen: ["127.0.0.1:${api}"] }
mesh: { redis: { server: "127.0.0.1:${redis.port}" } }
sites: { fra: { latitude: 50.1, longitude: 8.7 } }
site:
  fra:
    services: { web: { servers: { a: { address: "127.0.0.1:${server.port}" } } } }
    listeners: { public: { listen: "127.0.0.1:${front}", http: { routes: [{ service: web, cache: true }] } } }
`,
      );
      const one = beginServer(directory, { args: ['--role', role] });
      t.teardown(async () => {
        one.signal('SIGKILL');
        await one.ended;
        rmSync(directory, { recursive: true, force: true });
      });
      return one;
    };
    const [agent, admin] = [begin('agent', 'site'), begin('admin', 'admin')];
    await Promise.all([agent.logged('at the site'), admin.logged('showing')]);
    const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${front}/a`)).text();
    const base = `http://127.0.0.1:${api}/v1`;
    const purge = (site: string) =>
      fetch(`${base}/sites/${site}/purge`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ pattern: '127.0.0.1/*' }),
      });
    await eventually(
      async () => (await fetch(`${base}/status`).catch(() => null))?.status === 200,
      () => admin.log(),
    );
    t.deepEqual([await ask(), await ask()], ['1', '1']);
    // The agent looks at the list first: what was ordered before it began is not for it.
    await eventually(
      async () => {
        const reply = await purge('fra');
        t.is(reply.status, 200, admin.log());
        t.deepEqual(await reply.json(), { done: [], isShared: true });
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return (await ask()) === '2';
      },
      () => agent.log(),
    );
    t.is((await purge('lon')).status, 404);
    const audit = (await (await fetch(`${base}/audit`)).json()) as { items: readonly Record<string, unknown>[] };
    t.like(audit.items[0], { action: 'purge', via: 'api', subject: 'fra 127.0.0.1/*' });
  },
);

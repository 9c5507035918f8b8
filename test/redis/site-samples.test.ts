// Who brings the load of a site, told from one process to another: the agent samples its clients, and a DNS server that sees none of them
// hears of it through Redis.

import { join } from 'node:path';
import { statusOf } from '../support/crowd.ts';
import { testUnless } from '../support/environments.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { isTold, knownUntil, SampledSite, sharesTold } from '../support/sampled-site.ts';
import { beginServer, startServer } from '../support/server.ts';

testUnless(
  hasRedis ? undefined : 'redis-server is not installed',
  'a DNS server learns from the agent of a site which network brings the load, though both ask it equally often',
  async (t) => {
    const redis = await RedisServer.start();
    t.teardown(() => redis.stop());
    const site = await SampledSite.open(t);
    const directory = (id: string): string =>
      site.directory({ mesh: `mesh: { redis: { server: "127.0.0.1:${redis.port}" } }\nprober: { id: ${id} }` });
    const agent = beginServer(directory('agent'), { args: ['--role', 'site'] });
    t.teardown(async () => {
      agent.signal('SIGKILL');
      await agent.ended;
    });
    await agent.logged('at the site');
    const server = await startServer(directory('dns'), { args: ['--role', 'dns'] });
    t.teardown(() => server.stop());
    await site.visit(server.port);

    const known = await knownUntil(server.config, isTold);
    t.log(known.map(({ clients, demand, queriesPerSec, queryWeight }) => ({ clients, demand, queriesPerSec, queryWeight })));
    const status = await statusOf(join(server.directory, 'var/meridian.sock'));
    t.deepEqual(status.site, []);
    t.deepEqual(Object.keys(sharesTold(status)), ['127.0.1.0/24', '127.0.2.0/24']);
  },
);

// `meridian purge` as an operator types it, against an agent that stores responses of a real server.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { reservePort } from '../support/reserved-port.ts';
import { beginServer, meridian } from '../support/server.ts';

test('stored responses are taken out by order, and a wrong order says what is allowed', async (t) => {
  let count = 0;
  const server = createServer((_, response) => response.writeHead(200, { 'cache-control': 'max-age=1000' }).end(String(++count)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port, release } = await reservePort();
  const directory = mkdtempSync(join(tmpdir(), 'meridian-purge-'));
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
sites: { fra: { latitude: 50.1, longitude: 8.7 } }
site:
  fra:
    services: { web: { servers: { a: { address: "127.0.0.1:${(server.address() as AddressInfo).port}" } } } }
    listeners: { public: { listen: "127.0.0.1:${port}", http: { routes: [{ service: web, cache: true }] } } }
`,
  );
  const agent = beginServer(directory, { args: ['--role', 'site'] });
  t.teardown(async () => {
    agent.signal('SIGKILL');
    await agent.ended;
    server.close();
    server.closeAllConnections();
    await release();
    rmSync(directory, { recursive: true, force: true });
  });
  await agent.logged('at the site');
  const ask = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const purge = (...args: readonly string[]) => meridian(['purge', ...args, '--config', agent.config]);
  t.deepEqual([await ask('/a'), await ask('/b'), await ask('/a'), await ask('/b')], ['1', '2', '1', '2']);
  const { code, stdout } = await purge('127.0.0.1/a*');
  t.deepEqual([code, stdout.trim()], [0, 'fra/public: 1 response purged, 1 left']);
  t.deepEqual([await ask('/a'), await ask('/b')], ['3', '2']);
  const whole = await purge('*', '--site', 'fra', '--json');
  t.deepEqual(JSON.parse(whole.stdout), {
    done: [{ site: 'fra', listener: 'public', purged: 2, left: 0 }],
    isShared: false,
  });
  await agent.logged('caches were purged by order');
  for (const [args, wanted] of [
    [['www.example.org'], /ERR_USAGE: "www\.example\.org" is no pattern; allowed is HOST\/PATH/],
    [['*', '--site', 'lon'], /ERR_USAGE: this process is not the agent of the site "lon", but of: fra/],
    [[], /ERR_USAGE: what to purge is missing/],
  ] as const) {
    const refused = await purge(...args);
    t.is(refused.code, 2);
    t.regex(refused.stderr, wanted);
  }
});

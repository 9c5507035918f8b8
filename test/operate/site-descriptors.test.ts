// Layer 4 of a process that has no file descriptor left: who comes then is reset at once, and the operator is told why.

import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { relayAddon } from '../../src/site/l4/relay-addon.ts';
import { adminDirectory, startAdmin } from '../support/admin-client.ts';
import { eventually } from '../support/patience.ts';
import { reservePort } from '../support/reserved-port.ts';
import { editConfig } from '../support/server.ts';

/** The least with which a server starts; it needs less than half of it itself. */
const DESCRIPTORS = 512;
const TOLD = 'connections were reset at once';

const withRelay = relayAddon === null ? test.skip : test;

withRelay(
  'who finds no descriptor is reset, the log says why and what to do, metrics count them, and then there is room again',
  async (t) => {
    t.timeout(900_000);
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.teardown(() => silent.close());
    const { port: serverPort } = silent.address() as { port: number };
    const { port, release } = await reservePort();
    t.teardown(release);
    const directory = adminDirectory();
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const site = `site:
  london:
    services:
      web: { servers: { a: { address: "127.0.0.1:${serverPort}" } } }
    listeners:
      public: { listen: "127.0.0.1:${port}", tcp: { service: web } }
zones:
`;
    editConfig(directory, [/^zones:\n/m, site], [/workers: \d+/, 'workers: 1']);
    const wrapper = ['prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
    const { server: agent, api } = await startAdmin(directory, ['--role', 'dns,site,admin'], wrapper);
    t.teardown(() => agent.signal('SIGKILL'));

    const clients: Socket[] = [];
    t.teardown(() => {
      for (const client of clients) client.destroy();
    });
    let reset = 0;
    for (let i = 0; i < DESCRIPTORS; i++) {
      const client = connect(port, '127.0.0.1');
      client.on('error', () => undefined);
      client.once('close', () => {
        reset++;
      });
      clients.push(client);
      await once(client, 'connect').catch(() => undefined);
    }
    await eventually(
      () => reset > 0 && agent.log().includes(TOLD),
      () => `${reset} were reset\n${agent.log().slice(-4000)}`,
    );
    const line = agent
      .log()
      .split('\n')
      .find((each) => each.includes(TOLD))!;
    t.like(JSON.parse(line), { code: 'ERR_OPEN_FILES', site: 'london', listener: 'public' });
    t.regex(line, /raise its limit \(LimitNOFILE=/);

    for (const client of clients) client.destroy();
    await eventually(
      async () => {
        const metrics = await fetch(`${api.url}/metrics`, { signal: AbortSignal.timeout(10_000) }).then(
          (reply) => reply.text(),
          () => '',
        );
        return /^meridian_site_connections_shed_total\{site="london",listener="public"\} [1-9]/m.test(metrics);
      },
      () => agent.log().slice(-4000),
    );
    t.regex(await (await fetch(`${api.url}/metrics`)).text(), /^meridian_site_relay_native\{site="london"\} 1$/m);
    // Descriptors come back as connections end, so the first who comes may still find none.
    let isServed = false;
    silent.on('connection', () => {
      isServed = true;
    });
    await eventually(
      () => {
        const late = connect(port, '127.0.0.1');
        late.on('error', () => undefined);
        clients.push(late);
        return isServed;
      },
      () => `nobody is served again\n${agent.log().slice(-4000)}`,
    );
    t.pass();
  },
);

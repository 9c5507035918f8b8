// Slow and hostile TCP clients against the real server with room for sixteen connections: three hundred of ten kinds at once. A
// client that connects, asks and closes gets its answer every time, and UDP does not notice.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { StatusReport } from '../../src/app/server.ts';
import { ask } from '../../src/client/dns-client.ts';
import { BEHAVIOURS, HostileClient } from '../support/hostile-clients.ts';
import { queryOctets } from '../support/query-octets.ts';
import { demoDirectory, meridian, type RunningServer, startServer } from '../support/server.ts';

const CLIENTS = 300;
/** Rounds of questions: until there are so many, or the time is up. */
const MAX_ROUNDS = 100;
const MIN_ROUNDS = 5;
const MAX_SECONDS = 8;
const KINDS = Object.keys(BEHAVIOURS);

async function start(): Promise<RunningServer> {
  const directory = demoDirectory();
  const config = join(directory, 'meridian.yaml');
  const tcp = '  tcp: { maxConnections: 16, maxConnectionsPerAddress: 16, idleTimeout: 2s, messageTimeout: 1s }';
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^ +workers: 0.*$/m, `  workers: 1\n${tcp}`));
  return startServer(directory);
}

async function counters(server: RunningServer): Promise<StatusReport['counters']> {
  const { stdout } = await meridian(['status', '--json', '--config', server.config]);
  return (JSON.parse(stdout) as StatusReport).counters;
}

const openNow = ({ TCP_ACCEPTED, TCP_CLOSED }: StatusReport['counters']): number => TCP_ACCEPTED - TCP_CLOSED;

for (const [where, address] of [
  ['many addresses', (i: number) => `127.0.1.${1 + (i % 250)}`],
  ['the address of the honest one', () => '127.0.0.1'],
] as const) {
  test.serial(`among 300 hostile clients of ten kinds from ${where}, every well-behaved TCP query is answered`, async (t) => {
    const server = await start();
    t.teardown(() => server.stop());
    const hostile = Array.from(
      { length: CLIENTS },
      (_, i) => new HostileClient(KINDS[i % KINDS.length]!, server.port, address(i)),
    );
    const failures: string[] = [];
    const end = performance.now() + MAX_SECONDS * 1000;
    for (let id = 1; id <= MAX_ROUNDS && (id <= MIN_ROUNDS || performance.now() < end); id++) {
      const query = queryOctets({ id, name: 'mail.example.test.', type: 'A' });
      const request = { server: '127.0.0.1', port: server.port, query, timeoutMs: 10_000 };
      const [tcp, udp] = await Promise.all([ask({ ...request, transport: 'tcp' }), ask({ ...request, transport: 'udp' })]);
      for (const reply of [tcp, udp]) {
        if (!reply.ok) failures.push(`query ${id}: ${reply.error.message}`);
        else if (reply.value.octets[7] !== 1) failures.push(`query ${id} has no answer`);
      }
    }
    const during = await counters(server);
    await Promise.all(hostile.map((client) => client.stop()));
    t.deepEqual(failures, []);
    // The attack was one: every kind got in, and the server had to defend itself.
    for (const [i, kind] of KINDS.entries()) t.true(hostile[i]!.connections > 0, kind);
    t.true(during.TCP_ACCEPTED > CLIENTS, `${during.TCP_ACCEPTED} connections`);
    for (const counter of ['TCP_EVICTED', 'TCP_REFUSED', 'STREAM_QUERIES'] as const) t.true(during[counter] > 0, counter);
    t.is(during.EXCEPTIONS, 0);
    t.true(openNow(during) <= 16 + 512, `${openNow(during)} connections are open`);
    t.false(/worker died/.test(server.log()));
  });
}

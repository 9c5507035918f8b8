// Slow and hostile TCP clients against the real server with room for sixteen connections: three hundred of ten kinds at once. A
// client that connects, asks and closes gets its answer every time, and UDP does not notice.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { ask } from '../../src/client/dns-client.ts';
import { frame } from '../support/dns-octets.ts';
import { BEHAVIOURS, HostileClient } from '../support/hostile-clients.ts';
import { eventually, PATIENCE_MS } from '../support/patience.ts';
import { queryOctets } from '../support/query-octets.ts';
import { demoDirectory, meridian, type RunningServer, startServer } from '../support/server.ts';
import { StreamClient } from '../support/stream-client.ts';

const CLIENTS = 300;
/** Rounds of questions: until there are so many, or the time is up. */
const MAX_ROUNDS = 100;
const MIN_ROUNDS = 5;
const MAX_SECONDS = 8;
const KINDS = Object.keys(BEHAVIOURS);
/**
 * Who asks this soon after connecting is answered, unless so many connect meanwhile: half of what src/transport/tcp.ts grants
 * (ARRIVAL_MS, MAX_ARRIVALS). On a busy machine our own process may be held up for longer; then the client tries again, as any would.
 */
const PROMPT_MS = 50;
const FEW_NEWCOMERS = 256;

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

interface Attempt {
  readonly reply: Uint8Array | undefined;
  /** From before the connection was opened until the query was in the kernel. */
  readonly sentAfterMs: number;
}

/** One well-behaved client: connects, asks, takes its answer. */
async function askOnce(port: number, query: Uint8Array): Promise<Attempt> {
  const startMs = performance.now();
  let client: StreamClient | undefined;
  try {
    client = await StreamClient.open(port);
    await client.send(frame(query));
    const sentAfterMs = performance.now() - startMs;
    return { reply: await client.receive(), sentAfterMs };
  } catch {
    return { reply: undefined, sentAfterMs: performance.now() - startMs };
  } finally {
    client?.close();
  }
}

/** Asks until there is an answer. Resolves to the times that there was none though the client did everything right. */
async function refusals(port: number, query: Uint8Array, connections: () => number): Promise<number> {
  let refused = 0;
  await eventually(
    async () => {
      const before = connections();
      const { reply, sentAfterMs } = await askOnce(port, query);
      if (reply?.[7] === 1) return true;
      if (sentAfterMs < PROMPT_MS && connections() - before < FEW_NEWCOMERS) refused++;
      return false;
    },
    () => 'a client is never answered over TCP',
  );
  return refused;
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
    t.teardown(() => Promise.all(hostile.map((client) => client.stop())));
    const connections = (): number => hostile.reduce((sum, client) => sum + client.connections, 0);
    const failures: string[] = [];
    const end = performance.now() + MAX_SECONDS * 1000;
    for (let id = 1; id <= MAX_ROUNDS && (id <= MIN_ROUNDS || performance.now() < end); id++) {
      const query = queryOctets({ id, name: 'mail.example.test.', type: 'A' });
      const overUdp = { server: '127.0.0.1', port: server.port, query, timeoutMs: PATIENCE_MS, transport: 'udp' } as const;
      const [refused, udp] = await Promise.all([refusals(server.port, query, connections), ask(overUdp)]);
      if (refused > 0) failures.push(`query ${id} over TCP has no answer, ${refused} times`);
      if (!udp.ok) failures.push(`query ${id}: ${udp.error.message}`);
      else if (udp.value.octets[7] !== 1) failures.push(`query ${id} over UDP has no answer`);
    }
    t.deepEqual(failures, []);
    // The attack was one: every kind got in, and the server had to defend itself.
    for (const [i, kind] of KINDS.entries()) t.true(hostile[i]!.connections > 0, kind);
    let now = await counters(server);
    await eventually(
      async () => {
        now = await counters(server);
        const hasDefended = now.TCP_EVICTED > 0 && now.TCP_REFUSED > 0 && now.STREAM_QUERIES > 0;
        return now.TCP_ACCEPTED > CLIENTS && hasDefended && openNow(now) <= 16 + 512;
      },
      () => JSON.stringify(now),
    );
    t.is(now.EXCEPTIONS, 0);
    await Promise.all(hostile.map((client) => client.stop()));
    await eventually(
      async () => openNow(await counters(server)) === 0,
      () => 'connections are left when all clients have gone',
    );
    t.false(/worker died/.test(server.log()));
  });
}

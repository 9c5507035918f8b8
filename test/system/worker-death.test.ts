// A worker thread dies in a server of two. Its sockets must leave the ports with it: one that stayed would go on to get half of all
// clients and answer none.

import type { Socket } from 'node:dgram';
import type { Worker } from 'node:worker_threads';
import baseTest, { type ExecutionContext } from 'ava';
import { imagesOf } from '../../src/app/answering/image-feed.ts';
import { Workers } from '../../src/app/answering/workers.ts';
import { load } from '../../src/app/loading/load.ts';
import { COUNTER, Counters, countersSize } from '../../src/metrics/counters.ts';
import { EVERYTHING_UP } from '../../src/model/health.ts';
import { supportsReusePort } from '../../src/transport/listen.ts';
import { idOf } from '../support/dns-octets.ts';
import { ROOT } from '../support/paths.ts';
import { eventually } from '../support/patience.ts';
import { queryOctets } from '../support/query-octets.ts';
import { demoDirectory, editConfig, startServer } from '../support/server.ts';
import { connect } from '../support/udp.ts';

const test = supportsReusePort ? baseTest.serial : baseTest.serial.skip;

/** So many clients that both workers have some: the kernel decides by each one's port. */
const CLIENTS = 64;

const connectAll = (t: ExecutionContext, port: number): Promise<Socket[]> =>
  Promise.all(Array.from({ length: CLIENTS }, () => connect(t, '127.0.0.1', port)));

/** Asks once from each client; fails if any is not answered. */
async function askAll(clients: readonly Socket[], id: number): Promise<void> {
  const waiting = new Set(clients);
  for (const client of clients) {
    client.on('message', (octets) => {
      if (idOf(octets) === id) waiting.delete(client);
    });
    client.send(queryOctets({ id, name: 'ns1.example.test', type: 'A' }));
  }
  await eventually(
    () => waiting.size === 0,
    () => `${waiting.size} of ${clients.length} queries were not answered`,
  );
  for (const client of clients) client.removeAllListeners('message');
}

test('a worker that dies takes only what was under way with it, and its successor gets its share', async (t) => {
  const directory = demoDirectory();
  editConfig(directory, [/workers: \d+/, 'workers: 2']);
  const server = await startServer(directory, { env: { NODE_OPTIONS: `--import ${ROOT}dist/test/support/saboteur.js` } });
  t.teardown(() => server.stop());
  const clients = await connectAll(t, server.port);
  await askAll(clients, 1);
  server.signal('SIGURG');
  await server.logged('a DNS worker died; starting another');
  await askAll(clients, 2);
  await server.logged('the DNS worker is back');
  await askAll(clients, 3);
  t.pass();
});

test('each of two workers has a share of the clients, also after one has died and returned', async (t) => {
  const { loaded } = load(`${ROOT}zones/meridian.yaml`);
  const settings = { ...loaded!.snapshot.server, listen: [{ address: '127.0.0.1', port: 0 }] };
  const buffer = new SharedArrayBuffer(countersSize(2));
  const threads: Worker[] = [];
  const note = (worker: Worker): void => void threads.push(worker);
  const events = process as unknown as NodeJS.EventEmitter;
  events.on('worker', note);
  t.teardown(() => events.off('worker', note));
  const workers = new Workers({
    settings,
    plan: {
      workers: 2,
      tcpRoom: { maxConnections: 16, maxArrivals: 16 },
      inherited: [{ udp: [], tcp: [] }],
      isInheritanceKept: true,
      warnings: [],
    },
    counters: buffer,
    images: imagesOf(loaded!, 1, EVERYTHING_UP, { workers: 2 }),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  t.teardown(() => workers.close());
  t.is(await workers.start(), undefined);
  const counters = new Counters(buffer);
  const answered = (): number[] => [0, 1].map((row) => counters.row(row)[COUNTER.UDP_QUERIES]!);
  const clients = await connectAll(t, workers.endpoints[0]!.port);

  await askAll(clients, 1);
  const before = answered();
  t.true(
    before.every((count) => count > 0),
    `${before}`,
  );
  t.is(before[0]! + before[1]!, CLIENTS);

  const [victim] = threads;
  victim!.postMessage({ kind: 'install', images: null });
  await new Promise((resolve) => victim!.once('exit', resolve));
  await eventually(
    () => workers.alive === 2,
    () => 'the worker did not come back',
  );
  await askAll(clients, 2);
  const after = answered();
  t.true(
    after.every((count, row) => count > before[row]!),
    `${before}, ${after}`,
  );
  t.is(after[0]! + after[1]!, 2 * CLIENTS);
});

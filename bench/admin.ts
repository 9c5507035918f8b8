// Whether the admin API costs DNS: how long the demo's answers take under a steady load, in turn with nothing beside it, with 200
// HTTP requests a second to a bare server (what the client and the kernel cost by themselves), and with 200 API requests a second.
// And, with `--storm`, whether an acknowledged order is lost by five kills at chance moments among 1,000 of them.
// Run: npm run bench:admin                  (dnsperf; about two minutes)
//      npm run bench:admin -- --one-core    (the server has one core alone, its loads the other)
//      npm run bench:admin -- --storm       (about two minutes)

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { runDnsperf } from '../src/app/commands/dnsperf.ts';
import { adminDirectory, startAdmin } from '../test/support/admin-client.ts';
import { stormUntilKilled } from '../test/support/override-storm.ts';
import { describeMachine } from './machine.ts';
import { LOAD_CORE, printTable, SERVER_CORE } from './support.ts';

const ROUNDS = 5;
const SECONDS = 8;
const QUERIES_PER_SECOND = 2000;
const REQUESTS_PER_SECOND = 200;
const STORM = 1000;
const KILLS = 5;
/** A kill comes so much later than the order it waits for, at most: about as long as three orders take. */
const MOST_DELAY_MS = 30;

const PATHS = [
  '/v1/status',
  '/v1/members?limit=100',
  '/v1/sites',
  '/v1/explain?name=www.example.test&client=81.2.69.142',
  '/v1/overrides',
  '/v1/policies/www-policy/places?limit=300',
];
/** One request in so many is a scrape. */
const SCRAPE_EVERY = 50;

const QUERIES = ['www', 'api', 'sticky', 'static'].map((name) => `${name}.example.test A`).join('\n');

const CLIENT = fileURLToPath(new URL('./api-client.js', import.meta.url));
/** As large as most replies of the API. */
const BARE_REPLY = Buffer.alloc(2000, 'x');

interface Asked {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** Starts to ask `url`; the returned function ends it and resolves to what it took. */
function startClient(url: string): () => Promise<Asked> {
  const paths = Array.from({ length: SCRAPE_EVERY }, (_, i) => (i === 0 ? '/metrics' : PATHS[i % PATHS.length]!));
  const client = spawn(process.execPath, [CLIENT, url, String(REQUESTS_PER_SECOND), ...paths], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let printed = '';
  client.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  const ended = once(client, 'close');
  return async () => {
    client.stdin.end();
    await ended;
    return JSON.parse(printed) as Asked;
  };
}

const figure = (value: number | null | undefined): string => (value === null || value === undefined ? '-' : value.toFixed(2));

const STATES = ['idle', 'bare', 'API'] as const;

/** One measurement of DNS under its own steady load. */
async function measure(port: number): Promise<{ p50: number | null; p99: number | null; p999: number | null; lost: number }> {
  const where = { server: '127.0.0.1', port, isTcp: false, queries: QUERIES };
  const report = await runDnsperf({ ...where, perSecond: QUERIES_PER_SECOND, seconds: SECONDS });
  if (!report.ok) throw new Error(report.error.message);
  return { ...report.value.latencyMs, lost: report.value.lost } as Awaited<ReturnType<typeof measure>>;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function compare(isOneCore: boolean): Promise<void> {
  describeMachine([]);
  // Children of this process, dnsperf and the client, inherit its core.
  if (isOneCore) spawn('taskset', ['-pc', LOAD_CORE, String(process.pid)]);
  const wrapper = isOneCore ? ['taskset', '-c', SERVER_CORE] : [];
  const { server, api } = await startAdmin(adminDirectory(), [], wrapper);
  const bare = createServer((_, reply) => reply.end(BARE_REPLY)).listen(0, '127.0.0.1');
  await once(bare, 'listening');
  const urls = { idle: null, bare: `http://127.0.0.1:${(bare.address() as AddressInfo).port}`, API: api.url };
  const rows = [['round', 'beside', 'DNS p50, ms', 'p99', 'p99.9', 'lost', 'requests/s', 'p50, ms', 'p99']];
  const p99s: Record<(typeof STATES)[number], number[]> = { idle: [], bare: [], API: [] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const state of STATES) {
        const stop = urls[state] === null ? undefined : startClient(urls[state]);
        const { p50, p99, p999, lost } = await measure(server.port);
        const asked = await stop?.();
        p99s[state].push(p99 ?? Number.POSITIVE_INFINITY);
        const own = asked === undefined ? ['-', '-', '-'] : [asked.perSecond.toFixed(0), figure(asked.p50), figure(asked.p99)];
        rows.push([String(1 + round), state, figure(p50), figure(p99), figure(p999), String(lost), ...own]);
      }
    }
  } finally {
    bare.close();
    await server.stop();
  }
  printTable(rows);
  const [idle, beside, withApi] = STATES.map((state) => median(p99s[state]));
  console.log(
    `median p99 of DNS: ${figure(idle)} ms idle, ${figure(beside)} beside a bare server, ${figure(withApi)} beside the API`,
  );
}

async function storm(): Promise<void> {
  const directory = adminDirectory();
  const acknowledged: string[] = [];
  try {
    const startMs = performance.now();
    for (let life = 0; life < KILLS; life++) {
      const { server, api } = await startAdmin(directory);
      const kill = () => void setTimeout(() => server.signal('SIGKILL'), Math.random() * MOST_DELAY_MS);
      acknowledged.push(...(await stormUntilKilled(api, STORM / KILLS, kill, life * STORM * 0.5)));
      await server.ended;
    }
    const tookMs = performance.now() - startMs;
    const { server, api } = await startAdmin(directory);
    const kept = new Set<string>();
    for (let after = ''; ; ) {
      const page = await api.get<{ items: { id: string; glob: string }[]; next: string | null }>(
        `/v1/overrides?limit=1000${after}`,
      );
      for (const { glob } of page.items) kept.add(glob);
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    const lost = acknowledged.filter((glob) => !kept.has(glob));
    console.log(`${acknowledged.length} acknowledged in ${(tookMs / 1000).toFixed(1)} s, ${KILLS} kills: ${lost.length} lost`);
    await server.stop();
    process.exitCode = lost.length === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await (process.argv.includes('--storm') ? storm() : compare(process.argv.includes('--one-core')));

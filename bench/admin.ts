// Whether the admin API costs DNS: how long the demo's answers take under a steady load, with and without 200 API requests a second
// beside it, in turn. And, with `--storm`, whether an acknowledged order is lost by a kill among 1,000 of them.
// Run: npm run bench:admin              (dnsperf; about a minute and a half)
//      npm run bench:admin -- --storm   (about two minutes)

import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runDnsperf } from '../src/app/commands/dnsperf.ts';
import { type AdminClient, adminDirectory, startAdmin } from '../test/support/admin-client.ts';
import { stormUntilKilled } from '../test/support/override-storm.ts';
import { describeMachine } from './machine.ts';
import { printTable } from './support.ts';

const ROUNDS = 4;
const SECONDS = 8;
const QUERIES_PER_SECOND = 2000;
const REQUESTS_PER_SECOND = 200;
const MOST_PENDING = 64;
const STORM = 1000;

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

/** Asks at a steady rate until `stop` says so; resolves to the times of all replies, in milliseconds. */
async function requests({ url }: AdminClient, stop: AbortSignal): Promise<number[]> {
  const took: number[] = [];
  const pending = new Set<Promise<void>>();
  const startMs = performance.now();
  for (let i = 0; !stop.aborted; i++) {
    const dueMs = startMs + (i * 1000) / REQUESTS_PER_SECOND;
    if (dueMs > performance.now()) await sleep(dueMs - performance.now());
    if (pending.size >= MOST_PENDING) await Promise.race(pending); // the rate that is printed tells if it was not met
    const askedMs = performance.now();
    const request = fetch(`${url}${i % SCRAPE_EVERY === 0 ? '/metrics' : PATHS[i % PATHS.length]}`).then(async (reply) => {
      await reply.arrayBuffer();
      if (!reply.ok) throw new Error(`${reply.url}: ${reply.status}`);
      took.push(performance.now() - askedMs);
      pending.delete(request);
    });
    pending.add(request);
  }
  await Promise.all(pending);
  return took.sort((a, b) => a - b);
}

const figure = (value: number | null | undefined): string => (value === null || value === undefined ? '-' : value.toFixed(2));

async function compare(): Promise<void> {
  describeMachine([]);
  const { server, api } = await startAdmin(adminDirectory());
  const rows = [['round', 'API', 'DNS p50, ms', 'p99', 'p99.9', 'lost', 'API requests/s', 'API p50, ms', 'p99']];
  try {
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const isBusy = round % 2 === 1;
      const stop = new AbortController();
      const asked = isBusy ? requests(api, stop.signal) : Promise.resolve([]);
      const load = {
        server: '127.0.0.1',
        port: server.port,
        isTcp: false,
        queries: QUERIES,
        perSecond: QUERIES_PER_SECOND,
        seconds: SECONDS,
      };
      const report = await runDnsperf(load);
      stop.abort();
      const took = await asked;
      if (!report.ok) throw new Error(report.error.message);
      const { p50, p99, p999 } = report.value.latencyMs;
      const at = (share: number): string => figure(took[Math.floor(share * took.length)]);
      const own = isBusy ? [(took.length / SECONDS).toFixed(0), at(0.5), at(0.99)] : ['-', '-', '-'];
      rows.push([
        String(1 + (round >> 1)),
        isBusy ? 'busy' : 'idle',
        figure(p50),
        figure(p99),
        figure(p999),
        String(report.value.lost),
        ...own,
      ]);
    }
  } finally {
    await server.stop();
  }
  printTable(rows);
}

async function storm(): Promise<void> {
  const directory = adminDirectory();
  try {
    const first = await startAdmin(directory);
    const startMs = performance.now();
    const acknowledged = await stormUntilKilled(first.api, STORM, () => first.server.signal('SIGKILL'));
    const tookMs = performance.now() - startMs;
    await first.server.ended;
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
    console.log(`${acknowledged.length} acknowledged in ${(tookMs / 1000).toFixed(1)} s, then killed: ${lost.length} lost`);
    await server.stop();
    process.exitCode = lost.length === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await (process.argv.includes('--storm') ? storm() : compare());

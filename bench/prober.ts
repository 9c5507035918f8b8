// How much one prober does on one core: 10,000 HTTP targets every 5 seconds, against a server in another process. Prints CPU and
// memory of the prober, what it found, and how late checks started. Bounded: 20 seconds, of which the first 5 do not count.
//
//   npm run bench:prober [-- targets seconds]

import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { TargetChecker } from '../src/probe/checker.ts';
import { Prober } from '../src/probe/prober.ts';
import { Resolver } from '../src/probe/resolver.ts';
import { HTTP, loopbackRules, targetOf } from '../test/support/probing.ts';

const INTERVAL_MS = 5000;
const SERVE = 'serve';

if (process.argv[2] === SERVE) serve();
else await measure(Number(process.argv[2] ?? 10_000), Math.min(60, Number(process.argv[3] ?? 20)));

function serve(): void {
  const server = createServer((_, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', 4096, () => {
    const { port } = server.address() as AddressInfo;
    process.send?.(port);
  });
  process.on('disconnect', () => process.exit());
}

async function measure(count: number, seconds: number): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), [SERVE]);
  const port = await new Promise<number>((resolve) => server.once('message', (message) => resolve(message as number)));
  const cadence = { intervalMs: INTERVAL_MS, transitionIntervalMs: 1000, timeoutMs: 4000, connectTimeoutMs: 2000 };
  const targets = Array.from({ length: count }, (_, index) =>
    targetOf(HTTP, port, { key: `m${index}#4`, index, member: index }, cadence),
  );
  const outcomes = new Map<string, number>();
  let late: number[] = [];
  let latencies: number[] = [];
  const prober = new Prober({
    id: 'bench',
    checker: new TargetChecker(loopbackRules, new Resolver(systemClock), systemClock),
    clock: systemClock,
    random: Math.random,
    limits: { concurrency: 512, perSecond: 0, perHostPerSecond: 0 },
    nextDelayMs: () => INTERVAL_MS,
    onResult: (_, result) => {
      const key = result.outcome === 0 ? 'ok' : result.detail;
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
      latencies.push(result.latencyUs / 1000);
    },
    onStart: (lateMs) => late.push(lateMs),
  });
  prober.setTargets(targets);
  await sleep(INTERVAL_MS);
  late = [];
  latencies = [];
  outcomes.clear();
  const before = process.cpuUsage();
  const startMs = performance.now();
  await sleep(seconds * 1000 - INTERVAL_MS);
  const cpu = process.cpuUsage(before);
  const elapsedMs = performance.now() - startMs;
  await prober.stop();
  server.disconnect();
  const done = latencies.length;
  const cpuMs = (cpu.user + cpu.system) / 1000;
  console.log(`${count} targets every ${INTERVAL_MS} ms: ${((done / elapsedMs) * 1000).toFixed(0)} checks a second`);
  console.log(`CPU ${((cpuMs / elapsedMs) * 100).toFixed(0)} % of a core, ${((cpuMs * 1000) / done).toFixed(0)} us a check`);
  console.log(`RSS ${(process.memoryUsage.rss() / 1048576).toFixed(0)} MiB`);
  console.log(`started late: p50 ${percentile(late, 0.5)} ms, p99 ${percentile(late, 0.99)} ms (aim: below 100)`);
  console.log(`latency: p50 ${percentile(latencies, 0.5)} ms, p99 ${percentile(latencies, 0.99)} ms`);
  console.log(`outcomes: ${[...outcomes].map(([key, value]) => `${value} ${key}`).join(', ')}`);
}

function percentile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

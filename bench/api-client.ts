// Asks an HTTP server at a steady rate until its standard input ends, then prints what it took as one line of JSON. A process of its
// own at the lowest priority, so that bench/admin.ts sees what serving the requests costs, not what making them does.
// Arguments: the base URL, requests a second, paths.

import { Agent, get } from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const MOST_PENDING = 64;
const TIMEOUT_MS = 10_000;

const [url, rate, ...paths] = process.argv.slice(2);
const perSecond = Number(rate);
setPriority(0, 19);
const agent = new Agent({ keepAlive: true, maxSockets: MOST_PENDING });

function ask(path: string): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(`${url}${path}`, { agent, timeout: TIMEOUT_MS }, (reply) => {
      if (reply.statusCode !== 200) reject(new Error(`${path}: ${reply.statusCode}`));
      reply.on('end', () => resolve(performance.now() - startMs)).resume();
    });
    request.on('error', reject).on('timeout', () => request.destroy(new Error(`${path}: no reply`)));
  });
}

let isOver = false;
process.stdin.on('end', () => (isOver = true)).resume();
const tookMs: number[] = [];
const pending = new Set<Promise<void>>();
const startMs = performance.now();
for (let i = 0; !isOver; i++) {
  const dueMs = startMs + (i * 1000) / perSecond;
  if (dueMs > performance.now()) await sleep(dueMs - performance.now());
  if (pending.size >= MOST_PENDING) await Promise.race(pending); // the rate that is printed tells if it was not met
  const request = ask(paths[i % paths.length]!).then((ms) => {
    tookMs.push(ms);
    pending.delete(request);
  });
  pending.add(request);
}
const seconds = (performance.now() - startMs) / 1000;
await Promise.all(pending);
tookMs.sort((a, b) => a - b);
const at = (share: number): number | null => tookMs[Math.floor(share * tookMs.length)] ?? null;
console.log(JSON.stringify({ perSecond: tookMs.length / seconds, p50: at(0.5), p99: at(0.99) }));
agent.destroy();

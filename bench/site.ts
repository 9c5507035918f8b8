// What a request through layer 7 costs, beside HAProxy and nginx: CPU time of the balancer for each request, from /proc, and the time
// that half the load takes. One nginx is the server behind all of them. The balancer has one core; load and server share the other.
// Servers are measured in turn, round by round: what else happens on the machine meets all of them. Needs haproxy, nginx, wrk, h2load.
//   node dist/bench/site.js [seconds per measurement, default 3] [rounds, default 3]

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hasProgram } from '../src/app/demo/has-program.ts';
import { describeMachine } from './machine.ts';
import {
  cpuMs,
  LOAD_CORE,
  median,
  moveToLoadCore,
  printTable,
  printVerdict,
  ROOT,
  type Running,
  startServer,
  withDirectory,
} from './support.ts';

const SECONDS = Number(process.argv[2] ?? 3);
const ROUNDS = Number(process.argv[3] ?? 3);
const CONNECTIONS = 32;
const FIRST_PORT = 18_080;
const run = promisify(execFile);

/** `large` is a body of 100 kB. */
const PATHS = { small: '/', large: '/large' } as const;
type Load = keyof typeof PATHS;

const nginxAround = (server: string, directory: string): string => `
worker_processes 1; daemon off; pid ${directory}/PID; error_log /dev/null;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${directory}; proxy_temp_path ${directory};
  fastcgi_temp_path ${directory}; uwsgi_temp_path ${directory}; scgi_temp_path ${directory}; ${server} }`;

const backend = (port: number, directory: string): string =>
  nginxAround(
    `server { listen 127.0.0.1:${port}; root ${directory}; sendfile on; default_type text/plain;
      location = / { return 200 "hello world, this is a small body of some octets\\n"; } }`,
    directory,
  ).replace('PID', 'backend.pid');

const proxy = (port: number, serverPort: number, directory: string): string =>
  nginxAround(
    `upstream u { server 127.0.0.1:${serverPort}; keepalive 64; keepalive_requests 100000000; }
     server { listen 127.0.0.1:${port}; location / { proxy_pass http://u; proxy_http_version 1.1; proxy_buffering on;
       proxy_max_temp_file_size 0; proxy_set_header Connection ""; proxy_set_header Host $host;
       proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto http; } }`,
    directory,
  ).replace('PID', 'proxy.pid');

const haproxy = (port: number, serverPort: number): string => `
global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:${port}
  http-request set-header x-forwarded-proto http
  default_backend b
backend b
  server s 127.0.0.1:${serverPort}
`;

interface Peer {
  readonly name: string;
  readonly port: number;
  readonly running: Running;
  readonly cpuUs: Record<Load, number[]>;
  readonly rps: Record<Load, number[]>;
  readonly p50Us: number[];
  readonly p99Us: number[];
}

/** Of the rounds: what else runs on the machine only adds to a latency. */
const best = (values: readonly number[]): number => Math.min(...values);

/** As fast as it goes, with a fixed number of connections. */
async function full(peer: Peer, load: Load): Promise<void> {
  const url = `http://127.0.0.1:${peer.port}${PATHS[load]}`;
  const before = cpuMs(peer.running.pid);
  const { stdout } = await run('taskset', ['-c', LOAD_CORE, 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, url]);
  const usedMs = cpuMs(peer.running.pid) - before;
  const requests = Number(/(\d+) requests in/.exec(stdout)![1]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${peer.name}: ${stdout}`);
  peer.cpuUs[load].push((1000 * usedMs) / requests);
  peer.rps[load].push(requests / SECONDS);
}

/** At a fixed rate: how long each request takes. */
async function half(peer: Peer, rate: number, directory: string): Promise<void> {
  const log = join(directory, `${peer.name}.log`);
  writeFileSync(log, '');
  const plan = ['--h1', '-c', '16', '-t', '1', `--rps=${Math.round(rate / 16)}`, '-D', String(SECONDS), `--log-file=${log}`];
  await run('taskset', ['-c', LOAD_CORE, 'h2load', ...plan, `http://127.0.0.1:${peer.port}/`]);
  const times = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => Number(line.split('\t')[2]))
    .sort((a, b) => a - b);
  peer.p50Us.push(times[times.length >> 1]!);
  peer.p99Us.push(times[Math.floor(times.length * 0.99)]!);
}

await withDirectory(async (directory) => {
  for (const tool of ['haproxy', 'nginx', 'wrk', 'h2load']) {
    if (!hasProgram(tool)) throw new Error(`${tool} is needed`);
  }
  describeMachine([]);
  moveToLoadCore();
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  file('large', 'x'.repeat(100_000));
  const nginx = (conf: string, cores?: string): Running => startServer(['nginx', '-p', directory, '-c', conf], directory, cores);
  const server = nginx(file('backend.conf', backend(FIRST_PORT, directory)), LOAD_CORE);
  const start = (name: string, i: number, begin: (port: number) => Running): Peer => ({
    name,
    port: FIRST_PORT + i,
    running: begin(FIRST_PORT + i),
    cpuUs: { small: [], large: [] },
    rps: { small: [], large: [] },
    p50Us: [],
    p99Us: [],
  });
  const peers = [
    start('HAProxy', 1, (port) => startServer(['haproxy', '-f', file('haproxy.cfg', haproxy(port, FIRST_PORT))], directory)),
    start('nginx', 2, (port) => nginx(file('proxy.conf', proxy(port, FIRST_PORT, directory)))),
    start('Meridian', 3, (port) =>
      startServer([process.execPath, `${ROOT}dist/bench/site-server.js`, String(port), String(FIRST_PORT)], directory),
    ),
  ];
  await sleep(2000);
  for (const peer of peers) await run('wrk', ['-t1', `-c${CONNECTIONS}`, '-d1s', `http://127.0.0.1:${peer.port}/`]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const load of ['small', 'large'] as const) for (const peer of peers) await full(peer, load);
  }
  // Half of what the slowest of them can do: the same load for all.
  const rate = Math.min(...peers.map((peer) => median(peer.rps.small))) / 2;
  const direct: Peer = { ...peers[0]!, name: 'no balancer', port: FIRST_PORT, p50Us: [], p99Us: [] };
  for (let round = 0; round < ROUNDS; round++) for (const peer of [direct, ...peers]) await half(peer, rate, directory);
  for (const { running } of peers) await running.stop();
  await server.stop();

  const rows = [direct, ...peers].map((peer) => {
    const figure = (values: readonly number[], digits = 1): string => (peer === direct ? '' : median(values).toFixed(digits));
    const times = [median(peer.p50Us), best(peer.p99Us)].map((us) => (us / 1000).toFixed(2));
    const { cpuUs, rps } = peer;
    return [peer.name, figure(cpuUs.small), figure(rps.small, 0), figure(cpuUs.large), figure(rps.large, 0), ...times];
  });
  printTable([['', 'CPU us, small', 'requests/s', 'CPU us, 100 kB', 'requests/s', 'p50 ms', 'p99 ms'], ...rows]);
  console.log(`\np50 (median of rounds) and p99 (best round): at ${rate.toFixed(0)} requests/s`);
  const ratio = (load: Load, other: number): number => median(peers[2]!.cpuUs[load]) / median(peers[other]!.cpuUs[load]);
  const text = (load: Load): string => `${ratio(load, 0).toFixed(2)} x HAProxy, ${ratio(load, 1).toFixed(2)} x nginx`;
  console.log(`CPU for 100 kB: ${text('large')}`);
  printVerdict('CPU for a small response at most 2 x HAProxy', ratio('small', 0) <= 2, text('small'));
  const [addedMs, addedByHaproxyMs] = [2, 0].map((i) => (best(peers[i]!.p99Us) - best(direct.p99Us)) / 1000);
  const found = `${addedMs!.toFixed(2)} ms; by HAProxy ${addedByHaproxyMs!.toFixed(2)} ms`;
  printVerdict('p99 of the latency that is added at half load under 2 ms', addedMs! < 2, found);
});

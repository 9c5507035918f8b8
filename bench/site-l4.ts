// What a request through layer 4 costs, beside HAProxy in TCP mode: CPU time of the balancer for each request, from /proc. Requests on
// connections that stay, large responses, and a new connection for each request. One nginx is the server behind all of them. The balancer
// has one core; load and server share the other. Balancers are measured in turn, round by round. Needs haproxy, nginx, wrk.
//   node dist/bench/site-l4.js [seconds per measurement, default 3] [rounds, default 3]

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
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
const FIRST_PORT = 18_180;
const LARGE_SIZE = 100_000;
const run = promisify(execFile);

const LOADS = {
  kept: ['/'],
  large: ['/large'],
  fresh: ['/', '-H', 'Connection: close'],
} as const;
type Load = keyof typeof LOADS;

const backend = (port: number, directory: string): string => `
worker_processes 1; daemon off; pid ${directory}/backend.pid; error_log /dev/null;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${directory}; proxy_temp_path ${directory};
  fastcgi_temp_path ${directory}; uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  server { listen 127.0.0.1:${port} backlog=4096; root ${directory}; sendfile on; default_type text/plain;
    location = / { return 200 "hello world, this is a small body of some octets\\n"; } } }`;

const haproxy = (port: number, serverPort: number): string => `
global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  server s 127.0.0.1:${serverPort}
`;

interface Peer {
  readonly name: string;
  readonly port: number;
  readonly running: Running;
  readonly cpuUs: Record<Load, number[]>;
}

async function measure(peer: Peer, load: Load): Promise<void> {
  const [path, ...options] = LOADS[load];
  const url = `http://127.0.0.1:${peer.port}${path}`;
  const before = cpuMs(peer.running.pid);
  const wrk = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, ...options, url];
  const { stdout } = await run('taskset', ['-c', LOAD_CORE, ...wrk]);
  const usedMs = cpuMs(peer.running.pid) - before;
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${peer.name}: ${stdout}`);
  peer.cpuUs[load].push((1000 * usedMs) / Number(/(\d+) requests in/.exec(stdout)![1]));
}

await withDirectory(async (directory) => {
  for (const tool of ['haproxy', 'nginx', 'wrk']) if (!hasProgram(tool)) throw new Error(`${tool} is needed`);
  describeMachine([]);
  moveToLoadCore();
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  file('large', 'x'.repeat(LARGE_SIZE));
  const conf = file('backend.conf', backend(FIRST_PORT, directory));
  const server = startServer(['nginx', '-p', directory, '-c', conf], directory, LOAD_CORE);
  const start = (name: string, i: number, command: readonly string[]): Peer => ({
    name,
    port: FIRST_PORT + i,
    running: startServer(command, directory),
    cpuUs: { kept: [], large: [], fresh: [] },
  });
  const program = (name: string, i: number): readonly string[] => [
    process.execPath,
    `${ROOT}dist/bench/${name}.js`,
    String(FIRST_PORT + i),
    String(FIRST_PORT),
  ];
  const peers = [
    start('HAProxy', 1, ['haproxy', '-f', file('haproxy.cfg', haproxy(FIRST_PORT + 1, FIRST_PORT))]),
    start('Meridian', 2, program('site-l4-server', 2)),
    start('Meridian over node:net', 3, ['env', 'MERIDIAN_NATIVE=off', ...program('site-l4-server', 3)]),
    start('bare net relay', 4, program('site-l4-bare', 4)),
  ];
  await sleep(2000);
  const loads = Object.keys(LOADS) as Load[];
  for (const { port } of peers) await run('wrk', ['-t1', `-c${CONNECTIONS}`, '-d1s', `http://127.0.0.1:${port}/`]);
  for (let round = 0; round < ROUNDS; round++) for (const load of loads) for (const peer of peers) await measure(peer, load);
  for (const { running } of peers) await running.stop();
  await server.stop();
  const rows = peers.map(({ name, cpuUs }) => [name, ...loads.map((load) => median(cpuUs[load]).toFixed(1))]);
  printTable([['CPU us for each', 'request, connections stay', 'response of 100 kB', 'connection'], ...rows]);
  const ratio = (peer: Peer, load: Load): number => median(peer.cpuUs[load]) / median(peers[0]!.cpuUs[load]);
  for (const peer of peers.slice(1)) {
    console.log(`\n${peer.name} / HAProxy: ${loads.map((load) => `${load} ${ratio(peer, load).toFixed(2)}`).join(', ')}`);
  }
  const found = loads.map((load) => `${load} ${ratio(peers[1]!, load).toFixed(2)}`).join(', ');
  const isMet = loads.every((load) => ratio(peers[1]!, load) <= 1.4);
  printVerdict('CPU at most 1.4 x HAProxy, on connections that stay and on new ones', isMet, found);
});

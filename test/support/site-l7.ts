// The agent of a site at layer 7 as an operator runs it: the real binary in a directory of its own, a server that records what it was
// sent, and one that serves bodies and WebSockets.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { type Reading, readAll } from './lenient-reader.ts';
import { eventually } from './patience.ts';
import { type ReservedPort, reservePort } from './reserved-port.ts';
import { beginServer, meridian, type StartingServer } from './server.ts';

/** Keeps all that it is sent, and answers each whole request with its target. */
export class Recorder {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Of each connection, since the last forgetting. */
  readonly #octets = new Map<Socket, string>();

  static async open(): Promise<Recorder> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Recorder(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.setEncoding('latin1');
      let unanswered = '';
      socket.on('data', (text: string) => {
        this.#octets.set(socket, (this.#octets.get(socket) ?? '') + text);
        unanswered += text;
        const { requests, rest } = readAll(unanswered).at(-1)!;
        unanswered = rest;
        for (const request of requests) {
          const target = request.split(' ')[1]!;
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${target.length}\r\n\r\n${target}`);
        }
      });
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  forget(): void {
    this.#octets.clear();
  }

  /** What the different readers make of what came since, connection after connection. */
  get readings(): readonly Reading[] {
    const each = [...this.#octets.values()].map(readAll);
    return (each[0] ?? readAll('')).map((_, reader) => ({
      requests: each.flatMap((readings) => readings[reader]!.requests),
      rest: each.map((readings) => readings[reader]!.rest).join(''),
    }));
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const PIECE: Buffer = Buffer.alloc(65_536, 'x');

/** `GET /files/SIZE` gives so many octets, `POST /files/` says how many it got, `/files/hold` never answers. WebSockets are echoed. */
async function openFiles(): Promise<HttpServer> {
  const server = createHttpServer((request, response) => {
    const what = request.url!.slice('/files/'.length);
    if (what === 'hold') return;
    if (request.method === 'POST') {
      let size = 0;
      request.on('data', (octets: Buffer) => {
        size += octets.length;
      });
      request.on('end', () => response.end(String(size)));
      return;
    }
    let left = Number(what);
    const isChunked = request.headers['x-chunked'] !== undefined;
    response.writeHead(200, isChunked ? {} : { 'content-length': left });
    const send = (): void => {
      while (left > 0) {
        const piece = PIECE.subarray(0, Math.min(left, PIECE.length));
        left -= piece.length;
        if (!response.write(piece)) return;
      }
      response.end();
    };
    response.on('drain', send);
    response.on('error', () => {});
    send();
  });
  server.keepAliveTimeout = 600_000;
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export interface L7Stage {
  readonly agent: StartingServer;
  readonly recorder: Recorder;
  readonly files: HttpServer;
  readonly filesPort: number;
  readonly ports: { readonly plain: number; readonly secure: number; readonly hasty: number; readonly hastySecure: number };
  status(): Promise<StatusReport['site'][number]>;
  /** A figure of /proc/PID/status of the agent, in MiB: VmRSS is what it has now, VmHWM the most since the last resetPeak. */
  memoryMib(figure: 'VmRSS' | 'VmHWM'): number;
  resetPeak(): void;
  /** Waits until nothing is under way at any server, and no client is connected. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** `hasty`: timeouts of the two listeners that are called so, YAML. */
export async function startL7(hasty = '{}'): Promise<L7Stage> {
  const recorder = await Recorder.open();
  const files = await openFiles();
  const filesPort = (files.address() as AddressInfo).port;
  const reserved: ReservedPort[] = [];
  for (let i = 0; i < 4; i++) reserved.push(await reservePort());
  const [plain, secure, hastyPort, hastySecure] = reserved.map(({ port }) => port) as [number, number, number, number];
  const tls = 'tls: { certificates: [{ certificate: site.pem, key: site.key }] }';
  const directory = mkdtempSync(join(tmpdir(), 'meridian-l7-'));
  const san = ['-subj', '/CN=a', '-addext', 'subjectAltName=DNS:a', '-out', 'site.pem', '-keyout', 'site.key', '-days', '30'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...key, ...san], { cwd: directory, stdio: 'ignore' });
  const routes = 'routes: [{ match: { prefixes: [/files] }, service: files, upgrade: true }, { service: raw }]';
  const rules = 'outlier: off, breaker: off, slowStart: { window: 0s }';
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
sites: { fra: { latitude: 50.1, longitude: 8.7 } }
site:
  fra:
    services:
      raw: { servers: { r: { address: "127.0.0.1:${recorder.port}" } }, ${rules} }
      files: { servers: { f: { address: "127.0.0.1:${filesPort}" } }, ${rules} }
    listeners:
      plain: { listen: "127.0.0.1:${plain}", http: { ${routes} } }
      secure: { listen: "127.0.0.1:${secure}", http: { ${tls}, ${routes} } }
      hasty: { listen: "127.0.0.1:${hastyPort}", http: { ${routes}, timeouts: ${hasty} } }
      hasty-secure: { listen: "127.0.0.1:${hastySecure}", http: { ${tls}, ${routes}, timeouts: ${hasty} } }
`,
  );
  const agent = beginServer(directory, { args: ['--role', 'site'] });
  await agent.logged('at the site');
  const status = async (): Promise<StatusReport['site'][number]> => {
    const { stdout } = await meridian(['status', '--json', '--config', agent.config]);
    return (JSON.parse(stdout) as StatusReport).site[0]!;
  };
  return {
    agent,
    recorder,
    files,
    filesPort,
    ports: { plain, secure, hasty: hastyPort, hastySecure },
    status,
    memoryMib: (figure) => {
      const text = readFileSync(`/proc/${agent.pid}/status`, 'utf8');
      return Number(new RegExp(`^${figure}:\\s+(\\d+) kB`, 'm').exec(text)![1]) / 1024;
    },
    resetPeak: () => writeFileSync(`/proc/${agent.pid}/clear_refs`, '5'),
    idle: () =>
      eventually(
        async () => {
          const { services, listeners } = await status();
          return services.every(({ active }) => active === 0) && listeners.every(({ connections }) => connections === 0);
        },
        () => agent.log(),
      ),
    close: async () => {
      agent.signal('SIGKILL');
      await agent.ended;
      recorder.close();
      files.close();
      files.closeAllConnections();
      for (const { release } of reserved) await release();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

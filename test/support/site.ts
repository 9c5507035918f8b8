// A service on loopback with real servers behind it and real clients before it. Everything is closed at the end of the test.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../../src/base/clock.ts';
import type { SiteServer, SiteService, TcpFrontSettings } from '../../src/model/site.ts';
import { ClientRtts } from '../../src/site/client-rtts.ts';
import { type RelayAddon, relayAddon } from '../../src/site/l4/relay-addon.ts';
import { TcpFront, type TcpTarget } from '../../src/site/l4/tcp-front.ts';
import { ListeningPort } from '../../src/site/listening.ts';
import { Service } from '../../src/site/service.ts';
import { balancingOf, serverOf } from './balance.ts';

interface Closable {
  teardown(close: () => void): void;
}

/** A TCP server that does what the test says with each connection. */
export class Backend {
  readonly server: SiteServer;
  /** By order of arrival. */
  readonly sockets: Socket[] = [];
  readonly #listener: Server;
  #arrived: () => void = () => {};

  static async open(
    t: Closable,
    id: string,
    serve: (socket: Socket) => void,
    differs: Partial<SiteServer> = {},
  ): Promise<Backend> {
    const listener = createServer({ allowHalfOpen: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Backend(t, id, listener, serve, differs);
  }

  private constructor(t: Closable, id: string, listener: Server, serve: (socket: Socket) => void, differs: Partial<SiteServer>) {
    this.#listener = listener;
    this.server = serverOf(id, { port: (listener.address() as AddressInfo).port, ...differs });
    listener.on('connection', (socket) => {
      socket.on('error', () => {});
      this.sockets.push(socket);
      serve(socket);
      this.#arrived();
    });
    t.teardown(() => this.close());
  }

  /** Resolves when so many connections have arrived in all. */
  async arrivals(count: number): Promise<void> {
    while (this.sockets.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  close(): void {
    this.#listener.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Says its name and ends. */
export const saying =
  (text: string) =>
  (socket: Socket): void => {
    socket.end(text);
    socket.resume();
  };

/** Sends back what it gets. */
export const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

export const FRONT: TcpFrontSettings = {
  address: '127.0.0.1',
  port: 0,
  mostConnections: 1000,
  mostConnectionsPerClient: 1000,
  connectionRate: null,
  connectionRatePerClient: null,
  connectTimeoutMs: 60_000,
  attempts: 3,
  idleTimeoutMs: 300_000,
  stallTimeoutMs: 300_000,
  silenceTimeoutMs: null,
  proxyFrom: [],
  headerTimeoutMs: 60_000,
  proxyTo: null,
  keyPrefixV4: 32,
  keyPrefixV6: 64,
};

export interface Stage {
  readonly front: TcpFront;
  readonly service: Service;
  readonly rtts: ClientRtts;
}

export const serviceOf = (servers: readonly SiteServer[], differs: Partial<SiteService> = {}): Service =>
  new Service(
    {
      id: 'web',
      servers,
      balancing: balancingOf({ kind: 'round-robin' }),
      queue: { mostWaiting: 0, timeoutMs: 60_000 },
      retry: { percent: 20, least: 3 },
      ...differs,
    },
    systemClock,
  );

/** With a front in front; `targetOf` says who else serves, where it is not the service alone. `addon` null: without the native relay. */
export async function stageOf(
  t: Closable,
  servers: readonly SiteServer[],
  front: Partial<TcpFrontSettings> = {},
  service: Partial<SiteService> = {},
  targetOf: (service: Service) => TcpTarget = (only) => only,
  addon: RelayAddon | null = relayAddon,
): Promise<Stage> {
  const running = serviceOf(servers, service);
  const port = await ListeningPort.open({ ...FRONT, ...front });
  if (!port.ok) throw new Error(port.error.message);
  const rtts = new ClientRtts();
  const opened = new TcpFront({ ...FRONT, ...front }, targetOf(running), systemClock, port.value, addon, rtts);
  opened.begin();
  t.teardown(() => {
    running.close();
    void opened.close(0);
  });
  return { front: opened, service: running, rtts };
}

/** A client that keeps what it gets. `over` resolves when the connection is closed: whether by a reset. */
export class Client {
  readonly socket: Socket;
  readonly ended: Promise<unknown>;
  readonly over: Promise<'reset' | 'closed'>;
  received: Buffer = Buffer.alloc(0);

  constructor(t: Closable, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let how: 'reset' | 'closed' = 'closed';
    this.socket.on('error', () => {
      how = 'reset';
    });
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.ended = new Promise((resolve) => this.socket.once('end', resolve));
    this.over = new Promise((resolve) => this.socket.once('close', () => resolve(how)));
    t.teardown(() => this.socket.destroy());
  }

  /** All that the server sends until it ends; the client ends at once. */
  async all(): Promise<string> {
    this.socket.end();
    await Promise.race([this.ended, this.over]);
    return this.received.toString();
  }
}

/** A port whose queue of connections is full, so that a further one is neither taken nor refused: its process sleeps. */
export async function fullTcpPort(t: Closable): Promise<number> {
  const script = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write(String(server.address().port), () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  const fillers = Array.from({ length: 8 }, () => connect({ port: Number(port), host: '127.0.0.1' }).on('error', () => {}));
  t.teardown(() => {
    for (const filler of fillers) filler.destroy();
  });
  // The kernel takes backlog + 1 of them; who comes later waits for its SYN to be answered.
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
  return Number(port);
}

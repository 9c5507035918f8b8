// A front of layer 7 on loopback with real HTTP servers behind it. Everything is closed at the end of the test.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { systemClock } from '../../src/base/clock.ts';
import type { SiteServer, SiteService } from '../../src/model/site.ts';
import {
  type HttpFrontSettings,
  type HttpLimits,
  type HttpRoute,
  type HttpTimeouts,
  PLAIN_ROUTE,
} from '../../src/model/site-http.ts';
import { HttpFront } from '../../src/site/l7/http-front.ts';
import type { Service } from '../../src/site/service.ts';
import { serverOf } from './balance.ts';
import { serviceOf } from './site.ts';

interface Closable {
  teardown(close: () => unknown): void;
}

export const LIMITS: HttpLimits = {
  mostConnections: 1000,
  mostConnectionsPerClient: 1000,
  headSize: 16_384,
  mostHeaders: 100,
  targetSize: 8192,
  bodySize: 1_000_000_000,
  bodyPieceSize: 1,
  mostRequestsPerConnection: 1_000_000_000,
  mostStreams: 100,
  mostResets: 100,
};

/** Long enough never to come on the slowest machine, unless a test shortens one. */
export const TIMEOUTS: HttpTimeouts = {
  headMs: 300_000,
  bodyIdleMs: 300_000,
  connectMs: 300_000,
  responseMs: 300_000,
  responseIdleMs: 300_000,
  wholeMs: null,
  keepAliveMs: 300_000,
  serverKeepAliveMs: 300_000,
  tunnelIdleMs: 300_000,
};

export const routeOf = (differs: Partial<HttpRoute> = {}): HttpRoute => ({
  ...PLAIN_ROUTE,
  id: 'all',
  action: { kind: 'service', service: 'web' },
  retries: { attempts: 3, onStatus: [] },
  ...differs,
});

export const settingsOf = (differs: Partial<HttpFrontSettings> = {}): HttpFrontSettings => ({
  address: '127.0.0.1',
  port: 0,
  tls: null,
  routes: [routeOf()],
  late: null,
  forwarding: { trustedProxies: [], xForwarded: true, forwarded: false },
  cache: { size: 1_000_000, mostBodySize: 100_000 },
  limits: LIMITS,
  timeouts: TIMEOUTS,
  keyPrefixV4: 32,
  keyPrefixV6: 64,
  ...differs,
});

export interface HttpStage {
  readonly front: HttpFront;
  readonly service: Service;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
}

export async function httpStage(
  t: Closable,
  servers: readonly SiteServer[],
  front: Partial<HttpFrontSettings> = {},
  service: Partial<SiteService> = {},
): Promise<HttpStage> {
  const running = serviceOf(servers, service);
  const opened = await HttpFront.open(settingsOf(front), new Map([['web', running]]), systemClock);
  if (!opened.ok) throw new Error(opened.error.map(({ message }) => message).join('\n'));
  t.teardown(async () => {
    running.close();
    await opened.value.close();
  });
  const scheme = front.tls === undefined || front.tls === null ? 'http' : 'https';
  return { front: opened.value, service: running, url: `${scheme}://127.0.0.1:${opened.value.port}` };
}

/** An HTTP server that does what the test says with each request. */
export class WebServer {
  readonly server: SiteServer;
  readonly http: Server;
  readonly requests: IncomingMessage[] = [];

  static async open(t: Closable, id: string, serve: RequestListener, differs: Partial<SiteServer> = {}): Promise<WebServer> {
    const http = createServer();
    http.keepAliveTimeout = 600_000;
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new WebServer(t, id, http, serve, differs);
  }

  private constructor(t: Closable, id: string, http: Server, serve: RequestListener, differs: Partial<SiteServer>) {
    this.http = http;
    this.server = serverOf(id, { port: (http.address() as AddressInfo).port, ...differs });
    http.on('request', (request: IncomingMessage, response: ServerResponse & { req: IncomingMessage }) => {
      this.requests.push(request);
      serve(request, response);
    });
    t.teardown(() => {
      http.close();
      http.closeAllConnections();
    });
  }
}

/** Says its name. */
export const named =
  (name: string): RequestListener =>
  (request, response) => {
    request.resume();
    response.end(name);
  };

/** A client that writes octets as they are and keeps what it gets. */
export class RawClient {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  isClosed = false;
  #changed: () => void = () => {};

  constructor(t: Closable, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (octets) => {
      this.received = Buffer.concat([this.received, octets]);
      this.#changed();
    });
    for (const event of ['end', 'error', 'close']) {
      this.socket.on(event, () => {
        this.isClosed = true;
        this.#changed();
      });
    }
    t.teardown(() => this.socket.destroy());
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** What has come, once it is as wanted or nothing more will come. */
  async until(isEnough: (text: string) => boolean): Promise<string> {
    while (!isEnough(this.text) && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return this.text;
  }

  /** All that comes until the front ends the connection. */
  all(): Promise<string> {
    return this.until(() => false);
  }
}

/** One raw exchange: what the front answers to these octets before it ends the connection. */
export function exchange(t: Closable, port: number, text: string): Promise<string> {
  const client = new RawClient(t, port);
  client.write(text);
  return client.all();
}

/** The status of a response; 0 = it is none. */
export const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);

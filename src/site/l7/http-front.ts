// A listening address at layer 7: HTTP/1.1, and HTTP/2 over TLS. Its settings can be replaced while it runs; connections stay.

import type { Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { type Family, formatAddress, maskOctets, parseAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import type { HttpFrontSettings } from '../../model/site-http.ts';
import { ClientSample } from '../client-sample.ts';
import { ListeningPort } from '../listening.ts';
import type { Service } from '../service.ts';
import { Sharing } from '../sharing.ts';
import { HttpCache } from './cache/cache.ts';
import { isMeant } from './cache/purge.ts';
import { Certificates } from './certificates.ts';
import type { Peer } from './client.ts';
import type { Context, Plan } from './context.ts';
import { type HttpFrontCounts, makeCounts } from './counts.ts';
import { Deadlines } from './deadlines.ts';
import { Http1Client } from './http1-client.ts';
import { Http2Session } from './http2-client.ts';
import { settingsWhile } from './late.ts';
import { planOf } from './plan.ts';
import { ServerPool } from './server-pool.ts';

/** One household or data centre has a /64 (RFC 6177): an address per connection must not evade the limit. */
const IPV6_CLIENT_PREFIX_LEN = 64;

/** A client connection of any version. */
interface Connection {
  /** Ends it after what is under way; if nothing is, after it has been idle for so long. */
  drain(idleMs: number): void;
}

export class HttpFront {
  readonly counts: HttpFrontCounts;
  readonly #context: Context;
  readonly #port: ListeningPort;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  /** Connections by client address, or /64. */
  readonly #perClient = new Map<string, number>();
  /** Nothing listens, and no connection is left. */
  readonly #emptied: Promise<void>;
  #whenEmpty: () => void = () => {};

  /** As they were given, whatever holds now. */
  #settings: HttpFrontSettings;
  #services: ReadonlyMap<string, Service>;
  #isLate = false;

  readonly #certificates: Certificates | null;
  readonly #tls: TlsServer | null;

  /**
   * `services` by id: all that routes name must be among them. Files of certificates are read here, and again when they change: what is
   * wrong with them then goes to `report`. Listens and begins at once, unless it is given a `port`. `sample`: where it is noted whose the
   * load is.
   */
  static async open(
    settings: HttpFrontSettings,
    services: ReadonlyMap<string, Service>,
    clock: Clock,
    report: (problem: Problem) => void = () => {},
    port: ListeningPort | null = null,
    sharing = new Sharing(),
    sample = new ClientSample(clock),
  ): Promise<Result<HttpFront, readonly Problem[]>> {
    const planned = planOf(settings, services, null);
    if (!planned.ok) return planned;
    const certificates = settings.tls === null ? ok(null) : await Certificates.open(settings.tls, report);
    if (!certificates.ok) return certificates;
    const shared = { sharing, sample };
    if (port !== null) return ok(new HttpFront(planned.value, services, clock, port, certificates.value, shared));
    const opened = await ListeningPort.open(settings);
    if (!opened.ok) {
      certificates.value?.close();
      return { ok: false, error: [opened.error] };
    }
    const front = new HttpFront(planned.value, services, clock, opened.value, certificates.value, shared);
    front.begin();
    return ok(front);
  }

  private constructor(
    plan: Plan,
    services: ReadonlyMap<string, Service>,
    clock: Clock,
    port: ListeningPort,
    certificates: Certificates | null,
    shared: Pick<Context, 'sharing' | 'sample'>,
  ) {
    this.#settings = plan.settings;
    this.#services = services;
    this.counts = makeCounts();
    this.#context = {
      plan,
      isDraining: false,
      drainIdleMs: 0,
      active: 0,
      counts: this.counts,
      clock,
      deadlines: new Deadlines(clock),
      pool: new ServerPool(clock, plan.settings.timeouts.serverKeepAliveMs),
      cache: new HttpCache(plan.settings.cache, clock, this.counts),
      ...shared,
    };
    this.#port = port;
    this.#emptied = new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
    this.#certificates = certificates;
    this.#tls = certificates === null ? null : this.#makeTls(plan.settings, certificates);
  }

  /** Takes the connections of its port from now on. */
  begin(): void {
    this.#port.serve(this.#accept);
  }

  get port(): number {
    return this.#port.port;
  }

  /** Client connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Requests under way, tunnels among them. */
  get active(): number {
    return this.#context.active;
  }

  /** Connections to servers, idle ones among them. */
  get serverConnections(): number {
    return this.#context.pool.size;
  }

  /** For all requests from now on; those under way end as they began. With an error nothing changes. */
  async replace(settings: HttpFrontSettings, services: ReadonlyMap<string, Service>): Promise<readonly Problem[]> {
    const planned = planOf(settingsWhile(this.#isLate, settings), services, this.#context.plan);
    if (!planned.ok) return planned.error;
    if (settings.tls !== null && this.#certificates !== null) {
      const problems = await this.#certificates.replace(settings.tls);
      if (problems.length > 0) return problems;
    }
    const { cache } = this.#context;
    // What was stored was made by the routes as they were.
    if (JSON.stringify(this.#settings.routes) !== JSON.stringify(settings.routes)) cache.store.clear();
    cache.configure(settings.cache);
    this.#settings = settings;
    this.#services = services;
    this.#context.plan = planned.value;
    this.#context.pool.configure(settings.timeouts.serverKeepAliveMs);
    return [];
  }

  /** Whether clients that come now are late: their site is drained. For all requests from now on, on whichever connection. */
  setLate(isLate: boolean): void {
    if (isLate === this.#isLate) return;
    this.#isLate = isLate;
    const planned = planOf(settingsWhile(isLate, this.#settings), this.#services, this.#context.plan);
    if (planned.ok) this.#context.plan = planned.value;
  }

  /**
   * Stops listening, ends connections after their response or when they have been idle for `idleMs`, and what is left after `graceMs`.
   * With 0 an idle connection ends at once, even if its client is just about to ask.
   */
  async drain(graceMs: number, idleMs = 0): Promise<void> {
    this.#context.isDraining = true;
    this.#context.drainIdleMs = idleMs;
    const timer = setTimeout(() => this.#destroyAll(), graceMs);
    // Who asks on and on would be cut off in the middle of something.
    const hurry = idleMs === 0 ? undefined : setTimeout(() => this.#endIdle(), graceMs / 2);
    this.#port.leave(this.#accept);
    for (const connection of this.#connections) connection.drain(idleMs);
    this.#checkEmpty();
    await this.#emptied;
    clearTimeout(timer);
    clearTimeout(hurry);
    this.#context.deadlines.close();
    this.#context.pool.close();
    this.#certificates?.close();
  }

  /** Takes stored responses out of the cache: how many, and how many are left. */
  purge(parts: readonly string[]): { readonly purged: number; readonly left: number } {
    const { store } = this.#context.cache;
    return { purged: store.purge((place) => isMeant(parts, place)), left: store.count };
  }

  /** Ends everything at once. */
  close(): Promise<void> {
    return this.drain(0);
  }

  #checkEmpty(): void {
    if (this.#context.isDraining && this.#sockets.size === 0) this.#whenEmpty();
  }

  /** Takes connections of the server over, and hands them back once they are encrypted. */
  #makeTls(settings: HttpFrontSettings, certificates: Certificates): TlsServer {
    const server = createTlsServer({
      ALPNProtocols: settings.tls!.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      minVersion: settings.tls!.minVersion,
      handshakeTimeout: settings.timeouts.headMs,
      SNICallback: (name, done) => done(null, certificates.contextFor(name)),
    });
    const setFallback = (): void => server.setSecureContext(certificates.fallback);
    setFallback();
    certificates.onChange = setFallback;
    server.on('tlsClientError', (_, socket) => socket.destroy());
    server.on('secureConnection', (socket) => this.#begin(socket, 'https'));
    return server;
  }

  #endIdle(): void {
    this.#context.drainIdleMs = 0;
    for (const connection of this.#connections) connection.drain(0);
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  readonly #accept = (socket: Socket): void => {
    const { counts, plan } = this.#context;
    counts.accepted++;
    const address = parseAddress(socket.remoteAddress ?? '');
    if (address === undefined) {
      socket.destroy(); // it is gone already
      return;
    }
    const { limits } = plan.settings;
    const name = clientName(address.family, address.octets);
    const ofClient = this.#perClient.get(name) ?? 0;
    if (this.#sockets.size >= limits.mostConnections || ofClient >= limits.mostConnectionsPerClient) {
      counts.refusedByLimit++;
      socket.resetAndDestroy();
      return;
    }
    this.#sockets.add(socket);
    this.#perClient.set(name, ofClient + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = this.#perClient.get(name)! - 1;
      if (left === 0) this.#perClient.delete(name);
      else this.#perClient.set(name, left);
      this.#checkEmpty();
    });
    if (this.#tls === null) this.#begin(socket, 'http');
    else this.#tls.emit('connection', socket);
  };

  /** The client may speak. */
  #begin(socket: Socket | TLSSocket, scheme: 'http' | 'https'): void {
    const address = parseAddress(socket.remoteAddress ?? '');
    if (address === undefined) {
      socket.destroy(); // it is gone already
      return;
    }
    const peer: Peer = { ...address, text: formatAddress(address.octets, address.family), scheme };
    const isHttp2 = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2';
    const connection = isHttp2 ? new Http2Session(socket, peer, this.#context) : new Http1Client(socket, peer, this.#context);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    if (this.#context.isDraining) connection.drain(this.#context.drainIdleMs);
  }
}

function clientName(family: Family, source: Uint8Array): string {
  const octets = Uint8Array.from(source);
  if (family === 6) maskOctets(octets, IPV6_CLIENT_PREFIX_LEN, octets.length);
  return formatAddress(octets, family);
}

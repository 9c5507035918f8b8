// A listening address at layer 7: HTTP/1.1, and HTTP/2 over TLS. Its settings can be replaced while it runs; connections stay.

import { createServer, type Server, type Socket } from 'node:net';
import { type Family, formatAddress, maskOctets, parseAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import { PrefixSet } from '../../base/prefix-set.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { HttpFrontSettings } from '../../model/site-http.ts';
import type { Service } from '../service.ts';
import type { Peer } from './client.ts';
import { type Context, type HttpFrontCounts, makeCounts, type Plan } from './context.ts';
import { Deadlines } from './deadlines.ts';
import { Http1Client } from './http1-client.ts';
import { Edits } from './rewrite.ts';
import { Routes } from './routes.ts';
import { ServerPool } from './server-pool.ts';

const BACKLOG = 512;
/** One household or data centre has a /64 (RFC 6177): an address per connection must not evade the limit. */
const IPV6_CLIENT_PREFIX_LEN = 64;

/** A client connection of any version. */
interface Connection {
  /** Ends it after what is under way. */
  drain(): void;
}

export class HttpFront {
  readonly counts: HttpFrontCounts;
  readonly #context: Context;
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection | null>();
  /** Connections by client address, or /64. */
  readonly #perClient = new Map<string, number>();

  /** By id of the service: all that routes name must be among them. Files of certificates are read here. */
  static open(
    settings: HttpFrontSettings,
    services: ReadonlyMap<string, Service>,
    clock: Clock,
  ): Promise<Result<HttpFront, readonly Problem[]>> {
    const planned = planOf(settings, services);
    if (!planned.ok) return Promise.resolve(planned);
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    return new Promise((resolve) => {
      server.once('error', (error) => {
        const message = `tcp ${settings.address} port ${settings.port} cannot be used: ${error.message}`;
        resolve(err([{ severity: 'error', code: 'ERR_LISTEN', message }]));
      });
      server.listen({ host: settings.address, port: settings.port, backlog: BACKLOG, ipv6Only: true, exclusive: true }, () =>
        resolve(ok(new HttpFront(planned.value, clock, server))),
      );
    });
  }

  private constructor(plan: Plan, clock: Clock, server: Server) {
    this.counts = makeCounts();
    this.#context = {
      plan,
      isDraining: false,
      active: 0,
      counts: this.counts,
      clock,
      deadlines: new Deadlines(clock),
      pool: new ServerPool(clock, plan.settings.timeouts.serverKeepAliveMs),
    };
    this.#server = server;
    server.on('connection', (socket: Socket) => this.#accept(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#context.plan.settings.port;
  }

  /** Client connections. */
  get connections(): number {
    return this.#connections.size;
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
    const planned = planOf(settings, services);
    if (!planned.ok) return planned.error;
    this.#context.plan = planned.value;
    this.#context.pool.configure(settings.timeouts.serverKeepAliveMs);
    return [];
  }

  /** Stops listening, ends idle connections and all others after their response, and what is left after `graceMs`. */
  drain(graceMs: number): Promise<void> {
    this.#context.isDraining = true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#destroyAll(), graceMs);
      this.#server.close(() => {
        clearTimeout(timer);
        this.#context.deadlines.close();
        this.#context.pool.close();
        resolve();
      });
      for (const connection of this.#connections.values()) connection?.drain();
    });
  }

  /** Ends everything at once. */
  close(): Promise<void> {
    return this.drain(0);
  }

  #destroyAll(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #accept(socket: Socket): void {
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
    if (this.#connections.size >= limits.mostConnections || ofClient >= limits.mostConnectionsPerClient) {
      counts.refusedByLimit++;
      socket.resetAndDestroy();
      return;
    }
    this.#perClient.set(name, ofClient + 1);
    socket.once('close', () => {
      this.#connections.delete(socket);
      const left = this.#perClient.get(name)! - 1;
      if (left === 0) this.#perClient.delete(name);
      else this.#perClient.set(name, left);
    });
    const peer: Peer = { ...address, text: formatAddress(address.octets, address.family), scheme: 'http' };
    this.#connections.set(socket, new Http1Client(socket, peer, this.#context));
  }
}

function planOf(settings: HttpFrontSettings, services: ReadonlyMap<string, Service>): Result<Plan, readonly Problem[]> {
  const problems: Problem[] = [];
  const routes = settings.routes.map((route) => {
    const service = route.action.kind === 'service' ? (services.get(route.action.service) ?? null) : null;
    if (route.action.kind === 'service' && service === null) {
      const message = `route ${route.id}: there is no service ${route.action.service}`;
      problems.push({ severity: 'error', code: 'ERR_CONFIG_REFERENCE', message });
    }
    const { request, response } = route.rewrite;
    return { route, service, requestEdits: new Edits(request), responseEdits: new Edits(response) };
  });
  if (problems.length > 0) return err(problems);
  return ok({ settings, routes: new Routes(routes), trusted: new PrefixSet(settings.forwarding.trustedProxies) });
}

function clientName(family: Family, source: Uint8Array): string {
  const octets = Uint8Array.from(source);
  if (family === 6) maskOctets(octets, IPV6_CLIENT_PREFIX_LEN, octets.length);
  return formatAddress(octets, family);
}

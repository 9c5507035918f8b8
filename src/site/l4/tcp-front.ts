// A listening address of a service at layer 4. For each client: its address (by the PROXY header of a proxy in front), limits, a server
// or a place in the queue, a connection to that server or to another one, then the relay. Until then nothing is read of what the client
// sends, so a try with another server loses nothing.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { NONE } from '../../balance/chooser.ts';
import { addressKey } from '../../balance/key.ts';
import { type Family, formatAddress, maskOctets, parseAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import { PrefixSet } from '../../base/prefix-set.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { NOTHING_PASSED, type PassedSocket } from '../../model/passed-socket.ts';
import type { TcpFrontSettings } from '../../model/site.ts';
import { unusable } from '../line-server.ts';
import { listenOptions } from '../listen-options.ts';
import type { Service } from '../service.ts';
import { readHeader } from './header-reader.ts';
import { type ProxyAddresses, writeProxyHeader } from './proxy-header.ts';
import { relay } from './relay.ts';

const BACKLOG = 512;
/** How often what has moved is added to the servers' bandwidth. */
const MEASURE_INTERVAL_MS = 1000;
/** One household or data centre has a /64 (RFC 6177): an address per connection must not evade the limit. */
const IPV6_CLIENT_PREFIX_LEN = 64;

/** A connection that is relayed, and the octets of it that were counted. */
interface Passage {
  readonly client: Socket;
  readonly service: Service;
  readonly slot: number;
  counted: number;
}

/** A client that is to be connected; it stays with the service and the settings that it met. */
interface Arrival {
  readonly client: Socket;
  readonly addresses: ProxyAddresses;
  readonly key: number;
  readonly service: Service;
  readonly settings: TcpFrontSettings;
}

export interface FrontCounts {
  /** Connections that were accepted, relayed, and refused: by a limit, for want of a server, for a bad or late PROXY header. */
  accepted: number;
  relayed: number;
  refusedByLimit: number;
  refusedUnserved: number;
  refusedHeader: number;
  /** Connections to servers that failed, each try for itself. */
  connectFailures: number;
}

export class TcpFront {
  readonly counts: FrontCounts = {
    accepted: 0,
    relayed: 0,
    refusedByLimit: 0,
    refusedUnserved: 0,
    refusedHeader: 0,
    connectFailures: 0,
  };
  #settings: TcpFrontSettings;
  #service: Service;
  readonly #clock: Clock;
  readonly #server: Server;
  #proxies: PrefixSet;
  readonly #clients = new Set<Socket>();
  /** Connections by client address, or /64. */
  readonly #perClient = new Map<string, number>();
  readonly #passages = new Set<Passage>();
  readonly #measuring: NodeJS.Timeout;

  static open(
    settings: TcpFrontSettings,
    service: Service,
    clock: Clock,
    passed: PassedSocket = NOTHING_PASSED,
  ): Promise<Result<TcpFront, Problem>> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    return new Promise((resolve) => {
      server.once('error', (error) => resolve(err(unusable(settings, error))));
      server.listen(listenOptions(settings, passed, BACKLOG), () => resolve(ok(new TcpFront(settings, service, clock, server))));
    });
  }

  private constructor(settings: TcpFrontSettings, service: Service, clock: Clock, server: Server) {
    this.#settings = settings;
    this.#service = service;
    this.#clock = clock;
    this.#server = server;
    this.#proxies = new PrefixSet(settings.proxyFrom);
    server.on('connection', (socket) => this.#accept(socket));
    this.#measuring = setInterval(() => this.#measure(), MEASURE_INTERVAL_MS);
    this.#measuring.unref();
  }

  /** For all clients from now on: everything but the address and the port. Connections that there are stay as they are. */
  replace(settings: TcpFrontSettings, service: Service): void {
    this.#settings = settings;
    this.#service = service;
    this.#proxies = new PrefixSet(settings.proxyFrom);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#settings.port;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Stops listening, lets connections go on for `graceMs` at most, then resets them. Resolves when none is left. */
  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const client of this.#clients) client.resetAndDestroy();
      }, graceMs);
      this.#server.close(() => {
        clearTimeout(timer);
        clearInterval(this.#measuring);
        resolve();
      });
    });
  }

  #accept(client: Socket): void {
    this.counts.accepted++;
    client.on('error', ignore); // `close` says what must be known
    const peer = parseAddress(client.remoteAddress ?? '');
    const local = parseAddress(client.localAddress ?? '');
    if (peer === undefined || local === undefined) {
      client.destroy(); // it is gone already
      return;
    }
    if (this.#clients.size >= this.#settings.mostConnections) {
      this.#refuse(client, 'refusedByLimit');
      return;
    }
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    const addresses: ProxyAddresses = {
      family: peer.family,
      source: peer.octets,
      sourcePort: client.remotePort!,
      destination: local.octets,
      destinationPort: client.localPort!,
    };
    if (!this.#proxies.has(peer.family, peer.octets)) {
      this.#admit(client, addresses);
      return;
    }
    readHeader(client, this.#settings.headerTimeoutMs, (header) => {
      if (header.kind === 'bad') this.#refuse(client, 'refusedHeader');
      else this.#admit(client, header.addresses ?? addresses);
    });
  }

  /** The address of the client is known. */
  #admit(client: Socket, addresses: ProxyAddresses): void {
    const { family, source } = addresses;
    const name = clientName(family, source);
    const connections = this.#perClient.get(name) ?? 0;
    if (connections >= this.#settings.mostConnectionsPerClient) {
      this.#refuse(client, 'refusedByLimit');
      return;
    }
    this.#perClient.set(name, connections + 1);
    client.once('close', () => {
      const left = this.#perClient.get(name)! - 1;
      if (left === 0) this.#perClient.delete(name);
      else this.#perClient.set(name, left);
    });
    const settings = this.#settings;
    const service = this.#service;
    const key = addressKey(source, family === 4 ? settings.keyPrefixV4 : settings.keyPrefixV6);
    const arrival: Arrival = { client, addresses, key, service, settings };
    const waiter = {
      key,
      proceed: (slot: number) => {
        client.off('close', leave);
        this.#connect(arrival, [slot]);
      },
      giveUp: () => {
        client.off('close', leave);
        this.#refuse(client, 'refusedUnserved');
      },
    };
    const leave = (): void => service.leave(waiter);
    client.once('close', leave);
    if (!service.request(waiter)) waiter.giveUp();
  }

  /** Connects to the last of `tried`, which has been counted for this client; the others have failed. */
  #connect(arrival: Arrival, tried: readonly number[]): void {
    const { client, addresses, key, service, settings } = arrival;
    const slot = tried.at(-1)!;
    const { connectTimeoutMs, proxyTo, attempts, idleTimeoutMs } = settings;
    const startMs = this.#clock.monotonicMs();
    const { address, port } = service.server(slot);
    const server = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => server.destroy(new Error('no connection in time')), connectTimeoutMs);
    const abandon = (): void => {
      server.destroy();
    };
    client.once('close', abandon);
    const settled = (): void => {
      clearTimeout(timer);
      client.off('close', abandon);
      if (tried.length > 1) service.retries.end();
    };
    const failed = (): void => {
      settled();
      service.release(slot);
      if (client.destroyed) return;
      this.counts.connectFailures++;
      service.observe(slot, this.#clock.monotonicMs() - startMs, true);
      const isAllowed = tried.length < attempts && service.retries.tryBegin(service.active);
      const next = isAllowed ? service.another(key, tried) : NONE;
      if (next !== NONE) this.#connect(arrival, [...tried, next]);
      else {
        if (isAllowed) service.retries.end();
        this.#refuse(client, 'refusedUnserved');
      }
    };
    server.on('error', ignore);
    server.once('close', failed);
    server.once('connect', () => {
      server.off('close', failed);
      settled();
      service.observe(slot, this.#clock.monotonicMs() - startMs, false);
      this.counts.relayed++;
      if (proxyTo !== null) server.write(writeProxyHeader(proxyTo, addresses));
      const passage = { client, service, slot, counted: 0 };
      this.#passages.add(passage);
      relay(client, server, idleTimeoutMs, () => {
        this.#count(passage, this.#clock.monotonicMs());
        this.#passages.delete(passage);
        service.release(slot);
      });
    });
  }

  /** Refused is by reset: nothing stays behind here, and the client need not guess whether an empty answer was meant. */
  #refuse(client: Socket, why: 'refusedByLimit' | 'refusedUnserved' | 'refusedHeader'): void {
    this.counts[why]++;
    client.resetAndDestroy();
  }

  #measure(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const passage of this.#passages) this.#count(passage, nowMs);
  }

  #count(passage: Passage, nowMs: number): void {
    const moved = passage.client.bytesRead + passage.client.bytesWritten;
    passage.service.balancer.table.addOctets(passage.slot, moved - passage.counted, nowMs);
    passage.counted = moved;
  }
}

function clientName(family: Family, source: Uint8Array): string {
  const octets = Uint8Array.from(source);
  if (family === 6) maskOctets(octets, IPV6_CLIENT_PREFIX_LEN, octets.length);
  return formatAddress(octets, family);
}

const ignore = (): void => {};

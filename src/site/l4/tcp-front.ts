// A listening address of a service at layer 4. For each client: its address (by the PROXY header of a proxy in front), limits, where it is
// asked for the name in its ClientHello or just its first octet, a server or a place in the queue, a connection to that server or to another
// one, then the relay. What was read until then goes back to be read again, so a try with another server loses nothing.

import { connect, type Socket } from 'node:net';
import { NONE } from '../../balance/chooser.ts';
import { addressKey } from '../../balance/key.ts';
import { parseAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { PrefixSet } from '../../base/prefix-set.ts';
import type { TcpFrontSettings } from '../../model/site.ts';
import type { ListeningPort } from '../listening.ts';
import type { Service } from '../service.ts';
import { Admission, type AdmissionRules, clientName } from './admission.ts';
import { readFirstOctets, readHeader, readServerName } from './header-reader.ts';
import { Passages } from './passages.ts';
import { type ProxyAddresses, writeProxyHeader } from './proxy-header.ts';
import { relay } from './relay.ts';
import { ServerNames } from './server-names.ts';

/** A fatal alert of TLS: unrecognized_name (RFC 8446 section 6, RFC 6066 section 3). Says why, which a reset cannot. */
const UNRECOGNIZED_NAME = Uint8Array.of(21, 3, 3, 0, 2, 2, 112);

/** Who serves the clients of a front: one service, or that of the name that they ask for by TLS. */
export type TcpTarget = Service | ServerNames<Service>;

/** A client that is to be connected; it stays with the service and the settings that it met. */
interface Arrival {
  readonly client: Socket;
  readonly addresses: ProxyAddresses;
  readonly key: number;
  readonly service: Service;
  readonly settings: TcpFrontSettings;
}

const makeCounts = () => ({
  /** Connections that were accepted, and relayed. */
  accepted: 0,
  relayed: 0,
  /** Refused: too many at once, too many a second. */
  refusedByLimit: 0,
  refusedByRate: 0,
  /** For want of a server. */
  refusedUnserved: 0,
  /** For a bad or late PROXY header; for a bad or late ClientHello; for a name that is nobody's; for saying nothing. */
  refusedHeader: 0,
  refusedHello: 0,
  refusedName: 0,
  refusedSilent: 0,
  /** Connections to servers that failed, each try for itself. */
  connectFailures: 0,
  /** Relayed and then reset: nothing moved; the client did not take what it was sent. */
  idle: 0,
  stalled: 0,
});

type Refusal = Extract<keyof ReturnType<typeof makeCounts>, `refused${string}`>;

export class TcpFront {
  readonly counts: ReturnType<typeof makeCounts> = makeCounts();
  #settings: TcpFrontSettings;
  #target: TcpTarget;
  #proxies: PrefixSet;
  readonly #clock: Clock;
  readonly #port: ListeningPort;
  readonly #admission: Admission;
  readonly #clients = new Set<Socket>();
  readonly #passages: Passages;
  #whenEmpty: (() => void) | null = null;

  /** Takes the connections of `port` from `begin` on. */
  constructor(settings: TcpFrontSettings, target: TcpTarget, clock: Clock, port: ListeningPort) {
    this.#settings = settings;
    this.#target = target;
    this.#proxies = new PrefixSet(settings.proxyFrom);
    this.#clock = clock;
    this.#port = port;
    this.#admission = new Admission(rulesOf(settings));
    this.#passages = new Passages(
      clock,
      () => void this.counts.stalled++,
      (nowMs) => this.#admission.sweep(nowMs),
    );
  }

  begin(): void {
    this.#port.serve(this.#accept);
  }

  /** For all clients from now on: everything but the address and the port. Connections that there are stay as they are. */
  replace(settings: TcpFrontSettings, target: TcpTarget): void {
    this.#settings = settings;
    this.#target = target;
    this.#proxies = new PrefixSet(settings.proxyFrom);
    this.#admission.replace(rulesOf(settings));
  }

  get port(): number {
    return this.#port.port;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Stops listening, lets connections go on for `graceMs` at most, then resets them. Resolves when none is left. */
  async close(graceMs: number): Promise<void> {
    this.#port.leave(this.#accept);
    const timer = setTimeout(() => {
      for (const client of this.#clients) client.resetAndDestroy();
    }, graceMs);
    if (this.#clients.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
    }
    clearTimeout(timer);
    this.#passages.close();
  }

  readonly #accept = (client: Socket): void => {
    client.pause();
    this.counts.accepted++;
    client.on('error', ignore); // `close` says what must be known
    const peer = parseAddress(client.remoteAddress ?? '');
    const local = parseAddress(client.localAddress ?? '');
    if (peer === undefined || local === undefined) {
      client.destroy(); // it is gone already
      return;
    }
    const refusal = this.#admission.refuses(this.#clients.size, this.#clock.monotonicMs());
    if (refusal !== null) {
      this.#refuse(client, refusal);
      return;
    }
    this.#clients.add(client);
    client.once('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#whenEmpty?.();
    });
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
  };

  /** The address of the client is known. */
  #admit(client: Socket, addresses: ProxyAddresses): void {
    const name = clientName(addresses.family, addresses.source);
    const refusal = this.#admission.refusesClient(name, this.#clock.monotonicMs());
    if (refusal !== null) {
      this.#refuse(client, refusal);
      return;
    }
    client.once('close', () => this.#admission.leave(name));
    const { silenceTimeoutMs, headerTimeoutMs } = this.#settings;
    const target = this.#target;
    if (target instanceof ServerNames) {
      readServerName(client, headerTimeoutMs, (hello) => {
        const service = hello.kind === 'bad' ? null : target.of(hello.serverName);
        if (service !== null) this.#serve(client, addresses, service);
        else this.#refuse(client, hello.kind === 'bad' ? 'refusedHello' : 'refusedName');
      });
    } else if (silenceTimeoutMs === null) this.#serve(client, addresses, target);
    else {
      readFirstOctets(client, silenceTimeoutMs, (hasSpoken) => {
        if (hasSpoken) this.#serve(client, addresses, target);
        else this.#refuse(client, 'refusedSilent');
      });
    }
  }

  /** Its service is known. */
  #serve(client: Socket, addresses: ProxyAddresses, service: Service): void {
    const settings = this.#settings;
    const { family, source } = addresses;
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
    const { connectTimeoutMs, proxyTo, attempts, idleTimeoutMs, stallTimeoutMs } = settings;
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
      const passage = { client, service, slot, stallTimeoutMs };
      this.#passages.add(passage);
      const onIdle = (): void => void this.counts.idle++;
      relay(client, server, idleTimeoutMs, onIdle, () => {
        this.#passages.end(passage);
        service.release(slot);
      });
    });
  }

  /** Refused is by reset: nothing stays behind here, and the client need not guess whether an empty answer was meant. */
  #refuse(client: Socket, why: Refusal): void {
    this.counts[why]++;
    if (why === 'refusedName') client.end(UNRECOGNIZED_NAME, () => client.destroy());
    else client.resetAndDestroy();
  }
}

const rulesOf = (settings: TcpFrontSettings): AdmissionRules => ({
  most: settings.mostConnections,
  mostPerClient: settings.mostConnectionsPerClient,
  rate: settings.connectionRate,
  ratePerClient: settings.connectionRatePerClient,
});

const ignore = (): void => {};

// A listening address of a service at layer 4. For each client: its address (by the PROXY header of a proxy in front), limits, where it is
// asked for the name in its ClientHello or just its first octet; then its visit to a server (visit.ts). What was read until then goes back
// to be read again, so a try with another server loses nothing.

import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { PrefixSet } from '../../base/prefix-set.ts';
import type { TcpFrontSettings } from '../../model/site.ts';
import { ClientRtts } from '../client-rtts.ts';
import { ClientSample } from '../client-sample.ts';
import type { ListeningPort } from '../listening.ts';
import type { Service } from '../service.ts';
import { Admission, type AdmissionRules, clientName } from './admission.ts';
import { readFirstOctets, readHeader, readServerName } from './header-reader.ts';
import type { Line } from './line.ts';
import { NativeLines } from './native-lines.ts';
import type { ProxyAddresses } from './proxy-header.ts';
import { type RelayAddon, relayAddon } from './relay-addon.ts';
import { ServerNames } from './server-names.ts';
import { SocketLines } from './socket-line.ts';
import { type Host, Visit } from './visit.ts';

/** How often connections are looked at: one is let go up to twice this late, and none of them has a timer of its own. */
const LOOK_INTERVAL_MS = 1000;

/** A fatal alert of TLS: unrecognized_name (RFC 8446 section 6, RFC 6066 section 3). Says why, which a reset cannot. */
const UNRECOGNIZED_NAME = Uint8Array.of(21, 3, 3, 0, 2, 2, 112);

/** Who serves the clients of a front: one service, or that of the name that they ask for by TLS. */
export type TcpTarget = Service | ServerNames<Service>;

const makeCounts = () => ({
  /** Connections that were accepted, and relayed. */
  accepted: 0,
  relayed: 0,
  /** Refused: too many at once for the limit, or for the descriptors of the process; too many a second. */
  refusedByLimit: 0,
  refusedByDescriptors: 0,
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

export class TcpFront implements Host {
  readonly counts: ReturnType<typeof makeCounts> = makeCounts();
  #settings: TcpFrontSettings;
  #target: TcpTarget;
  #proxies: PrefixSet;
  readonly clock: Clock;
  readonly sample: ClientSample;
  readonly #port: ListeningPort;
  readonly #rtts: ClientRtts;
  readonly #admission: Admission;
  readonly #visits = new Set<Visit>();
  /** Where they are relayed: in the native relay, if there is one; else, and of those who came before it listened, over node:net. */
  readonly #native: NativeLines | null;
  readonly #sockets: SocketLines;
  readonly #timer: NodeJS.Timeout;
  #whenEmpty: (() => void) | null = null;

  /**
   * Takes the connections of `port` from `begin` on. `addon`: null = all is relayed over node:net. `rtts`: where the round trips of
   * clients are noted; only the native relay can tell them. `sample`: whose the load is.
   */
  constructor(
    settings: TcpFrontSettings,
    target: TcpTarget,
    clock: Clock,
    port: ListeningPort,
    addon: RelayAddon | null = relayAddon,
    rtts: ClientRtts = new ClientRtts(),
    sample: ClientSample = new ClientSample(clock),
  ) {
    this.sample = sample;
    this.#rtts = rtts;
    this.#settings = settings;
    this.#target = target;
    this.#proxies = new PrefixSet(settings.proxyFrom);
    this.clock = clock;
    this.#port = port;
    this.#admission = new Admission(rulesOf(settings));
    this.#sockets = new SocketLines(clock);
    this.#native = addon && NativeLines.open(addon, this.#accept, this.#shed);
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#timer.unref();
  }

  begin(): void {
    this.#port.serve(this.#acceptSocket, this.#native);
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
    return this.#visits.size;
  }

  /** Stops listening, lets connections go on for `graceMs` at most, then resets them. Resolves when none is left. */
  async close(graceMs: number): Promise<void> {
    this.#port.leave(this.#acceptSocket);
    const timer = setTimeout(() => {
      for (const { line } of this.#visits) line.reset();
    }, graceMs);
    if (this.#visits.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
    }
    clearTimeout(timer);
    clearInterval(this.#timer);
    this.#native?.close();
  }

  measured({ line, isDirect }: Visit, smoothedUs: number, leastUs: number): void {
    if (isDirect) this.#rtts.add(line.family, line.peer, smoothedUs, leastUs, this.clock.monotonicMs());
  }

  left(visit: Visit): void {
    if (visit.name !== null) this.#admission.leave(visit.name);
    if (this.#visits.delete(visit) && this.#visits.size === 0) this.#whenEmpty?.();
  }

  /** Refused is by reset: nothing stays behind here, and the client need not guess whether an empty answer was meant. */
  refuse({ line }: Visit, why: Refusal): void {
    this.counts[why]++;
    if (why === 'refusedName') line.finish(UNRECOGNIZED_NAME);
    else line.reset();
  }

  readonly #acceptSocket = (client: Socket): void => {
    const line = this.#sockets.accept(client);
    if (line === null) this.counts.accepted++;
    else this.#accept(line);
  };

  readonly #accept = (line: Line): void => {
    this.counts.accepted++;
    const visit = new Visit(this, line);
    const refusal = this.#admission.refuses(this.#visits.size, this.clock.monotonicMs());
    if (refusal !== null) {
      this.refuse(visit, refusal);
      return;
    }
    this.#visits.add(visit);
    if (!this.#proxies.has(line.family, line.peer)) {
      visit.isDirect = true;
      this.#admit(visit, null);
      return;
    }
    readHeader(line, this.#settings.headerTimeoutMs, (header) => {
      if (header.kind === 'bad') this.refuse(visit, 'refusedHeader');
      else this.#admit(visit, header.addresses);
    });
  };

  readonly #shed = (count: number): void => {
    this.counts.accepted += count;
    this.counts.refusedByDescriptors += count;
  };

  #look(): void {
    const nowMs = this.clock.monotonicMs();
    this.#native?.look();
    this.#sockets.look(nowMs);
    this.#admission.sweep(nowMs);
  }

  /** The address of the client is known: `told` by a proxy, or that of the socket. */
  #admit(visit: Visit, told: ProxyAddresses | null): void {
    const { line } = visit;
    const name = told === null ? clientName(line.family, line.peer) : clientName(told.family, told.source);
    const refusal = this.#admission.refusesClient(name, this.clock.monotonicMs());
    if (refusal !== null) {
      this.refuse(visit, refusal);
      return;
    }
    visit.name = name;
    const { silenceTimeoutMs, headerTimeoutMs } = this.#settings;
    const target = this.#target;
    if (target instanceof ServerNames) {
      readServerName(line, headerTimeoutMs, (hello) => {
        const service = hello.kind === 'bad' ? null : target.of(hello.serverName);
        if (service !== null) visit.begin(service, this.#settings, told);
        else this.refuse(visit, hello.kind === 'bad' ? 'refusedHello' : 'refusedName');
      });
    } else if (silenceTimeoutMs === null) visit.begin(target, this.#settings, told);
    else {
      readFirstOctets(line, silenceTimeoutMs, (hasSpoken) => {
        if (hasSpoken) visit.begin(target, this.#settings, told);
        else this.refuse(visit, 'refusedSilent');
      });
    }
  }
}

const rulesOf = (settings: TcpFrontSettings): AdmissionRules => ({
  most: settings.mostConnections,
  mostPerClient: settings.mostConnectionsPerClient,
  rate: settings.connectionRate,
  ratePerClient: settings.connectionRatePerClient,
});

// A listening address of a service for datagrams. What comes from one address and port of a client is a flow and goes to one server, whose
// replies leave from the address that the client knows. Flows are bounded in all and for each client, and end when they are idle; a server
// that is drained keeps its flows, and those of one that is down or gone are given to others. A successor (another process) reads the
// very same socket as soon as we read it no more; it gets to know where our clients are, and sends them what still comes for them.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { closeSync } from 'node:fs';
import { addressKey } from '../../balance/key.ts';
import { parseAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { FlowGroup, FlowHeir, PassedFlows } from '../../model/passed-flows.ts';
import type { UdpFrontSettings } from '../../model/site.ts';
import { ClientSample } from '../client-sample.ts';
import { unusable } from '../listening.ts';
import type { Service } from '../service.ts';
import { Admission, type AdmissionRules, clientName } from './admission.ts';
import { ExpectedFlows } from './expected-flows.ts';
import { Flow, type FlowClient } from './flow.ts';
import { numeric } from './flow-socket.ts';

/** How often flows are looked at: for idle ones, and for those whose server is there no more. */
const LOOK_INTERVAL_MS = 1000;
/** While a front closes its flows need not be idle for longer to end: most have said all, and a stop is not to wait for each of them. */
const CLOSING_IDLE_MS = 5000;
/** What the kernel may keep of a burst; it grants what its own bound allows. */
const RECEIVE_BUFFER_SIZE = 4_194_304;
/** Octets of replies that may wait for the network. */
const MOST_WAITING_SIZE = 1_048_576;

const makeCounts = () => ({
  /** Datagrams of clients, and of servers. */
  received: 0,
  replies: 0,
  /** Flows that began; that went to another server; that no server had answered, and that made way for others. */
  flows: 0,
  moved: 0,
  evicted: 0,
  /** Datagrams that were dropped: too many flows at once, too many new ones a second, for want of a server, full buffers. */
  refusedByLimit: 0,
  refusedByRate: 0,
  refusedUnserved: 0,
  dropped: 0,
  /** Servers whose machine said that nobody listens there. */
  serverRefusals: 0,
});

export class UdpFront {
  readonly counts: ReturnType<typeof makeCounts> = makeCounts();
  #settings: UdpFrontSettings;
  #service: Service;
  readonly #clock: Clock;
  readonly #sample: ClientSample;
  readonly #socket: Socket;
  readonly #admission: Admission;
  /** By the address and port of the client. */
  readonly #flows = new Map<string, Flow>();
  /** Of them those that no server has answered, oldest first. */
  readonly #unanswered = new Set<Flow>();
  readonly #looking: NodeJS.Timeout;
  /** Set while it closes: what to call when the last flow has ended. */
  #whenEmpty: (() => void) | null = null;
  #closing: NodeJS.Timeout | null = null;
  #isShut = false;
  /** The socket is a successor's, to whom replies are given. */
  #heir: FlowHeir | null = null;
  readonly #expected = new ExpectedFlows();
  /** The socket of a predecessor that has not let go of it yet: reading begins with binding. */
  #held: { readonly fd: number; readonly passed: PassedFlows } | null = null;

  /** `sample`: where it is noted whose the load is. */
  static open(
    settings: UdpFrontSettings,
    service: Service,
    clock: Clock,
    passed: PassedFlows | null = null,
    sample: ClientSample = new ClientSample(clock),
  ): Promise<Result<UdpFront, Problem>> {
    const { address, port } = settings;
    const isIpv6 = address.includes(':');
    const type = isIpv6 ? 'udp6' : 'udp4';
    const socket = createSocket({ type, ipv6Only: isIpv6, lookup: numeric, recvBufferSize: RECEIVE_BUFFER_SIZE });
    const fd = passed?.take(address, port);
    if (fd !== undefined) {
      const front = new UdpFront(settings, service, clock, socket, sample);
      front.#held = { fd, passed: passed! };
      return Promise.resolve(ok(front));
    }
    return new Promise((resolve) => {
      socket.once('error', (error) => {
        socket.close();
        resolve(err(unusable(settings, error, 'udp')));
      });
      socket.bind({ address, port, exclusive: true }, () => resolve(ok(new UdpFront(settings, service, clock, socket, sample))));
    });
  }

  private constructor(settings: UdpFrontSettings, service: Service, clock: Clock, socket: Socket, sample: ClientSample) {
    this.#settings = settings;
    this.#service = service;
    this.#clock = clock;
    this.#sample = sample;
    this.#socket = socket;
    this.#admission = new Admission(rulesOf(settings));
    this.#looking = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#looking.unref();
    socket.removeAllListeners('error');
    socket.on('error', ignore); // of one datagram; the next one may pass
  }

  begin(): void {
    this.#socket.on('message', (message, from) => this.#receive(message, from));
    if (this.#held === null) return;
    const { passed } = this.#held;
    const { address, port } = this.#settings;
    passed.whenReleased((flows) => this.#adopt(flows));
    passed.hear(address, port, ({ client, message }) => {
      this.counts.replies++;
      this.#send(client, message);
    });
  }

  get port(): number {
    return this.#held === null && this.#heir === null ? this.#socket.address().port : this.#settings.port;
  }

  /** The socket is a successor's from now on: flows go on only with what their servers still say, for `heir` to send. */
  handOver(heir: FlowHeir): readonly FlowGroup[] {
    if (this.#isShut || this.#held !== null) return [];
    const { address } = this.#settings;
    const { port } = this;
    this.#heir = heir;
    this.#socket.close(); // reading ends at once; the descriptor of the successor stays open
    const groups = new Map<string, { readonly service: string; readonly server: string; readonly clients: string[] }>();
    if (this.#settings.replies === null)
      for (const { place, client } of this.#flows.values()) {
        const name = `${place.service}/${place.server}`;
        const group = groups.get(name) ?? { ...place, clients: [] };
        groups.set(name, group);
        group.clients.push(client.id);
      }
    return [...groups.values()].map((group) => ({ address, port, ...group }));
  }

  #adopt(flows: readonly FlowGroup[]): void {
    if (this.#held === null) return;
    const { fd } = this.#held;
    const { address, port } = this.#settings;
    this.#expected.expect(flows, address, port, this.#clock.monotonicMs());
    this.#held = null;
    this.#socket.bind({ fd, exclusive: true });
  }

  /** Flows. */
  get connections(): number {
    return this.#flows.size;
  }

  /** From now on: everything but the address and the port. Flows of another service go over to the new one. */
  replace(settings: UdpFrontSettings, service: Service): void {
    this.#settings = settings;
    this.#service = service;
    this.#admission.replace(rulesOf(settings));
    for (const flow of this.#flows.values()) this.#settle(flow);
  }

  /** Takes no new flows, lets the others go on for `graceMs` at most. Resolves when the port is closed, or when it is revived. */
  close(graceMs: number): Promise<void> {
    if (this.#isShut) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
      this.#closing = setTimeout(() => this.#shut(), graceMs);
      if (this.#flows.size === 0) this.#shut();
    });
  }

  /** Takes new flows again, if it was about to close. False: it is closed. */
  revive(): boolean {
    if (this.#closing === null) return false;
    clearTimeout(this.#closing);
    this.#closing = null;
    this.#whenEmpty?.();
    this.#whenEmpty = null;
    return true;
  }

  #shut(): void {
    if (this.#closing === null) return;
    clearTimeout(this.#closing);
    this.#closing = null;
    this.#isShut = true;
    clearInterval(this.#looking);
    for (const flow of this.#flows.values()) this.#end(flow);
    if (this.#held !== null) closeSync(this.#held.fd);
    this.#held = null;
    if (this.#heir === null) this.#socket.close(this.#whenEmpty ?? ignore);
    else this.#whenEmpty?.();
  }

  #receive(message: Buffer, { address, port }: RemoteInfo): void {
    this.counts.received++;
    const nowMs = this.#clock.monotonicMs();
    const id = `${address} ${port}`;
    const flow = this.#flows.get(id) ?? this.#open(id, address, port, nowMs);
    if (flow !== null && !flow.ask(message, nowMs)) this.counts.dropped++;
  }

  #open(id: string, address: string, port: number, nowMs: number): Flow | null {
    const parsed = parseAddress(address.replace(SCOPE, ''));
    if (parsed === undefined || this.#closing !== null) {
      this.counts.refusedUnserved++;
      return null;
    }
    const oldest: Flow | undefined = this.#unanswered.values().next().value;
    const isFull = this.#flows.size >= this.#settings.mostFlows;
    const name = clientName(parsed.family, parsed.octets);
    const count = this.#flows.size - (isFull && oldest !== undefined ? 1 : 0);
    const refusal = this.#admission.refuses(count, nowMs) ?? this.#admission.refusesClient(name, nowMs);
    if (refusal !== null) {
      this.counts[refusal]++;
      return null;
    }
    const key = addressKey(parsed.octets, parsed.family === 4 ? this.#settings.keyPrefixV4 : this.#settings.keyPrefixV6);
    const slot = this.#resume(id) ?? this.#service.take(key);
    if (slot === null) {
      this.#admission.leave(name);
      this.counts.refusedUnserved++;
      return null;
    }
    if (isFull && oldest !== undefined) {
      this.counts.evicted++;
      this.#end(oldest);
    }
    return this.#begin({ id, address, port, source: parsed, name, key }, slot, nowMs);
  }

  /** The server, counted, that a predecessor had chosen for the client. */
  #resume(client: string): number | null {
    const place = this.#expected.take(client);
    return place?.service === this.#service.settings.id ? this.#service.resume(place.server) : null;
  }

  #begin(client: FlowClient, slot: number, nowMs: number): Flow {
    this.counts.flows++;
    const flow: Flow = new Flow(
      client,
      this.#service,
      slot,
      nowMs,
      {
        onReply: (message) => this.#reply(flow, message),
        onRefused: () => {
          this.counts.serverRefusals++;
          flow.blame(this.#clock.monotonicMs());
          this.#settle(flow);
        },
        onBroken: () => {
          if (this.#flows.get(client.id) !== flow) return;
          this.counts.refusedUnserved++;
          this.#end(flow);
        },
      },
      this.#sample,
    );
    this.#flows.set(client.id, flow);
    this.#unanswered.add(flow);
    return flow;
  }

  #reply(flow: Flow, message: Buffer): void {
    const { id } = flow.client;
    if (this.#flows.get(id) !== flow) return;
    const nowMs = this.#clock.monotonicMs();
    this.counts.replies++;
    flow.answer(message.length, nowMs);
    this.#unanswered.delete(flow);
    this.#send(id, message);
    const { replies } = this.#settings;
    if (replies !== null && flow.isDone(replies)) this.#end(flow);
  }

  /** From the address of the listener. `client`: its address and port. */
  #send(client: string, message: Uint8Array): void {
    if (this.#heir !== null) {
      const { address, port } = this.#settings;
      if (!this.#heir.reply({ address, port, client, message })) this.counts.dropped++;
    } else if (this.#isShut || this.#held !== null || this.#socket.getSendQueueSize() > MOST_WAITING_SIZE) this.counts.dropped++;
    else {
      const [address, port] = client.split(' ');
      this.#socket.send(message, Number(port), address);
    }
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const { replies } = this.#settings;
    const idleTimeoutMs = Math.min(
      this.#settings.idleTimeoutMs,
      this.#closing === null ? Number.POSITIVE_INFINITY : CLOSING_IDLE_MS,
    );
    this.#admission.sweep(nowMs);
    this.#expected.sweep(nowMs, this.#settings.idleTimeoutMs);
    for (const flow of this.#flows.values()) {
      flow.count(nowMs);
      if (nowMs - flow.activeAtMs < idleTimeoutMs) this.#settle(flow);
      else {
        // Where replies are known to belong to datagrams, their absence is a failure.
        if (replies !== null && !flow.isAnswered) flow.blame(nowMs);
        this.#end(flow);
      }
    }
  }

  #settle(flow: Flow): void {
    if (!flow.settle(this.#service, this.#clock.monotonicMs())) return;
    this.counts.moved++;
    this.#unanswered.add(flow);
  }

  #end(flow: Flow): void {
    if (!this.#flows.delete(flow.client.id)) return;
    this.#unanswered.delete(flow);
    this.#admission.leave(flow.client.name);
    flow.end(this.#clock.monotonicMs());
    if (this.#flows.size === 0 && this.#closing !== null) this.#shut();
  }
}

const rulesOf = (settings: UdpFrontSettings): AdmissionRules => ({
  most: settings.mostFlows,
  mostPerClient: settings.mostFlowsPerClient,
  rate: settings.flowRate,
  ratePerClient: settings.flowRatePerClient,
});

/** The interface behind a link-local address. */
const SCOPE = /%.*$/;
const ignore = (): void => {};

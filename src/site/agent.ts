// The agent of one site: its services and listeners, what is known of its servers, and how full it is. Configurations come whole and
// are taken as a whole or not at all. Checks are made elsewhere and told here, as are the orders of people.

import type { Clock } from '../base/clock.ts';
import { hasErrors, type Problem } from '../base/errors.ts';
import type { FlowGroup, FlowHeir } from '../model/passed-flows.ts';
import type { AgentService, SiteAgentSettings } from '../model/site-agent.ts';
import type { ServerRef } from '../model/site-driver.ts';
import type { SharedStore } from '../model/site-store.ts';
import { ClientRtts } from './client-rtts.ts';
import { ClientSample } from './client-sample.ts';
import type { News } from './driven.ts';
import { DrivenSlot } from './driven-slot.ts';
import { isForClients } from './driver-plan.ts';
import { type Inheritance, Listeners } from './listeners.ts';
import { loadOf, type Rate } from './load.ts';
import type { PurgeReport, SiteReport } from './report.ts';
import { Service } from './service.ts';
import { Sharing } from './sharing.ts';
import { effectiveServers, isUp, NO_ORDERS, type Orders, type Seen, serviceReport } from './standing.ts';

export interface SiteAgentOptions extends Inheritance {
  /** Told what becomes of a balancer that is not our own. */
  readonly onNews?: (news: News) => void;
}

export class SiteAgent {
  readonly site: string;
  readonly #clock: Clock;
  readonly #listeners: Listeners;
  readonly #driven: DrivenSlot;
  readonly #sharing = new Sharing();
  readonly #clientRtts = new ClientRtts();
  readonly #sample: ClientSample;
  #settings: SiteAgentSettings | null = null;
  #services: ReadonlyMap<string, Service> = new Map();
  /** By service, then server: what checks have said. */
  readonly #seen = new Map<string, Map<string, Seen>>();
  #orders: Orders = NO_ORDERS;
  #isClosing = false;
  readonly #rate: Rate = { begun: 0, atMs: 0, perSec: 0 };
  /** Services that are gone, for as long as anything of them is under way. */
  readonly #retired = new Set<Service>();
  /** Changes run one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(site: string, clock: Clock, { onNews = () => {}, ...inheritance }: SiteAgentOptions = {}) {
    this.site = site;
    this.#clock = clock;
    this.#sample = new ClientSample(clock);
    this.#listeners = new Listeners(
      clock,
      {
        report: () => this.report(),
        posted: () => this.#driven.posted,
        sharing: this.#sharing,
        clientRtts: this.#clientRtts,
        sample: this.#sample,
      },
      inheritance,
    );
    const known = {
      orderOf: ({ serviceId, serverId }: ServerRef) => this.#orders.of(serviceId, serverId),
      seenOf: ({ serviceId, serverId }: ServerRef) => this.#seenOf(serviceId).get(serverId),
    };
    this.#driven = new DrivenSlot(clock, known, onNews);
  }

  /** With an error nothing changes; warnings tell of what could not be done all the same. */
  apply(settings: SiteAgentSettings): Promise<readonly Problem[]> {
    const done = this.#turn.then(() => this.#apply(settings));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  get settings(): SiteAgentSettings | null {
    return this.#settings;
  }

  get isDraining(): boolean {
    return this.#isClosing || this.#orders.isSiteDrained;
  }

  /** Services whose servers the agent is to check. */
  get checked(): readonly AgentService[] {
    const { services = [], driver = null } = this.#settings ?? {};
    return driver === null || this.#driven.needsChecks ? services : [];
  }

  /** What a check says of a server. */
  see(service: string, server: string, seen: Seen): void {
    const servers = this.#seen.get(service) ?? new Map<string, Seen>();
    this.#seen.set(service, servers.set(server, seen));
    this.#settleServer(service, server);
    this.#driven.settle();
  }

  /** What a server says of its load, in the response to a check. */
  hear(service: string, server: string, report: string): void {
    const running = this.#services.get(service);
    if (running?.metricsSource?.kind === 'check') running.hear(running.slotOf(server), report);
  }

  /** What checks have said. */
  get seen(): readonly { readonly service: string; readonly server: string; readonly seen: Seen }[] {
    return [...this.#seen].flatMap(([service, servers]) => [...servers].map(([server, seen]) => ({ service, server, seen })));
  }

  /** The orders in force, all of them. */
  obey(orders: Orders): void {
    this.#orders = orders;
    this.#listeners.late(orders.isSiteDrained);
    for (const service of this.#services.values()) this.#settle(service);
    this.#driven.settle();
  }

  /** What is shared with the other agents of this site; null = nothing. */
  share(store: SharedStore | null): void {
    this.#sharing.join(store);
  }

  /** Takes stored responses out of the caches of its listeners; `parts` of l7/cache/purge.ts. */
  purge(parts: readonly string[]): readonly PurgeReport[] {
    return this.#listeners.purge(parts).map((one) => ({ site: this.site, ...one }));
  }

  report(): SiteReport {
    const { status: shared } = this.#sharing;
    const clientRtts = this.#clientRtts.report(this.#clock.monotonicMs());
    const clients = this.#sample.report();
    const { site, isDraining } = this;
    const facts = { site, isDraining, listeners: this.#listeners.reports, shared, clientRtts, clients };
    const driven = this.#settings === null ? null : this.#driven.report(this.#settings);
    if (driven !== null) return { ...facts, ...driven };
    const services = [...this.#services.values()].map((service) =>
      serviceReport(
        service,
        this.#configured(service.settings.id),
        this.#seenOf(service.settings.id),
        this.#orders,
        this.#clock.monotonicMs(),
      ),
    );
    const load = loadOf(this.#settings, [...this.#services.values()], services, this.#rate, this.#clock.monotonicMs());
    return { ...facts, driver: null, load, services };
  }

  /** Stops listening; resolves when the last connection has ended, after `graceMs` (else the drain timeout) at the latest. */
  async close(graceMs: number = this.#settings?.drainTimeoutMs ?? 0): Promise<void> {
    this.#isClosing = true;
    await this.#turn;
    const closed = this.#listeners.close(graceMs, 0);
    for (const service of this.#services.values()) service.close();
    await Promise.all([closed, this.#driven.close()]);
  }

  /** Somebody else reads our datagrams from now on, and sends the replies that still come: the flows that there were. */
  handOverFlows(heir: FlowHeir): readonly FlowGroup[] {
    return this.#listeners.handOver(heir);
  }

  /** Somebody else listens on our sockets: what is under way goes on for as long, idle connections for `idleMs`. */
  async handOver(idleMs: number): Promise<void> {
    await this.#turn;
    await this.#driven.close(true); // whoever has our sockets drives it, too
    await this.#listeners.close(this.#settings?.drainTimeoutMs ?? 0, idleMs);
    for (const service of this.#services.values()) service.close();
  }

  async #apply(settings: SiteAgentSettings): Promise<readonly Problem[]> {
    const before = this.#services;
    const own = settings.driver === null ? settings.services : [];
    const services = new Map(
      own.map((service) => [service.id, before.get(service.id) ?? new Service(service, this.#clock)] as const),
    );
    const grace = this.#settings?.drainTimeoutMs ?? settings.drainTimeoutMs;
    const driven = await this.#driven.prepare(settings, this.#settings);
    if (hasErrors(driven.problems)) return driven.problems;
    const listeners = settings.listeners.filter((listener) => settings.driver === null || !isForClients(listener));
    const changed = await this.#listeners.change(listeners, services, before, grace);
    const problems = [...driven.problems, ...changed];
    if (hasErrors(changed)) {
      await driven.undo();
      return problems;
    }
    await driven.keep();
    this.#settings = settings;
    this.#sample.follow(settings.driver === null && settings.clients ? settings.load.unit : null);
    this.#sharing.configure(settings.patienceMs);
    this.#services = services;
    for (const [id, service] of before) if (!services.has(id)) this.#retire(service);
    this.#forget(settings);
    for (const service of services.values()) this.#settle(service);
    return problems;
  }

  /** What is under way there goes on; who waits for a server of it is sent away. */
  #retire(service: Service): void {
    service.close();
    this.#retired.add(service);
    for (const old of this.#retired) if (old.active === 0) this.#retired.delete(old);
  }

  /** What was seen of servers that are there no more, or at another place now. */
  #forget({ services }: SiteAgentSettings): void {
    for (const [id, servers] of this.#seen) {
      const service = services.find((one) => one.id === id);
      for (const server of servers.keys()) if (!service?.servers.some((one) => one.id === server)) servers.delete(server);
    }
  }

  #settle(service: Service): void {
    const { id } = service.settings;
    const configured = this.#configured(id);
    service.replace({ ...configured, servers: effectiveServers(configured, this.#orders) });
    for (const server of configured.servers) this.#settleServer(id, server.id);
  }

  #settleServer(service: string, server: string): void {
    const seen = this.#seenOf(service).get(server);
    this.#services.get(service)?.setUp(server, isUp(this.#orders.of(service, server), seen));
  }

  #configured(service: string) {
    return this.#settings!.services.find(({ id }) => id === service)!;
  }

  #seenOf(service: string): ReadonlyMap<string, Seen> {
    return this.#seen.get(service) ?? NOTHING_SEEN;
  }
}

const NOTHING_SEEN: ReadonlyMap<string, Seen> = new Map();

// The agents of a process (role `site`): configured and reloaded together, all or none; fed with what checks see and people order; and
// once a second each tells the mesh how full its site is.

import { isDeepStrictEqual } from 'node:util';
import { type AddonStatus, remedyFor } from '../../addon/load.ts';
import type { Clock } from '../../base/clock.ts';
import { hasErrors, type Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decidingOrder } from '../../health/overrides.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { FlowGroup, FlowHeir, PassedFlows } from '../../model/passed-flows.ts';
import type { PassedSocket } from '../../model/passed-socket.ts';
import type { SiteAgentSettings } from '../../model/site-agent.ts';
import { serverName } from '../../model/site-agent.ts';
import type { SharedStore } from '../../model/site-store.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Override } from '../../model/verdict.ts';
import { SiteAgent } from '../../site/agent.ts';
import type { News } from '../../site/driven.ts';
import { relayStatus } from '../../site/l4/relay-addon.ts';
import type { PurgeReport, SiteReport } from '../../site/report.ts';
import type { Order } from '../../site/standing.ts';
import type { ControlPlane } from '../health/control-plane.ts';
import type { SeenServer } from '../process/handover-words.ts';
import { AddressDesk, type AddressReport } from './address-desk.ts';
import { ShedWatch } from './shed-watch.ts';
import { SiteChecks } from './site-checks.ts';

const REPORT_INTERVAL_MS = 1000;
/** After a successor has taken over: how long a connection may wait for one more request, to which the reply is that it ends. */
const HANDOVER_IDLE_MS = 5000;

export interface SiteDeskOptions {
  /** Ids of the sites that are ours; null = all of the configuration. */
  readonly sites: readonly string[] | null;
  readonly clock: Clock;
  readonly log: Logger;
  /** What a predecessor listened on. */
  readonly passed?: PassedSocket;
  readonly flows?: PassedFlows | undefined;
  /** Whether there is a native relay; else as it was found. */
  readonly relay?: AddonStatus<object>;
  /** What checks told a predecessor: servers that are down get nobody from the start. */
  readonly seen?: readonly SeenServer[];
}

/** What agents need of the control plane. */
export interface AgentPlane extends Pick<ControlPlane, 'overrides' | 'nowMs' | 'reportLoad' | 'addAgent' | 'leases'> {
  follow(follow: () => void): void;
}

/** Who has our sockets for datagrams, and wants to know of the clients that we had there. */
export interface SiteHeir extends FlowHeir {
  flows(groups: readonly FlowGroup[]): void;
}

interface Entry {
  readonly agent: SiteAgent;
  readonly checks: SiteChecks;
  /** By name; none before the mesh is there. */
  readonly addresses: Map<string, AddressDesk>;
}

export class SiteDesk {
  readonly #options: SiteDeskOptions;
  readonly #entries = new Map<string, Entry>();
  /** Agents that end: their last connections may go on for a while. */
  readonly #ending = new Set<Promise<unknown>>();
  #store: SharedStore | null = null;
  #plane: AgentPlane | null = null;
  #timer: NodeJS.Timeout | null = null;
  #seq = 0;
  readonly #shed: ShedWatch;
  #isRelayTold = false;

  constructor(options: SiteDeskOptions) {
    this.#options = options;
    this.#shed = new ShedWatch(options.log);
  }

  /** Ours of these. */
  #own(settings: readonly SiteAgentSettings[]): readonly SiteAgentSettings[] {
    const { sites } = this.#options;
    return sites === null ? settings : settings.filter(({ site }) => sites.includes(site));
  }

  /** Does as it is told from now on. With an error nothing has changed, at any site. */
  async apply(all: readonly SiteAgentSettings[]): Promise<readonly Problem[]> {
    const { log } = this.#options;
    const settings = this.#own(all);
    const problems: Problem[] = [];
    const done: { readonly entry: Entry; readonly before: SiteAgentSettings | null }[] = [];
    for (const one of settings) {
      const entry = this.#entries.get(one.site) ?? this.#begin(one.site);
      const before = entry.agent.settings;
      const found = (await entry.agent.apply(one)).map((problem) => ({
        ...problem,
        message: `site ${one.site}: ${problem.message}`,
      }));
      problems.push(...found);
      done.push({ entry, before });
      if (hasErrors(found)) break;
    }
    if (hasErrors(problems)) {
      for (const { entry, before } of done) {
        if (before === null) this.#end(entry, 0);
        else await entry.agent.apply(before);
      }
      return problems;
    }
    for (const one of settings) {
      const entry = this.#entries.get(one.site)!;
      entry.checks.follow(entry.agent.checked);
      const driver = one.driver === null ? {} : { driver: one.driver.kind };
      log.info({ site: one.site, ...driver, listeners: entry.agent.report().listeners.map(placeOf) }, 'balancing');
    }
    for (const entry of [...this.#entries.values()]) {
      if (!settings.some(({ site }) => site === entry.agent.site)) this.#end(entry);
    }
    this.#obey();
    for (const entry of this.#entries.values()) await this.#followAddresses(entry);
    this.#tellOfRelay();
    return problems;
  }

  /** If the native relay is not there, once there is something to relay. */
  #tellOfRelay(): void {
    const { log, relay = relayStatus } = this.#options;
    if (this.#isRelayTold || relay.addon !== undefined) return;
    if (!this.report().some(({ listeners }) => listeners.some(({ kind }) => kind === 'tcp'))) return;
    this.#isRelayTold = true;
    const { reason } = relay;
    const message = `layer 4 goes through node:net, at a higher cost per connection: the native relay is not used, because ${reason}${remedyFor(reason)}`;
    log.warn({ severity: 'warning', code: 'ERR_ADDON', message }, 'problem');
  }

  /** Follows the orders of people, and tells the mesh of the load, from now on. */
  join(plane: AgentPlane): void {
    this.#plane = plane;
    plane.addAgent(() => this.report().flatMap(namesIn));
    plane.follow(() => this.#obey());
    this.#obey();
    for (const entry of this.#entries.values()) void this.#followAddresses(entry);
    this.#tell();
    this.#timer = setInterval(() => this.#tell(), REPORT_INTERVAL_MS);
  }

  /** What agents of a site share beside the mesh; it is closed with the last of ours. */
  share(store: SharedStore | null): void {
    this.#store = store;
    for (const { agent } of this.#entries.values()) agent.share(store);
  }

  /** At all sites of ours, or at one. */
  purge(parts: readonly string[], site: string | null): readonly PurgeReport[] {
    const agents = [...this.#entries.values()].map(({ agent }) => agent).filter((one) => site === null || one.site === site);
    const done = agents.flatMap((agent) => agent.purge(parts));
    this.#options.log.info({ pattern: parts.join('*'), done }, 'caches were purged by order');
    return done;
  }

  get sites(): readonly string[] {
    return [...this.#entries.keys()];
  }

  report(): readonly SiteReport[] {
    return [...this.#entries.values()].map(({ agent }) => agent.report());
  }

  /** What checks have said of our servers. */
  get seen(): readonly SeenServer[] {
    return [...this.#entries.values()].flatMap(({ agent }) => agent.seen.map((seen) => ({ site: agent.site, ...seen })));
  }

  /** Where datagrams are read. */
  get datagramEndpoints(): readonly Endpoint[] {
    return this.report().flatMap(({ listeners }) => listeners.filter(({ kind }) => kind === 'udp'));
  }

  /** A successor listens on our sockets and tells of the load: only what is under way is ours. Resolves when that has ended. */
  async handOver(heir: SiteHeir): Promise<void> {
    this.#plane = null;
    if (this.#timer !== null) clearInterval(this.#timer);
    const entries = [...this.#entries.values()];
    heir.flows(entries.flatMap(({ agent }) => agent.handOverFlows(heir)));
    this.#entries.clear();
    await Promise.all(
      entries.map(async ({ agent, checks, addresses }) => {
        await Promise.all([...addresses.values()].map((address) => address.close())); // the successor competes like all others
        await agent.handOver(HANDOVER_IDLE_MS);
        await checks.close();
      }),
    );
    await Promise.all(this.#ending);
    this.#store?.close();
  }

  addresses(): readonly AddressReport[] {
    return [...this.#entries.values()].flatMap(({ addresses }) => [...addresses.values()].map((one) => one.report()));
  }

  /** Stops listening, and waits for the last connections, each site as long as its drain timeout. */
  async close(): Promise<void> {
    for (const entry of [...this.#entries.values()]) this.#ending.add(this.#close(entry));
    this.#tell(); // that we drain
    await Promise.all(this.#ending);
    this.#store?.close();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#entries.clear();
  }

  #begin(site: string): Entry {
    const { clock, log, passed, flows, seen = [] } = this.#options;
    const onNews = ({ isWell, code, message }: News): void =>
      log[isWell ? 'info' : 'warn'](code === null ? { site } : { site, code }, message);
    const agent = new SiteAgent(site, clock, { passed, flows, onNews });
    agent.share(this.#store);
    for (const one of seen) if (one.site === site) agent.see(one.service, one.server, one.seen);
    const checks = new SiteChecks({
      site,
      clock,
      onMetrics: (service, server, report) => agent.hear(service, server, report),
      onSeen: (service, server, seen, isTurned) => {
        agent.see(service, server, seen);
        if (!isTurned) return;
        const facts = { server: serverName(site, service, server), why: seen.why };
        log[seen.isUp ? 'info' : 'warn'](facts, seen.isUp ? 'a server came up' : 'a server went down');
      },
    });
    const entry = { agent, checks, addresses: new Map<string, AddressDesk>() };
    this.#entries.set(site, entry);
    return entry;
  }

  /** No agent of ours any more. */
  #end(entry: Entry, graceMs?: number): void {
    this.#entries.delete(entry.agent.site);
    const ended = this.#close(entry, graceMs).finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  async #close({ agent, checks, addresses }: Entry, graceMs?: number): Promise<void> {
    const left = [...addresses.values()].map((address) => address.close());
    if (left.length > 0) await Promise.all(left); // who comes from now on goes elsewhere
    await Promise.all([checks.close(), agent.close(graceMs)]);
  }

  /** Another lease time or mover is another address: it is given up and competed for anew. */
  async #followAddresses({ agent, addresses }: Entry): Promise<void> {
    const { clock, log } = this.#options;
    if (this.#plane === null) return;
    const wanted = agent.settings?.addresses ?? [];
    for (const [id, desk] of addresses) {
      if (wanted.some((one) => one.id === id && isDeepStrictEqual(one, desk.settings))) continue;
      addresses.delete(id);
      await desk.close();
    }
    for (const settings of wanted) {
      if (addresses.has(settings.id)) continue;
      const isFit = (): boolean => canServe(agent.report());
      const mesh = this.#plane.leases;
      const desk = new AddressDesk({ site: agent.site, settings, mesh, clock, log, random: Math.random, isFit });
      addresses.set(settings.id, desk);
      desk.start(this.#options.seen === undefined);
    }
  }

  #obey(): void {
    if (this.#plane === null) return;
    const { overrides } = this.#plane.overrides;
    const nowMs = this.#plane.nowMs();
    for (const { agent } of this.#entries.values()) {
      const { site } = agent;
      const ofSite = decidingOrder(overrides, 'site', site, nowMs);
      agent.obey({
        isSiteDrained: ofSite !== null && ofSite.action !== 'up',
        of: (service, server) => orderOf(decidingOrder(overrides, 'server', serverName(site, service, server), nowMs)),
      });
    }
  }

  #tell(): void {
    const reports = this.report();
    this.#shed.look(reports, this.#options.clock.monotonicMs());
    for (const { site, isDraining, load, clientRtts, clients } of reports) {
      // What is not known is not told: when the last report has expired the configured capacity counts.
      if (load !== null)
        this.#plane?.reportLoad({ site, seq: ++this.#seq, ...load, isDraining, clientRtts: clientRtts.most, clients });
    }
  }
}

/** The agents' part of a reload. */
export const applySites = (desk: SiteDesk | null, { site }: Pick<Snapshot, 'site'>): Promise<readonly Problem[]> =>
  desk === null ? Promise.resolve([]) : desk.apply(site);

/** Whether clients that come here find a server. */
const canServe = ({ isDraining, load, services }: SiteReport): boolean =>
  !isDraining && load !== null && (services.length === 0 || services.some(({ availableShare }) => availableShare > 0));

const namesIn = ({ site, services }: SiteReport): string[] =>
  services.flatMap(({ service, servers }) => servers.map(({ server }) => serverName(site, service, server)));

const placeOf = ({ kind, address, port }: SiteReport['listeners'][number]) => ({ kind, address, port });

const orderOf = (override: Override | null): Order | null =>
  override && { action: override.action, why: `by ${override.author}: ${override.reason}` };

// What holds of a server, strongest first: an order of a person, what checks see, what happened to clients. Orders and sightings are
// both kept and both shown: who takes an order back finds the server as it really is.

import type { SiteServer, SiteService } from '../model/site.ts';
import type { AgentService } from '../model/site-agent.ts';
import type { ServerReport, ServerState, ServiceReport } from './report.ts';
import type { Service } from './service.ts';

/** What checks say. */
export interface Seen {
  readonly isUp: boolean;
  /** One line for people. */
  readonly why: string;
}

export interface Order {
  readonly action: 'up' | 'down' | 'drain';
  /** Who, and why. */
  readonly why: string;
}

/** The orders in force. */
export interface Orders {
  /** No new clients for the whole site; those who come all the same are served. */
  readonly isSiteDrained: boolean;
  /** The one that decides for a server. */
  of(service: string, server: string): Order | null;
}

export const NO_ORDERS: Orders = { isSiteDrained: false, of: () => null };

const isTakenOut = (order: Order | null): boolean => order !== null && order.action !== 'up';

/** Servers as the balancer is to have them: weight 0 is never chosen, not even in a panic, and what is under way goes on. */
export function effectiveServers({ id, servers }: SiteService, orders: Orders): readonly SiteServer[] {
  return servers.map((server) => (isTakenOut(orders.of(id, server.id)) ? { ...server, weight: 0 } : server));
}

/** What the balancer is told: servers are up until a check or a person says otherwise. A drain says nothing of that. */
export const isUp = (order: Order | null, seen: Seen | undefined): boolean =>
  order === null || order.action === 'drain' ? (seen?.isUp ?? true) : order.action === 'up';

export function serviceReport(
  service: Service,
  configured: AgentService,
  seen: ReadonlyMap<string, Seen>,
  orders: Orders,
  nowMs: number,
): ServiceReport {
  const servers = configured.servers.map((server) =>
    serverReport(service, configured, server, seen.get(server.id), orders, nowMs),
  );
  const whole = servers.reduce((sum, { weight }) => sum + weight, 0);
  const there = servers.reduce((sum, { weight, state }) => sum + (AVAILABLE.has(state) ? weight : 0), 0);
  return {
    service: configured.id,
    algorithm: configured.balancing.algorithm.kind,
    active: service.active,
    waiting: service.waiting,
    availableShare: whole === 0 ? 0 : there / whole,
    servers,
  };
}

export const AVAILABLE: ReadonlySet<ServerState> = new Set<ServerState>(['up', 'on trial', 'forced up']);

function serverReport(
  service: Service,
  configured: AgentService,
  server: SiteServer,
  seen: Seen | undefined,
  orders: Orders,
  nowMs: number,
): ServerReport {
  const { table } = service.balancer;
  const slot = service.slotOf(server.id);
  const { active, begun, failed } = table.columns;
  const { id, address, port, weight, priority, maxActive } = server;
  return {
    ...{ server: id, address, port, weight, priority },
    ...stateOf(service, configured, slot, seen, orders.of(configured.id, id), nowMs),
    active: active[slot] ?? 0,
    maxActive,
    total: begun[slot] ?? 0,
    failed: failed[slot] ?? 0,
  };
}

function stateOf(
  { balancer }: Service,
  { check }: AgentService,
  slot: number,
  seen: Seen | undefined,
  order: Order | null,
  nowMs: number,
): { readonly state: ServerState; readonly why: string } {
  const told =
    seen === undefined ? (check === null ? 'not checked' : 'not checked yet') : `${seen.isUp ? 'up' : 'down'}: ${seen.why}`;
  if (order !== null) {
    const state = order.action === 'drain' ? 'drained' : order.action === 'down' ? 'forced down' : 'forced up';
    return { state, why: `${order.why}; seen: ${told}` };
  }
  switch (balancer.conditionOf(slot, nowMs)) {
    case 'down':
      return { state: 'down', why: seen?.why ?? told };
    case 'ejected':
      return { state: 'ejected', why: 'fails while others do not' };
    case 'open':
      return { state: 'cut off', why: 'most of its requests failed' };
    case 'half-open':
      return { state: 'on trial', why: 'gets single requests after it was cut off' };
    case 'closed':
      return { state: 'up', why: seen?.why ?? told };
  }
}

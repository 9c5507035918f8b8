// What is told of a site whose balancer is not our own: from what that balancer says, and from what it was ordered.

import { TARGET_OF_MAX } from '../model/capacity.ts';
import type { SiteAgentSettings } from '../model/site-agent.ts';
import type { DriverLoad, DriverPlan, DriverSettings, ServerLoad, ServerRef } from '../model/site-driver.ts';
import type { DriverReport, ServerReport, ServerState, ServiceReport, SiteLoad } from './report.ts';
import type { Order, Seen } from './standing.ts';

export interface DrivenPart {
  readonly load: SiteLoad | null;
  readonly services: readonly ServiceReport[];
  readonly driver: DriverReport;
}

export const keyOf = ({ serviceId, serverId }: ServerRef): string => `${serviceId}/${serverId}`;

const isInUse = ({ state, weight }: Pick<ServerLoad, 'state' | 'weight'>): boolean =>
  (state === 'up' || state === 'unknown') && weight !== 0;

/** What each server counts for while it is there: a balancer commonly tells 0 of one that drains. */
export class Weights {
  readonly #last = new Map<string, number>();

  take(servers: readonly ServerLoad[]): void {
    for (const server of servers) if (server.weight !== null && server.weight > 0) this.#last.set(keyOf(server), server.weight);
  }

  of(server: ServerRef): number {
    return this.#last.get(keyOf(server)) ?? 1;
  }

  /** Of all these, by weight, those that get clients; 1 if there are none. */
  shareInUse(servers: readonly ServerLoad[]): number {
    const sum = (some: readonly ServerLoad[]): number => some.reduce((total, server) => total + this.of(server), 0);
    return servers.length === 0 ? 1 : sum(servers.filter(isInUse)) / sum(servers);
  }
}

/** What the operator says that the site can take holds while all servers are there; what the balancer says is so already. */
export function drivenLoad(
  load: DriverLoad,
  { load: wanted }: SiteAgentSettings,
  { max: given }: DriverSettings,
  weights: Weights,
): SiteLoad {
  const share = weights.shareInUse(load.servers);
  const max = given === null ? load.max : given * share;
  const usual = given === null ? load.target : max! * TARGET_OF_MAX;
  const target = wanted.target === null ? usual : Math.min(wanted.target * share, max ?? Number.POSITIVE_INFINITY);
  return { unit: wanted.unit, current: load.current, target, max };
}

interface Facts {
  orderOf(server: ServerRef): Order | null;
  /** By checks of the agent's own. */
  seenOf(server: ServerRef): Seen | undefined;
  refusalOf(server: ServerRef): string | undefined;
  readonly weights: Weights;
}

export function drivenServices(kind: string, { services }: DriverPlan, load: DriverLoad | null, facts: Facts): ServiceReport[] {
  const told = load?.servers ?? [];
  const ids = [...new Set([...services.map(({ id }) => id), ...told.map(({ serviceId }) => serviceId)])];
  return ids.map((serviceId) => {
    const configured = services.find(({ id }) => id === serviceId);
    const ours = told.filter((server) => server.serviceId === serviceId);
    const others = (configured?.servers ?? []).filter(({ id }) => !ours.some(({ serverId }) => serverId === id));
    return {
      service: serviceId,
      algorithm: configured?.balancing.algorithm.kind ?? kind,
      active: ours.reduce((sum, { current }) => sum + current, 0),
      waiting: ours.reduce((sum, { waiting }) => sum + waiting, 0),
      availableShare: facts.weights.shareInUse(ours),
      servers: [
        ...ours.map((server) =>
          serverReport(
            kind,
            server,
            configured?.servers.find(({ id }) => id === server.serverId),
            facts,
          ),
        ),
        ...others.map((server) => serverReport(kind, { ...UNREAD, serviceId, serverId: server.id }, server, facts)),
      ],
    };
  });
}

const UNREAD = { state: 'unknown', current: 0, max: null, waiting: 0, weight: null } as const;

type Configured = DriverPlan['services'][number]['servers'][number];

function serverReport(kind: string, server: ServerLoad, configured: Configured | undefined, facts: Facts): ServerReport {
  return {
    server: server.serverId,
    address: configured?.address ?? null,
    port: configured?.port ?? null,
    weight: server.weight ?? configured?.weight ?? facts.weights.of(server),
    priority: configured?.priority ?? 0,
    ...standingOf(kind, server, facts),
    active: server.current,
    maxActive: server.max,
    total: null,
    failed: null,
  };
}

const STATES: Readonly<Record<ServerLoad['state'], ServerState>> = {
  up: 'up',
  down: 'down',
  draining: 'drained',
  maintenance: 'forced down',
  unknown: 'unknown',
};

function standingOf(kind: string, server: ServerLoad, facts: Facts): { readonly state: ServerState; readonly why: string } {
  const order = facts.orderOf(server);
  const seen = facts.seenOf(server);
  const state = STATES[server.state];
  if (order === null) return { state, why: seen?.why ?? (state === 'unknown' ? 'not told' : `says ${kind}`) };
  const refusal = facts.refusalOf(server);
  const wanted = order.action === 'drain' ? 'drained' : order.action === 'down' ? 'forced down' : 'forced up';
  // Only what the balancer says is so: an order may be on its way, and a server that is to be up may be down all the same.
  const isSo =
    order.action === 'down' ? state === 'forced down' || state === 'down' : state === (order.action === 'up' ? 'up' : 'drained');
  return {
    state: isSo ? wanted : state,
    why: `${order.why}${refusal === undefined ? '' : `; NOT DONE: ${refusal}`}; ${kind} says ${server.state}`,
  };
}

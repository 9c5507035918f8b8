// What an agent tells of itself: to people (`meridian status`), and to whoever sends it clients. Plain data.

import type { ClientParts, LoadUnit } from '../model/capacity.ts';
import type { AgentListener } from '../model/site-agent.ts';
import type { DriverSettings } from '../model/site-driver.ts';
import type { SharedStoreStatus } from '../model/site-store.ts';
import type { ClientRttReport } from './client-rtts.ts';

export interface SiteReport {
  readonly site: string;
  readonly isDraining: boolean;
  /** Null = not known: the balancer, which is not our own, has not told it for too long. */
  readonly load: SiteLoad | null;
  /** The balancer; null = our own. */
  readonly driver: DriverReport | null;
  readonly services: readonly ServiceReport[];
  readonly listeners: readonly ListenerReport[];
  /** Between the agents of the site; null = nothing is shared. */
  readonly shared: SharedStoreStatus | null;
  /** Of clients of our own layer 4. */
  readonly clientRtts: ClientRttReport;
  /** A sample of the load of the last whole SAMPLE_MS, the network with the most parts first; empty = there was none, or it is not taken. */
  readonly clients: readonly ClientParts[];
}

/** A balancer that is not our own. */
export interface DriverReport {
  readonly kind: DriverSettings['kind'];
  /** Since it was read last; null = never. */
  readonly ageMs: number | null;
  /** One line; null = all is well. */
  readonly trouble: string | null;
}

/** In one unit; null = not known. */
export interface SiteLoad {
  readonly unit: LoadUnit;
  readonly current: number;
  readonly target: number | null;
  readonly max: number | null;
}

export interface ServiceReport {
  readonly service: string;
  /** Or the kind of the balancer, where that alone knows. */
  readonly algorithm: string;
  /** Connections or requests under way, and clients that wait for a server. */
  readonly active: number;
  readonly waiting: number;
  /** Of the weight of its servers what may be chosen now, 0..1. */
  readonly availableShare: number;
  readonly servers: readonly ServerReport[];
}

export type ServerState =
  | 'up'
  /** By checks. */
  | 'down'
  /** By what happened to clients: outlier detection, circuit breaker, and its trials. */
  | 'ejected'
  | 'cut off'
  | 'on trial'
  /** By an order. */
  | 'drained'
  | 'forced down'
  | 'forced up'
  /** A balancer that is not our own does not say. */
  | 'unknown';

export interface ServerReport {
  readonly server: string;
  /** Null = only the balancer knows. */
  readonly address: string | null;
  readonly port: number | null;
  readonly weight: number;
  readonly priority: number;
  readonly state: ServerState;
  readonly why: string;
  readonly active: number;
  readonly maxActive: number | null;
  /** Since it was added; null = not told. */
  readonly total: number | null;
  readonly failed: number | null;
}

/** What an order to purge has done at one listener, in stored responses. */
export interface PurgeReport {
  readonly site: string;
  readonly listener: string;
  readonly purged: number;
  readonly left: number;
}

export interface ListenerReport {
  readonly listener: string;
  readonly kind: AgentListener['kind'];
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  readonly counts: Readonly<Record<string, number | readonly number[]>>;
}

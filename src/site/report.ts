// What an agent tells of itself: to people (`meridian status`), and to whoever sends it clients. Plain data.

import type { LoadUnit } from '../model/capacity.ts';
import type { AgentListener } from '../model/site-agent.ts';

export interface SiteReport {
  readonly site: string;
  readonly isDraining: boolean;
  readonly load: SiteLoad;
  readonly services: readonly ServiceReport[];
  readonly listeners: readonly ListenerReport[];
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
  | 'forced up';

export interface ServerReport {
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly priority: number;
  readonly state: ServerState;
  readonly why: string;
  readonly active: number;
  readonly maxActive: number | null;
  /** Since it was added. */
  readonly total: number;
  readonly failed: number;
}

export interface ListenerReport {
  readonly listener: string;
  readonly kind: AgentListener['kind'];
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  readonly counts: Readonly<Record<string, number | readonly number[]>>;
}

// The port between the site agent and a balancer that is already there. A driver brings the balancer to what the configuration says
// and gives orders about servers; a reader only learns how full it is. Implementations: src/site/drivers. Nothing here throws: what
// may fail for a reason outside the program is a Result with a line for the operator, and the balancer stays as it was.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { SiteService, TcpFrontSettings } from './site.ts';

/** Where clients of a service connect, for a balancer that is not our own. */
export interface DriverFront {
  readonly id: string;
  /** Of a service in the same plan. */
  readonly serviceId: string;
  /** What is balanced: connections or flows (`tcp`, `udp`), or HTTP requests. */
  readonly protocol: 'tcp' | 'udp' | 'http';
  readonly settings: TcpFrontSettings;
}

/** All that a balancer is to do. */
export interface DriverPlan {
  readonly services: readonly SiteService[];
  readonly fronts: readonly DriverFront[];
}

export interface ServerRef {
  readonly serviceId: string;
  readonly serverId: string;
}

/** What applying a plan took. `warnings`: settings that this balancer has nothing for, once each. */
export interface Applied {
  /** `reload`: by a new configuration, without losing a connection; `orders`: at run time; `nothing`: it was so already. */
  readonly by: 'reload' | 'orders' | 'nothing';
  readonly warnings: readonly Problem[];
}

export type ServerState = 'up' | 'down' | 'draining' | 'maintenance' | 'unknown';

/** One server as the balancer sees it. */
export interface ServerLoad extends ServerRef {
  readonly state: ServerState;
  /** In the unit of the reader. */
  readonly current: number;
  /** Most that it takes at once; null = no limit is known. */
  readonly max: number | null;
  /** Requests or connections that wait for it. */
  readonly waiting: number;
  /** As configured at the balancer, 0 if it gives nothing; null = the balancer does not say. */
  readonly weight: number | null;
}

/** How full a site is, in one unit (settings: `measure`). */
export interface DriverLoad {
  readonly current: number;
  /** Null = as configured. 0 <= target <= max. */
  readonly target: number | null;
  readonly max: number | null;
  /** Empty if the balancer tells of its whole only. */
  readonly servers: readonly ServerLoad[];
}

/** Learns how full a balancer is. */
export interface LoadReader {
  /** Within the time limit of its settings. A rate needs two readings: the first one is 0. */
  readLoad(): Promise<Result<DriverLoad, Problem>>;
  close(): Promise<void>;
}

/** Also changes it. Calls wait for one another, in their order. */
export interface SiteDriver extends LoadReader {
  /**
   * To be called now and then: brings back what somebody else has undone (a balancer that ended, orders that its reload forgot, a
   * table that was flushed). What it had to do, in words; null = nothing. A balancer that is the operator's is never started.
   */
  mend(): Promise<Result<string | null, Problem>>;
  /** Whether the balancer checks its servers itself; if not, the agent does, and tells by `setUp`. */
  readonly checksServers: boolean;
  /** Makes the plan true, or changes nothing. Orders given before (`drain`, `setUp`) stay in force for servers that are still there. */
  apply(plan: DriverPlan): Promise<Result<Applied, readonly Problem[]>>;
  /** No new clients; what is under way goes on. False takes it back. */
  drain(server: ServerRef, isDraining: boolean): Promise<Result<void, Problem>>;
  /** Until the next plan. 0..65535, relative to the other servers of the service. */
  setWeight(server: ServerRef, weight: number): Promise<Result<void, Problem>>;
  setUp(server: ServerRef, isUp: boolean): Promise<Result<void, Problem>>;
}

/** Requests need a balancer that counts them; otherwise they are connections. */
export type Measure = 'connections' | 'per-second';

/** What all drivers and readers have. Defaults: src/config/driver-schema.ts. */
interface Common {
  readonly timeoutMs: number;
  /** What the load counts: what is under way, or what begins in a second. */
  readonly measure: Measure;
  /** Overrides what the balancer says of its limits; null = nothing is known but that. */
  readonly max: number | null;
}

/** An operator's own HAProxy: read, and weights, drain and limits set, over its runtime socket. Its file is never touched. */
export interface HaproxyAttachSettings extends Common {
  readonly kind: 'haproxy-attach';
  /** A Unix socket of level admin; `operator` suffices for reading and weights. */
  readonly socket: string;
  /** Names of backends that make the load; null = all that have servers. */
  readonly backends: readonly string[] | null;
}

/** How HAProxy checks the servers that we give it. */
export interface HaproxyChecks {
  readonly intervalMs: number;
  readonly fall: number;
  readonly rise: number;
  /** Path of an HTTP check; null = a connection suffices. */
  readonly httpPath: string | null;
}

/** An HAProxy that the agent configures and runs. */
export interface HaproxySettings extends Common {
  readonly kind: 'haproxy';
  readonly program: string;
  /** Holds the configuration file and the sockets; made if missing, for our user alone. Absolute. */
  readonly directory: string;
  /** Whom HAProxy becomes if it is started by root; null = it stays who starts it. */
  readonly user: string | null;
  /** Most connections of the whole process. */
  readonly maxConnections: number;
  /** 0 = one for each core. */
  readonly threads: number;
  /** Null = servers are not checked. */
  readonly checks: HaproxyChecks | null;
  /** What is left of old connections so long after a reload is cut off. */
  readonly hardStopAfterMs: number;
  /** Whether HAProxy stops (softly) with the agent, or goes on serving. */
  readonly isStoppedOnClose: boolean;
}

/** Layer 4 in the Linux kernel. */
export interface NftablesSettings extends Common {
  readonly kind: 'nftables';
  readonly program: string;
  /** Of a table that nobody else uses; it is replaced whole. */
  readonly table: string;
  /** Places that a service's servers share; a prime. More are more even, and a longer list for the kernel. */
  readonly tableSize: number;
  /** Whether servers see this machine's address. Needed unless their way back leads through it. */
  readonly isMasquerading: boolean;
  readonly isRemovedOnClose: boolean;
}

/** Figures that a page on HTTP gives. No credentials in the address; loopback is recommended. */
interface Page extends Common {
  readonly url: string;
}

export type ReaderSettings =
  | (Page & { readonly kind: 'nginx' })
  /** `url` up to and including the version, e.g. `http://127.0.0.1:8080/api/9`. */
  | (Page & { readonly kind: 'nginx-plus'; readonly upstreams: readonly string[] | null })
  /** `url` of the admin listener. */
  | (Page & { readonly kind: 'envoy'; readonly clusters: readonly string[] | null })
  /** `selector`: a metric with or without labels, `name{label="value"}`; samples that match are added up. */
  | (Page & { readonly kind: 'prometheus'; readonly selector: string; readonly maxSelector: string | null })
  /** `services`: `TCP 192.0.2.1:80`; null = all. */
  | (Common & { readonly kind: 'ipvs'; readonly file: string; readonly services: readonly string[] | null })
  /** POST /load on a listener of the kind `load`. */
  | (Common & { readonly kind: 'posted' });

export type DriverSettings = HaproxyAttachSettings | HaproxySettings | NftablesSettings | ReaderSettings;

/** What can carry out a plan: all others are only read. */
export const DRIVES: ReadonlySet<DriverSettings['kind']> = new Set(['haproxy-attach', 'haproxy', 'nftables'] as const);

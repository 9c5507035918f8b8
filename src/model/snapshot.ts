// A checked configuration: everything that an operator wrote, with defaults filled in, names resolved and paths absolute.

import type { Cidr } from '../base/address.ts';
import type { AdminSettings } from './admin.ts';
import type { LoadUnit } from './capacity.ts';
import type { DecisionSettings } from './decisions.ts';
import type { Endpoint } from './endpoint.ts';
import type { HealthSettings } from './health.ts';
import type { MeshSettings } from './mesh.ts';
import type { ProbeSpec, Target } from './probe.ts';
import type { SiteAgentSettings } from './site-agent.ts';
import type { SteeringModel } from './steering.ts';
import type { TransferSettings } from './transfer.ts';
import type { WatchSettings } from './watch.ts';

/** Limits on replies over UDP. An excess is what replies have more than their queries, in octets. */
export interface RateLimitSettings {
  readonly enabled: boolean;
  /** Excess for one address, per second over a long time and at once; wider networks get multiples. */
  readonly excessPerSecond: number;
  readonly excessBurst: number;
  /** Of so many limited replies one is dropped, the others are truncated; 0 = none is dropped. */
  readonly dropOneIn: number;
  /** Networks to keep in mind. */
  readonly tableSize: number;
  /** Networks that are never limited. */
  readonly allow: readonly Cidr[];
  /** Excess per second of all large replies, from all workers; 0 = no bound. */
  readonly totalExcess: number;
  /** Replies per second that one worker gives in all; 0 = no bound. */
  readonly total: number;
}

export interface ServerSettings {
  /** UDP and TCP are served on each. */
  readonly listen: readonly Endpoint[];
  /** Threads that answer; 0 = one per core. */
  readonly workers: number;
  /** Largest UDP reply in octets, 512..4096 (RFC 9715 recommends at most 1400; default 1232). */
  readonly udpPayloadSize: number;
  /** SO_BUSY_POLL of the UDP sockets in microseconds; 0 = off. */
  readonly udpBusyPollUs: number;
  /** Replies to one client leave the process as one message where the kernel can cut it. */
  readonly udpTrains: boolean;
  readonly tcp: {
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
    readonly idleTimeoutMs: number;
    /** Time in which a started message must have arrived whole. */
    readonly messageTimeoutMs: number;
  };
  readonly cookies: {
    readonly enabled: boolean;
    /** Secrets shared with other servers; null = a secret of our own, made at start-up. */
    readonly secretFile: string | null;
  };
  /** Name of this server for clients that ask by EDNS (RFC 5001): printable ASCII; null = none. */
  readonly nsid: string | null;
  /** What is told to questions of class CH, printable ASCII; null = refused. */
  readonly chaos: { readonly id: string | null; readonly version: string | null };
  /** Wire name of the domain that resolvers report errors to (RFC 9567); null = none. */
  readonly reportAgent: Uint8Array | null;
  readonly rateLimit: RateLimitSettings;
  readonly ecs: {
    /** Resolvers whose client subnets are believed. */
    readonly trustedResolvers: readonly Cidr[];
  };
  readonly stateDirectory: string;
  /** Unix socket for `meridian reload` and its like. */
  readonly controlSocket: string;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'auto' | 'json' | 'text' };
}

export interface GeoSettings {
  /** MMDB files; null = none. The country database is the bundled one unless said otherwise. */
  readonly databaseFile: string | null;
  readonly asnFile: string | null;
  /** Operator network maps, later ones override earlier ones. */
  readonly networkMapFiles: readonly string[];
  readonly watch: boolean;
}

export interface ZoneSource {
  /** Absolute wire name of the apex. */
  readonly origin: Uint8Array;
  readonly file: string;
  /** Whether GSLB records of the zone look at the client subnet of a query. */
  readonly usesEcs: boolean;
}

/** This process as one that checks. */
export interface ProberSettings {
  /** Among the processes of the mesh; null = named after the host. */
  readonly id: string | null;
  readonly region: string;
  /** Share of the checks, relative to other probers. */
  readonly weight: number;
  /** Checks under way at once. */
  readonly concurrency: number;
  /** Starts per second, in all and for one host; 0 = no bound. */
  readonly perSecond: number;
  readonly perHostPerSecond: number;
  /** Networks that may be checked although they are not by default, and networks that may not. */
  readonly allow: readonly Cidr[];
  readonly deny: readonly Cidr[];
}

/** This process as one that judges what probers see. */
export interface FleetSettings {
  /** Of the native kernel; 0 = one for each core. */
  readonly threads: number;
  /** Between two passes. */
  readonly passMs: number;
}

export interface Snapshot {
  /** The YAML file all of this was read from. */
  readonly file: string;
  readonly server: ServerSettings;
  readonly geo: GeoSettings;
  readonly steering: SteeringModel;
  /** Of all capacities, and of the reports of agents. */
  readonly loadUnit: LoadUnit;
  readonly probes: readonly ProbeSpec[];
  /** What is checked, in order of members; members of pools without a probe have none. */
  readonly targets: readonly Target[];
  readonly prober: ProberSettings;
  readonly health: HealthSettings;
  readonly fleet: FleetSettings;
  /** Agents of sites; a process with the role `site` is those that its command line names. */
  readonly site: readonly SiteAgentSettings[];
  /** Names files of passwords, never holds one. */
  readonly mesh: MeshSettings;
  readonly admin: AdminSettings;
  readonly zones: readonly ZoneSource[];
  readonly transfer: TransferSettings;
  readonly watch: WatchSettings;
  readonly decisions: DecisionSettings;
}

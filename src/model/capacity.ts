// What sites can take and what they say they receive. All loads are in one unit of the operator's choice (requests per second,
// connections, Mbit/s), the same at every site, because load that one site gives away another one gets.

/** What load is measured in. */
export const LOAD_UNITS = ['requests/s', 'connections', 'Mbit/s'] as const;
export type LoadUnit = (typeof LOAD_UNITS)[number];

/** What a site can take. */
export interface Capacity {
  /** Load up to which the site is filled: it keeps some room for what no plan foresees. 0 <= target <= max. */
  readonly target: number;
  /** Load that the site can bear at all. */
  readonly max: number;
}

/** What the agent of a site said last. Figures that cannot be (negative, not numbers) count as not given. */
export interface LoadReport {
  readonly current: number;
  /** Null = as configured. */
  readonly target: number | null;
  readonly max: number | null;
  readonly ageMs: number;
}

/** How far the clients of one network are from a site: round trips of their connections, in microseconds, above 0. */
export interface NetworkRtt {
  /** A /24 of IPv4 or a /48 of IPv6: `192.0.2.0/24`. */
  readonly network: string;
  /** That were measured in the last five to ten minutes. */
  readonly connections: number;
  /** The least of these. */
  readonly leastUs: number;
  /** Smoothed over the connections of the last hour or more. */
  readonly smoothedUs: number;
}

/** Most networks in a report, so that one stays below 4 KB. */
export const NETWORKS_MAX = 64;

/** A network that load came from, and how many parts of a random sample of the load. */
export interface ClientParts {
  /** A /24 of IPv4 or a /48 of IPv6: `192.0.2.0/24`. */
  readonly network: string;
  /** Whole, above 0. */
  readonly parts: number;
}

/** Most parts in a sample: so that it stays below 4 KB. */
export const SAMPLE_MAX = 128;
/** How much time a sample is of. */
export const SAMPLE_MS = 5000;

/**
 * What one agent says of the part of a site that it sees; the mesh carries it. The reports of the agents of a site add up. Of one
 * agent the latest counts: the greatest epoch, in it the greatest sequence number.
 */
export interface AgentReport {
  /** Ids of the site, and of the agent among all that report: 1..128 characters each. */
  readonly site: string;
  readonly agent: string;
  /** Wall clock in milliseconds at the start of the agent: tells a restarted one from its former self. */
  readonly epoch: number;
  /** Grows with every report of the agent. */
  readonly seq: number;
  /** That of the `capacity` of the sites; reports in another unit are not believed. */
  readonly unit: LoadUnit;
  /** 0..1e15, as the others. */
  readonly current: number;
  /** Null = as configured. If one agent of a site gives none, that of the site counts for all of them. */
  readonly target: number | null;
  readonly max: number | null;
  /** The agent wants no new clients: its target counts as 0. */
  readonly isDraining: boolean;
  /** Where it measures them: the NETWORKS_MAX networks with the most connections at most. The mesh may hand them on seconds later. */
  readonly clientRtts: readonly NetworkRtt[];
  /**
   * A sample of the load of the last whole period of SAMPLE_MS, of SAMPLE_MAX parts at most; empty = the agent does not see its clients
   * (other balancers, `meridian load` by hand), is not to tell of them, or nobody came: long connections go on without coming. The mesh
   * may hand it on seconds later.
   */
  readonly clients: readonly ClientParts[];
}

/** A report as the mesh hands it out. */
export interface HeardReport extends AgentReport {
  /** When the mesh got it, in milliseconds of its clock. */
  readonly atMs: number;
}

/** What a DNS server was asked: the mesh carries it. */
export interface DemandReport {
  /** Id of the process. */
  readonly server: string;
  readonly epoch: number;
  readonly seq: number;
  /** Queries a second that were answered from a policy, by key of its class (steering/demand-keys.ts); absent = none. */
  readonly queries: ReadonlyMap<string, number>;
}

/** How a policy takes part in moving load; a policy without these never leaves its plan. */
export interface SpillSettings {
  /** 0..9. Where sites are short, policies of lower priority move first. */
  readonly priority: number;
  /** No client is sent farther than this beyond its nearest site, in kilometres. */
  readonly maxExtraKm: number;
}

/** Of max, where an operator names no target: the mark at which load feedback systems commonly begin to shed. */
export const TARGET_OF_MAX = 0.8;

/** An agent that has not been heard for so long is late; its last report still counts. */
export const REPORT_STALE_MS = 3000;
/** A report is believed for so long; then the configured capacity counts, and the load is computed from what was answered. */
export const REPORT_EXPIRES_MS = 10_000;

// What a site balances: services (servers that do the same work), how one of them is chosen, and what protects them. Checked,
// plain data, deeply readonly. balance/ chooses, site/ moves the octets. Defaults and their reasons: docs/balance.md.

import type { Cidr } from '../base/address.ts';

export interface SiteServer {
  /** Unique in its service and stable across reloads: hashing keys on it, and counters follow it. */
  readonly id: string;
  /** Numeric address. */
  readonly address: string;
  readonly port: number;
  /** Integer, 0..65535. A server of weight 0 is never chosen; what it has under way goes on. */
  readonly weight: number;
  /** 0 is the first choice; servers of the next priority get what these cannot take. */
  readonly priority: number;
  /** Most requests or connections at once; null = no limit. */
  readonly maxActive: number | null;
}

/** How a server is chosen. docs/balance.md says which one when. */
export type Algorithm =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'weighted-round-robin' }
  | { readonly kind: 'least-connections' }
  | { readonly kind: 'weighted-least-connections' }
  | { readonly kind: 'random' }
  | { readonly kind: 'two-choices' }
  | { readonly kind: 'ip-hash' }
  | { readonly kind: 'ring' /** Points on the ring of a server of mean weight. */; readonly virtualNodes: number }
  | { readonly kind: 'maglev' /** A prime, at least a hundred times the servers. */; readonly tableSize: number }
  | {
      readonly kind: 'bounded-load';
      readonly virtualNodes: number;
      /** Above 1: no server gets more than so many times its share of what is under way. */
      readonly factor: number;
    }
  | { readonly kind: 'least-time' }
  | { readonly kind: 'least-bandwidth' }
  | {
      readonly kind: 'custom-load';
      /** See balance/expression.ts. */
      readonly expression: string;
      readonly source: MetricsSource;
    };

/** Where servers report the metrics of custom-load, in a form of balance/load-metrics.ts. */
export type MetricsSource =
  /** In a field of responses to clients, who do not see it. Lower case. */
  | { readonly kind: 'header'; readonly name: string }
  /** In the body of the response to the check. */
  | { readonly kind: 'check' };

/** A recovered or new server starts with `floorPercent` of its weight and has all of it after `windowMs`. */
export interface SlowStart {
  /** 0 = none. */
  readonly windowMs: number;
  /** 1 grows evenly; more grows faster at first. Above 0. */
  readonly aggression: number;
  readonly floorPercent: number;
}

/** Ejects servers that fail while others do not, judged by what they answer. */
export interface OutlierRule {
  /** Failures in a row that eject; 0 = this does not. */
  readonly consecutiveFailures: number;
  readonly intervalMs: number;
  /** Times the number of ejections in a row, up to the most. */
  readonly ejectionMs: number;
  readonly mostEjectionMs: number;
  /** Share of the servers that may be ejected at once, though always one. */
  readonly mostEjectedPercent: number;
  /** By success rate: only servers with so many requests in an interval count, and only if there are so many of them. */
  readonly leastRequests: number;
  readonly leastServers: number;
  /** Ejected is who is so many standard deviations below the mean success rate. */
  readonly deviations: number;
}

/** Cuts off one server that mostly fails, and lets it back through a few trials. */
export interface BreakerRule {
  /** Over this time, at least so many requests, and at least this share of them failed: it opens. */
  readonly windowMs: number;
  readonly leastRequests: number;
  readonly failurePercent: number;
  /** How long it stays open; doubled, up to the most, each time it opens again soon after it closed. */
  readonly openMs: number;
  readonly mostOpenMs: number;
  /** Successes, one after another, that close it. */
  readonly trials: number;
}

/** How a service spreads its load. */
export interface Balancing {
  readonly algorithm: Algorithm;
  /** A priority is full size while its healthy weight times this is at least all of its weight. 1 or more. */
  readonly overflowFactor: number;
  /** Below this healthy share of a priority, and if no other can make up for it, its health is ignored; 0 = never. */
  readonly panicPercent: number;
  readonly slowStart: SlowStart;
  /** null = off. */
  readonly outlier: OutlierRule | null;
  readonly breaker: BreakerRule | null;
}

/** What waits if all servers are full. */
export interface QueueRule {
  /** 0 = nobody waits. */
  readonly mostWaiting: number;
  readonly timeoutMs: number;
}

/** Retries under way: at most this share of all that is under way, but always so many. */
export interface RetryRule {
  readonly percent: number;
  readonly least: number;
}

/** Servers that do the same work. */
export interface SiteService {
  readonly id: string;
  readonly servers: readonly SiteServer[];
  readonly balancing: Balancing;
  readonly queue: QueueRule;
  readonly retry: RetryRule;
}

/** How often something may begin: in the long run, and at once after a pause. */
export interface RateLimit {
  readonly perSec: number;
  /** At least 1. */
  readonly burst: number;
}

/** Where clients of a service connect, at layer 4. */
export interface TcpFrontSettings {
  /** Numeric address; port 0 takes a free one. */
  readonly address: string;
  readonly port: number;
  readonly mostConnections: number;
  /** Of one IPv4 address, or of one IPv6 /64. */
  readonly mostConnectionsPerClient: number;
  /** New connections; null = no limit. */
  readonly connectionRate: RateLimit | null;
  readonly connectionRatePerClient: RateLimit | null;
  readonly connectTimeoutMs: number;
  /** Different servers that are tried for one client, as far as there are so many and the retry budget allows. At least 1. */
  readonly attempts: number;
  /** A connection on which nothing moves in either direction for so long is closed. */
  readonly idleTimeoutMs: number;
  /** A client that takes nothing of what waits for it for so long is reset. */
  readonly stallTimeoutMs: number;
  /** Clients speak first: no server is chosen before they do, and who says nothing for so long is reset. null = servers may speak first. */
  readonly silenceTimeoutMs: number | null;
  /** Proxies in front: who connects from there must begin with a PROXY header, and nobody else may. */
  readonly proxyFrom: readonly Cidr[];
  /** Time for a whole PROXY header, and then for a whole TLS ClientHello where its name decides. */
  readonly headerTimeoutMs: number;
  /** PROXY header to the server: its version; null = none. */
  readonly proxyTo: 1 | 2 | null;
  /** Bits of a client address that hashing algorithms go by. */
  readonly keyPrefixV4: number;
  readonly keyPrefixV6: number;
}

/** TLS clients that ask for this name get this service. Nothing is decrypted. */
export interface ServerNameRoute {
  /** Lower case; `*.example.org` stands for all names below it, however deep. */
  readonly name: string;
  readonly service: string;
}

/** Where clients of a service send datagrams. A flow is what comes from one address and port of a client. */
export interface UdpFrontSettings {
  /** Numeric address, not a wildcard: replies leave from it. Port 0 takes a free one. */
  readonly address: string;
  readonly port: number;
  /** Each has a socket of its own. */
  readonly mostFlows: number;
  /** Of one IPv4 address, or of one IPv6 /64. */
  readonly mostFlowsPerClient: number;
  /** New flows; null = no limit. */
  readonly flowRate: RateLimit | null;
  readonly flowRatePerClient: RateLimit | null;
  /** A flow ends when nothing has moved in it for so long. */
  readonly idleTimeoutMs: number;
  /** Replies that belong to each datagram of a client: once it has them the flow ends. null = not known. */
  readonly replies: number | null;
  /** Bits of a client address that hashing algorithms go by. */
  readonly keyPrefixV4: number;
  readonly keyPrefixV6: number;
}

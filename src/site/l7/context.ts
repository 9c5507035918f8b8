// What all connections and exchanges of one front share.

import type { Clock } from '../../base/clock.ts';
import type { PrefixSet } from '../../base/prefix-set.ts';
import type { HttpFrontSettings, HttpRoute } from '../../model/site-http.ts';
import type { Service } from '../service.ts';
import type { Access } from './access.ts';
import type { HttpCache } from './cache/cache.ts';
import type { Deadlines } from './deadlines.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Edits } from './rewrite.ts';
import type { Routes } from './routes.ts';
import type { ServerPool } from './server-pool.ts';
import type { StickyCookie } from './sticky.ts';

export interface HttpFrontCounts {
  /** Connections accepted, and refused by a limit. */
  accepted: number;
  refusedByLimit: number;
  /** Requests that were not HTTP, or not strictly. */
  malformed: number;
  requests: number;
  /** Responses to clients by class, 1xx not counted; `[2]` are 2xx. */
  readonly responses: number[];
  /** Requests that no server took or answered: responses 502, 503 and 504 of our own. */
  unserved: number;
  /** Clients that left before the end of their response. */
  aborted: number;
  retries: number;
  rateLimited: number;
  /** Without a key or token that the route asks for. */
  unauthorized: number;
  tunnels: number;
  /** Requests answered from the cache, sent to a server, and held back while another one had asked the same. */
  cacheHits: number;
  cacheMisses: number;
  cacheCollapsed: number;
  /** Stored responses that the server confirmed, and that were used because it failed. */
  cacheRevalidated: number;
  cacheStale: number;
  /** Cookies that name a server by a signature that is none. */
  forgedCookies: number;
}

export const makeCounts = (): HttpFrontCounts => ({
  accepted: 0,
  refusedByLimit: 0,
  malformed: 0,
  requests: 0,
  responses: [0, 0, 0, 0, 0, 0],
  unserved: 0,
  aborted: 0,
  retries: 0,
  rateLimited: 0,
  unauthorized: 0,
  tunnels: 0,
  cacheHits: 0,
  cacheMisses: 0,
  cacheCollapsed: 0,
  cacheRevalidated: 0,
  cacheStale: 0,
  forgedCookies: 0,
});

/** A route with what its settings were made into. */
export interface RoutePlan {
  readonly route: HttpRoute;
  /** Null = its action needs none. */
  readonly service: Service | null;
  readonly requestEdits: Edits;
  readonly responseEdits: Edits;
  readonly sticky: StickyCookie | null;
  readonly rateLimit: RateLimit | null;
  readonly access: Access | null;
}

/** The settings in force, replaced whole: an exchange keeps those that it began with. */
export interface Plan {
  readonly settings: HttpFrontSettings;
  readonly plans: readonly RoutePlan[];
  readonly routes: Routes<RoutePlan>;
  readonly trusted: PrefixSet;
}

export interface Context {
  plan: Plan;
  /** Connections are closed after what is under way. */
  isDraining: boolean;
  /** While draining: how long a connection may wait for one more request; 0 = not at all. */
  drainIdleMs: number;
  /** Requests under way. */
  active: number;
  readonly counts: HttpFrontCounts;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly pool: ServerPool;
  readonly cache: HttpCache;
}

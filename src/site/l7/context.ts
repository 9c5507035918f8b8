// What all connections and exchanges of one front share.

import type { Clock } from '../../base/clock.ts';
import type { PrefixSet } from '../../base/prefix-set.ts';
import type { HttpFrontSettings, HttpRoute } from '../../model/site-http.ts';
import type { ClientSample } from '../client-sample.ts';
import type { Service } from '../service.ts';
import type { Sharing } from '../sharing.ts';
import type { Access } from './access.ts';
import type { HttpCache } from './cache/cache.ts';
import type { HttpFrontCounts } from './counts.ts';
import type { Deadlines } from './deadlines.ts';
import type { Edits } from './edits.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Routes } from './routes.ts';
import type { ServerPool } from './server-pool.ts';
import type { StickyCookie } from './sticky.ts';
import type { StickyTable } from './sticky-table.ts';

/** A route with what its settings were made into. */
export interface RoutePlan {
  readonly route: HttpRoute;
  /** Null = its action needs none. */
  readonly service: Service | null;
  readonly requestEdits: Edits;
  readonly responseEdits: Edits;
  readonly sticky: StickyCookie | null;
  readonly table: StickyTable | null;
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
  readonly sharing: Sharing;
  /** Where it is noted whose the load is. */
  readonly sample: ClientSample;
}

// A listening address at layer 7: HTTP/1.1, and HTTP/2 over TLS. Its settings can be replaced while it runs; connections stay.

import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import type { HttpFrontSettings } from '../../model/site-http.ts';
import type { Service } from '../service.ts';

export interface HttpFrontCounts {
  /** Connections accepted, and refused by a limit. */
  accepted: number;
  refusedByLimit: number;
  /** Connections on which something was said that is not HTTP, or not strictly. */
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
  tunnels: number;
  cacheHits: number;
}

export declare class HttpFront {
  readonly counts: HttpFrontCounts;
  /** By id of the service: all that routes name must be among them. Files of certificates are read here. */
  static open(
    settings: HttpFrontSettings,
    services: ReadonlyMap<string, Service>,
    clock: Clock,
  ): Promise<Result<HttpFront, readonly Problem[]>>;
  get port(): number;
  /** Client connections, and requests under way. */
  get connections(): number;
  get active(): number;
  /** For all requests from now on; those under way end as they began. With an error nothing changes. */
  replace(settings: HttpFrontSettings, services: ReadonlyMap<string, Service>): Promise<readonly Problem[]>;
  /** Stops listening, ends idle connections and all others after their response, and what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

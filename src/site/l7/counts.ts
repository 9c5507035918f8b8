// What a front has done since its start.

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
  /** Requests of a shared limit that this agent's own count decided on, and clients of a shared table that a hash placed. */
  limitedAlone: number;
  placedAlone: number;
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
  limitedAlone: 0,
  placedAlone: 0,
  unauthorized: 0,
  tunnels: 0,
  cacheHits: 0,
  cacheMisses: 0,
  cacheCollapsed: 0,
  cacheRevalidated: 0,
  cacheStale: 0,
  forgedCookies: 0,
});

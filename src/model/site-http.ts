// Where clients of a site connect at layer 7, and what becomes of their requests. Checked, plain data, deeply readonly. site/l7 acts on
// it. Sizes are in octets, times in milliseconds. Names of header fields are lower case throughout.

import type { Cidr } from '../base/address.ts';

/** One listening address. `address`, `port`, whether there is TLS, and `tls.http2` stay as it was opened; all else can be replaced. */
export interface HttpFrontSettings {
  /** Numeric address; port 0 takes a free one. */
  readonly address: string;
  readonly port: number;
  /** null = clear text: HTTP/1.1 only. */
  readonly tls: HttpTls | null;
  /** In order; the first that matches has the request. None matches: 404. */
  readonly routes: readonly HttpRoute[];
  /** What becomes of requests while the site is drained; null = they are served. */
  readonly late: HttpLate | null;
  readonly forwarding: HttpForwarding;
  readonly cache: HttpCacheSettings;
  readonly limits: HttpLimits;
  readonly timeouts: HttpTimeouts;
  /** Bits of a client address that hashing algorithms and rate limits go by. */
  readonly keyPrefixV4: number;
  readonly keyPrefixV6: number;
}

/** Instead of the servers of this site. */
export type HttpLate =
  | { readonly kind: 'redirect'; readonly status: 307 | 308; readonly location: string; readonly isMarked: boolean }
  /** Whose servers are listeners of another site. */
  | { readonly kind: 'service'; readonly service: string };

export interface HttpTls {
  /** At least one; the first serves clients that name no host, or an unknown one. Names are those of the certificate. */
  readonly certificates: readonly HttpCertificate[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Offers HTTP/2 by ALPN beside HTTP/1.1. */
  readonly http2: boolean;
}

/** PEM files: the certificate with its chain, and the key. They are read again when they change. */
export interface HttpCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface HttpForwarding {
  /** Proxies in front. Only their word about client, protocol and host is taken; fields of others are replaced. */
  readonly trustedProxies: readonly Cidr[];
  /** X-Forwarded-For, -Proto and -Host to servers. */
  readonly xForwarded: boolean;
  /** Forwarded (RFC 7239) to servers. */
  readonly forwarded: boolean;
}

/** What responses may take that routes with `cache` store, in octets: all of them with their fields, and the body of one. */
export interface HttpCacheSettings {
  readonly size: number;
  readonly mostBodySize: number;
}

export interface HttpLimits {
  readonly mostConnections: number;
  /** Of one IPv4 address, or of one IPv6 /64, as connected. */
  readonly mostConnectionsPerClient: number;
  /** Request line and header fields together; more is 431. */
  readonly headSize: number;
  readonly mostHeaders: number;
  /** Of the request target; more is 414. */
  readonly targetSize: number;
  /** Of a request body; more is 413. A route may set another. */
  readonly bodySize: number;
  /** Of a request body, so much at least in every `bodyIdleMs`. */
  readonly bodyPieceSize: number;
  /** Requests on one client connection, then it is closed. */
  readonly mostRequestsPerConnection: number;
  /** HTTP/2: streams of one connection at once. */
  readonly mostStreams: number;
  /** HTTP/2: streams that a client may reset in 10 s on one connection (rapid reset, CVE-2023-44487). */
  readonly mostResets: number;
}

export interface HttpTimeouts {
  /** For the whole head of a request, from its first octet, and for the TLS handshake; 408. */
  readonly headMs: number;
  /** Between two pieces of a request body of `bodyPieceSize`; 408. */
  readonly bodyIdleMs: number;
  readonly connectMs: number;
  /** From the request being sent until the head of the response; 504. */
  readonly responseMs: number;
  /** Between two pieces of a response body, whoever is slow. */
  readonly responseIdleMs: number;
  /** The whole exchange; null = no bound. */
  readonly wholeMs: number | null;
  /** A client connection without a request. */
  readonly keepAliveMs: number;
  /** An idle connection to a server. Less than what servers have, or requests meet their end. */
  readonly serverKeepAliveMs: number;
  /** A tunnel (WebSocket) on which nothing moves. */
  readonly tunnelIdleMs: number;
}

export interface HttpRoute {
  /** Unique in the front; names it in counters and logs. */
  readonly id: string;
  readonly match: HttpMatch;
  readonly action: HttpAction;
  readonly rewrite: HttpRewrite;
  /** null = the limit of the front. */
  readonly bodySize: number | null;
  readonly retries: HttpRetries;
  readonly stickiness: HttpStickiness | null;
  readonly rateLimit: HttpRateLimit | null;
  /** Null = whoever comes. */
  readonly access: HttpAccess | null;
  readonly compression: HttpCompression | null;
  /** Stores responses as RFC 9111 lets a shared cache, and answers with them. */
  readonly cache: boolean;
  /** Passes Upgrade on, such as WebSocket. Otherwise it is removed. */
  readonly upgrade: boolean;
}

const NO_EDITS: HttpHeaderEdits = { remove: [], set: [], add: [] };

/** Everything as it comes and goes, and what every client may want is passed on; `id` and `action` are still to be said. */
export const PLAIN_ROUTE: Omit<HttpRoute, 'id' | 'action'> = {
  match: { hosts: [], paths: [], methods: [], headers: [], cookies: [] },
  rewrite: { path: null, host: null, request: NO_EDITS, response: NO_EDITS },
  bodySize: null,
  retries: { attempts: 2, onStatus: [] },
  stickiness: null,
  rateLimit: null,
  access: null,
  compression: null,
  cache: false,
  upgrade: true,
};

/** All that is given must hold; an empty list holds always. */
export interface HttpMatch {
  /** `www.example.org`, or `*.example.org` for any name below it. Lower case, without port. */
  readonly hosts: readonly string[];
  /** Any of them. A prefix matches whole segments: `/a` is a prefix of `/a/b` and not of `/ab`. */
  readonly paths: readonly HttpPathMatch[];
  /** `GET`; any of them. */
  readonly methods: readonly string[];
  /** All of them. */
  readonly headers: readonly HttpValueMatch[];
  readonly cookies: readonly HttpValueMatch[];
}

export interface HttpPathMatch {
  readonly kind: 'exact' | 'prefix';
  /** Begins with `/`; compared with the path as sent, without the query. */
  readonly path: string;
}

export interface HttpValueMatch {
  readonly name: string;
  /** null = any value. */
  readonly value: string | null;
}

export type HttpAction =
  /** `service` is an id of those that the front was given. */
  | { readonly kind: 'service'; readonly service: string }
  /** `location` may hold `{scheme}`, `{host}` and `{target}` (path with query) of the request. */
  | {
      readonly kind: 'redirect';
      readonly status: 301 | 302 | 303 | 307 | 308;
      readonly location: string;
      /** Tells the place, by the query, that the client was sent on. */
      readonly isMarked?: boolean;
    }
  | { readonly kind: 'respond'; readonly status: number; readonly body: string };

export interface HttpRewrite {
  /** Replaces a prefix of the path, whole segments; null = the path stays. */
  readonly path: { readonly from: string; readonly to: string } | null;
  /** Host that the server is told; null = that of the request. */
  readonly host: string | null;
  readonly request: HttpHeaderEdits;
  readonly response: HttpHeaderEdits;
}

/** In this order: remove, set (replaces), add. */
export interface HttpHeaderEdits {
  readonly remove: readonly string[];
  readonly set: readonly HttpHeader[];
  readonly add: readonly HttpHeader[];
}

export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/** Only requests of which nothing but the head went out, or that are idempotent and without a body (RFC 9110 section 9.2.2). */
export interface HttpRetries {
  /** Different servers that are tried for one request, as far as the retry budget of the service allows. At least 1. */
  readonly attempts: number;
  /** Responses that count as a failed try, such as 502 and 503. Empty = only failures of the connection. */
  readonly onStatus: readonly number[];
}

export type HttpStickiness =
  /** A signed cookie that names the server. While it is available it has the client, whatever the algorithm says. */
  | {
      readonly kind: 'cookie';
      readonly name: string;
      /** At least 16 octets each. The first one signs, all are believed: so they can be changed. */
      readonly secrets: readonly Uint8Array[];
      /** null = until the browser is closed. */
      readonly maxAgeSec: number | null;
      readonly secure: boolean;
      readonly sameSite: 'Strict' | 'Lax' | 'None';
    }
  /** The value of a cookie of the application, or of a header, is the key of a hashing algorithm. */
  | { readonly kind: 'hash-cookie'; readonly name: string }
  | { readonly kind: 'hash-header'; readonly name: string }
  /** Who has a client is written down, by its network or by a cookie or header of the application, and shared by the agents of the site. */
  | {
      readonly kind: 'table';
      /** The same at all agents. */
      readonly name: string;
      readonly by: { readonly kind: 'client' } | { readonly kind: 'cookie' | 'header'; readonly name: string };
      /** After its last request. */
      readonly ttlMs: number;
      /** Clients share so many places: what two of them have in common is their server. */
      readonly places: number;
    };

/** Who may use a route; others get 401. */
export type HttpAccess =
  /** The header holds one of the keys. `hashes`: SHA-256 of each, lower case hexadecimal. */
  | { readonly kind: 'api-key'; readonly header: string; readonly hashes: readonly string[] }
  /** `Authorization: Bearer`, a JSON Web Token that has not expired. `key`: the secret of HS256, or a public key in PEM. */
  | {
      readonly kind: 'jwt';
      readonly algorithm: 'HS256' | 'RS256' | 'ES256';
      readonly key: Uint8Array;
      /** Null = any. */
      readonly issuer: string | null;
      readonly audience: string | null;
      /** Between clocks. */
      readonly leewaySec: number;
    };

export interface HttpRateLimit {
  /** So many requests in so many seconds, then 429 with Retry-After. */
  readonly requests: number;
  readonly windowSec: number;
  /** Whose requests are counted together: a client network, or all with the same value of a header (none = the client network). */
  readonly by: { readonly kind: 'client' } | { readonly kind: 'header'; readonly name: string };
  /** The name under which all agents of the site count together; null = each counts alone. */
  readonly shared: string | null;
}

export interface HttpCompression {
  /** In order of preference. */
  readonly encodings: readonly ('br' | 'gzip')[];
  /** Media types that are worth it, such as `text/html`. */
  readonly types: readonly string[];
  /** A response that says it is smaller stays as it is. */
  readonly leastSize: number;
}

// A listener at layer 7: TLS, routes, limits and times. The types are those of model/site-http.ts.

import { z } from 'zod';
import {
  complaint,
  duration,
  fields,
  flag,
  integer,
  listOf,
  mapOf,
  name,
  network,
  ONCE_RIGHT,
  oneOf,
  parsed,
  path,
  size,
} from './fields.ts';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const VALUE = /^[\x20-\x7e]{0,4096}$/;
const HOST = /^(?:\*\.)?(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/;
const PATH = /^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/;

const text = (form: string, pattern: RegExp) => parsed(form, (value) => (pattern.test(value) ? value : undefined));
/** Header fields are compared in lower case. */
const header = () => parsed('the name of a header', (value) => (TOKEN.test(value) ? value.toLowerCase() : undefined));
const cookie = () => text('the name of a cookie', TOKEN);
const value = () => text('printable ASCII', VALUE);
export const hostName = () =>
  parsed('a host name such as www.example.org or *.example.org, without a port', (given) => {
    const lower = given.toLowerCase();
    return HOST.test(lower) ? lower : undefined;
  });
const urlPath = () => text('a path that begins with /, without ? and #', PATH);
const status = (min: number, max: number) => integer(min, max);
const connections = (usual: number) => integer(1, 1_000_000, 'connections').default(usual);

const certificate = fields({
  certificate: path().describe('PEM: the certificate with its chain.'),
  key: path().describe('PEM: its key.'),
});

const tlsSchema = fields({
  certificates: listOf(certificate, 1, 256).describe(
    'Chosen by the names in them (SNI); the first serves everybody else. The files are read again when they change.',
  ),
  minVersion: oneOf('TLSv1.2', 'TLSv1.3').default('TLSv1.2').describe('Oldest version that is spoken.'),
  http2: flag().default(true).describe('Offers HTTP/2 beside HTTP/1.1.'),
});

const matchSchema = fields({
  hosts: listOf(hostName(), 0, 256).default([]).describe('Any of them.'),
  prefixes: listOf(urlPath(), 0, 256).default([]).describe('Any of these or of `paths`; whole segments: /a holds /a/b, not /ab.'),
  paths: listOf(urlPath(), 0, 256).default([]).describe('Whole paths.'),
  methods: listOf(text('a method such as GET', /^[A-Z][A-Z-]{0,31}$/), 0, 32)
    .default([])
    .describe('Any of them.'),
  headers: mapOf(header(), value().nullable(), 'header').default({}).describe('All of them; null: any value.'),
  cookies: mapOf(cookie(), value().nullable(), 'cookie').default({}).describe('All of them; null: any value.'),
});

const editsSchema = fields({
  remove: listOf(header(), 0, 64).default([]).describe('First.'),
  set: mapOf(header(), value(), 'header').default({}).describe('Then; replaces.'),
  add: mapOf(header(), value(), 'header').default({}).describe('Last; beside what is there.'),
});

const stickinessSchema = fields({
  cookie: fields({
    name: cookie().default('meridian').describe('Of the cookie that is inserted.'),
    secretFile: path().describe('One or two lines of 32 hexadecimal digits, the same at all agents; the first one signs.'),
    maxAge: duration('1s', '365d').nullable().default(null).describe('null: until the browser is closed.'),
    secure: flag().default(true).describe('Only over HTTPS.'),
    sameSite: oneOf('Strict', 'Lax', 'None').default('Lax').describe('As browsers understand it.'),
  })
    .optional()
    .describe('A signed cookie that names the server; clients cannot choose one.'),
  hashCookie: cookie().optional().describe('A cookie of the application is the key of a hashing algorithm.'),
  hashHeader: header().optional().describe('A header is the key of a hashing algorithm.'),
  table: fields({
    cookie: cookie().optional().describe('Of the application, by which clients are known.'),
    header: header().optional().describe('By which clients are known.'),
    expiry: duration('10s', '7d').prefault('30m').describe('After the last request of a client; a common length of a session.'),
    clients: integer(1000, 4_194_304, 'clients')
      .default(131_072)
      .describe('Places; when clients are more, some share one, and with it their server. About 100 octets each in Redis.'),
  })
    .superRefine(({ cookie: one, header: other }, { addIssue }) => {
      if (one !== undefined && other !== undefined)
        addIssue(
          complaint('ERR_CONFIG_VALUE', 'must have at most one of the keys cookie, header; without, the client network counts'),
        );
    }, ONCE_RIGHT)
    .optional()
    .describe('Who has a client is written down, and shared by the agents of the site in `mesh.redis`.'),
}).superRefine((given, { addIssue }) => {
  if (Object.values(given).filter((one) => one !== undefined).length !== 1) {
    addIssue(complaint('ERR_CONFIG_VALUE', 'must have exactly one of the keys cookie, hashCookie, hashHeader, table'));
  }
}, ONCE_RIGHT);

const ACTIONS = ['service', 'redirect', 'respond'] as const;

const routeSchema = fields({
  name: name().nullable().default(null).describe('For counters and logs; null: route-1, route-2, ...'),
  match: matchSchema.prefault({}).describe('All that is given must hold; nothing given holds always.'),
  service: name().meta({ form: 'the name of a service of this site' }).optional().describe('Whose servers answer.'),
  redirect: fields({
    location: text(
      'a location, in which {scheme}, {host} and {target} stand for those of the request',
      /^[\x21-\x7e]{1,2048}$/,
    ).describe('Where to.'),
    status: status(301, 308)
      .default(302)
      .refine((code) => code <= 303 || code >= 307, 'must be 301, 302, 303, 307 or 308')
      .describe('301, 302, 303, 307 or 308.'),
  })
    .optional()
    .describe('Sends the client elsewhere.'),
  respond: fields({
    status: status(200, 599).describe('Of the response.'),
    body: z.string().max(65_536).default('').meta({ form: 'text' }).describe('Its body.'),
  })
    .optional()
    .describe('Answers by itself.'),
  rewrite: fields({
    path: fields({ from: urlPath().describe('Prefix, whole segments.'), to: urlPath().describe('What stands there instead.') })
      .nullable()
      .default(null)
      .describe('null: the path stays.'),
    host: hostName().nullable().default(null).describe('Host that servers are told; null: that of the request.'),
    request: editsSchema.prefault({}).describe('Headers to servers.'),
    response: editsSchema.prefault({}).describe('Headers to clients.'),
  })
    .prefault({})
    .describe('What is changed on the way.'),
  bodySize: size(0, 2 ** 40)
    .nullable()
    .default(null)
    .describe('Of a request; null: the limit of the listener.'),
  retries: fields({
    attempts: integer(1, 16, 'servers').default(2).describe('For one request, within the budget of the service.'),
    onStatus: listOf(status(500, 599), 0, 16).default([]).describe('Responses that count as a failed try.'),
  })
    .prefault({})
    .describe('Only what may be repeated is: idempotent, without a body.'),
  stickiness: stickinessSchema
    .nullable()
    .default(null)
    .describe('How clients stay with a server; hashing by address needs none of this.'),
  rateLimit: fields({
    requests: integer(1, 1_000_000, 'requests').describe('In the window; more get 429.'),
    window: duration('1s', '24h').prefault('1s').describe('In whole seconds.'),
    header: header().nullable().default(null).describe('Whose value is counted together (an API key); null: the client network.'),
    shared: flag()
      .default(false)
      .describe('All agents of the site count together, in `mesh.redis`; while it does not answer, each counts alone.'),
  })
    .nullable()
    .default(null)
    .describe('For each client.'),
  access: fields({
    apiKey: fields({
      header: header().prefault('x-api-key').describe('That holds the key.'),
      keysFile: path().describe(
        'One SHA-256 of a key a line (hexadecimal), and behind it whose it is; keys themselves are nowhere.',
      ),
    })
      .optional()
      .describe('One of these keys.'),
    jwt: fields({
      algorithm: oneOf('HS256', 'RS256', 'ES256').describe('The only one that is believed, whatever a token says.'),
      keyFile: path().describe('The secret, at least 64 hexadecimal digits; or the public key, PEM.'),
      issuer: value().nullable().default(null).describe('`iss` of tokens; null: any.'),
      audience: value().nullable().default(null).describe('In `aud` of tokens; null: any.'),
      leeway: duration('0s', '5m').prefault('30s').describe('By which clocks may differ.'),
    })
      .optional()
      .describe('A token in `Authorization: Bearer` that ends some time and has not ended.'),
  })
    .superRefine((given, { addIssue }) => {
      if (Object.values(given).filter((one) => one !== undefined).length !== 1) {
        addIssue(complaint('ERR_CONFIG_VALUE', 'must have exactly one of the keys apiKey, jwt'));
      }
    }, ONCE_RIGHT)
    .nullable()
    .default(null)
    .describe('Who may use it; others get 401. null: whoever comes.'),
  compression: fields({
    encodings: listOf(oneOf('br', 'gzip'), 1, 2).default(['br', 'gzip']).describe('In order of preference.'),
    types: listOf(text('a media type such as text/html', /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/), 1, 64)
      .prefault([
        'text/html',
        'text/css',
        'text/plain',
        'text/javascript',
        'application/javascript',
        'application/json',
        'image/svg+xml',
      ])
      .describe('Those that are worth it.'),
    least: size(0, 2 ** 30)
      .default(1024)
      .describe('Smaller responses stay as they are.'),
  })
    .nullable()
    .default(null)
    .describe('For clients that accept it; null: servers decide.'),
  cache: flag()
    .default(false)
    .describe(
      'Stores responses that their headers let a shared cache store, and answers with them; off: not all servers say what is private.',
    ),
  upgrade: flag().default(false).describe('Passes Upgrade on, as WebSocket needs it.'),
}).superRefine((route, { addIssue }) => {
  const given = ACTIONS.filter((action) => route[action] !== undefined);
  if (given.length === 1) return;
  const found = given.length === 0 ? 'leads nowhere' : `has ${given.join(' and ')}`;
  addIssue(
    complaint(
      given.length === 0 ? 'ERR_CONFIG_MISSING' : 'ERR_CONFIG_VALUE',
      `${found}; a route has exactly one of ${ACTIONS.join(', ')}`,
    ),
  );
}, ONCE_RIGHT);

const limitsSchema = fields({
  connections: connections(10_000).describe('Of clients, in all.'),
  connectionsPerClient: connections(1000).describe('Of one IPv4 address or IPv6 /64, as connected.'),
  head: size(1024, 2 ** 20)
    .default(16_384)
    .describe('Request line and headers; more is 431.'),
  headers: integer(1, 2000, 'headers').default(100).describe('In a request; more is 431.'),
  target: size(64, 2 ** 17)
    .default(8192)
    .describe('Path with query; more is 414.'),
  body: size(0, 2 ** 40)
    .default(2 ** 30)
    .describe('Of a request; more is 413.'),
  bodyPiece: size(1, 2 ** 20)
    .default(1024)
    .describe('Of a request body, so much at least in every bodyIdle; less is 408: who dribbles holds a place at a server.'),
  requestsPerConnection: integer(1, 10_000_000, 'requests')
    .default(100_000)
    .describe('Then it is closed, so that load spreads anew.'),
  streams: integer(1, 1000, 'streams').default(100).describe('HTTP/2, of one connection at once.'),
  resets: integer(1, 100_000, 'streams').default(200).describe('HTTP/2, reset by the client in 10 s (CVE-2023-44487).'),
});

const timeoutsSchema = fields({
  head: duration('100ms', '5m').prefault('10s').describe('For a whole request head, and for the TLS handshake; 408.'),
  bodyIdle: duration('100ms', '1h').prefault('30s').describe('Between two pieces of a request body; see limits.bodyPiece; 408.'),
  connect: duration('10ms', '60s').prefault('2s').describe('To a server; then another one is tried.'),
  response: duration('100ms', '1h').prefault('60s').describe('Until the head of the response; 504.'),
  responseIdle: duration('100ms', '1h').prefault('60s').describe('Between two pieces of a response body, whoever is slow.'),
  whole: duration('100ms', '24h').nullable().default(null).describe('The whole exchange; null: no bound.'),
  keepAlive: duration('100ms', '1h').prefault('60s').describe('A client connection without a request.'),
  serverKeepAlive: duration('100ms', '1h')
    .prefault('4s')
    .describe('An idle one to a server; less than what servers have (5s is common).'),
  tunnelIdle: duration('1s', '24h').prefault('5m').describe('A tunnel (WebSocket) on which nothing moves.'),
});

export const httpSchema = fields({
  service: name()
    .meta({ form: 'the name of a service of this site' })
    .optional()
    .describe('Short form: all requests go there. Instead of `routes`.'),
  routes: listOf(routeSchema, 0, 1000).default([]).describe('In order; the first that matches has the request, else 404.'),
  lateClients: fields({
    redirect: fields({
      location: text(
        'a location, in which {scheme}, {host} and {target} stand for those of the request',
        /^[\x21-\x7e]{1,2048}$/,
      ).describe('Where to: a name that leads to another site.'),
      status: status(307, 308).default(307).describe('307 or 308: both keep method and body.'),
      mark: flag()
        .default(true)
        .describe(
          'Adds `meridian-late=1` to the query, by which the other site knows that it must not redirect again. false: for a place that is not ours and minds it.',
        ),
    })
      .optional()
      .describe('Sends them to another site.'),
    service: name()
      .meta({ form: 'the name of a service of this site' })
      .optional()
      .describe('Passes their requests on to its servers, which are listeners of another site.'),
  })
    .superRefine(({ redirect, service }, { addIssue }) => {
      if ((redirect === undefined) === (service === undefined))
        addIssue(complaint('ERR_CONFIG_VALUE', 'must have exactly one of the keys redirect, service'));
    }, ONCE_RIGHT)
    .nullable()
    .default(null)
    .describe('Who comes while the site is drained; null: they are served like all others, for nobody else may be able to.'),
  tls: tlsSchema.nullable().default(null).describe('null: clear text, HTTP/1.1 only.'),
  trustedProxies: listOf(network(), 0, 1024).default([]).describe('Whose word about client, protocol and host is taken.'),
  xForwarded: flag().default(true).describe('X-Forwarded-For, -Proto and -Host to servers.'),
  forwarded: flag().default(false).describe('Forwarded (RFC 7239) to servers.'),
  cache: fields({
    size: size(2 ** 16, 2 ** 36)
      .default(2 ** 26)
      .describe('Of all stored responses together with their headers; a share of memory that any agent has.'),
    body: size(1, 2 ** 30)
      .default(2 ** 20)
      .describe('Larger responses are not stored: a few would drive out all others.'),
  })
    .prefault({})
    .describe('For routes with `cache`; what was asked for longest ago goes first.'),
  limits: limitsSchema.prefault({}).describe('What clients may ask of us.'),
  timeouts: timeoutsSchema.prefault({}).describe('Of every phase.'),
  keyPrefix: fields({
    v4: integer(1, 32, 'bits').default(32).describe('Of an IPv4 client.'),
    v6: integer(1, 128, 'bits').default(64).describe('Of an IPv6 client.'),
  })
    .prefault({})
    .describe('Bits of a client address that hashing algorithms and rate limits go by.'),
}).superRefine(({ service, routes }, { addIssue }) => {
  if (service !== undefined && routes.length > 0) {
    addIssue({ ...complaint('ERR_CONFIG_VALUE', 'stands beside service; give one of them'), path: ['routes'] });
  }
  if (service === undefined && routes.length === 0) {
    addIssue(complaint('ERR_CONFIG_MISSING', 'leads nowhere; give it a service, or routes'));
  }
}, ONCE_RIGHT);

export type HttpConfig = z.output<typeof httpSchema>;
export type RouteConfig = z.output<typeof routeSchema>;

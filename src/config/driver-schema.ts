// The section `driver` of a site: a balancer that is already there, in place of our own. One key says which; its map has what it needs.

import type { z } from 'zod';
import type { DriverSettings } from '../model/site-driver.ts';
import { complaint, decimal, duration, fields, flag, integer, listOf, ONCE_RIGHT, oneOf, parsed } from './fields.ts';

const ABSOLUTE = 'an absolute path of letters, digits and "/_.+@-"';
const absolute = (most: number) =>
  parsed(`${ABSOLUTE}, at most ${most} characters`, (text) =>
    /^\/[A-Za-z0-9_./+@-]*$/.test(text) && text.length <= most ? text : undefined,
  );
const program = () =>
  parsed('the name of a program or its path', (text) => (/^[A-Za-z0-9_./+-]+$/.test(text) ? text : undefined));
const word = (form: string, most = 64) =>
  parsed(form, (text) => (text.length <= most && /^[A-Za-z0-9_.:-]+$/.test(text) ? text : undefined));
const text = (form: string) => parsed(form, (value) => (value !== '' && value.length <= 500 ? value : undefined));
const url = () =>
  parsed('an address such as http://127.0.0.1:8080/status, without a password', (value) => {
    const parts = URL.canParse(value) ? new URL(value) : null;
    return parts?.protocol === 'http:' && parts.username === '' && parts.password === '' && parts.hash === '' ? value : undefined;
  });

const common = {
  timeout: duration('100ms', '1m')
    .prefault('2s')
    .describe('For one answer of the balancer. Load is reported every second; a report is believed for ten.'),
  measure: oneOf('connections', 'per-second')
    .default('connections')
    .describe('What the load counts: what is under way, or what begins in a second. The same at all sites.'),
  max: decimal(0, 1e9, 'of what is measured')
    .optional()
    .describe('The most that the site can take, in place of what the balancer knows of its limits.'),
};

/** The names of services that make the load, where a reader has many. */
const chosen = (what: string) =>
  listOf(text(`the name of a ${what}`), 1, 1000)
    .optional()
    .describe(`The ${what}s that make the load; all, if they are not named.`);

type Common = { readonly timeout: number; readonly measure: 'connections' | 'per-second'; readonly max?: number | undefined };
const commonOf = ({ timeout, measure, max }: Common) => ({ timeoutMs: timeout, measure, max: max ?? null });

const attach = fields({
  socket: absolute(107).describe('Runtime socket of HAProxy: `stats socket <path> mode 660 level admin` in its global section.'),
  backends: chosen('backend'),
  ...common,
}).transform(
  (value): DriverSettings => ({
    ...{ kind: 'haproxy-attach', socket: value.socket, backends: value.backends ?? null },
    ...commonOf(value),
  }),
);

const checks = fields({
  interval: duration('100ms', '10m').prefault('2s').describe('Between two checks of a server. HAProxy uses 2 s, too.'),
  fall: integer(1, 100, 'checks').default(3).describe('Failures in a row that take a server out.'),
  rise: integer(1, 100, 'checks').default(2).describe('Successes in a row that bring it back.'),
  path: parsed('a path such as /health', (value) => (/^\/[A-Za-z0-9_./~*+,=:@?-]{0,500}$/.test(value) ? value : undefined))
    .optional()
    .describe('Asked by HTTP; a status from 200 to 399 is good. Without it a connection suffices.'),
});

const haproxy = fields({
  directory: absolute(70).describe('For the configuration and the sockets. Made if missing, for the agent alone.'),
  program: program().prefault('haproxy').describe('HAProxy 2.6 or newer.'),
  user: word('the name of a user')
    .prefault('haproxy')
    .describe('Whom HAProxy becomes if the agent runs as root; Debian makes this user.'),
  maxConnections: integer(1, 10_000_000, 'connections')
    .default(20_000)
    .describe('Of the whole process. Each needs two open files.'),
  threads: integer(0, 64, 'threads').default(0).describe('0 takes one for each core.'),
  checks: checks.optional().describe('How HAProxy checks servers; `{}` takes the defaults. Without it the agent does.'),
  hardStopAfter: duration('1s', '24h')
    .prefault('10m')
    .describe('Connections that are left so long after a reload are cut off: workers of long ago must not pile up.'),
  stopWithAgent: flag()
    .default(true)
    .describe('HAProxy ends softly with the agent. Otherwise it goes on, and the next agent takes it over.'),
  ...common,
}).transform((value): DriverSettings => {
  const { directory, user, maxConnections, threads, hardStopAfter, stopWithAgent } = value;
  const given = value.checks;
  return {
    ...{ kind: 'haproxy', program: value.program, directory, user, maxConnections, threads },
    checks:
      given === undefined
        ? null
        : { intervalMs: given.interval, fall: given.fall, rise: given.rise, httpPath: given.path ?? null },
    ...{ hardStopAfterMs: hardStopAfter, isStoppedOnClose: stopWithAgent },
    ...commonOf(value),
  };
});

const isPrime = (value: number): boolean => {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return value > 1;
};

const nftables = fields({
  program: program().prefault('nft').describe('nftables 1.0 or newer.'),
  table: parsed('a name of at most 31 small letters, digits and "_"', (value) =>
    /^[a-z][a-z0-9_]{0,30}$/.test(value) ? value : undefined,
  )
    .prefault('meridian')
    .describe('A table that nobody else uses: it is replaced whole.'),
  tableSize: integer(101, 65_537, 'places')
    .superRefine((value, context) => {
      if (!isPrime(value)) context.addIssue(complaint('ERR_CONFIG_VALUE', `must be a prime, found ${value}`));
    }, ONCE_RIGHT)
    .default(4093)
    .describe(
      'A prime. Places that the servers of a service share: a hundred for each server make shares even within some per cent.',
    ),
  masquerade: flag()
    .default(true)
    .describe(
      'Servers see the address of this machine. Without it they see the client, but their way back must lead through here.',
    ),
  removeWithAgent: flag().default(true).describe('The table is removed when the agent ends; connections go on.'),
  ...common,
}).transform(
  (value): DriverSettings => ({
    ...{ kind: 'nftables', program: value.program, table: value.table, tableSize: value.tableSize },
    ...{ isMasquerading: value.masquerade, isRemovedOnClose: value.removeWithAgent },
    ...commonOf(value),
  }),
);

const nginx = fields({ url: url().describe('The page of stub_status.'), ...common }).transform(
  (value): DriverSettings => ({ kind: 'nginx', url: value.url, ...commonOf(value) }),
);
const nginxPlus = fields({
  url: url().describe('The API with its version, such as http://127.0.0.1:8080/api/9.'),
  upstreams: chosen('upstream'),
  ...common,
}).transform(
  (value): DriverSettings => ({
    ...{ kind: 'nginx-plus', url: value.url, upstreams: value.upstreams ?? null },
    ...commonOf(value),
  }),
);
const envoy = fields({ url: url().describe('The admin listener.'), clusters: chosen('cluster'), ...common }).transform(
  (value): DriverSettings => ({ kind: 'envoy', url: value.url, clusters: value.clusters ?? null, ...commonOf(value) }),
);
const ipvs = fields({
  file: absolute(200).prefault('/proc/net/ip_vs').describe('The table of the kernel.'),
  services: chosen('service'),
  ...common,
})
  .superRefine(({ measure }, context) => {
    if (measure === 'connections') return;
    const message = 'is per-second, which this table cannot tell: it has no counts since the start, so it must be connections';
    context.addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['measure'] });
  }, ONCE_RIGHT)
  .transform(
    (value): DriverSettings => ({
      ...{ kind: 'ipvs', file: value.file, services: value.services ?? null },
      ...commonOf(value),
    }),
  );
const prometheus = fields({
  url: url().describe('A page of metrics.'),
  selector: text('a selector such as inflight{pool="shop"}').describe('Samples that match are added up.'),
  maxSelector: text('a selector').optional().describe('The most that the site can take, from the same page.'),
  ...common,
}).transform(
  (value): DriverSettings => ({
    ...{ kind: 'prometheus', url: value.url, selector: value.selector, maxSelector: value.maxSelector ?? null },
    ...commonOf(value),
  }),
);

/** Nothing is asked and nothing is counted here. */
const posted = fields({ max: common.max }).transform(
  ({ max }): DriverSettings => ({ kind: 'posted', timeoutMs: 0, measure: 'connections', max: max ?? null }),
);

const kinds = {
  haproxyAttach: attach.optional().describe("An operator's own HAProxy, over its runtime socket."),
  haproxy: haproxy.optional().describe('An HAProxy that the agent configures and runs.'),
  nftables: nftables.optional().describe('Layer 4 in the Linux kernel.'),
  nginx: nginx.optional().describe('nginx, read only.'),
  nginxPlus: nginxPlus.optional().describe('NGINX Plus, read only.'),
  envoy: envoy.optional().describe('Envoy, read only.'),
  ipvs: ipvs.optional().describe('IPVS, read only.'),
  prometheus: prometheus.optional().describe('Anything with metrics, read only.'),
  posted: posted
    .optional()
    .describe('Something that tells by itself: POST /load on a listener `load`. What is older than 3 s is not known.'),
};
const FORM = `a map with exactly one of the keys ${Object.keys(kinds).join(', ')}`;

export const driverSchema: z.ZodType<DriverSettings> = fields(kinds)
  .superRefine((value, context) => {
    if (Object.keys(value).length !== 1) context.addIssue(complaint('ERR_CONFIG_VALUE', `must be ${FORM}`));
  }, ONCE_RIGHT)
  .transform((value) => Object.values(value)[0]!)
  .meta({
    chapter: 'driver',
    form: FORM,
    intro:
      'A balancer that is already at a site, under `site.<site>.driver`: exactly one of these. See [drivers.md](../drivers.md).',
    example: `sites: { london: { latitude: 51.5, longitude: -0.1 } }
site:
  london:
    driver:
      haproxyAttach: { socket: /run/haproxy/admin.sock }
`,
  });

// Section `site`: what the agent of each site does (role `site`). Services are in site-service-schema.ts, layer 4 in
// site-l4-schema.ts, HTTP in site-http-schema.ts.

import type { z } from 'zod';
import { formatAddress, parseAddress } from '../base/address.ts';
import { LOAD_UNITS } from '../model/capacity.ts';
import { checkDriver } from './driver-checks.ts';
import { driverSchema } from './driver-schema.ts';
import {
  complaint,
  decimal,
  duration,
  endpoint,
  fields,
  flag,
  listOf,
  mapOf,
  type Names,
  name,
  ONCE_RIGHT,
  oneOf,
  parsed,
  reference,
} from './fields.ts';
import { checkListener, checkServices, LISTENER_KINDS } from './site-checks.ts';
import { httpSchema } from './site-http-schema.ts';
import { serviceName, tcpSchema, udpSchema } from './site-l4-schema.ts';
import { serviceSchema } from './site-service-schema.ts';

const listenerSchema = fields({
  listen: endpoint().describe('Where to listen. Port 0 takes a free one.'),
  tcp: tcpSchema.optional().describe('Relays connections (layer 4).'),
  udp: udpSchema.optional().describe('Relays datagrams (layer 4).'),
  http: httpSchema.optional().describe('Relays requests (layer 7).'),
  load: fields({}).optional().describe('`load: {}`: GET /load tells how full the site is, as JSON, for other balancers.'),
  agentCheck: fields({
    service: serviceName().nullable().default(null).describe('Of which the line speaks; null: of all of them.'),
  })
    .optional()
    .describe('Answers the agent check of HAProxy with one line such as `up 75%`.'),
}).superRefine(checkListener, ONCE_RIGHT);

const DEVICE = /^[A-Za-z0-9_.:-]{1,15}$/;

const addressSchema = fields({
  address: parsed('an address with its prefix such as 192.0.2.10/24', (text) => {
    const [address = '', bits = ''] = text.split('/');
    const found = parseAddress(address);
    const isLength =
      found !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (found.family === 4 ? 32 : 128);
    return isLength ? `${formatAddress(found.octets, found.family)}/${Number(bits)}` : undefined;
  }).describe('Of which clients know; not one that this machine has by itself.'),
  lease: duration('3s', '10m')
    .prefault('10s')
    .describe('Who cannot renew it for so long has lost it. A fifth of it is the margin: it is given up that much earlier.'),
  device: parsed('the name of a network device', (text) => (DEVICE.test(text) ? text : undefined))
    .optional()
    .describe(
      'Where the agent puts it with `ip addr`; the kernel takes it away if the agent does not renew it. Needs CAP_NET_ADMIN.',
    ),
  hook: listOf(
    parsed('a word of a command, without control characters', (text) => (/^[^\p{Cc}]{1,500}$/u.test(text) ? text : undefined)),
    1,
    32,
  )
    .optional()
    .describe('Or a command that moves it, run with: take, renew or release; name; address; token; seconds that it is valid.'),
}).superRefine(({ device, hook }, { addIssue }) => {
  if ((device === undefined) === (hook === undefined))
    addIssue(complaint('ERR_CONFIG_VALUE', 'must have exactly one of the keys device, hook'));
}, ONCE_RIGHT);

const loadAmount = (kind: string) => decimal(0, 1e12, `in the unit of the load`).nullable().default(null).describe(kind);

const siteSchema = fields({
  driver: driverSchema
    .optional()
    .describe('A balancer that is already there, in place of ours. See [drivers.md](../drivers.md).'),
  services: mapOf(name(), serviceSchema, 'service')
    .optional()
    .describe('By name. Only a driver that reads or attaches does without.'),
  listeners: mapOf(name(), listenerSchema, 'listener')
    .prefault({})
    .describe(`By name; each has exactly one of the keys ${LISTENER_KINDS.join(', ')}.`),
  load: fields({
    unit: oneOf(...LOAD_UNITS)
      .nullable()
      .default(null)
      .describe('null: that of the capacity of the site; connections if it has none.'),
    max: loadAmount(
      'What the site bears with all servers; null: the sum of `maxActive`, where the unit is connections; else not known.',
    ),
    target: loadAmount('Load above which clients are to be sent elsewhere; null: 0.8 of max.'),
  })
    .prefault({})
    .describe(
      'What the agent reports to the DNS servers each second. Both figures shrink with the weight of servers that are out.',
    ),
  clients: flag()
    .prefault(true)
    .describe(
      'Whether it also reports from which networks (/24 of IPv4, /48 of IPv6) the load comes, by a sample of at most 128 requests or connections of each 5 s; false: nothing is sampled.',
    ),
  addresses: mapOf(name(), addressSchema, 'address')
    .default({})
    .describe('Addresses that one agent of the site has at a time; it needs `mesh.redis` as soon as there are several.'),
  patience: duration('1ms', '10s')
    .prefault('50ms')
    .describe(
      'How long a request may wait for what the agents of the site share in `mesh.redis` (limits, tables): many round trips at one place, and less than anybody notices. Then its agent decides alone.',
    ),
  drainTimeout: duration('0s', '1h')
    .prefault('30s')
    .describe('How long connections may go on after a listener was closed; a stop takes no longer.'),
})
  .superRefine(checkDriver, ONCE_RIGHT)
  .transform((site) => ({ ...site, services: site.services ?? {} }))
  .superRefine(checkServices, ONCE_RIGHT);

export const siteSections = (sites: Names) => ({
  site: mapOf(reference(sites), siteSchema, 'site')
    .default({})
    .describe(
      'The agents of sites (role `site`): balancers between the clients of a site and its servers. See [site.md](../site.md).',
    )
    .meta({
      chapter: 'site',
      example: `site:
  london:
    services:
      web:
        servers:
          server-1: { address: "10.0.0.11:8080" }
          server-2: { address: "10.0.0.12:8080", weight: 2, maxActive: 500 }
        check: { http: { path: /healthz } }
    listeners:
      public: { listen: "0.0.0.0:8080", tcp: { service: web } }
      report: { listen: "127.0.0.1:9100", load: {} }
`,
    }),
});

export type SiteConfig = z.output<typeof siteSchema>;
export type ListenerConfig = SiteConfig['listeners'][string];

// Sections about the process and its files: `server`, `geo`, `zones`. Every key has a default, its bounds and its reason;
// the descriptions are the text of docs/reference/config.md.

import type { z } from 'zod';
import {
  domainOrNone,
  domainText,
  duration,
  endpoint,
  fields,
  flag,
  integer,
  listOf,
  mapOf,
  network,
  oneOf,
  path,
  size,
  textOrNone,
} from './fields.ts';

/** Octets of a name for the server: with everything else that a reply of 512 octets must hold, it still fits. */
const MAX_IDENTITY_SIZE = 128;

const tcpSchema = fields({
  maxConnections: integer(1, 65_535, 'connections')
    .default(1024)
    .describe(
      'For each worker and listening address. At the limit the connection idle for longest is closed, so that newcomers always get in. A connection counts from its first octets on; at most 512 more may be about to send theirs.',
    ),
  maxConnectionsPerAddress: integer(1, 65_535, 'connections')
    .default(32)
    .describe('Of those, for one client address: no client alone can use them all up.'),
  idleTimeout: duration('100ms', '10m')
    .prefault('10s')
    .describe('A connection without a complete query for so long is closed. Resolvers that reuse connections ask sooner.'),
  messageTimeout: duration('100ms', '1m')
    .prefault('3s')
    .describe('A query that has begun to arrive must be complete after this time: bounds what a slow sender can hold.'),
});

const cookiesSchema = fields({
  enabled: flag().default(true).describe('Check the cookies that clients send, and give them one.'),
  secretFile: path('none, or a path')
    .prefault('none')
    .describe(
      'One or two secrets of 32 hexadecimal digits, a line each: the first signs, both are accepted. Servers that share an address need the same ones; none makes a random secret at each start. Read again at each reload. To change a secret everywhere: add the new one as second line, then swap the lines, and an hour later remove the old one, with a reload of all servers after each step.',
    ),
});

const chaosSchema = fields({
  id: textOrNone(MAX_IDENTITY_SIZE)
    .prefault('none')
    .describe('Answer to id.server and hostname.bind; none refuses the question.'),
  version: textOrNone(MAX_IDENTITY_SIZE)
    .prefault('none')
    .describe('Answer to version.server and version.bind; none refuses the question. Attackers look for versions.'),
});

const rateLimitSchema = fields({
  enabled: flag()
    .default(true)
    .describe('Limit replies by source network. Streams, valid cookies and the networks in `allow` are never limited.'),
  excessPerSecond: integer(1000, 10_000_000, 'octets a second')
    .default(100_000)
    .describe(
      'What replies to one address may have more than their queries, over a long time, from all workers together; networks get more: IPv4 /24 twice, /20 4 times, /18 5 times; IPv6 /64 twice, /56 3 times, /48 4, /32 5. 100,000 are some 6,000 address records a second for a resolver, and for a victim less than 1 Mbit/s. Raise it, or allow them, if larger resolvers ask you.',
    ),
  excessBurst: integer(4096, 20_000_000, 'octets')
    .default(250_000)
    .describe('The same at once. At most 10 times excessPerSecond: the budget is back after some burst / perSecond seconds.'),
  dropOneIn: integer(0, 100)
    .default(8)
    .describe(
      'Of so many limited replies one is dropped; the others are sent truncated and no larger than their queries, so that a real client comes back over TCP. 1 drops all, 0 none. The dropped ones make up for what a flood was answered in full: with 8, one that sends some 8 to 11 times the budget of its network, or more, gets back less than it sends. More of them would cut off real clients and help those who want to forge our answers to a resolver; 2 is the slip 2 of other servers.',
    ),
  tableSize: integer(1024, 16_777_216, 'networks')
    .default(131_072)
    .describe(
      'How many networks are kept in mind; the default takes 2 MiB, and is more than one meets while a budget recovers. Beyond it the least busy are forgotten.',
    ),
  allow: listOf(network(), 0, 65_536)
    .prefault(['127.0.0.0/8', '::1/128'])
    .describe(
      'Never limited. The loopback networks cannot be forged from outside; add your own resolvers, probes and front ends.',
    ),
  totalExcess: integer(0, 1_000_000_000, 'octets a second')
    .default(4_000_000)
    .describe(
      'What all large replies over UDP together may have more than their queries, from all workers; large is more than three times the query. Beyond it they are truncated, except for valid cookies and `allow`; small ones are never affected. It bounds what forged queries from very many networks gain; 4,000,000 are 32 Mbit/s, 3 % of a link of 1 Gbit/s. Raise it if most of your replies are large (delegations with many servers, signatures); 0 = no bound.',
    ),
  total: integer(0, 10_000_000, 'replies a second')
    .default(0)
    .describe(
      'What each worker answers over UDP in all; 0 = no bound. Beyond it, as many again are truncated and the rest dropped, except for valid cookies and `allow`. Set it below what the machine was measured to do: what is dropped is then chosen, not whatever finds the queue of the kernel full.',
    ),
});

export const serverSchema = fields({
  listen: listOf(endpoint(), 1, 64)
    .prefault(['127.0.0.1:5053'])
    .describe('UDP and TCP are served on each. 0.0.0.0:53 and [::]:53 serve the world; port 0 takes any free port.'),
  workers: integer(0, 256, 'threads')
    .default(0)
    .describe(
      'Threads that answer; 0 takes one for each core. Without the native addon and before Node 22.12, which lets them share a port, there is one.',
    ),
  udpPayloadSize: size(512, 4096)
    .prefault(1232)
    .describe('Largest UDP reply; larger ones are truncated. 1232 octets pass every IPv6 path unfragmented (RFC 9715).'),
  udpBusyPollUs: integer(0, 1000, 'microseconds')
    .default(0)
    .describe(
      'Time for which taking datagrams looks into the queue of the network card before it gives up (SO_BUSY_POLL); 0 = off. Saves some microseconds of delay on cards that support it. Needs the native addon, and on older kernels the privilege CAP_NET_ADMIN.',
    ),
  udpTrains: flag()
    .default(true)
    .describe(
      'Replies of one size to one port of a client that were asked for together are given to the kernel as one message, which it cuts again (UDP_SEGMENT): the same datagrams for less CPU. A capture on this machine shows them uncut. Needs the native addon and Linux 4.18, and is not tried for a while where the way out refuses it.',
    ),
  tcp: tcpSchema.prefault({}).describe('Limits on TCP (RFC 7766, RFC 9210).'),
  cookies: cookiesSchema
    .prefault({})
    .describe(
      'DNS Cookies (RFC 7873, RFC 9018): a client with a valid one has proven its address, so no flood of forged ones hurts it.',
    ),
  nsid: textOrNone(MAX_IDENTITY_SIZE)
    .prefault('none')
    .describe('Name of this server for clients that ask for it (NSID, RFC 5001): tells which of several gave an answer.'),
  chaos: chaosSchema.prefault({}).describe('TXT answers in class CH about this server.'),
  reportAgent: domainOrNone()
    .prefault('none')
    .describe(
      'Domain to which resolvers report what they fail to resolve or validate (RFC 9567). Not told by zones at, above or below it.',
    ),
  rateLimit: rateLimitSchema.prefault({}).describe('Limits on replies over UDP, where source addresses can be forged.'),
  ecs: fields({
    trustedResolvers: listOf(network(), 0, 65_536)
      .prefault(['0.0.0.0/0', '::/0'])
      .describe(
        'Resolvers whose client subnets are believed; everybody by default. The subnets of others are echoed with scope 0, and their questions are answered for their own address.',
      ),
  })
    .prefault({})
    .describe('EDNS Client Subnet (RFC 7871).'),
  stateDirectory: path().prefault('../var').describe('Where the server keeps what must outlive a restart. Created if missing.'),
  controlSocket: path('a path of at most 107 octets')
    .nullable()
    .default(null)
    .describe('Unix socket for `meridian reload` and its like; null puts meridian.sock into the state directory.'),
  log: fields({
    level: oneOf('debug', 'info', 'warn', 'error').default('info').describe('The least important events that are logged.'),
    format: oneOf('auto', 'json', 'text').default('auto').describe('auto: text on a terminal, JSON lines otherwise.'),
  })
    .prefault({})
    .describe('Log on standard output.'),
})
  .describe('The process: where it listens, how much it takes on, what it keeps.')
  .meta({
    chapter: 'server',
    example: `server:
  listen: ["0.0.0.0:53", "[::]:53"]
  tcp: { idleTimeout: 20s }
  stateDirectory: /var/lib/meridian
`,
  });

export const geoSchema = fields({
  database: path('bundled, none, or a path')
    .prefault('bundled')
    .describe('MMDB file with countries or cities. bundled: the DB-IP country database that comes with Meridian (CC BY 4.0).'),
  asn: path('none, or a path').prefault('none').describe('MMDB file with autonomous systems, for `asn` rules.'),
  networkMaps: listOf(path(), 0, 64)
    .default([])
    .describe('Your own word on where networks are, above any database; later files override earlier ones.'),
  watch: flag().default(true).describe('Take in changed databases and maps while running, after checking them.'),
})
  .describe('Where clients are.')
  .meta({ chapter: 'geo', example: 'geo:\n  database: bundled\n  watch: false\n' });

export const zonesSchema = fields({
  directory: path('none, or a path')
    .prefault('.')
    .describe('Every file *.zone in it is a zone; the name before .zone is its origin. none: only the zones in `files`.'),
  files: mapOf(domainText(), path(), 'origin')
    .default({})
    .describe('Zones whose file is called otherwise. A file named here is not picked up from `directory` once more.'),
  ignoreEcs: listOf(domainText(), 0, 65_536)
    .default([])
    .describe(
      'Zones whose GSLB records look at the address of the resolver only. A client subnet is echoed with scope 0, so that resolvers cache one answer for all.',
    ),
})
  .describe('The zones to serve.')
  .meta({ chapter: 'zones', example: 'zones:\n  directory: none\n  files:\n    example.test: example.test.zone\n' });

export type ServerConfig = z.output<typeof serverSchema>;
export type GeoConfig = z.output<typeof geoSchema>;
export type ZonesConfig = z.output<typeof zonesSchema>;

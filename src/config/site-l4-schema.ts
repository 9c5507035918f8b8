// Listeners at layer 4: connections (tcp) and datagrams (udp). The types are those of model/site.ts.

import type { z } from 'zod';
import { complaint, decimal, duration, fields, integer, listOf, mapOf, name, network, ONCE_RIGHT } from './fields.ts';
import { hostName } from './site-http-schema.ts';

export const serviceName = () => name().meta({ form: 'the name of a service of this site' });

const MOST_NAMES = 4096;

const rate = (what: string) =>
  fields({
    perSecond: decimal(0.01, 1_000_000, what).describe('In the long run.'),
    burst: integer(1, 1_000_000, what).nullable().default(null).describe('At once; null: those of one second, at least 1.'),
  })
    .nullable()
    .default(null);

const keyPrefix = () =>
  fields({
    v4: integer(1, 32, 'bits').default(32).describe('Of an IPv4 client.'),
    v6: integer(1, 128, 'bits').default(64).describe('Of an IPv6 client; hosts change the rest every day.'),
  })
    .prefault({})
    .describe('Bits of a client address that hashing algorithms go by.');

export const tcpSchema = fields({
  service: serviceName()
    .optional()
    .describe(
      'Whose servers get the connections; beside `serverNames` those of all other clients, which are refused without it.',
    ),
  serverNames: mapOf(hostName(), serviceName(), 'host name')
    .default({})
    .describe(
      'Clients speak TLS, and the name that they ask for (SNI) decides; `*.example.org` stands for all names below. Nothing is decrypted.',
    ),
  maxConnections: integer(1, 1_000_000, 'connections').default(10_000).describe('In all; each takes two descriptors.'),
  maxConnectionsPerClient: integer(1, 1_000_000, 'connections')
    .default(1000)
    .describe('Of one IPv4 address or IPv6 /64; many people may stand behind one.'),
  connectionRate: rate('connections').describe('New ones a second, in all; who comes too fast is reset. null: no limit.'),
  connectionRatePerClient: rate('connections').describe('The same of one IPv4 address or IPv6 /64.'),
  connectTimeout: duration('10ms', '60s')
    .prefault('2s')
    .describe('Then another server is tried. Servers are near: a second is long.'),
  attempts: integer(1, 16, 'servers').default(3).describe('Different servers that are tried for one client.'),
  idleTimeout: duration('1s', '24h').prefault('5m').describe('A connection on which nothing moves for so long is reset.'),
  stallTimeout: duration('1s', '24h')
    .prefault('60s')
    .describe('A client that takes none of what waits for it for so long is reset: it must take 64 KiB in this time.'),
  silenceTimeout: duration('10ms', '1h')
    .nullable()
    .default(null)
    .describe(
      'Clients must speak first: no server is chosen before, and who says nothing for so long is reset. null: servers may speak first.',
    ),
  proxyFrom: listOf(network(), 0, 1024)
    .default([])
    .describe('Proxies in front: who connects from there must begin with a PROXY header, and nobody else is believed.'),
  headerTimeout: duration('10ms', '60s')
    .prefault('3s')
    .describe('For a whole PROXY header, and then for a whole TLS ClientHello where there are `serverNames`.'),
  proxyTo: integer(1, 2).nullable().default(null).describe('Version of the PROXY header that servers are sent; null: none.'),
  keyPrefix: keyPrefix(),
}).superRefine(({ service, serverNames, silenceTimeout }, { addIssue }) => {
  const names = Object.keys(serverNames).length;
  if (service === undefined && names === 0) {
    addIssue(
      complaint('ERR_CONFIG_MISSING', 'has neither service nor serverNames; one of them says whose servers get the clients'),
    );
  }
  if (names > MOST_NAMES) {
    addIssue({
      ...complaint('ERR_CONFIG_VALUE', `must have at most ${MOST_NAMES} names, found ${names}`),
      path: ['serverNames'],
    });
  }
  if (silenceTimeout !== null && names > 0) {
    const message = 'stands beside serverNames, whose clients have headerTimeout to speak; remove one of the two';
    addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: ['silenceTimeout'] });
  }
}, ONCE_RIGHT);

export const udpSchema = fields({
  service: serviceName().describe('Whose servers get the datagrams.'),
  maxFlows: integer(1, 1_000_000, 'flows')
    .default(4096)
    .describe(
      'In all; each takes a descriptor. A flow is what comes from one address and port. When all are taken, one that no server has answered makes way.',
    ),
  maxFlowsPerClient: integer(1, 1_000_000, 'flows').default(256).describe('Of one IPv4 address or IPv6 /64.'),
  flowRate: rate('flows').describe('New ones a second, in all; datagrams of others are dropped. null: no limit.'),
  flowRatePerClient: rate('flows').describe('The same of one IPv4 address or IPv6 /64.'),
  idleTimeout: duration('1s', '1h')
    .prefault('60s')
    .describe('A flow ends when nothing has moved in it for so long; RFC 4787 asks for minutes where flows are conversations.'),
  replies: integer(1, 1000, 'datagrams')
    .nullable()
    .default(null)
    .describe('A flow ends as soon as each datagram has so many replies: 1 for DNS. null: only by `idleTimeout`.'),
  keyPrefix: keyPrefix(),
});

export type TcpConfig = z.output<typeof tcpSchema>;
export type UdpConfig = z.output<typeof udpSchema>;

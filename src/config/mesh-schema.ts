// Section `mesh`: where the processes of one Meridian share what they know. Passwords come from files alone, so that no
// configuration, log or status that is shown around can hold one.

import { isIP } from 'node:net';
import type { z } from 'zod';
import type { RedisEndpoint } from '../model/mesh.ts';
import { complaint, duration, fields, flag, integer, listOf, ONCE_RIGHT, parsed, path } from './fields.ts';

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_.-]{1,253})):([1-9]\d{0,4})$/;

interface HostPort {
  readonly host: string;
  readonly port: number;
}

function parseHostPort(text: string): HostPort | undefined {
  const match = HOST_PORT.exec(text);
  if (match === null || Number(match[3]) > 0xffff) return undefined;
  if (match[1] !== undefined && isIP(match[1]) !== 6) return undefined;
  return { host: (match[1] ?? match[2])!, port: Number(match[3]) };
}

const hostPort = () => parsed('a host and port such as redis.example.test:6379 or [::1]:6379', parseHostPort);

const server = () =>
  parsed(
    'a host and port such as redis.example.test:6379, or the absolute path of a Unix socket',
    (text): RedisEndpoint | undefined => (text.startsWith('/') && !text.includes('\0') ? { path: text } : parseHostPort(text)),
  );

const printable = (maxSize: number) =>
  parsed(`1 to ${maxSize} printable ASCII characters without blanks`, (text) =>
    text.length <= maxSize && /^[\x21-\x7e]+$/.test(text) ? text : undefined,
  );

const prefix = () =>
  parsed('1 to 64 letters, digits, ":", "_", ".", "-", "{" and "}"', (text) =>
    /^[A-Za-z0-9:_.{}-]{1,64}$/.test(text) ? text : undefined,
  );

const passwordFile = () => path().nullable().default(null).describe('File whose first line is the password; null has none.');

const TOPOLOGIES = ['server', 'sentinel', 'cluster'] as const;

const redisSchema = fields({
  server: server().optional().describe('One Redis server.'),
  sentinel: fields({
    servers: listOf(hostPort(), 1, 32).describe('The sentinels, commonly at port 26379.'),
    master: printable(128).describe('The name under which they know the master.'),
    username: printable(128).nullable().default(null).describe('User for the sentinels themselves.'),
    passwordFile: passwordFile(),
    tls: flag().default(false).describe('Speak TLS to the sentinels too, with the settings of `tls`.'),
  })
    .optional()
    .describe('Redis Sentinel: follows the master.'),
  cluster: listOf(hostPort(), 1, 64).optional().describe('Redis Cluster: nodes to learn the others from.'),
  username: printable(128).nullable().default(null).describe('ACL user; null is the default user.'),
  passwordFile: passwordFile(),
  database: integer(0, 65_535).default(0).describe('Number of the database; 0 with a cluster.'),
  tls: fields({
    verify: flag().default(true).describe('The certificate must hold.'),
    serverName: printable(253).nullable().default(null).describe('Name that it must carry; null takes the host.'),
    caFile: path().nullable().default(null).describe('Authorities (PEM) instead of those of the system.'),
    certificateFile: path().nullable().default(null).describe('Our own certificate (PEM).'),
    keyFile: path().nullable().default(null).describe('Its key (PEM); both or neither.'),
  })
    .nullable()
    .default(null)
    .describe('TLS towards Redis; null speaks plainly. `tls: {}` takes the defaults.'),
  prefix: prefix().prefault('meridian:').describe('Sets this mesh apart from others in one Redis.'),
  heartbeat: duration('100ms', '1m').prefault('1s').describe('Time between signs of life.'),
  expiry: duration('200ms', '10m')
    .prefault('5s')
    .describe('A process that was not heard for so long is gone; at least two heartbeats.'),
  connectTimeout: duration('100ms', '1m').prefault('2s').describe('For one connection.'),
  commandTimeout: duration('100ms', '1m').prefault('1s').describe('For one command; then the connection counts as dead.'),
  confirmingReplicas: integer(0, 16, 'replicas')
    .default(0)
    .describe('Replicas that must have an order (override) before it is acknowledged.'),
  confirmTimeout: duration('100ms', '1m').prefault('1s').describe('How long to wait for them.'),
}).superRefine((redis, context) => {
  const given = TOPOLOGIES.filter((key) => redis[key] !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? 'names no server' : `has ${given.join(' and ')}`;
    context.addIssue(
      complaint(
        given.length === 0 ? 'ERR_CONFIG_MISSING' : 'ERR_CONFIG_VALUE',
        `${found}; it has exactly one of ${TOPOLOGIES.join(', ')}`,
      ),
    );
  }
  const complain = (key: string, message: string): void =>
    context.addIssue({ ...complaint('ERR_CONFIG_VALUE', message), path: [key] });
  if (redis.cluster !== undefined && redis.database !== 0) complain('database', 'must be 0 with a cluster');
  if (redis.expiry < 2 * redis.heartbeat) {
    complain('expiry', `must be at least two heartbeats, ${2 * redis.heartbeat} ms, found ${redis.expiry} ms`);
  }
  const { tls } = redis;
  if (tls !== null && (tls.certificateFile === null) !== (tls.keyFile === null)) {
    complain('tls', 'must have both of the keys certificateFile, keyFile, or neither');
  }
  if (redis.sentinel?.tls === true && tls === null)
    complain('sentinel', 'asks for TLS; say how in `tls`, for instance `tls: {}`');
}, ONCE_RIGHT);

const meshSchema = fields({
  redis: redisSchema
    .nullable()
    .default(null)
    .describe('Share through Redis; null keeps everything in this process, which is then alone.'),
});

export const meshSections = {
  mesh: meshSchema
    .prefault({})
    .describe('Where probers and servers share what they see. No answer to a client ever waits for it.')
    .meta({
      chapter: 'mesh',
      example: `mesh:
  redis:
    server: redis.example.test:6379
    tls: {}
`,
    }),
};

export type MeshConfig = z.output<typeof meshSchema>;

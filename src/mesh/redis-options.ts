// The settings of a mesh as ioredis wants them. Whatever ioredis would do by itself about lost connections is switched off:
// redis-link.ts gives a connection up as a whole and opens another, so that no queue of old commands is left anywhere.

import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { RedisMeshSettings } from '../model/mesh.ts';
import type { Trouble } from './redis-trouble.ts';

/** Thrown for files that cannot be read: the next attempt reads them again. */
export class SettingsTrouble extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.text);
    this.trouble = trouble;
  }
}

/** What we talk to, for messages. */
export function whereOf({ topology }: RedisMeshSettings): string {
  switch (topology.kind) {
    case 'standalone':
      return `redis ${'path' in topology.endpoint ? topology.endpoint.path : `${topology.endpoint.host}:${topology.endpoint.port}`}`;
    case 'sentinel':
      return `redis master ${topology.master} of sentinels ${topology.sentinels.map(({ host, port }) => `${host}:${port}`).join(' ')}`;
    case 'cluster':
      return `redis cluster ${topology.nodes.map(({ host, port }) => `${host}:${port}`).join(' ')}`;
  }
}

function read(file: string, code: 'ERR_MESH_AUTH' | 'ERR_MESH_TLS'): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code: reason } = error as NodeJS.ErrnoException;
    throw new SettingsTrouble({ code, text: `${file} cannot be read: ${reason}`, isFatal: true });
  }
}

function credentials(username: string | null, passwordFile: string | null): Pick<RedisOptions, 'username' | 'password'> {
  if (passwordFile === null) return {};
  const password = read(passwordFile, 'ERR_MESH_AUTH').split(/\r?\n/, 1)[0]!;
  return { username: username ?? 'default', password };
}

function tlsOptions({ tls }: RedisMeshSettings): ConnectionOptions | undefined {
  if (tls === null) return undefined;
  const { caFile, certificateFile, keyFile, serverName, verify } = tls;
  return {
    rejectUnauthorized: verify,
    ...(caFile === null ? {} : { ca: read(caFile, 'ERR_MESH_TLS') }),
    ...(certificateFile === null ? {} : { cert: read(certificateFile, 'ERR_MESH_TLS') }),
    ...(keyFile === null ? {} : { key: read(keyFile, 'ERR_MESH_TLS') }),
    ...(serverName === null ? {} : { servername: serverName }),
  };
}

/** A client that is not connected yet. Throws SettingsTrouble. */
export function createClient(settings: RedisMeshSettings): Redis | Cluster {
  const { topology, connectTimeoutMs, commandTimeoutMs } = settings;
  const tls = tlsOptions(settings);
  const common = {
    ...credentials(settings.username, settings.passwordFile),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    protocol: 2, // nothing of RESP3 is used, and proxies know it less well
    lazyConnect: true,
    enableReadyCheck: false, // would need INFO; replies that begin with LOADING say the same
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
  } as const satisfies RedisOptions;
  switch (topology.kind) {
    case 'standalone':
      return new Redis({ ...common, ...topology.endpoint, ...detached, db: settings.database });
    case 'sentinel': {
      const { username, password } = credentials(topology.username, topology.passwordFile);
      return new Redis({
        ...common,
        ...detached,
        db: settings.database,
        sentinels: topology.sentinels.map(({ host, port }) => ({ host, port })),
        name: topology.master,
        enableTLSForSentinelMode: tls !== undefined,
        sentinelRetryStrategy: () => null,
        sentinelReconnectStrategy: () => null,
        sentinelCommandTimeout: commandTimeoutMs,
        ...(topology.tls && tls !== undefined ? { sentinelTLS: tls } : {}),
        ...(username === undefined ? {} : { sentinelUsername: username }),
        ...(password === undefined ? {} : { sentinelPassword: password }),
      });
    }
    case 'cluster':
      return new Cluster([...topology.nodes], { ...clusterOptions(commandTimeoutMs), redisOptions: common });
  }
}

/** ioredis waits for so long even for a socket that is closed already, and the process with it; nothing is under way by then. */
const DISCONNECT_TIMEOUT_MS = 100;

const detached = { retryStrategy: null, enableOfflineQueue: false } as const satisfies RedisOptions;

const clusterOptions = (commandTimeoutMs: number): ClusterOptions => ({
  lazyConnect: true,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  clusterRetryStrategy: null,
  slotsRefreshTimeout: commandTimeoutMs,
  dnsLookup: (address, callback) => callback(null, address), // names stay names: certificates carry them
});

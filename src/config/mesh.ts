// The section `mesh` to its settings. Password files are read by whoever connects, anew each time; here they must only exist.

import type { Problem } from '../base/errors.ts';
import type { MeshSettings, RedisTopology } from '../model/mesh.ts';
import { FileNames } from './file-names.ts';
import type { MeshConfig } from './mesh-schema.ts';
import type { YamlSource } from './yaml.ts';

type RedisConfig = NonNullable<MeshConfig['redis']>;

export function meshSettings(source: YamlSource, mesh: MeshConfig): { value: MeshSettings; problems: Problem[] } {
  if (mesh.redis === null) return { value: { kind: 'memory' }, problems: [] };
  const files = new FileNames(source);
  const { redis } = mesh;
  const at = ['mesh', 'redis'];
  const value: MeshSettings = {
    kind: 'redis',
    topology: topologyOf(redis, files),
    username: redis.username,
    passwordFile: files.absolute([...at, 'passwordFile'], redis.passwordFile),
    database: redis.database,
    tls: redis.tls === null ? null : { ...redis.tls, ...files.tls([...at, 'tls'], redis.tls) },
    prefix: redis.prefix,
    heartbeatMs: redis.heartbeat,
    expiryMs: redis.expiry,
    connectTimeoutMs: redis.connectTimeout,
    commandTimeoutMs: redis.commandTimeout,
    confirmingReplicas: redis.confirmingReplicas,
    confirmTimeoutMs: redis.confirmTimeout,
  };
  return { value, problems: files.problems };
}

/** The schema has seen that there is exactly one. */
function topologyOf({ server, sentinel, cluster }: RedisConfig, files: FileNames): RedisTopology {
  if (server !== undefined) return { kind: 'standalone', endpoint: server };
  if (sentinel === undefined) return { kind: 'cluster', nodes: cluster ?? [] };
  const { servers, master, username, tls } = sentinel;
  const passwordFile = files.absolute(['mesh', 'redis', 'sentinel', 'passwordFile'], sentinel.passwordFile);
  return { kind: 'sentinel', sentinels: servers, master, username, passwordFile, tls };
}

// The mesh that the configuration asks for, and what processes share beside it.

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Mesh, MeshSettings, Peer } from '../model/mesh.ts';
import type { SharedStore } from '../model/site-store.ts';
import { MemoryHub } from './memory-hub.ts';
import { MemoryMesh } from './memory-mesh.ts';

export interface MeshOptions {
  /** Ourselves; the id tells us from all others, and `epoch` from our former self. */
  readonly self: Peer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where overrides and verdicts are kept over a restart, for one process; null = nowhere. */
  readonly stateDirectory: string | null;
}

/** Not started yet. The code for Redis is read only where it is asked for. */
export async function openMesh(settings: MeshSettings, options: MeshOptions): Promise<Mesh> {
  if (settings.kind === 'memory') return openMemoryMesh(options);
  const { RedisMesh } = await import('./redis-mesh.ts');
  return new RedisMesh(settings, options);
}

/** Each call of what it resolves to opens one, which connects at once and goes on trying; null = the mesh has nothing to share through. */
export async function sharedStores(settings: MeshSettings, clock: Clock, logger: Logger): Promise<() => SharedStore | null> {
  if (settings.kind === 'memory') return () => null;
  const { RedisStore } = await import('./redis-store.ts');
  return () => new RedisStore(settings, clock, logger);
}

/** The mesh of one process alone. */
export const openMemoryMesh = (options: MeshOptions): Mesh =>
  new MemoryMesh(new MemoryHub(options), options.self, options.clock, options.logger);

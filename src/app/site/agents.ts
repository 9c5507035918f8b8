// The agents of a process as a whole: made as its roles say, started when the mesh is there, and reached by orders to purge.

import { systemClock } from '../../base/clock.ts';
import { hasErrors, type Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { sharedStores } from '../../mesh/open.ts';
import type { MeshSettings, Role } from '../../model/mesh.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { DemoSites } from '../demo/demo-sites.ts';
import type { ControlPlane } from '../health/control-plane.ts';
import type { Legacy } from '../process/handover-words.ts';
import type { Takeover } from '../process/takeover.ts';
import { Purges } from './purge.ts';
import { SiteDesk } from './site-desk.ts';

/** Null = the process has none. `sites`: whose agent it is; null = of all. */
export function agentsFor(
  roles: readonly Role[],
  sites: readonly string[] | null,
  log: Logger,
  takeover: Takeover | null,
  legacy: Legacy | null,
): SiteDesk | null {
  if (!roles.includes('site')) return null;
  const inheritance = takeover === null ? {} : { passed: takeover.sockets.take, flows: takeover.flows };
  return new SiteDesk({ sites, clock: systemClock, log, ...inheritance, ...(legacy === null ? {} : { seen: legacy.seen }) });
}

/** Once the mesh has told which orders there are: a server that is drained gets nobody, not even for a moment. */
export async function startAgents(
  agents: SiteDesk | null,
  snapshot: Snapshot,
  plane: ControlPlane,
  log: Logger,
): Promise<readonly Problem[]> {
  if (agents === null) return [];
  const problems = await agents.apply(snapshot.site);
  for (const problem of problems) if (problem.severity === 'warning') log.warn({ ...problem }, 'problem');
  if (hasErrors(problems)) return problems;
  agents.share((await sharedStores(snapshot.mesh, systemClock, log))());
  agents.join(plane);
  return problems;
}

/** Those of the demo are agents like others. */
export async function purgesFor(
  agents: SiteDesk | null,
  demo: DemoSites | null,
  mesh: MeshSettings,
  log: Logger,
): Promise<Purges> {
  const purges = new Purges({
    desks: () => [...(agents === null ? [] : [agents]), ...(demo?.desks ?? [])],
    openStore: await sharedStores(mesh, systemClock, log),
    clock: systemClock,
    log,
  });
  if (agents !== null || demo !== null) purges.follow();
  return purges;
}

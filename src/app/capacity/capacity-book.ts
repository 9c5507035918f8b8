// What the mesh tells of loads, demand and spill, kept for whoever steers; and the way back into it. A process that does not answer
// keeps it too, so that it can tell.

import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { list } from '../../config/suggest.ts';
import type { AgentReport, DemandReport, HeardReport } from '../../model/capacity.ts';
import type { Mesh, MeshEvents, SharedSpill } from '../../model/mesh.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/** What `meridian load` asks for. */
export interface LoadRequest {
  readonly site: string;
  readonly current: number;
  readonly target: number | null;
  readonly max: number | null;
  readonly isDraining: boolean;
}

type CapacityMesh = Pick<Mesh, 'nowMs' | 'status' | 'peers' | 'spill' | 'shareSpill' | 'reportDemand' | 'reportLoad'>;

export class CapacityBook {
  readonly mesh: CapacityMesh;
  /** Our own id. */
  readonly id: string;
  loads: readonly HeardReport[] = [];
  demands: readonly DemandReport[] = [];
  readonly #epoch = Date.now();
  #seq = 0;
  #follow: (step: SharedSpill) => void = () => undefined;

  constructor(mesh: CapacityMesh, id: string) {
    this.mesh = mesh;
    this.id = id;
  }

  /** What the mesh is to be told of. */
  get events(): Pick<MeshEvents, 'onLoads' | 'onDemands' | 'onSpill'> {
    return {
      onLoads: (loads) => {
        this.loads = loads;
      },
      onDemands: (demands) => {
        this.demands = demands;
      },
      onSpill: (step) => this.#follow(step),
    };
  }

  /** Calls `follow` with each step that others share; there is one follower. */
  follow(follow: (step: SharedSpill) => void): void {
    this.#follow = follow;
  }

  /** A report by hand, in the unit of the configuration, as an agent of its own for each site. */
  report(request: LoadRequest, { steering, loadUnit }: Pick<Snapshot, 'steering' | 'loadUnit'>): Result<AgentReport, Problem> {
    const { site, current, target, max, isDraining } = request;
    const refuse = (message: string): Result<AgentReport, Problem> => err({ severity: 'error', code: 'ERR_USAGE', message });
    const ids = steering.sites.map(({ id }) => id);
    if (!ids.includes(site)) return refuse(`there is no site "${site}"; sites are ${list(ids)}`);
    const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
    if (!isAmount(current) || ![target, max].every((value) => value === null || isAmount(value)))
      return refuse('a load must be a number of at least 0');
    const numbers = { epoch: this.#epoch, seq: ++this.#seq };
    const loads = { unit: loadUnit, current, target, max, isDraining };
    const report = { site, agent: `${this.id}/load/${site}`, ...numbers, ...loads, clientRtts: [], clients: [] };
    this.mesh.reportLoad(report);
    return ok(report);
  }

  /** Whether no other DNS server is alive. */
  get isAlone(): boolean {
    return this.#servers.every((id) => id === this.id);
  }

  /** Position among the live DNS servers, by id: who is first makes the step, the others if it does not. */
  get rank(): number {
    return Math.max(0, this.#servers.indexOf(this.id));
  }

  get #servers(): readonly string[] {
    return this.mesh.peers
      .filter(({ roles }) => roles.includes('dns'))
      .map(({ id }) => id)
      .sort();
  }
}

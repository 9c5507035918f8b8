// Orders of people and tools, as they come over the control socket: given, and taken back. Each is a compare-and-set of the whole
// set in the mesh; who was faster is no reason to fail, the change is made again to the newest set.

import { randomBytes } from 'node:crypto';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { membersNamed, serversNamed } from '../../health/overrides.ts';
import type { SafetyForecast } from '../../health/safety.ts';
import { MAX_NAME_LENGTH, MAX_TEXT_LENGTH } from '../../mesh/decode.ts';
import { checkOverride } from '../../mesh/override-record.ts';
import type { Mesh, OverrideSet } from '../../model/mesh.ts';
import type { SteeringModel } from '../../model/steering.ts';
import type { Override } from '../../model/verdict.ts';

type Action = Override['action'];

/** How carefully a change is made. */
export interface ChangeTerms {
  /** Nothing is changed; the reply is as if it were. */
  readonly isDryRun?: boolean;
  /** A broken safety rule is no reason to refuse. */
  readonly breaksGlass?: boolean;
  /** Only if this is still the version of the set; null = whatever it is. */
  readonly ifVersion?: number | null;
}

/** What a change of the orders in force would do, of the moment in which it is asked. */
export type Foresight = (present: readonly Override[], proposed: readonly Override[], nowMs: number) => SafetyForecast;

export interface OrderRequest extends ChangeTerms {
  readonly glob: string;
  readonly action: Action;
  readonly source: Override['source'];
  readonly author: string;
  readonly reason: string;
  /** null = until it is taken back. */
  readonly forMs: number | null;
}

export interface RecallRequest extends ChangeTerms {
  /** Id or glob of orders, exactly. */
  readonly what: string;
  /** Only orders that do this; null = all. */
  readonly action: Action | null;
}

export interface OrderReply {
  readonly set: OverrideSet;
  readonly created: Override;
  /** Ids of the members, or names of the servers, that it names now. */
  readonly names: readonly string[];
  readonly forecast: SafetyForecast;
}

export interface RecallReply {
  readonly set: OverrideSet;
  readonly removed: readonly Override[];
  readonly forecast: SafetyForecast;
}

type OrderMesh = Pick<Mesh, 'overrides' | 'changeOverrides' | 'nowMs'>;

interface Edit<T> {
  readonly overrides: readonly Override[];
  readonly value: T;
}

interface Changed<T> {
  readonly set: OverrideSet;
  readonly value: T;
  readonly forecast: SafetyForecast;
}

const ID_OCTETS = 4;
/** Changes of others that may come in between. */
const MAX_TRIES = 8;

export class Orders {
  readonly #mesh: OrderMesh;

  constructor(mesh: OrderMesh) {
    this.#mesh = mesh;
  }

  /**
   * `servers` are the names of those inside sites. ERR_OVERRIDE if a field is out of bounds, ERR_SAFETY if it breaks a rule,
   * ERR_API_VERSION if the set has changed; else what the mesh says (model/mesh, changeOverrides).
   */
  async give(
    request: OrderRequest,
    model: SteeringModel,
    foresee: Foresight,
    servers: readonly string[] = [],
  ): Promise<Result<OrderReply, Problem>> {
    const changed = await this.#change(request, foresee, (present, nowMs) => {
      const created = checkOverride(overrideOf(request, present, nowMs));
      if (created === undefined) return refuse(ALLOWED);
      return ok({ overrides: [...present.filter((order) => !isSameOrder(order, created)), created], value: created });
    });
    if (!changed.ok) return changed;
    const { set, value: created, forecast } = changed.value;
    const { glob } = created;
    const names = [...membersNamed(glob, model).map(({ id }) => id), ...serversNamed(glob, servers)];
    return ok({ set, created, names, forecast });
  }

  /** ERR_OVERRIDE, with a list of what there is, if nothing fits; else as `give`. */
  async recall(request: RecallRequest, foresee: Foresight): Promise<Result<RecallReply, Problem>> {
    const { what, action } = request;
    const isMeant = (order: Override): boolean =>
      (order.id === what || order.glob === what) && (action === null || order.action === action);
    const changed = await this.#change(request, foresee, (present) => {
      const removed = present.filter(isMeant);
      if (removed.length === 0) return refuse(noneSuch({ what, action }, present));
      return ok({ overrides: present.filter((order) => !isMeant(order)), value: removed });
    });
    if (!changed.ok) return changed;
    const { set, value: removed, forecast } = changed.value;
    return ok({ set, removed, forecast });
  }

  /** `edit` gets the orders that have not expired. */
  async #change<T>(
    { isDryRun = false, breaksGlass = false, ifVersion = null }: ChangeTerms,
    foresee: Foresight,
    edit: (present: readonly Override[], nowMs: number) => Result<Edit<T>, Problem>,
  ): Promise<Result<Changed<T>, Problem>> {
    for (let tries = 1; ; tries++) {
      const before = this.#mesh.overrides;
      const { version, overrides } = before;
      const nowMs = this.#mesh.nowMs();
      if (ifVersion !== null && ifVersion !== version) return err(changedMeanwhile(ifVersion, version));
      const present = overrides.filter(({ expiresMs }) => expiresMs === null || expiresMs > nowMs);
      const edited = edit(present, nowMs);
      if (!edited.ok) return edited;
      const { value } = edited.value;
      const forecast = foresee(present, edited.value.overrides, nowMs);
      if (isDryRun) return ok({ set: before, value, forecast });
      if (forecast.broken.length > 0 && !breaksGlass) return err(unsafe(forecast));
      const changed = await this.#mesh.changeOverrides(version, edited.value.overrides);
      if (changed.ok) return ok({ set: changed.value, value, forecast });
      if (changed.error.code !== 'ERR_MESH_CONFLICT' || tries === MAX_TRIES) return changed;
    }
  }
}

/**
 * The same order given again replaces the former one. A drain then goes on where it is, unless an order that came in between has
 * to be outranked.
 */
function overrideOf(request: OrderRequest, present: readonly Override[], nowMs: number): Override {
  const { glob, action, source, author, reason, forMs } = request;
  const former = present.find((order) => isSameOrder(order, { glob, action, source }));
  const isNewest = former !== undefined && present.every(({ createdMs }) => createdMs <= former.createdMs);
  return {
    id: former?.id ?? randomBytes(ID_OCTETS).toString('hex'),
    glob,
    action,
    source,
    reason,
    author,
    createdMs: isNewest && action === 'drain' ? former.createdMs : nowMs,
    expiresMs: forMs === null ? null : nowMs + forMs,
  };
}

type Kind = Pick<Override, 'glob' | 'action' | 'source'>;

const isSameOrder = (a: Kind, b: Kind): boolean => a.glob === b.glob && a.action === b.action && a.source === b.source;

const ALLOWED =
  `an order takes a glob of 1 to ${MAX_NAME_LENGTH} characters, an action up, down or drain, a source human or tool, ` +
  `an author of at most ${MAX_NAME_LENGTH} and a reason of at most ${MAX_TEXT_LENGTH} characters, and a time in whole milliseconds`;

function noneSuch({ what, action }: RecallRequest, present: readonly Override[]): string {
  const asked = `no order ${action === null ? '' : `"${action}" `}has the id or glob "${what}"`;
  if (present.length === 0) return `${asked}; there are no orders`;
  return `${asked}; there are ${present.map((order) => `${order.id} (${order.action} ${order.glob})`).join(', ')}`;
}

const changedMeanwhile = (expected: number, present: number): Problem => ({
  severity: 'error',
  code: 'ERR_API_VERSION',
  message: `the orders are at version ${present}, the change was meant for version ${expected}: read them again`,
});

const unsafe = ({ broken }: SafetyForecast): Problem => ({
  severity: 'error',
  code: 'ERR_SAFETY',
  message: `refused by admin.safety: ${broken.map(({ rule, message }) => `${rule}: ${message}`).join('; ')}; order less, or break the glass`,
});

const refuse = (message: string): { readonly ok: false; readonly error: Problem } =>
  err({ severity: 'error', code: 'ERR_OVERRIDE', message });

// An operator's own HAProxy, made known to Meridian: services are its backends, by name, and so are servers. Weights, limits and
// states are set at run time over its socket; its file is never read or written, so they last until it reloads.

import type { Problem } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type {
  Applied,
  DriverLoad,
  DriverPlan,
  HaproxyAttachSettings,
  ServerRef,
  SiteDriver,
} from '../../../model/site-driver.ts';
import { loadOfServers } from '../load.ts';
import { OneByOne } from '../one-by-one.ts';
import { failure, problem, quote, warning } from '../problem.ts';
import type { StatRow } from './csv.ts';
import { look, type Picture, serverLoadOf } from './load.ts';
import { isName } from './names.ts';
import { order } from './socket.ts';
import { haproxyWeights } from './weights.ts';

/** An order, and the one that takes it back. */
interface Step {
  readonly command: string;
  readonly undo: string | null;
}

export class HaproxyAttached implements SiteDriver {
  readonly checksServers = true;
  readonly #settings: HaproxyAttachSettings;
  readonly #turns = new OneByOne();
  /** `service/server`: why it gets no clients. */
  readonly #drained = new Set<string>();
  readonly #down = new Set<string>();
  /** What was carried out last, and the process that was told; null = nothing has been. */
  #plan: DriverPlan = { services: [], fronts: [] };
  #toldPid: number | null = null;

  constructor(settings: HaproxyAttachSettings) {
    this.#settings = settings;
  }

  /** Weights and limits of the servers that the plan names; all of them must be there. Servers that it does not name stay as they are. */
  apply(plan: DriverPlan): Promise<Result<Applied, readonly Problem[]>> {
    return this.#turns.run(() => this.#apply(plan));
  }

  async #apply(plan: DriverPlan): Promise<Result<Applied, readonly Problem[]>> {
    const picture = await this.#look();
    if (!picture.ok) return err([picture.error]);
    const problems: Problem[] = [];
    const steps = plan.services.flatMap(({ id, servers }) => {
      const weights = haproxyWeights(servers.map(({ weight }) => weight));
      return servers.flatMap((server, i) => {
        const row = this.#find(picture.value, { serviceId: id, serverId: server.id });
        if (row.ok) return stepsTo(row.value, weights[i]!, server.maxActive);
        problems.push(row.error);
        return [];
      });
    });
    if (problems.length > 0) return err(problems);
    const done = await this.#carryOut(steps);
    if (!done.ok) return err([done.error]);
    this.#plan = plan;
    this.#toldPid = picture.value.pid;
    const message = `haproxy ${this.#settings.socket}: it has frontends of its own; those of the plan are left out`;
    const warnings = plan.fronts.length > 0 ? [warning('ERR_DRIVER_UNSUPPORTED', message)] : [];
    return ok({ by: steps.length > 0 ? 'orders' : 'nothing', warnings });
  }

  /** A reload of HAProxy is another process, with the weights and states of its file. */
  mend(): Promise<Result<string | null, Problem>> {
    return this.#turns.run(async () => {
      const picture = await this.#look();
      if (!picture.ok) return picture;
      if (this.#toldPid === null || picture.value.pid === this.#toldPid) return ok(null);
      const applied = await this.#apply(this.#plan);
      if (!applied.ok) return err(applied.error[0]!);
      const there = new Set(picture.value.rows.map(({ proxy, name }) => `${proxy}/${name}`));
      for (const path of new Set([...this.#drained, ...this.#down].filter((one) => there.has(one)))) {
        const told = await this.#order(`set server ${path} state ${this.#stateOf(path)}`);
        if (told.ok) continue;
        this.#toldPid = -1; // again, the next time
        return told;
      }
      return ok('haproxy was reloaded or restarted: weights, limits and orders were given again');
    });
  }

  drain(server: ServerRef, isDraining: boolean): Promise<Result<void, Problem>> {
    return this.#setState(server, this.#drained, isDraining);
  }

  setUp(server: ServerRef, isUp: boolean): Promise<Result<void, Problem>> {
    return this.#setState(server, this.#down, !isUp);
  }

  /** Here the weight is HAProxy's own, 0..256. */
  setWeight(server: ServerRef, weight: number): Promise<Result<void, Problem>> {
    return this.#turns.run(async () => {
      const where = `haproxy ${this.#settings.socket}: ${quote(`${server.serviceId}/${server.serverId}`)}`;
      if (!Number.isInteger(weight) || weight < 0 || weight > 256) {
        return failure('ERR_DRIVER_PLAN', `${where}: a weight is an integer from 0 to 256, found ${weight}`);
      }
      const found = await this.#lookFor(server);
      return found.ok ? this.#order(`set server ${pathOf(server)} weight ${weight}`) : found;
    });
  }

  async readLoad(): Promise<Result<DriverLoad, Problem>> {
    const picture = await this.#look();
    if (!picture.ok) return picture;
    const { measure, max, socket } = this.#settings;
    const { rows, maxConnections } = picture.value;
    const backends = this.#settings.backends ?? [
      ...new Set(rows.filter(({ kind }) => kind === 'server').map(({ proxy }) => proxy)),
    ];
    const known = backendsOf(picture.value);
    const missing = backends.find((backend) => !known.includes(backend));
    if (missing !== undefined) {
      const message = `haproxy ${socket}: there is no backend ${quote(missing)}; there are: ${quote(known.join(', '))}`;
      return failure('ERR_LOAD_SOURCE', message);
    }
    const ours = rows.filter(({ proxy }) => backends.includes(proxy));
    const servers = ours.filter(({ kind }) => kind === 'server').map((row) => serverLoadOf(row, row.proxy, measure));
    const waiting = ours.reduce((sum, { kind, queued }) => (kind === 'backend' ? sum + queued : sum), 0);
    if (measure === 'per-second') return ok(loadOfServers(servers, max));
    return ok(loadOfServers(servers, max, { waiting, bound: maxConnections }));
  }

  /** HAProxy stays as it is. */
  async close(): Promise<void> {
    await this.#turns.run(async () => {});
  }

  #setState(server: ServerRef, reasons: Set<string>, isSo: boolean): Promise<Result<void, Problem>> {
    return this.#turns.run(async () => {
      const found = await this.#lookFor(server);
      if (!found.ok) return found;
      const path = pathOf(server);
      const isAlready = reasons.has(path);
      if (isSo) reasons.add(path);
      else reasons.delete(path);
      const done = await this.#order(`set server ${path} state ${this.#stateOf(path)}`);
      if (!done.ok && isAlready !== isSo) reasons[isAlready ? 'add' : 'delete'](path);
      return done;
    });
  }

  #stateOf(path: string): string {
    return this.#down.has(path) ? 'maint' : this.#drained.has(path) ? 'drain' : 'ready';
  }

  readonly #look = (): Promise<Result<Picture, Problem>> => look(this.#settings.socket, this.#settings.timeoutMs);

  readonly #order = (command: string): Promise<Result<void, Problem>> =>
    order(this.#settings.socket, command, this.#settings.timeoutMs);

  async #lookFor(server: ServerRef): Promise<Result<StatRow, Problem>> {
    const picture = await this.#look();
    return picture.ok ? this.#find(picture.value, server) : picture;
  }

  /** A server that HAProxy has told us of: nothing else ever comes into an order. */
  #find(picture: Picture, { serviceId, serverId }: ServerRef): Result<StatRow, Problem> {
    const { rows } = picture;
    const row = rows.find(({ kind, proxy, name }) => kind === 'server' && proxy === serviceId && name === serverId);
    if (row !== undefined && isName(serviceId) && isName(serverId)) return ok(row);
    const servers = rows.filter(({ kind, proxy }) => kind === 'server' && proxy === serviceId).map(({ name }) => name);
    const [kind, name, there] =
      servers.length > 0 ? ['server', `${serviceId}/${serverId}`, servers] : ['backend', serviceId, backendsOf(picture)];
    const message = `there is no ${kind} ${quote(String(name))}; there are: ${quote(there.join(', '))}`;
    return err(problem('ERR_DRIVER_PLAN', `haproxy ${this.#settings.socket}: ${message}`));
  }

  /** All steps, or none: what was done before one that fails is taken back. */
  async #carryOut(steps: readonly Step[]): Promise<Result<void, Problem>> {
    for (const [i, { command }] of steps.entries()) {
      const done = await this.#order(command);
      if (done.ok) continue;
      for (const { undo } of steps.slice(0, i).reverse()) if (undo !== null) await this.#order(undo);
      return done;
    }
    return ok(undefined);
  }
}

const pathOf = ({ serviceId, serverId }: ServerRef): string => `${serviceId}/${serverId}`;

const backendsOf = ({ rows }: Picture): string[] => rows.filter(({ kind }) => kind === 'backend').map(({ proxy }) => proxy);

/** What makes of a server's row what is wanted. A limit that the plan does not name is HAProxy's own affair. */
function stepsTo({ proxy, name, weight: has, sessionLimit }: StatRow, weight: number, maxActive: number | null): Step[] {
  const path = `${proxy}/${name}`;
  const steps: Step[] = [];
  if (has !== weight) {
    steps.push({
      command: `set server ${path} weight ${weight}`,
      undo: has === null ? null : `set server ${path} weight ${has}`,
    });
  }
  if (maxActive !== null && maxActive !== sessionLimit) {
    const undo = `set maxconn server ${path} ${sessionLimit ?? 0}`;
    steps.push({ command: `set maxconn server ${path} ${maxActive}`, undo });
  }
  return steps;
}

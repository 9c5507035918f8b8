// An HAProxy that the agent configures and runs. What differs from what runs decides: weights, limits and states are orders at run
// time, anything else is a checked configuration and a reload. The file always says what was ordered last, so that a worker that is
// started for another reason is right from its first connection on. Servers that drain have weight 0 there: those whom HAProxy
// has bound to them still get to them.

import { type Clock, systemClock } from '../../../base/clock.ts';
import type { Problem } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type { Applied, DriverLoad, DriverPlan, HaproxySettings, ServerRef, SiteDriver } from '../../../model/site-driver.ts';
import { loadOfServers } from '../load.ts';
import { OneByOne } from '../one-by-one.ts';
import type { PlanOrders } from '../plan-orders.ts';
import { failure } from '../problem.ts';
import { StandingPlan } from '../standing-plan.ts';
import { look, serverLoadOf } from './load.ts';
import { HaproxyProcess } from './process.ts';
import { type Rendered, render, type ServerSetting } from './render.ts';
import { RestartPace } from './restart-pace.ts';
import { order } from './socket.ts';
import { versionOf } from './version.ts';

export class HaproxyManaged implements SiteDriver {
  readonly checksServers: boolean;
  readonly #settings: HaproxySettings;
  readonly #process: HaproxyProcess;
  readonly #turns = new OneByOne();
  readonly #standing = new StandingPlan('haproxy', (plan, orders) => this.#change(plan, orders));
  /** What runs. */
  #rendered: Rendered | null = null;
  #isVersionRight = false;
  readonly #pace: RestartPace;

  constructor(settings: HaproxySettings, clock: Clock = systemClock) {
    this.#settings = settings;
    this.#process = new HaproxyProcess(settings, clock);
    this.#pace = new RestartPace(clock);
    this.checksServers = settings.checks !== null;
  }

  apply(plan: DriverPlan): Promise<Result<Applied, readonly Problem[]>> {
    return this.#turns.run(async () => {
      if (!this.#isVersionRight) {
        const version = await versionOf(this.#settings.program, this.#settings.timeoutMs);
        if (!version.ok) return err([version.error]);
        this.#isVersionRight = true;
      }
      return this.#standing.take(plan);
    });
  }

  drain(server: ServerRef, isDraining: boolean): Promise<Result<void, Problem>> {
    return this.#order(server, (orders) => orders.drain(server, isDraining));
  }

  setWeight(server: ServerRef, weight: number): Promise<Result<void, Problem>> {
    return this.#order(server, (orders) => orders.setWeight(server, weight));
  }

  setUp(server: ServerRef, isUp: boolean): Promise<Result<void, Problem>> {
    return this.#order(server, (orders) => orders.setUp(server, isUp));
  }

  /** An HAProxy that has ended (a crash, a stranger's signal) starts again with what it had, ever more slowly if it keeps ending. */
  mend(): Promise<Result<string | null, Problem>> {
    return this.#turns.run(async () => {
      if (this.#rendered === null) return ok(null);
      if (await this.#process.isThere()) {
        this.#pace.lives();
        return ok(null);
      }
      const waitMs = this.#pace.waitMs();
      if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1000);
        return failure('ERR_DRIVER_UNREACHABLE', `haproxy: it ended by itself; the next start is in ${seconds} s`);
      }
      this.#pace.begin();
      const started = await this.#process.startAgain(this.#rendered);
      return started.ok ? ok('haproxy had ended by itself: started again') : started;
    });
  }

  async readLoad(): Promise<Result<DriverLoad, Problem>> {
    const picture = await look(this.#process.runtimeSocket, this.#settings.timeoutMs);
    if (!picture.ok) return picture;
    const { measure, max } = this.#settings;
    const serviceOf = new Map(this.#rendered?.servers.map(({ backend, serviceId }) => [backend, serviceId]));
    const servers = picture.value.rows.flatMap((row) => {
      const serviceId = serviceOf.get(row.proxy);
      if (row.kind !== 'server' || serviceId === undefined) return [];
      const load = serverLoadOf(row, serviceId, measure);
      const isDraining = load.state === 'up' && this.#standing.orders.isDrained(load);
      return [isDraining ? { ...load, state: 'draining' as const } : load];
    });
    if (measure === 'per-second') return ok(loadOfServers(servers, max));
    const queues = picture.value.rows.filter(({ kind, proxy }) => kind === 'backend' && serviceOf.has(proxy));
    const waiting = queues.reduce((sum, { queued }) => sum + queued, 0);
    return ok(loadOfServers(servers, max, { waiting, bound: picture.value.maxConnections }));
  }

  close(): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#settings.isStoppedOnClose) await this.#process.stop();
    });
  }

  #order(server: ServerRef, change: (orders: PlanOrders) => void): Promise<Result<void, Problem>> {
    return this.#turns.run(() => this.#standing.order(server, change));
  }

  async #change(plan: DriverPlan, orders: PlanOrders): Promise<Result<Applied, readonly Problem[]>> {
    const isRoot = process.getuid?.() === 0;
    const rendered = render(orders.carriedOut(plan), this.#settings, orders.down, isRoot);
    if (!rendered.ok) return rendered;
    const next = rendered.value;
    const { warnings } = next;
    const isSameShape = (await this.#process.runningMark()) === next.mark;
    const before = this.#rendered;
    if (isSameShape && before?.text === next.text) return ok({ by: 'nothing', warnings });
    const checked = await this.#process.check(next);
    if (!checked.ok) return err([checked.error]);
    const done = isSameShape ? await this.#orderAll(next, before) : await this.#process.switchTo(next);
    if (!done.ok) return err([done.error]);
    this.#rendered = next;
    return ok({ by: isSameShape ? 'orders' : 'reload', warnings });
  }

  /** Orders what differs from `before`; all, if that is not known. Takes back what was done before an order that was refused. */
  async #orderAll(next: Rendered, before: Rendered | null): Promise<Result<void, Problem>> {
    const known = new Map(before?.servers.map((server) => [`${server.backend}/${server.server}`, server]));
    const undo: string[] = [];
    for (const server of next.servers) {
      const was = known.get(`${server.backend}/${server.server}`);
      for (const [what, back] of ordersFor(server, was)) {
        const done = await order(this.#process.runtimeSocket, what, this.#settings.timeoutMs);
        if (!done.ok) {
          for (const command of undo.reverse()) await order(this.#process.runtimeSocket, command, this.#settings.timeoutMs);
          return done;
        }
        if (back !== null) undo.push(back);
      }
    }
    try {
      await this.#process.keep();
    } catch (error) {
      return failure('ERR_DRIVER_REFUSED', `haproxy: the configuration cannot be kept: ${String(error)}`);
    }
    return ok(undefined);
  }
}

/** Orders and what takes each back. */
function ordersFor(server: ServerSetting, was: ServerSetting | undefined): (readonly [string, string | null])[] {
  const path = `${server.backend}/${server.server}`;
  const pair = (order: (of: ServerSetting) => string): readonly [string, string | null] => [
    order(server),
    was ? order(was) : null,
  ];
  return [
    ...(was?.weight === server.weight ? [] : [pair(({ weight }) => `set server ${path} weight ${weight}`)]),
    ...(server.maxActive === null || was?.maxActive === server.maxActive
      ? []
      : [pair(({ maxActive }) => `set maxconn server ${path} ${maxActive}`)]),
    ...(was?.isDown === server.isDown ? [] : [pair(({ isDown }) => `set server ${path} state ${isDown ? 'maint' : 'ready'}`)]),
  ];
}

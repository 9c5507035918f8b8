// A balancer that is not our own, looked after: it is brought to the configuration, given the orders of people and what checks see, and
// read once a second. Level-triggered: what it should be is worked out anew each time and compared with what it was told, so that
// an order that failed is given again, and nothing is told twice.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import { REPORT_STALE_MS } from '../model/capacity.ts';
import type { SiteAgentSettings } from '../model/site-agent.ts';
import type { DriverLoad, DriverPlan, DriverSettings, ServerRef, ServerState } from '../model/site-driver.ts';
import { type DrivenPart, drivenLoad, drivenServices, keyOf, Weights } from './driven-report.ts';
import { type Opened, openDriver } from './drivers/open.ts';
import type { Posted } from './drivers/readers/posted.ts';
import type { Order, Seen } from './standing.ts';

const LOOK_INTERVAL_MS = 1000;

/** What is known of servers besides what the balancer says. */
export interface Known {
  orderOf(server: ServerRef): Order | null;
  seenOf(server: ServerRef): Seen | undefined;
}

/** Something for people: a warning with its code, or that it is over. */
export interface News {
  readonly isWell: boolean;
  readonly code: Problem['code'] | null;
  readonly message: string;
}

interface Told {
  readonly isDraining: boolean;
  readonly isUp: boolean;
}

const NOTHING_TOLD: Told = { isDraining: false, isUp: true };

export class Driven {
  readonly settings: DriverSettings;
  readonly #opened: Opened;
  readonly #clock: Clock;
  readonly #known: Known;
  readonly #onNews: (news: News) => void;
  #plan: DriverPlan = { services: [], fronts: [] };
  /** Not carried out yet: the balancer could not be reached. */
  #isPending = false;
  #load: DriverLoad | null = null;
  #readMs = Number.NEGATIVE_INFINITY;
  #trouble: Problem | null = null;
  readonly #told = new Map<string, Told>();
  /** Why a server is not as it should be. */
  readonly #refusals = new Map<string, string>();
  readonly #weights = new Weights();
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #isEnded = false;

  /** Touches nothing yet. */
  constructor(settings: DriverSettings, clock: Clock, known: Known, onNews: (news: News) => void) {
    this.settings = settings;
    this.#clock = clock;
    this.#known = known;
    this.#onNews = onNews;
    this.#opened = openDriver(settings, clock);
  }

  /** Takes what is posted; null = nothing is. */
  get posted(): Posted | null {
    return this.#opened.canDrive ? null : this.#opened.posted;
  }

  /** Whether the agent is to check these servers. */
  get needsChecks(): boolean {
    return this.#opened.canDrive && !this.#opened.driver.checksServers;
  }

  /** Makes the plan true. With an error the balancer is as it was. What is only read is read once. */
  apply(plan: DriverPlan): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      this.#isPending = false;
      const problems = await this.#apply(plan);
      if (!problems.some(({ severity }) => severity === 'error')) this.#plan = plan;
      return problems;
    });
  }

  async #apply(plan: DriverPlan): Promise<readonly Problem[]> {
    if (!this.#opened.canDrive) {
      if (this.#opened.posted !== null) return [];
      await this.#read();
      return this.#trouble === null ? [] : [this.#trouble];
    }
    const applied = await this.#opened.driver.apply(plan);
    return applied.ok ? applied.value.warnings : applied.error;
  }

  /** As soon as it can be: for a balancer that could not be reached. */
  await(plan: DriverPlan): void {
    this.#plan = plan;
    this.#isPending = this.#opened.canDrive;
  }

  /** Reads it, and tells it of orders, once a second from now on. */
  start(): void {
    if (this.#timer === null && !this.#isEnded) this.#timer = setTimeout(() => void this.#look(), 0);
  }

  /** To be called when orders or what checks see have changed. */
  settle(): Promise<void> {
    return this.#inTurn(() => this.#settle());
  }

  /** `isKept`: the balancer is somebody else's from now on, and goes on. */
  async close(isKept = false): Promise<void> {
    this.#isEnded = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#turn;
    if (!isKept) await this.#opened.driver.close();
  }

  report(settings: SiteAgentSettings): DrivenPart {
    const nowMs = this.#clock.monotonicMs();
    const ageMs = nowMs - this.#readMs;
    const isFresh = this.#load !== null && ageMs <= REPORT_STALE_MS;
    const { kind } = this.settings;
    return {
      load: isFresh ? drivenLoad(this.#load!, settings, this.settings, this.#weights) : null,
      services: drivenServices(kind, this.#plan, this.#load, {
        orderOf: (server) => this.#known.orderOf(server),
        seenOf: (server) => (this.needsChecks ? this.#known.seenOf(server) : undefined),
        refusalOf: (server) => this.#refusals.get(keyOf(server)),
        weights: this.#weights,
      }),
      driver: { kind, ageMs: this.#load === null ? null : Math.round(ageMs), trouble: this.#trouble?.message ?? null },
    };
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #look(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    await this.#inTurn(() => this.#care());
    if (this.#isEnded) return;
    const tookMs = this.#clock.monotonicMs() - startMs;
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, LOOK_INTERVAL_MS - tookMs));
  }

  async #care(): Promise<void> {
    if (this.#isEnded) return;
    const trouble = this.#isPending ? await this.#catchUp() : await this.#mend();
    await this.#read(trouble);
    if (this.#trouble === null) await this.#settle();
  }

  async #catchUp(): Promise<Problem | null> {
    const problems = await this.#apply(this.#plan);
    const error = problems.find(({ severity }) => severity === 'error');
    if (error !== undefined) return error;
    this.#isPending = false;
    return null;
  }

  async #mend(): Promise<Problem | null> {
    if (!this.#opened.canDrive) return null;
    const mended = await this.#opened.driver.mend();
    if (!mended.ok) return mended.error;
    if (mended.value !== null) this.#onNews({ isWell: false, code: null, message: mended.value });
    return null;
  }

  /** `trouble`: what went wrong before; it tells more than that it cannot be read. */
  async #read(trouble: Problem | null = null): Promise<void> {
    const read = await this.#opened.driver.readLoad();
    if (read.ok) {
      this.#load = read.value;
      this.#readMs = this.#clock.monotonicMs();
      this.#weights.take(read.value.servers);
    }
    this.#setTrouble(trouble ?? (read.ok ? null : read.error));
  }

  #setTrouble(trouble: Problem | null): void {
    const before = this.#trouble;
    this.#trouble = trouble;
    if (before?.code === trouble?.code) return; // the same, with another number in its words
    if (trouble === null) this.#onNews({ isWell: true, code: null, message: 'the balancer of the site can be read again' });
    else this.#onNews({ isWell: false, code: trouble.code, message: trouble.message });
  }

  async #settle(): Promise<void> {
    if (!this.#opened.canDrive || this.#isPending || this.#isEnded) return;
    const { driver } = this.#opened;
    for (const { server, state } of this.#servers()) {
      const key = keyOf(server);
      const told = this.#told.get(key) ?? NOTHING_TOLD;
      const order = this.#known.orderOf(server);
      const isDraining = order?.action === 'drain';
      const isUp = order === null ? !this.needsChecks || (this.#known.seenOf(server)?.isUp ?? true) : order.action !== 'down';
      // Somebody else took it out, at the balancer itself: an order that it be up is stronger.
      const isForced = order?.action === 'up' && (state === 'draining' || state === 'maintenance');
      let refusal: Problem | undefined;
      if (isDraining !== told.isDraining) {
        const done = await driver.drain(server, isDraining);
        if (!done.ok) refusal = done.error;
      }
      if (refusal === undefined && (isUp !== told.isUp || isForced)) {
        const done = await driver.setUp(server, isUp);
        if (!done.ok) refusal = done.error;
      }
      if (refusal === undefined) {
        this.#told.set(key, { isDraining, isUp });
        this.#refusals.delete(key);
        continue;
      }
      if (!this.#refusals.has(key)) this.#onNews({ isWell: false, code: refusal.code, message: refusal.message });
      this.#refusals.set(key, refusal.message);
    }
  }

  /** Those of the plan, and those that the balancer has besides. */
  #servers(): Iterable<{ readonly server: ServerRef; readonly state: ServerState | null }> {
    const found = new Map<string, { readonly server: ServerRef; readonly state: ServerState | null }>();
    for (const { id: serviceId, servers } of this.#plan.services) {
      for (const { id: serverId } of servers) {
        const server = { serviceId, serverId };
        found.set(keyOf(server), { server, state: null });
      }
    }
    for (const server of this.#load?.servers ?? []) found.set(keyOf(server), { server, state: server.state });
    return found.values();
  }
}

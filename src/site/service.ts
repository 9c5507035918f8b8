// One service of a site at run time: its balancer, those who wait for a server, and how many tries it may spend. Listeners of any
// layer take servers from it and give them back.

import { Balancer } from '../balance/balancer.ts';
import { NONE, type Random } from '../balance/chooser.ts';
import { readLoadMetrics } from '../balance/load-metrics.ts';
import { rendezvous } from '../balance/rendezvous.ts';
import { RetryBudget } from '../balance/retry-budget.ts';
import { NO_GROUP } from '../balance/table.ts';
import { WaitQueue } from '../balance/wait-queue.ts';
import type { Clock } from '../base/clock.ts';
import type { MetricsSource, SiteServer, SiteService } from '../model/site.ts';

/** Somebody who needs a server. */
export interface Waiter {
  /** What hashing algorithms go by. */
  readonly key: number;
  /** A server is there, and counted. Called at most once, as is giveUp. */
  proceed(slot: number): void;
  /** Waited too long, or the service is closing. */
  giveUp(): void;
}

export class Service {
  readonly retries: RetryBudget;
  #settings: SiteService;
  #balancer: Balancer;
  readonly #clock: Clock;
  readonly #random: Random;
  #queue: WaitQueue<Waiter>;
  readonly #servers = new Map<number, SiteServer>();
  readonly #slots = new Map<string, number>();
  #begun = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(service: SiteService, clock: Clock, random: Random = Math.random) {
    this.#settings = service;
    this.#balancer = new Balancer(service.balancing);
    this.retries = new RetryBudget(service.retry);
    this.#clock = clock;
    this.#random = random;
    this.#queue = new WaitQueue(service.queue.mostWaiting, service.queue.timeoutMs);
    this.configure(service.servers);
  }

  /** Another one as soon as the algorithm or a rule changes: not to be kept. */
  get balancer(): Balancer {
    return this.#balancer;
  }

  get settings(): SiteService {
    return this.#settings;
  }

  /** Where servers report their load; null = nobody asks for it. */
  get metricsSource(): MetricsSource | null {
    const { algorithm } = this.#settings.balancing;
    return algorithm.kind === 'custom-load' ? algorithm.source : null;
  }

  /** What a server says of its load. What is no report changes nothing: the last one grows old. */
  hear(slot: number, report: string): void {
    const metrics = readLoadMetrics(report);
    if (metrics !== null && slot !== NONE) this.#balancer.report(slot, metrics, this.#clock.monotonicMs());
  }

  /** Requests or connections that were given a server since the start; tries with another one do not count again. */
  get begun(): number {
    return this.#begun;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Requests or connections under way at all servers, those of servers that are configured no more among them. */
  get active(): number {
    return this.#balancer.table.groupActive.reduce((sum, active) => sum + active, 0);
  }

  /** Replaces the servers. Connections to those that are gone go on. */
  configure(servers: readonly SiteServer[]): void {
    const slots = this.#balancer.configure(servers, this.#clock.monotonicMs());
    this.#servers.clear();
    this.#slots.clear();
    for (const [i, slot] of slots.entries()) {
      this.#servers.set(slot, servers[i]!);
      this.#slots.set(servers[i]!.id, slot);
    }
    this.serveQueue();
  }

  /**
   * Replaces everything but what is under way and what was counted. With another algorithm or other rules all servers count as up, and
   * as never having failed, until told otherwise. Who waits goes on waiting, as far as the new queue has room.
   */
  replace(service: SiteService): void {
    const before = this.#settings;
    this.#settings = service;
    this.retries.configure(service.retry);
    if (JSON.stringify(before.balancing) !== JSON.stringify(service.balancing)) {
      const { table } = this.#balancer;
      for (const slot of table.ids.keys()) table.setGroup(slot, NO_GROUP);
      this.#balancer = new Balancer(service.balancing, table);
    }
    if (JSON.stringify(before.queue) !== JSON.stringify(service.queue)) this.#replaceQueue(service);
    this.configure(service.servers);
  }

  /** Of a server that is configured; NONE of others. */
  slotOf(server: string): number {
    return this.#slots.get(server) ?? NONE;
  }

  /** What checks say of a server. */
  setUp(server: string, isUp: boolean): void {
    const slot = this.slotOf(server);
    if (slot === NONE) return;
    this.#balancer.setUp(slot, isUp);
    if (isUp) this.serveQueue();
  }

  /** The server that has a slot; only of a slot that was just given. */
  server(slot: number): SiteServer {
    return this.#servers.get(slot)!;
  }

  /** A server for `waiter`: at once, or when one is free. False if nobody may wait any more; then nothing is called. */
  request(waiter: Waiter): boolean {
    // Who comes later does not overtake those who wait.
    const slot = this.#queue.size > 0 ? NONE : this.#choose(waiter.key);
    if (slot !== NONE) {
      this.#begin(slot);
      waiter.proceed(slot);
      return true;
    }
    if (!this.#queue.push(waiter, this.#clock.monotonicMs())) return false;
    this.#setTimer();
    return true;
  }

  /** A server at once, counted, if `isWanted`; null = there is none, or others wait for one. */
  take(key: number, isWanted: (slot: number) => boolean = () => true): number | null {
    const slot = this.#queue.size > 0 ? NONE : this.#choose(key);
    if (slot === NONE || !isWanted(slot)) return null;
    this.#begin(slot);
    return slot;
  }

  /** Whether `server` is still configured, at the same place, with this slot. */
  has(slot: number, server: SiteServer): boolean {
    const now = this.#servers.get(slot);
    return now !== undefined && now.id === server.id && now.address === server.address && now.port === server.port;
  }

  /** Whether it also is neither down nor ejected nor cut off. It need not get new clients: its weight may be 0. */
  isAvailable(slot: number, server: SiteServer): boolean {
    return this.has(slot, server) && this.#balancer.isAvailable(slot, this.#clock.monotonicMs());
  }

  /** The server of this id, counted, if it could be chosen at all and has room; NONE otherwise. It may be asked for past those who wait. */
  particular(id: string): number {
    const { table } = this.balancer;
    const slot = table.ids.indexOf(id);
    if (slot < 0 || table.columns.weight[slot] === 0 || !table.isFree(slot)) return NONE;
    if (!this.balancer.isAvailable(slot, this.#clock.monotonicMs())) return NONE;
    this.#begin(slot);
    return slot;
  }

  /** Counts what a predecessor had under way at a server, if it could go on there: at weight 0 and with a limit reached, too; else null. */
  resume(id: string): number | null {
    const slot = this.slotOf(id);
    if (slot === NONE || !this.#balancer.isAvailable(slot, this.#clock.monotonicMs())) return null;
    this.#begin(slot);
    return slot;
  }

  /** Id of the server where a key belongs by hashing, whatever the algorithm, among those of the first priority that are free; null = none. */
  hashed(key: number): string | null {
    const { table } = this.#balancer;
    const nowMs = this.#clock.monotonicMs();
    const fit = [...this.#servers].filter(([slot]) => table.isFree(slot) && this.#balancer.isAvailable(slot, nowMs));
    const first = Math.min(...fit.filter(([, { weight }]) => weight > 0).map(([, { priority }]) => priority));
    const slots = fit.filter(([, { priority }]) => priority === first).map(([slot]) => slot);
    const slot = rendezvous(key, slots, table);
    return slot === NONE ? null : table.ids[slot]!;
  }

  /** A server that is none of `tried`, counted; NONE if there is no other. */
  another(key: number, tried: readonly number[]): number {
    const slot = this.#balancer.chooseOther(tried, key, this.#clock.monotonicMs(), this.#random);
    if (slot !== NONE) this.#balancer.table.begin(slot);
    return slot;
  }

  /** Somebody who waits has left. */
  leave(waiter: Waiter): void {
    this.#queue.remove(waiter);
  }

  /** A server that was given is needed no more. */
  release(slot: number): void {
    this.#balancer.table.end(slot);
    this.serveQueue();
  }

  /** What became of it: see Balancer.observe. */
  observe(slot: number, latencyMs: number, isFailure: boolean): void {
    this.#balancer.observe(slot, latencyMs, isFailure, this.#clock.monotonicMs());
  }

  /** Gives servers to those who wait, as far as there are any. To be called too when a server has come up. */
  serveQueue(): void {
    // As a rule, and after each request: the clock need not be read.
    if (this.#queue.size === 0 && this.#timer === null) return;
    const nowMs = this.#clock.monotonicMs();
    for (let late = this.#queue.expire(nowMs); late !== null; late = this.#queue.expire(nowMs)) late.giveUp();
    for (let next = this.#queue.first; next !== null; next = this.#queue.first) {
      const slot = this.#choose(next.key);
      if (slot === NONE) break;
      this.#queue.shift(nowMs);
      this.#begin(slot);
      next.proceed(slot);
    }
    this.#setTimer();
  }

  /** Sends away all who wait. */
  close(): void {
    for (let next = this.#queue.first; next !== null; next = this.#queue.first) {
      this.#queue.remove(next);
      next.giveUp();
    }
    this.#setTimer();
  }

  #begin(slot: number): void {
    this.#begun++;
    this.#balancer.table.begin(slot);
  }

  #replaceQueue({ queue }: SiteService): void {
    const before = this.#queue;
    this.#queue = new WaitQueue(queue.mostWaiting, queue.timeoutMs);
    for (let next = before.first; next !== null; next = before.first) {
      before.remove(next);
      if (!this.#queue.push(next, this.#clock.monotonicMs())) next.giveUp();
    }
  }

  #choose(key: number): number {
    return this.#balancer.choose(key, this.#clock.monotonicMs(), this.#random);
  }

  /** One timer, for the first in the queue. */
  #setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#queue.size === 0) return;
    const delayMs = Math.max(1, Math.ceil(this.#queue.deadlineMs - this.#clock.monotonicMs()));
    this.#timer = setTimeout(() => this.serveQueue(), delayMs);
    this.#timer.unref();
  }
}

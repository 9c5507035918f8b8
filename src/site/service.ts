// One service of a site at run time: its balancer, those who wait for a server, and how many tries it may spend. Listeners of any
// layer take servers from it and give them back.

import { Balancer } from '../balance/balancer.ts';
import { NONE, type Random } from '../balance/chooser.ts';
import { RetryBudget } from '../balance/retry-budget.ts';
import { WaitQueue } from '../balance/wait-queue.ts';
import type { Clock } from '../base/clock.ts';
import type { SiteServer, SiteService } from '../model/site.ts';

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
  readonly balancer: Balancer;
  readonly retries: RetryBudget;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #queue: WaitQueue<Waiter>;
  readonly #servers = new Map<number, SiteServer>();
  #timer: NodeJS.Timeout | null = null;

  constructor(service: SiteService, clock: Clock, random: Random = Math.random) {
    this.balancer = new Balancer(service.balancing);
    this.retries = new RetryBudget(service.retry);
    this.#clock = clock;
    this.#random = random;
    this.#queue = new WaitQueue(service.queue.mostWaiting, service.queue.timeoutMs);
    this.configure(service.servers);
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Requests or connections under way at all servers, those of servers that are configured no more among them. */
  get active(): number {
    return this.balancer.table.groupActive.reduce((sum, active) => sum + active, 0);
  }

  /** Replaces the servers. Connections to those that are gone go on. */
  configure(servers: readonly SiteServer[]): void {
    const slots = this.balancer.configure(servers, this.#clock.monotonicMs());
    this.#servers.clear();
    for (const [i, slot] of slots.entries()) this.#servers.set(slot, servers[i]!);
    this.serveQueue();
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
      this.balancer.table.begin(slot);
      waiter.proceed(slot);
      return true;
    }
    if (!this.#queue.push(waiter, this.#clock.monotonicMs())) return false;
    this.#setTimer();
    return true;
  }

  /** The server of this id, counted, if it could be chosen at all and has room; NONE otherwise. It may be asked for past those who wait. */
  particular(id: string): number {
    const { table } = this.balancer;
    const slot = table.ids.indexOf(id);
    if (slot < 0 || table.columns.weight[slot] === 0 || !table.isFree(slot)) return NONE;
    if (!this.balancer.isAvailable(slot, this.#clock.monotonicMs())) return NONE;
    table.begin(slot);
    return slot;
  }

  /** A server that is none of `tried`, counted; NONE if there is no other. */
  another(key: number, tried: readonly number[]): number {
    const slot = this.balancer.chooseOther(tried, key, this.#clock.monotonicMs(), this.#random);
    if (slot !== NONE) this.balancer.table.begin(slot);
    return slot;
  }

  /** Somebody who waits has left. */
  leave(waiter: Waiter): void {
    this.#queue.remove(waiter);
  }

  /** A server that was given is needed no more. */
  release(slot: number): void {
    this.balancer.table.end(slot);
    this.serveQueue();
  }

  /** What became of it: see Balancer.observe. */
  observe(slot: number, latencyMs: number, isFailure: boolean): void {
    this.balancer.observe(slot, latencyMs, isFailure, this.#clock.monotonicMs());
  }

  /** Gives servers to those who wait, as far as there are any. To be called too when a server has come up. */
  serveQueue(): void {
    const nowMs = this.#clock.monotonicMs();
    for (let late = this.#queue.expire(nowMs); late !== null; late = this.#queue.expire(nowMs)) late.giveUp();
    for (let next = this.#queue.first; next !== null; next = this.#queue.first) {
      const slot = this.#choose(next.key);
      if (slot === NONE) break;
      this.#queue.shift(nowMs);
      this.balancer.table.begin(slot);
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

  #choose(key: number): number {
    return this.balancer.choose(key, this.#clock.monotonicMs(), this.#random);
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

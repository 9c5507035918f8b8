// Leases over Redis: each request is one script in the next round, and its answer is whatever came of it. Nothing is repeated: who
// asked knows when it asked, and asks again.

import type { Problem } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import type { LeaseAnswer, LeaseRequest } from '../model/mesh.ts';
import { holderId, unavailable } from './lease-rule.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, listOf, type Part } from './redis-part.ts';
import { LEASE, RELEASE_LEASE } from './redis-scripts.ts';

/** Replicas answer within a round trip or have trouble. */
const CONFIRM_MS = 100;

interface Asked {
  readonly name: string;
  readonly request: LeaseRequest;
  readonly resolve: (answer: Result<LeaseAnswer, Problem>) => void;
}

export class RedisLeases implements Part {
  readonly isReady = true;
  readonly #desk: Desk;
  /** Us: `epoch id`, so that a process that was started again is not its former self. */
  readonly #me: string;
  readonly #confirmingReplicas: number;
  #waiting: Asked[] = [];
  #releases: readonly (readonly [name: string, token: number])[] = [];
  #sent: readonly Asked[] = [];
  #sentReleases = 0;

  constructor(desk: Desk, me: string, confirmingReplicas: number) {
    this.#desk = desk;
    this.#me = me;
    this.#confirmingReplicas = confirmingReplicas;
  }

  get isHungry(): boolean {
    return this.#waiting.length > 0 || this.#releases.length > 0;
  }

  request(name: string, request: LeaseRequest): Promise<Result<LeaseAnswer, Problem>> {
    return new Promise((resolve) => {
      this.#waiting.push({ name, request, resolve });
      this.#desk.kick();
    });
  }

  release(name: string, token: number): void {
    this.#releases = [...this.#releases, [name, token]];
    this.#desk.kick();
  }

  ask(): readonly Command[] {
    const releases = this.#releases.map(
      ([name, token]): Command => [RELEASE_LEASE, this.#desk.keys.lease(name), this.#me, token],
    );
    this.#sentReleases = releases.length;
    this.#releases = [];
    this.#sent = this.#waiting;
    this.#waiting = [];
    const takes = this.#sent.map(({ name, request: { ttlMs, token } }): Command => {
      return [LEASE, this.#desk.keys.lease(name), this.#me, ttlMs, token];
    });
    // What a failover could forget must not be relied on.
    const confirm: Command[] =
      takes.length > 0 && this.#confirmingReplicas > 0 ? [['WAIT', this.#confirmingReplicas, CONFIRM_MS]] : [];
    return [...releases, ...takes, ...confirm];
  }

  take(replies: readonly Reply[]): void {
    const sent = this.#sent;
    this.#sent = [];
    const own = replies.slice(this.#sentReleases);
    const confirmed = this.#confirmingReplicas === 0 ? null : own[sent.length];
    for (const [i, { resolve }] of sent.entries()) {
      const reply = own[i];
      this.#desk.report('leases', errorOf(reply));
      const answer = this.#answerOf(reply);
      const isKept = confirmed === null || (confirmed?.ok === true && Number(confirmed.value) >= this.#confirmingReplicas);
      if (answer === undefined) resolve(unavailable(errorOf(reply)?.message ?? 'redis gave an answer that is none'));
      else if (answer.isOurs && !isKept) resolve(unavailable(`fewer than ${this.#confirmingReplicas} replicas have the lease`));
      else resolve(ok(answer));
    }
  }

  lost(): void {
    for (const { resolve } of [...this.#sent, ...this.#waiting]) resolve(unavailable('redis does not answer'));
    this.#sent = [];
    this.#waiting = [];
    this.#releases = [];
  }

  #answerOf(reply: Reply | undefined): LeaseAnswer | undefined {
    const [holder, token, leftMs] = listOf(reply) ?? [];
    if (typeof holder !== 'string' || !Number.isSafeInteger(Number(token)) || !Number.isFinite(Number(leftMs))) return undefined;
    return { isOurs: holder === this.#me, holder: holderId(holder), token: Number(token), leftMs: Number(leftMs) };
  }
}

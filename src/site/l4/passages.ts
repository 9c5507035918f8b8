// The connections that a front relays: what moves in them is added to the bandwidth of their servers. One in which nothing moves is let
// go, and so is a client that does not take what it is sent: for as long as it stays it holds memory here and a connection of the server.

import type { Clock } from '../../base/clock.ts';
import type { Service } from '../service.ts';
import type { Relay } from './relay.ts';

/** How often they are looked at: a connection is let go up to twice this late, and none of them has a timer of its own. */
const LOOK_INTERVAL_MS = 1000;

interface Limits {
  /** Nothing has moved for so long. */
  readonly idleTimeoutMs: number;
  /** Octets wait for the client, and it has taken none for so long. */
  readonly stallTimeoutMs: number;
}

/** A connection that is relayed. */
export class Passage {
  readonly relay: Relay;
  readonly #service: Service;
  readonly #slot: number;
  readonly #limits: Limits;
  /** Octets of it that were counted. */
  #counted = 0;
  #progress = 0;
  #progressAtMs: number;
  /** Octets that the client's socket has taken, and when there was last nothing to complain of. */
  #taken = 0;
  #takenAtMs: number;

  constructor(relay: Relay, service: Service, slot: number, limits: Limits, nowMs: number) {
    this.relay = relay;
    this.#service = service;
    this.#slot = slot;
    this.#limits = limits;
    this.#progressAtMs = nowMs;
    this.#takenAtMs = nowMs;
  }

  count(nowMs: number): void {
    const { moved } = this.relay;
    if (moved === this.#counted) return;
    this.#service.balancer.table.addOctets(this.#slot, moved - this.#counted, nowMs);
    this.#counted = moved;
  }

  /** What is wrong with it; null = nothing. */
  judge(nowMs: number): 'idle' | 'stalled' | null {
    const { progress, waiting, taken } = this.relay;
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#progressAtMs = nowMs;
    }
    if (waiting === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#takenAtMs = nowMs;
    }
    if (nowMs - this.#takenAtMs >= this.#limits.stallTimeoutMs) return 'stalled';
    return nowMs - this.#progressAtMs >= this.#limits.idleTimeoutMs ? 'idle' : null;
  }
}

export class Passages {
  readonly #clock: Clock;
  readonly #onReset: (why: 'idle' | 'stalled') => void;
  readonly #onLook: (nowMs: number) => void;
  readonly #all = new Set<Passage>();
  readonly #timer: NodeJS.Timeout;

  /** `onReset` is called for each that was reset, `onLook` each time that all were looked at. */
  constructor(clock: Clock, onReset: (why: 'idle' | 'stalled') => void, onLook: (nowMs: number) => void) {
    this.#clock = clock;
    this.#onReset = onReset;
    this.#onLook = onLook;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#timer.unref();
  }

  begin(relay: Relay, service: Service, slot: number, limits: Limits): Passage {
    const passage = new Passage(relay, service, slot, limits, this.#clock.monotonicMs());
    this.#all.add(passage);
    return passage;
  }

  end(passage: Passage): void {
    passage.count(this.#clock.monotonicMs());
    this.#all.delete(passage);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const passage of this.#all) {
      passage.count(nowMs);
      const why = passage.judge(nowMs);
      if (why === null) continue;
      this.#onReset(why);
      passage.relay.reset();
    }
    this.#onLook(nowMs);
  }
}

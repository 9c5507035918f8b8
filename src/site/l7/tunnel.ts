// Two connections made one after a change of protocol (WebSocket and its like): octets pass both ways, no faster than they are taken.
// When one side ends, what it sent is passed on and then both are closed; a tunnel on which nothing moves is closed too.

import type { Clock } from '../../base/clock.ts';
import type { Deadlines, Timed } from './deadlines.ts';

export interface TunnelListener {
  /** Valid during the call only. */
  onOctets(octets: Buffer): void;
  onDrain(): void;
  /** It was closed, by whomever. Once. */
  onClose(): void;
}

/** One of the two. */
export interface TunnelSide {
  listen(listener: TunnelListener): void;
  /** False: wait for onDrain. The octets are used or copied before it returns. */
  write(octets: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Closes after what was written. */
  end(): void;
  destroy(): void;
}

export class Tunnel implements Timed {
  deadlineMs: number;
  /** Octets that passed, both ways. */
  moved = 0;
  readonly #a: TunnelSide;
  readonly #b: TunnelSide;
  readonly #idleMs: number;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #onEnd: () => void;
  #open = 2;

  /** `onEnd` is called once, when both sides are closed. */
  constructor(a: TunnelSide, b: TunnelSide, idleMs: number, clock: Clock, deadlines: Deadlines, onEnd: () => void) {
    this.#a = a;
    this.#b = b;
    this.#idleMs = idleMs;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#onEnd = onEnd;
    this.deadlineMs = clock.monotonicMs() + idleMs;
    deadlines.add(this);
    this.#join(a, b);
    this.#join(b, a);
  }

  expire(): void {
    this.#a.destroy();
    this.#b.destroy();
  }

  #join(from: TunnelSide, to: TunnelSide): void {
    from.listen({
      onOctets: (octets) => {
        this.moved += octets.length;
        this.deadlineMs = this.#clock.monotonicMs() + this.#idleMs;
        if (!to.write(octets)) from.pause();
      },
      onDrain: () => to.resume(),
      onClose: () => {
        to.end();
        if (--this.#open > 0) return;
        this.#deadlines.delete(this);
        this.#onEnd();
      },
    });
  }
}

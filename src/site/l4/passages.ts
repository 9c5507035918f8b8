// The connections that a front relays: what moves in them is added to the bandwidth of their servers, and a client that does not take what
// it is sent is let go, for as long as it stays it holds memory here and a connection of the server.

import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Service } from '../service.ts';

/** How often they are looked at. */
const LOOK_INTERVAL_MS = 1000;

/** A connection that is relayed. */
export interface Passage {
  readonly client: Socket;
  readonly service: Service;
  readonly slot: number;
  /** A client for which octets wait and that has taken none for so long is reset. */
  readonly stallTimeoutMs: number;
}

interface Watched extends Passage {
  /** Octets of it that were counted. */
  counted: number;
  /** Octets that the client's socket has taken, and when there was last nothing to complain of. */
  taken: number;
  takenAtMs: number;
}

export class Passages {
  readonly #clock: Clock;
  readonly #onStall: () => void;
  readonly #onLook: (nowMs: number) => void;
  readonly #watched = new Map<Passage, Watched>();
  readonly #timer: NodeJS.Timeout;

  /** `onStall` is called for each that was reset, `onLook` each time that all were looked at. */
  constructor(clock: Clock, onStall: () => void, onLook: (nowMs: number) => void) {
    this.#clock = clock;
    this.#onStall = onStall;
    this.#onLook = onLook;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#timer.unref();
  }

  add(passage: Passage): void {
    this.#watched.set(passage, { ...passage, counted: 0, taken: 0, takenAtMs: this.#clock.monotonicMs() });
  }

  end(passage: Passage): void {
    this.#count(this.#watched.get(passage)!, this.#clock.monotonicMs());
    this.#watched.delete(passage);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const watched of this.#watched.values()) {
      this.#count(watched, nowMs);
      if (hasStalled(watched, nowMs)) {
        this.#onStall();
        watched.client.resetAndDestroy();
      }
    }
    this.#onLook(nowMs);
  }

  #count(watched: Watched, nowMs: number): void {
    const moved = watched.client.bytesRead + watched.client.bytesWritten;
    watched.service.balancer.table.addOctets(watched.slot, moved - watched.counted, nowMs);
    watched.counted = moved;
  }
}

function hasStalled(watched: Watched, nowMs: number): boolean {
  const { client, stallTimeoutMs } = watched;
  const waiting = client.writableLength;
  const taken = client.bytesWritten - waiting;
  if (waiting === 0 || taken !== watched.taken) {
    watched.taken = taken;
    watched.takenAtMs = nowMs;
  }
  return nowMs - watched.takenAtMs >= stallTimeoutMs;
}

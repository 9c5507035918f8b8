// Which answers are told one by one: of each policy one in so many, counted, and no more than a rate allows. What is chosen is copied
// into a ring; what it means is found out by others, elsewhere. An answer that is not chosen costs a count, and allocates nothing.

import type { Client } from '../model/client.ts';
import { RING_COPIES, TapRing } from './tap-ring.ts';

/** What of the answers of one worker is told, and where copies go. */
export interface TapSettings {
  readonly ring: SharedArrayBuffer;
  /** One in so many, 0 = none: of the replies that no policy decides first, then by policy number. */
  readonly oneIn: readonly number[];
  /** Copies a second of this worker; may be a fraction. */
  readonly perSecond: number;
}

export class Tap {
  readonly #ring: TapRing;
  readonly #oneIn: Uint32Array;
  /** In parallel: how many since the last that was chosen. */
  readonly #since: Uint32Array;
  readonly #perSecond: number;
  /** Copies that may come at once: half a ring, so that what the rate adds until the reader comes finds room too. */
  readonly #most: number;
  /** Copies that may be made now, and when that was worked out. In an array: a fraction in a field may cost an object. */
  readonly #room: Float64Array;

  constructor({ ring, oneIn, perSecond }: TapSettings) {
    this.#ring = new TapRing(ring);
    this.#oneIn = Uint32Array.from(oneIn);
    this.#since = new Uint32Array(oneIn.length);
    this.#perSecond = perSecond;
    this.#most = Math.max(1, Math.min(perSecond, RING_COPIES / 2));
    this.#room = Float64Array.of(this.#most, 0);
  }

  /** Whether the answer just given is to be told; `policy` is the number of the one that decided, -1 = none did. */
  isDue(policy: number, nowMs: number): boolean {
    const at = policy + 1;
    if (at >= this.#oneIn.length) return false;
    const every = this.#oneIn[at]!;
    if (every === 0) return false;
    if (++this.#since[at]! < every) return false;
    this.#since[at] = 0;
    return this.#hasRoom(nowMs);
  }

  write(
    input: Uint8Array,
    offset: number,
    length: number,
    client: Client,
    output: Uint8Array,
    outputOffset: number,
    size: number,
    hasSubnet: boolean,
  ): void {
    this.#ring.write(input, offset, length, client, output, outputOffset, size, hasSubnet);
  }

  /** Takes one from what has come together. */
  #hasRoom(nowMs: number): boolean {
    const room = this.#room;
    const elapsedMs = Math.max(0, nowMs - room[1]!);
    room[1] = nowMs;
    room[0] = Math.min(this.#most, room[0]! + (elapsedMs * this.#perSecond) / 1000);
    if (room[0]! < 1) {
      this.#ring.hold();
      return false;
    }
    room[0]! -= 1;
    return true;
  }
}

// Those who wait for a server because all are full: first come, first served, only so many, and each only so long. All wait
// equally long at most, so the order of arrival is the order of deadlines. A ring of slots: nothing is allocated by waiting.

interface Place<T> {
  /** null = nobody, or somebody who left. */
  waiter: T | null;
  deadlineMs: number;
}

export class WaitQueue<T> {
  readonly #places: readonly Place<T>[];
  readonly #timeoutMs: number;
  #first = 0;
  /** Places from the first on that were given away, by those who left too. */
  #used = 0;
  #waiting = 0;

  /** `mostWaiting` 0 = nobody may wait. */
  constructor(mostWaiting: number, timeoutMs: number) {
    this.#places = Array.from({ length: mostWaiting }, () => ({ waiter: null, deadlineMs: 0 }));
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#waiting;
  }

  /** When the first in the queue has waited long enough; Infinity = nobody waits. */
  get deadlineMs(): number {
    this.#skipLeft();
    return this.#used === 0 ? Number.POSITIVE_INFINITY : this.#places[this.#first]!.deadlineMs;
  }

  /** Who is next, in time or not; null = nobody waits. */
  get first(): T | null {
    this.#skipLeft();
    return this.#used === 0 ? null : this.#places[this.#first]!.waiter;
  }

  /** False if the queue is full. */
  push(waiter: T, nowMs: number): boolean {
    this.#skipLeft();
    if (this.#used === this.#places.length) this.#closeGaps();
    if (this.#used === this.#places.length) return false;
    const place = this.#placeAt(this.#used++);
    place.waiter = waiter;
    place.deadlineMs = nowMs + this.#timeoutMs;
    this.#waiting++;
    return true;
  }

  /** Who is next and still in time; null = nobody. Call expire first, or those whose time is over are lost. */
  shift(nowMs: number): T | null {
    this.#skipLeft();
    if (this.#used === 0 || this.#places[this.#first]!.deadlineMs <= nowMs) return null;
    return this.#takeFirst();
  }

  /** Who has waited too long; null = nobody else. Call it until it is null. */
  expire(nowMs: number): T | null {
    return this.deadlineMs <= nowMs ? this.#takeFirst() : null;
  }

  /** Somebody leaves; false if they were not waiting. */
  remove(waiter: T): boolean {
    for (let i = 0; i < this.#used; i++) {
      const place = this.#placeAt(i);
      if (place.waiter !== waiter) continue;
      place.waiter = null;
      this.#waiting--;
      return true;
    }
    return false;
  }

  #placeAt(i: number): Place<T> {
    return this.#places[(this.#first + i) % this.#places.length]!;
  }

  #takeFirst(): T | null {
    const place = this.#places[this.#first]!;
    const { waiter } = place;
    place.waiter = null;
    this.#waiting--;
    this.#advance();
    return waiter;
  }

  #skipLeft(): void {
    while (this.#used > 0 && this.#places[this.#first]!.waiter === null) this.#advance();
  }

  #advance(): void {
    this.#first = (this.#first + 1) % this.#places.length;
    this.#used--;
  }

  /** Moves those who wait to the front of the places, in their order. */
  #closeGaps(): void {
    let kept = 0;
    for (let i = 0; i < this.#used; i++) {
      const { waiter, deadlineMs } = this.#placeAt(i);
      if (waiter === null) continue;
      const place = this.#placeAt(kept++);
      place.waiter = waiter;
      place.deadlineMs = deadlineMs;
    }
    for (let i = kept; i < this.#used; i++) this.#placeAt(i).waiter = null;
    this.#used = kept;
  }
}

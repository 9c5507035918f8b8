// The latest events, for those who come late or come back. Ids are the moment of the start and a number, so that one of a former
// process is never taken for one of this.

import type { EventSource } from './ports.ts';
import type { AdminEvent } from './schemas/changes.ts';

const KEPT = 1000;

/** Most have no change behind them. */
type NewEvent = Omit<AdminEvent, 'id' | 'change'> & Partial<Pick<AdminEvent, 'change'>>;

export class EventRing implements EventSource {
  #epoch: string;
  readonly #kept: AdminEvent[] = [];
  readonly #listeners = new Set<(event: AdminEvent) => void>();
  #last = 0;

  /** `startMs` is the wall clock. */
  constructor(startMs: number) {
    this.#epoch = startMs.toString(36);
  }

  add(event: NewEvent): void {
    this.take({ id: `${this.#epoch}-${this.#last + 1}`, change: null, ...event });
  }

  /** Takes the next event of another ring, of which this one is then a copy. */
  take(whole: AdminEvent): void {
    const [epoch, seq] = whole.id.split('-');
    this.#epoch = epoch!;
    this.#last = Number(seq);
    this.#kept.push(whole);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const listen of this.#listeners) listen(whole);
  }

  recent(limit: number): readonly AdminEvent[] {
    return this.#kept.slice(-limit).reverse();
  }

  since(id: string): readonly AdminEvent[] | undefined {
    const [epoch, number] = id.split('-');
    const seq = Number(number);
    const first = this.#last - this.#kept.length; // the number before the oldest that is kept
    if (epoch !== this.#epoch || !Number.isSafeInteger(seq) || seq < first || seq > this.#last) return undefined;
    return this.#kept.slice(seq - first);
  }

  subscribe(listen: (event: AdminEvent) => void): () => void {
    this.#listeners.add(listen);
    return () => this.#listeners.delete(listen);
  }
}

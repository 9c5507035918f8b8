// One reference, replaced whole. Readers call get() once for one piece of work and never see half of a change.

export class Current<T> {
  #value: T;
  readonly #watchers = new Set<(next: T, previous: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  /** Replaces the value, tells the watchers in order of registration, and returns the previous value. */
  swap(next: T): T {
    const previous = this.#value;
    this.#value = next;
    for (const watcher of this.#watchers) watcher(next, previous);
    return previous;
  }

  /** Calls `watcher` at each swap until the returned function is called. */
  watch(watcher: (next: T, previous: T) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

// Connections that have been accepted and not heard from yet: the kernel's queue of new connections, continued. They stand
// outside the limits on connections until their first octets come or their time is up, for in a storm of connections an honest
// client's query may still be on its way when a limit's worth of others has come in behind it. One that says nothing costs a
// descriptor and no buffer, for a moment.
// Their number is bounded too. Beyond the bound the address with the most gives up its oldest, so that one source's storm falls on
// that source.

interface Arriving {
  /** Whom the connection counts for. */
  readonly addressKey: string;
  /** When it was accepted. */
  readonly idleSinceMs: number;
}

export class Arrivals<T extends Arriving> {
  readonly #max: number;
  /** In order of arrival. */
  readonly #all = new Set<T>();
  readonly #byAddress = new Map<string, Set<T>>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#all.size;
  }

  values(): Iterable<T> {
    return this.#all.values();
  }

  /** Adds a connection. Returns the one that had to leave for it, which the caller closes. */
  add(connection: T): T | undefined {
    const evicted = this.#all.size < this.#max ? undefined : this.#oldestOfHeaviest();
    if (evicted !== undefined) this.remove(evicted);
    this.#all.add(connection);
    const siblings = this.#byAddress.get(connection.addressKey);
    if (siblings === undefined) this.#byAddress.set(connection.addressKey, new Set([connection]));
    else siblings.add(connection);
    return evicted;
  }

  /** Whether it was here. */
  remove(connection: T): boolean {
    if (!this.#all.delete(connection)) return false;
    const siblings = this.#byAddress.get(connection.addressKey)!;
    siblings.delete(connection);
    if (siblings.size === 0) this.#byAddress.delete(connection.addressKey);
    return true;
  }

  /** Takes out and returns the oldest if it came at `untilMs` or before. */
  takeOlder(untilMs: number): T | undefined {
    const [oldest] = this.#all;
    if (oldest === undefined || oldest.idleSinceMs > untilMs) return undefined;
    this.remove(oldest);
    return oldest;
  }

  /** A walk over the addresses, which are at most as many as there are arrivals; it happens only in a storm. */
  #oldestOfHeaviest(): T | undefined {
    let heaviest: ReadonlySet<T> | undefined;
    for (const siblings of this.#byAddress.values()) if (siblings.size > (heaviest?.size ?? 0)) heaviest = siblings;
    const [oldest] = heaviest ?? [];
    return oldest;
  }
}

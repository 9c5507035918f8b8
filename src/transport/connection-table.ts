// Open connections, the longest idle first, within a limit for all and one for each address. Idle means: since the last
// completed exchange (or the start), so neither dribbling octets nor half a message protects a connection from eviction.
// A new client always gets in; the one that has been of no use for longest goes (as gdnsd does).

interface Tracked {
  /** Whom the connection counts for. */
  readonly addressKey: string;
}

export class ConnectionTable<T extends Tracked> {
  readonly #maxTotal: number;
  readonly #maxPerAddress: number;
  /** A Set keeps the order of insertion: touching moves to the end. */
  readonly #all = new Set<T>();
  readonly #byAddress = new Map<string, Set<T>>();

  constructor(maxTotal: number, maxPerAddress: number) {
    this.#maxTotal = maxTotal;
    this.#maxPerAddress = maxPerAddress;
  }

  get size(): number {
    return this.#all.size;
  }

  /** From the longest idle to the latest used. Connections may be removed on the way. */
  values(): Iterable<T> {
    return this.#all.values();
  }

  /** Adds a connection. Returns the one that had to leave the table for it, which the caller closes. */
  add(connection: T): T | undefined {
    const { addressKey } = connection;
    const own = this.#byAddress.get(addressKey);
    let evicted: T | undefined;
    if (own !== undefined && own.size >= this.#maxPerAddress) [evicted] = own;
    else if (this.#all.size >= this.#maxTotal) [evicted] = this.#all;
    if (evicted !== undefined) this.remove(evicted);
    this.#all.add(connection);
    const siblings = this.#byAddress.get(addressKey);
    if (siblings === undefined) this.#byAddress.set(addressKey, new Set([connection]));
    else siblings.add(connection);
    return evicted;
  }

  /** Notes that an exchange was completed. Does nothing for a connection that has left the table. */
  touch(connection: T): void {
    if (!this.#all.delete(connection)) return;
    this.#all.add(connection);
    const siblings = this.#byAddress.get(connection.addressKey)!;
    siblings.delete(connection);
    siblings.add(connection);
  }

  /** Idempotent. */
  remove(connection: T): void {
    if (!this.#all.delete(connection)) return;
    const siblings = this.#byAddress.get(connection.addressKey)!;
    siblings.delete(connection);
    if (siblings.size === 0) this.#byAddress.delete(connection.addressKey);
  }
}

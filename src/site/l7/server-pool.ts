// Idle connections to servers. The one used last is taken first: it is the least likely to have been closed by its server, and those that
// are not needed grow old and are closed.

import type { Clock } from '../../base/clock.ts';
import type { SiteServer } from '../../model/site.ts';
import { ServerConnection } from './server-connection.ts';

/** How often old ones are looked for. */
const SWEEP_INTERVAL_MS = 1000;

/** To one server, longest idle first. */
type Idle = ServerConnection[];

export class ServerPool {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, Idle>();
  /** The same lists; a reload makes servers anew. */
  readonly #byServer = new WeakMap<SiteServer, Idle>();
  readonly #all = new Set<ServerConnection>();
  readonly #timer: NodeJS.Timeout;
  #keepMs: number;

  constructor(clock: Clock, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS);
    this.#timer.unref();
  }

  /** How long an idle connection is kept from now on. */
  configure(keepMs: number): void {
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#all.size;
  }

  /** `isFresh`: a new one, since an old one has just turned out to be closed. */
  take(server: SiteServer, isFresh: boolean): ServerConnection {
    const idle = this.#idleOf(server);
    if (!isFresh) {
      for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
        if (connection.isReusable) return connection;
        connection.abandon();
      }
    }
    const connection = new ServerConnection(server.address, server.port, (closed) => this.#forget(closed, idle));
    this.#all.add(connection);
    return connection;
  }

  /** A response has been read to its end. */
  give(server: SiteServer, connection: ServerConnection): void {
    if (!connection.isReusable || this.#keepMs === 0) {
      connection.abandon();
      return;
    }
    connection.idleSinceMs = this.#clock.monotonicMs();
    this.#idleOf(server).push(connection);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const connection of this.#all) connection.abandon();
    this.#all.clear();
  }

  #idleOf(server: SiteServer): Idle {
    const known = this.#byServer.get(server);
    if (known !== undefined) return known;
    const name = `${server.address} ${server.port}`;
    const idle = this.#byAddress.get(name) ?? [];
    this.#byAddress.set(name, idle);
    this.#byServer.set(server, idle);
    return idle;
  }

  #forget(connection: ServerConnection, idle: Idle): void {
    this.#all.delete(connection);
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
  }

  #sweep(): void {
    const oldestMs = this.#clock.monotonicMs() - this.#keepMs;
    for (const idle of this.#byAddress.values()) {
      let old = 0;
      while (old < idle.length && idle[old]!.idleSinceMs < oldestMs) old++;
      for (const connection of idle.splice(0, old)) connection.abandon();
    }
  }
}

// The role `admin` of a running process, and what every process keeps of changes whether it has that role or not: the audit, and
// the latest events. The API has a thread of its own, where it is asked for.

import { AuditLog } from '../../admin/audit-log.ts';
import { EventRing } from '../../admin/event-ring.ts';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Role } from '../../model/mesh.ts';
import type { PassedSocket } from '../../model/passed-socket.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { EventFeed } from '../health/event-feed.ts';
import { Changes } from '../orders/changes.ts';
import { TrialFile, takeBackTrial } from '../orders/trial-file.ts';
import type { Running } from '../process/running.ts';
import { VERSION } from '../version.ts';
import { WatchDesk } from '../watch/watch-desk.ts';
import { AdminDesk } from './admin-port.ts';
import { ApiHost } from './api-host.ts';
import type { EarlyApi } from './early-api.ts';

/** Without an address there is no API, so nobody has the role. */
export const rolesInForce = (roles: readonly Role[], { admin }: Pick<Snapshot, 'admin'>): readonly Role[] =>
  roles.filter((role) => role !== 'admin' || admin.listen.length > 0);

export interface Attended {
  readonly endpoints: readonly Endpoint[];
  close(): Promise<void>;
  /** Once the process answers nobody any more. */
  farewell(): Promise<void>;
}

export class Operations {
  readonly changes: Changes;
  /** Once a process has started. */
  watch: WatchDesk | null = null;
  readonly #log: Logger;
  readonly #audit: AuditLog;
  readonly #trialFile: TrialFile;
  readonly #passed: PassedSocket;
  readonly #early: EarlyApi;
  readonly #events = new EventRing(systemClock.wallMs());

  private constructor(audit: AuditLog, log: Logger, passed: PassedSocket, early: EarlyApi, trialFile: TrialFile) {
    this.#audit = audit;
    this.#passed = passed;
    this.#early = early;
    this.#log = log;
    this.#trialFile = trialFile;
    this.changes = new Changes({ audit, events: this.#events, clock: systemClock, log, trialFile });
  }

  /** `passed`: what a predecessor listened on. */
  static async open(directory: string, log: Logger, passed: PassedSocket, early: EarlyApi): Promise<Operations> {
    return new Operations(await AuditLog.open({ directory, log }), log, passed, early, new TrialFile(directory));
  }

  /**
   * Takes back what a former process of this state directory tried when it ended. True if a file has changed by it: what was read must be
   * read again. Only for whoever owns the state directory.
   */
  async takeBackTrial(): Promise<boolean> {
    const ended = await takeBackTrial(this.#trialFile, this.#log, systemClock.wallMs());
    if (ended !== null) this.changes.staged.recall(ended);
    return ended?.phase === 'rolled-back';
  }

  /** Follows a process that has started, and opens its API if that is one of its roles. What it returns ends both. */
  async attend(running: Running): Promise<Attended> {
    const { plane } = running;
    const feed = new EventFeed(
      this.#events,
      systemClock,
      () => running.snapshot.steering,
      () => plane.meshState,
      plane.facts,
      plane.trail,
    );
    const unfollow = plane.follow((facts) => feed.follow(facts));
    const watch = new WatchDesk({ running, audit: this.#audit, events: this.#events, clock: systemClock, log: this.#log });
    await watch.start();
    this.watch = watch;
    const leave = this.changes.attend(running);
    const api = plane.roles.includes('admin') ? await this.#open(running, watch) : null;
    this.#early.drop();
    return {
      endpoints: api?.endpoints ?? [],
      close: async () => {
        unfollow();
        await leave();
        await api?.close();
        await watch.close();
      },
      farewell: () => watch.farewell(),
    };
  }

  close(): Promise<void> {
    this.changes.staged.close();
    return this.#audit.close();
  }

  async #open(running: Running, watch: WatchDesk): Promise<ApiHost> {
    const port = new AdminDesk({
      running,
      changes: this.changes,
      audit: this.#audit,
      events: this.#events,
      clock: systemClock,
      watch,
    });
    const settings = () => running.snapshot.admin;
    const { stateDirectory } = running.snapshot.server;
    const own = { version: VERSION, stateDirectory, passed: this.#passed, early: this.#early };
    const host = new ApiHost({ settings, port, clock: systemClock, log: this.#log, ...own });
    await host.start();
    return host;
  }
}

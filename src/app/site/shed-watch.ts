// Connections at layer 4 that are reset because the process has no descriptor left: told when it begins, and once a minute as long as
// it goes on, for each of these clients is a failure that no limit of the configuration explains.

import type { Logger } from '../../base/logger.ts';
import type { ListenerReport, SiteReport } from '../../site/report.ts';

const PAUSE_MS = 60_000;

/** How many one listener has reset for it since the start. */
export const shedBy = ({ counts }: Pick<ListenerReport, 'counts'>): number => Number(counts['refusedByDescriptors'] ?? 0);

export class ShedWatch {
  readonly #log: Logger;
  /** By site and listener: how many have been told of. */
  readonly #told = new Map<string, number>();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `nowMs` is the monotonic clock. */
  look(reports: readonly Pick<SiteReport, 'site' | 'listeners'>[], nowMs: number): void {
    if (nowMs - this.#lastMs < PAUSE_MS) return;
    for (const { site, listeners } of reports) {
      for (const listener of listeners) {
        const key = `${site} ${listener.listener}`;
        const count = shedBy(listener);
        // A listener that was opened anew counts from zero.
        const more = count - Math.min(count, this.#told.get(key) ?? 0);
        this.#told.set(key, count);
        if (more === 0) continue;
        this.#lastMs = nowMs;
        this.#log.warn(
          { code: 'ERR_OPEN_FILES', site, listener: listener.listener, connections: listener.connections, reset: more },
          'connections were reset at once: the process has no file descriptor left for them; raise its limit (LimitNOFILE= of the unit, ulimit -n), or lower mostConnections',
        );
      }
    }
  }
}

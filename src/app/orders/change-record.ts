// What becomes of a change for people to read: an event for who looks now, a line of the audit for who asks later.

import type { AuditLog } from '../../admin/audit-log.ts';
import type { EventRing } from '../../admin/event-ring.ts';
import type { AuditEntry } from '../../admin/schemas/changes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, type Result } from '../../base/result.ts';

/** Who asks, and by which way. */
export interface Who {
  readonly actor: string;
  readonly via: AuditEntry['via'];
  /** Empty if the way has none. */
  readonly requestId: string;
}

type Facts = Pick<AuditEntry, 'action' | 'result' | 'isBreakGlass' | 'subject' | 'reason' | 'detail'>;

export interface ChangeRecordOptions {
  readonly audit: AuditLog;
  readonly events: EventRing;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ChangeRecord {
  readonly #options: ChangeRecordOptions;

  constructor(options: ChangeRecordOptions) {
    this.#options = options;
  }

  tell(kind: 'order' | 'recall' | 'reload', text: string, level: 'info' | 'warning' | 'error'): void {
    const atMs = this.#options.clock.wallMs();
    this.#options.events.add({ atMs, kind, level, text, member: null, pool: null, site: null, isUp: null });
  }

  async refused(problem: Problem, facts: Omit<Facts, 'result'>, who: Who): Promise<Result<never, Problem>> {
    if (problem.code === 'ERR_SAFETY') await this.write({ ...facts, result: 'refused', detail: problem.message }, who);
    return err(problem);
  }

  /** Undefined if it is on the disk. */
  async write(facts: Facts, { actor, via, requestId }: Who): Promise<Result<never, Problem> | undefined> {
    try {
      await this.#options.audit.add({ atMs: this.#options.clock.wallMs(), actor, via, requestId, ...facts });
      return undefined;
    } catch (error) {
      const message = `the ${facts.action} was ${facts.result}, but cannot be written to the audit: ${(error as Error).message}`;
      this.#options.log.error({ code: 'ERR_AUDIT', message }, 'the audit cannot be written');
      return err({ severity: 'error', code: 'ERR_AUDIT', message });
    }
  }
}

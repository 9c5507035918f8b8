// Everything that people change in a running process, by whatever way it comes: done, written to the audit, told as an event, and
// only then acknowledged. A refusal by a safety rule is written down too.

import type { AuditLog } from '../../admin/audit-log.ts';
import type { EventRing } from '../../admin/event-ring.ts';
import type { AuditEntry } from '../../admin/schemas/changes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, type Result } from '../../base/result.ts';
import { count } from '../commands/args.ts';
import type { Running } from '../process/requests.ts';
import type { ReloadReport } from '../process/server.ts';
import type { OrderReply, OrderRequest, RecallReply, RecallRequest } from './orders.ts';
import { orderText } from './orders-text.ts';

/** Who asks, and by which way. */
export interface Who {
  readonly actor: string;
  readonly via: AuditEntry['via'];
  /** Empty if the way has none. */
  readonly requestId: string;
}

export interface ChangesOptions {
  readonly audit: AuditLog;
  readonly events: EventRing;
  readonly clock: Clock;
  readonly log: Logger;
}

type Facts = Pick<AuditEntry, 'action' | 'result' | 'isBreakGlass' | 'subject' | 'reason' | 'detail'>;

export class Changes {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** As ControlPlane.order; when it is acknowledged answers follow it, and the audit has it. */
  async order(running: Running, request: OrderRequest, who: Who): Promise<Result<OrderReply, Problem>> {
    const { action, glob, author, reason } = request;
    const facts = { action: 'order', subject: glob, reason, isBreakGlass: request.breaksGlass === true } as const;
    const given = await running.plane.order(request);
    if (request.isDryRun === true) return given;
    if (!given.ok) return this.#refused(given.error, { ...facts, detail: `${action} by ${author}` }, who);
    await running.settle();
    const nowMs = this.#options.clock.wallMs();
    this.#tell('order', orderText(given.value.created, nowMs), request.action === 'up' ? 'info' : 'warning');
    const detail = `${action} by ${author}: ${given.value.names.length} members, order ${given.value.created.id}`;
    return (await this.#write({ ...facts, result: 'done', detail }, who)) ?? given;
  }

  /** As ControlPlane.recall, likewise. */
  async recall(running: Running, request: RecallRequest, who: Who): Promise<Result<RecallReply, Problem>> {
    const facts = { action: 'recall', subject: request.what, reason: '', isBreakGlass: request.breaksGlass === true } as const;
    const recalled = await running.plane.recall(request);
    if (request.isDryRun === true) return recalled;
    if (!recalled.ok) return this.#refused(recalled.error, { ...facts, detail: recalled.error.message }, who);
    await running.settle();
    const nowMs = this.#options.clock.wallMs();
    const orders = recalled.value.removed.map((order) => orderText(order, nowMs));
    for (const text of orders) this.#tell('recall', `taken back: ${text}`, 'info');
    return (await this.#write({ ...facts, result: 'done', detail: orders.join('; ') }, who)) ?? recalled;
  }

  async reload(running: Running, who: Who): Promise<ReloadReport> {
    const report = await running.reload();
    const errors = report.problems.filter(({ severity }) => severity === 'error').length;
    const detail = report.done
      ? `${count(report.zonesRead, 'zone')} read, in ${report.tookMs} ms`
      : `refused: ${count(errors, 'error')}`;
    this.#tell('reload', report.done ? `reloaded: ${detail}` : `reload ${detail}`, report.done ? 'info' : 'error');
    const facts = {
      action: 'reload',
      subject: '',
      reason: '',
      isBreakGlass: false,
      result: report.done ? 'done' : 'refused',
      detail,
    } as const;
    await this.#write(facts, who);
    return report;
  }

  #tell(kind: 'order' | 'recall' | 'reload', text: string, level: 'info' | 'warning' | 'error'): void {
    const atMs = this.#options.clock.wallMs();
    this.#options.events.add({ atMs, kind, level, text, member: null, pool: null, site: null, isUp: null });
  }

  async #refused(problem: Problem, facts: Omit<Facts, 'result'>, who: Who): Promise<Result<never, Problem>> {
    if (problem.code === 'ERR_SAFETY') await this.#write({ ...facts, result: 'refused', detail: problem.message }, who);
    return err(problem);
  }

  /** Undefined if it is on the disk. */
  async #write(facts: Facts, { actor, via, requestId }: Who): Promise<Result<never, Problem> | undefined> {
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

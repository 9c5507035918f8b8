// Everything that people change in a running process, by whatever way it comes: done, written to the audit, told as an event, and
// only then acknowledged. A refusal by a safety rule is written down too.

import type { AuditLog } from '../../admin/audit-log.ts';
import type { EventRing } from '../../admin/event-ring.ts';
import type { ZoneRequest } from '../../admin/ports.ts';
import type { AuditEntry } from '../../admin/schemas/changes.ts';
import type { StagedState } from '../../admin/schemas/staged.ts';
import type { ZoneReply } from '../../admin/schemas/zones.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Silence } from '../../watch/alert-book.ts';
import { count } from '../commands/args.ts';
import type { ReloadReport } from '../process/reports.ts';
import type { Running } from '../process/running.ts';
import type { PurgeReply, PurgeRequest } from '../site/purge.ts';
import type { AlertDesk } from '../watch/alert-desk.ts';
import type { SilenceRequest } from '../watch/silences.ts';
import type { FileDesk } from './file-desk.ts';
import type { OrderReply, OrderRequest, RecallReply, RecallRequest } from './orders.ts';
import { orderText } from './orders-text.ts';
import { StagedChanges } from './staged-change.ts';
import type { Vitals } from './vitals.ts';
import { changeZone } from './zone-changes.ts';

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

const HELD: Problem = {
  severity: 'error',
  code: 'ERR_UPGRADE',
  message: 'nothing is changed while a successor takes over; ask again in a few seconds',
};
const NOT_RELOADED: ReloadReport = {
  done: false,
  problems: [HELD],
  zonesRead: 0,
  zonesKept: 0,
  geography: 'unchanged',
  tookMs: 0,
};

export class Changes {
  readonly #options: ChangesOptions;
  /** A successor takes over: what is changed here now it would not know. */
  #isHeld = false;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Texts of zones are put one after another. */
  #zones: Promise<unknown> = Promise.resolve();

  /** The change on trial. */
  readonly staged: StagedChanges;

  constructor(options: ChangesOptions) {
    this.#options = options;
    const { clock, log } = options;
    this.staged = new StagedChanges({ clock, log, onEnd: (state) => this.#ended(state) });
  }

  /** Refuses every change until `release`; resolves when those under way are done, and on the disk. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    await Promise.allSettled(this.#underWay);
  }

  release(): void {
    this.#isHeld = false;
  }

  /** As ControlPlane.order; when it is acknowledged answers follow it, and the audit has it. */
  order(running: Running, request: OrderRequest, who: Who): Promise<Result<OrderReply, Problem>> {
    return this.#isHeld ? Promise.resolve(err(HELD)) : this.#follow(this.#order(running, request, who));
  }

  async #order(running: Running, request: OrderRequest, who: Who): Promise<Result<OrderReply, Problem>> {
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
  recall(running: Running, request: RecallRequest, who: Who): Promise<Result<RecallReply, Problem>> {
    return this.#isHeld ? Promise.resolve(err(HELD)) : this.#follow(this.#recall(running, request, who));
  }

  async #recall(running: Running, request: RecallRequest, who: Who): Promise<Result<RecallReply, Problem>> {
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

  /** With `watchSec` above 0 on trial, where the process answers. */
  reload(running: Running, who: Who, watchSec = 0): Promise<ReloadReport> {
    return this.#isHeld ? Promise.resolve(NOT_RELOADED) : this.#follow(this.#reload(running, who, watchSec));
  }

  #follow<T>(change: Promise<T>): Promise<T> {
    const done = change.finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return done;
  }

  async #reload(running: Running, who: Who, watchSec: number): Promise<ReloadReport> {
    const loaded = running.answering?.loaded;
    const desk = running.fileDesk;
    const before = desk && vitalsOf(running, desk);
    const report = await running.reload();
    if (report.done) this.staged.superseded();
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
    if (report.done && watchSec > 0 && desk !== null && loaded !== undefined && before !== null) {
      const trial = { what: 'reload', subject: '', actor: who.actor, watchSec, before } as const;
      this.staged.begin({ ...trial, look: () => vitalsOf(running, desk), rollBack: () => desk.restore(loaded) });
    }
    return report;
  }

  /** As changeZone, one after another. */
  zone(running: Running, request: ZoneRequest, who: Who): Promise<Result<ZoneReply, Problem> | undefined> {
    if (this.#isHeld && !request.dryRun) return Promise.resolve(err(HELD));
    const changed = this.#zones.then(() => this.#zone(running, request, who));
    this.#zones = changed.catch(() => undefined);
    return this.#follow(changed);
  }

  async #zone(running: Running, request: ZoneRequest, who: Who): Promise<Result<ZoneReply, Problem> | undefined> {
    const desk = running.fileDesk;
    const before = desk && vitalsOf(running, desk);
    const changed = await changeZone(running, request);
    if (!changed?.ok) return changed;
    const { reply, undo } = changed.value;
    if (request.dryRun) return ok(reply);
    const { isDone, problems, difference, zone } = reply;
    if (isDone) this.staged.superseded();
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const detail =
      isDone && difference !== null
        ? `serial ${difference.serialAfter}, ${count(difference.added.total, 'record')} added, ${difference.removed.total} removed`
        : `refused: ${count(errors, 'error')}`;
    this.#tell('reload', `zone ${zone}: ${detail}`, isDone ? 'info' : 'error');
    const result = isDone ? 'done' : 'refused';
    const facts = { action: 'zone', subject: zone, reason: '', isBreakGlass: false, result, detail } as const;
    const unwritten = await this.#write(facts, who);
    if (undo !== undefined && request.watchSec > 0 && desk !== null && before !== null) {
      const trial = { what: 'zone', subject: zone, actor: who.actor, watchSec: request.watchSec, before } as const;
      this.staged.begin({ ...trial, look: () => vitalsOf(running, desk), rollBack: undo });
    }
    return unwritten ?? ok(reply);
  }

  /** Ends the trial that goes on; ERR_API_NOT_FOUND if there is none. */
  async decide(isKept: boolean, who: Who): Promise<Result<StagedState, Problem>> {
    if (await this.staged.decide(isKept, who.actor)) return ok(this.staged.state!);
    return err({ severity: 'error', code: 'ERR_API_NOT_FOUND', message: 'no change is on trial' });
  }

  #ended({ what, subject, phase, reason, actor }: StagedState): void {
    const isBad = phase === 'rolled-back' || phase === 'stuck';
    const text = `${what} ${subject} of ${actor} on trial: ${phase.replace('-', ' ')}, ${reason}`;
    this.#tell('reload', text, isBad ? 'warning' : 'info');
    const facts = { action: 'trial', subject, reason: reason ?? '', isBreakGlass: false, detail: text } as const;
    const result = isBad ? 'refused' : 'done';
    void this.#write({ ...facts, result }, { actor: 'meridian', via: 'trial', requestId: '' });
  }

  /** Caches; nothing of it is kept, so a successor need not know. */
  async purge(running: Running, request: PurgeRequest, who: Who): Promise<Result<PurgeReply, Problem>> {
    const purged = await running.purge(request);
    if (!purged.ok) return purged;
    const { done, isShared } = purged.value;
    const detail = `${count(
      done.reduce((sum, { purged: one }) => sum + one, 0),
      'response',
    )} here${isShared ? ', and at the agents of other processes' : ''}`;
    const subject = `${request.site ?? '*'} ${request.pattern}`;
    const facts = { action: 'purge', result: 'done', isBreakGlass: false, subject, reason: '', detail } as const;
    return (await this.#write(facts, who)) ?? purged;
  }

  async silence(alerts: AlertDesk, request: SilenceRequest, who: Who): Promise<Result<Silence, Problem>> {
    const made = await alerts.silence(request);
    if (!made.ok) return made;
    const { what, reason, author, createdMs, expiresMs } = made.value;
    const detail = `by ${author}, for ${Math.round((expiresMs - createdMs) / 1000)} s`;
    const facts = { action: 'silence', result: 'done', isBreakGlass: false, subject: what, reason, detail } as const;
    return (await this.#write(facts, who)) ?? made;
  }

  async endSilence(alerts: AlertDesk, what: string, who: Who): Promise<Result<readonly Silence[], Problem>> {
    const ended = await alerts.endSilence(what);
    if (!ended.ok) return ended;
    const detail = ended.value.map((one) => `${one.what}, made by ${one.author}`).join('; ');
    const facts = { action: 'unsilence', result: 'done', isBreakGlass: false, subject: what, reason: '', detail } as const;
    return (await this.#write(facts, who)) ?? ended;
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

function vitalsOf(running: Running, desk: FileDesk): Vitals {
  const { counters, threads } = running.vitals();
  return { counters, threads: threads ?? { alive: 0, wanted: 0 }, sites: desk.serving() };
}

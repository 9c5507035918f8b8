// Everything that people change in a running process, by whatever way it comes: done, written to the audit, told as an event, and
// only then acknowledged. A refusal by a safety rule is written down too.

import { resolve } from 'node:path';
import type { ReloadTerms, ZoneRequest } from '../../admin/ports.ts';
import type { StagedState } from '../../admin/schemas/staged.ts';
import type { ZoneReply } from '../../admin/schemas/zones.ts';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Silence } from '../../watch/alert-book.ts';
import type { ReloadReport } from '../process/reports.ts';
import type { Running } from '../process/running.ts';
import type { PurgeReply, PurgeRequest } from '../site/purge.ts';
import { count } from '../text/plain-text.ts';
import type { AlertDesk } from '../watch/alert-desk.ts';
import type { SilenceRequest } from '../watch/silences.ts';
import { ChangeRecord, type ChangeRecordOptions, type Who } from './change-record.ts';
import type { FileDesk } from './file-desk.ts';
import { digestOf } from './load-digest.ts';
import { MeshTrials, type TrialRequest, trialProblem } from './mesh-trials.ts';
import type { OrderReply, OrderRequest, RecallReply, RecallRequest } from './orders.ts';
import { orderText } from './orders-text.ts';
import { StagedChanges, type Trial } from './staged-change.ts';
import type { TrialFile } from './trial-file.ts';
import { type Remembered, TrialMemory } from './trial-memory.ts';
import type { Vitals } from './vitals.ts';
import { changeZone, fileOfZone, readZoneFile } from './zone-changes.ts';
import { tagOf } from './zone-file.ts';

export interface ChangesOptions extends ChangeRecordOptions {
  /** Where a trial of this server alone is remembered; null = nowhere, nothing outlives the process. */
  readonly trialFile: TrialFile | null;
}

const HELD: Problem = {
  severity: 'error',
  code: 'ERR_UPGRADE',
  message: 'nothing is changed while a successor takes over; ask again in a few seconds',
};
/** Of a text that travels through the mesh. */
const MOST_SHARED_LENGTH = 200_000;

const SPREADING: Problem = trialProblem(
  'all servers are taking over a change that was on trial: ask again when GET /v1/change says how it ended',
);
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
  readonly #record: ChangeRecord;
  /** A successor takes over: what is changed here now it would not know. */
  #isHeld = false;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Texts of zones are put one after another. */
  #zones: Promise<unknown> = Promise.resolve();

  /** The change on trial here. */
  readonly staged: StagedChanges;
  /** Once a process has started. */
  #trials: MeshTrials | null = null;
  readonly #memory: TrialMemory;
  /** Of the trial here, its id if all servers are to have it in the end. */
  #shared: string | null = null;

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#record = new ChangeRecord(options);
    const { clock, log, trialFile } = options;
    this.#memory = new TrialMemory(trialFile, clock);
    this.staged = new StagedChanges({ clock, log, onEnd: (state) => this.#ended(state) });
  }

  /** Refuses every change until `release`; resolves when those under way are done, and on the disk. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    await Promise.allSettled(this.#underWay);
  }

  /** Why no successor may take over now; null = it may. It would not know what to take back, nor for how long to look. */
  get upgradeObstacle(): string | null {
    if (!this.staged.isUnderWay) return null;
    const { what, subject, actor, endsMs } = this.staged.state!;
    const leftSec = Math.max(0, Math.ceil((endsMs - this.#options.clock.wallMs()) / 1000));
    return `the ${what}${subject === '' ? '' : ` of ${subject}`} by ${actor} is on trial for another ${leftSec} s: wait for its end, or end it with POST /v1/change`;
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
    if (!given.ok) return this.#record.refused(given.error, { ...facts, detail: `${action} by ${author}` }, who);
    await running.settle();
    const nowMs = this.#options.clock.wallMs();
    this.#record.tell('order', orderText(given.value.created, nowMs), request.action === 'up' ? 'info' : 'warning');
    const detail = `${action} by ${author}: ${given.value.names.length} members, order ${given.value.created.id}`;
    return (await this.#record.write({ ...facts, result: 'done', detail }, who)) ?? given;
  }

  /** As ControlPlane.recall, likewise. */
  recall(running: Running, request: RecallRequest, who: Who): Promise<Result<RecallReply, Problem>> {
    return this.#isHeld ? Promise.resolve(err(HELD)) : this.#follow(this.#recall(running, request, who));
  }

  async #recall(running: Running, request: RecallRequest, who: Who): Promise<Result<RecallReply, Problem>> {
    const facts = { action: 'recall', subject: request.what, reason: '', isBreakGlass: request.breaksGlass === true } as const;
    const recalled = await running.plane.recall(request);
    if (request.isDryRun === true) return recalled;
    if (!recalled.ok) return this.#record.refused(recalled.error, { ...facts, detail: recalled.error.message }, who);
    await running.settle();
    const nowMs = this.#options.clock.wallMs();
    const orders = recalled.value.removed.map((order) => orderText(order, nowMs));
    for (const text of orders) this.#record.tell('recall', `taken back: ${text}`, 'info');
    return (await this.#record.write({ ...facts, result: 'done', detail: orders.join('; ') }, who)) ?? recalled;
  }

  /** With `watchSec` above 0 on trial, where the process answers. */
  async reload(running: Running, who: Who): Promise<ReloadReport> {
    const obstacle = this.#obstacle;
    if (obstacle !== null) return { ...NOT_RELOADED, problems: [obstacle] };
    return this.#follow(this.#reload(running, who, 0, null));
  }

  /** On trial for `watchSec`, where the process answers. ERR_TRIAL if the scope is all and that cannot be. */
  async tryReload(
    running: Running,
    who: Who,
    { watchSec, scope }: Pick<ReloadTerms, 'watchSec' | 'scope'>,
  ): Promise<Result<ReloadReport, Problem>> {
    if (this.#obstacle !== null) return ok({ ...NOT_RELOADED, problems: [this.#obstacle] });
    const facts = { what: 'reload', subject: '', actor: who.actor, digest: '', before: '', text: null, watchSec } as const;
    const begun = await this.#beginShared(running, scope, facts);
    if (!begun.ok) return begun;
    return ok(await this.#follow(this.#reload(running, who, watchSec, begun.value)));
  }

  /** What of the moment speaks against any change of files; null = nothing. */
  get #obstacle(): Problem | null {
    if (this.#isHeld) return HELD;
    return this.#trials?.isSpreading === true ? SPREADING : null;
  }

  /** The id of a trial of all servers; null = it is of this one alone. */
  async #beginShared(
    running: Running,
    scope: ReloadTerms['scope'],
    request: TrialRequest,
  ): Promise<Result<string | null, Problem>> {
    if (scope === 'server') return ok(null);
    if (request.watchSec === 0) return err(trialProblem('a change for all servers is tried first: give watchSec from 1 to 3600'));
    if (this.#trials === null || running.fileDesk === null)
      return err(trialProblem('this process answers no queries: ask one that does'));
    return this.#trials.begin(request);
  }

  #follow<T>(change: Promise<T>): Promise<T> {
    const done = change.finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return done;
  }

  async #reload(running: Running, who: Who, watchSec: number, shared: string | null): Promise<ReloadReport> {
    const loaded = running.answering?.loaded;
    const desk = running.fileDesk;
    const before = desk && vitalsOf(running, desk);
    const ours = { what: 'reload', subject: '', actor: who.actor, zone: null } as const;
    const remembered = await this.#memory.begin(watchSec > 0 && shared === null ? ours : null);
    if (!remembered.ok) return { ...NOT_RELOADED, problems: [remembered.error] };
    const report = await running.reload();
    if (report.done) this.staged.superseded();
    await remembered.value(report.done);
    const errors = report.problems.filter(({ severity }) => severity === 'error').length;
    const detail = report.done
      ? `${count(report.zonesRead, 'zone')} read, in ${report.tookMs} ms`
      : `refused: ${count(errors, 'error')}`;
    this.#record.tell('reload', report.done ? `reloaded: ${detail}` : `reload ${detail}`, report.done ? 'info' : 'error');
    const facts = {
      action: 'reload',
      subject: '',
      reason: '',
      isBreakGlass: false,
      result: report.done ? 'done' : 'refused',
      detail,
    } as const;
    await this.#record.write(facts, who);
    if (report.done && watchSec > 0 && desk !== null && loaded !== undefined && before !== null) {
      const trial = { what: 'reload', subject: '', actor: who.actor, watchSec, before } as const;
      const now = running.answering!.loaded;
      if (shared !== null) await this.#trials?.came(shared, digestOf(now.snapshot, now.zones));
      const ways = { look: () => vitalsOf(running, desk), rollBack: () => desk.restore(loaded) };
      this.#begin({ ...trial, ...ways }, shared);
    } else if (shared !== null) this.#trials?.ended(shared, 'rolled-back', `${running.plane.id} refuses it itself: ${detail}`);
    return report;
  }

  /** As changeZone, one after another. */
  zone(running: Running, request: ZoneRequest, who: Who): Promise<Result<ZoneReply, Problem> | undefined> {
    if (this.#obstacle !== null && !request.dryRun) return Promise.resolve(err(this.#obstacle));
    const changed = this.#zones.then(() => this.#zone(running, request, who));
    this.#zones = changed.catch(() => undefined);
    return this.#follow(changed);
  }

  async #zone(running: Running, request: ZoneRequest, who: Who): Promise<Result<ZoneReply, Problem> | undefined> {
    const desk = running.fileDesk;
    const before = desk && vitalsOf(running, desk);
    const begun = request.dryRun ? ok(null) : await this.#beginSharedZone(running, request, who);
    if (!begun?.ok) return begun;
    const shared = begun.value;
    const remembered = await this.#memory.begin(request.dryRun ? null : await this.#ofZone(running, request, who));
    if (!remembered.ok) return remembered;
    const changed = await changeZone(running, request);
    if (!changed?.ok || !changed.value.reply.isDone) await remembered.value(false);
    if (shared !== null && (!changed?.ok || changed.value.undo === undefined)) {
      const why = changed?.ok === false ? changed.error.message : 'the text has errors';
      this.#trials?.ended(shared, 'rolled-back', `${running.plane.id} refuses it itself: ${why}`);
    }
    if (!changed?.ok) return changed;
    const { reply, undo } = changed.value;
    if (request.dryRun) return ok(reply);
    const { isDone, problems, difference, zone } = reply;
    if (isDone) {
      this.staged.superseded();
      await remembered.value(true);
    }
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const detail =
      isDone && difference !== null
        ? `serial ${difference.serialAfter}, ${count(difference.added.total, 'record')} added, ${difference.removed.total} removed`
        : `refused: ${count(errors, 'error')}`;
    this.#record.tell('reload', `zone ${zone}: ${detail}`, isDone ? 'info' : 'error');
    const result = isDone ? 'done' : 'refused';
    const facts = { action: 'zone', subject: zone, reason: '', isBreakGlass: false, result, detail } as const;
    const unwritten = await this.#record.write(facts, who);
    if (undo !== undefined && request.watchSec > 0 && desk !== null && before !== null) {
      const trial = { what: 'zone', subject: zone, actor: who.actor, watchSec: request.watchSec, before } as const;
      this.#begin({ ...trial, look: () => vitalsOf(running, desk), rollBack: undo }, shared);
    }
    return unwritten ?? ok(reply);
  }

  /** What is to be remembered of a text that is tried here alone. */
  async #ofZone(running: Running, { zone, text, watchSec, scope }: ZoneRequest, who: Who): Promise<Remembered | null> {
    const source = fileOfZone(running, zone);
    if (watchSec === 0 || scope === 'all' || source === undefined) return null;
    const present = await readZoneFile(running, zone);
    if (!present?.ok) return null; // the change itself will be refused for it
    const tags = { before: present.value.tag, digest: tagOf(Buffer.from(text)) };
    return { what: 'zone', subject: zone, actor: who.actor, zone: { file: resolve(source.file), ...tags } };
  }

  async #beginSharedZone(running: Running, request: ZoneRequest, who: Who): Promise<Result<string | null, Problem> | undefined> {
    const { zone: subject, text, watchSec, scope, ifTag } = request;
    if (scope === 'server') return ok(null);
    if (text.length > MOST_SHARED_LENGTH) {
      return err(
        trialProblem(
          `a text for all servers has at most ${MOST_SHARED_LENGTH} characters, found ${text.length}: put the files there, and reload`,
        ),
      );
    }
    const present = await readZoneFile(running, subject);
    if (!present?.ok) return present;
    const { tag: before } = present.value;
    if (ifTag !== null && ifTag !== before) return ok(null); // the change itself will refuse it
    const digest = tagOf(Buffer.from(text));
    return this.#beginShared(running, scope, { what: 'zone', subject, actor: who.actor, digest, before, text, watchSec });
  }

  #begin(trial: Trial, shared: string | null): void {
    const trials = this.#trials;
    this.#shared = shared;
    this.staged.begin(shared === null || trials === null ? trial : { ...trial, spread: (terms) => trials.spread(shared, terms) });
  }

  /** The change on trial, or the last one that was: of this server, or of one that all are to have. */
  get state(): StagedState | null {
    const [own, shared] = [this.staged.state, this.#trials?.state ?? null];
    if (own === null || shared === null) return own ?? shared;
    return own.scope === 'server' && (this.staged.isUnderWay || own.startedMs > shared.startedMs) ? own : shared;
  }

  /** Ends the trial that goes on, wherever that is; ERR_API_NOT_FOUND if there is none. */
  async decide(isKept: boolean, isForced: boolean, who: Who): Promise<Result<StagedState, Problem>> {
    if (isForced) await this.#tellGlass(isKept, who);
    if (this.staged.isUnderWay) {
      const decided = this.staged.decide(isKept, who.actor, isForced);
      // To ask all others takes a while: the state says how far it is.
      if (this.#shared === null || !isKept) await decided;
      await this.#trials?.paid;
      return ok(this.state!);
    }
    const told = await this.#trials?.decide(isKept, isForced, who.actor);
    return told ?? err({ severity: 'error', code: 'ERR_API_NOT_FOUND', message: 'no change is on trial' });
  }

  async #tellGlass(isKept: boolean, who: Who): Promise<void> {
    const detail = isKept ? 'kept, whoever refuses' : 'taken back';
    await this.#record.write({ action: 'trial', subject: '', reason: '', isBreakGlass: true, result: 'done', detail }, who);
  }

  /** From now on trials of all servers are followed, until the returned function is called. */
  attend(running: Running): () => Promise<void> {
    const { clock, log } = this.#options;
    const trials = new MeshTrials({
      ...{ running, clock, log },
      onDecision: (isKept, isForced, by) => void this.staged.decide(isKept, by, isForced),
      onNews: (text, isBad) => {
        this.#record.tell('reload', text, isBad ? 'warning' : 'info');
        const facts = { action: 'trial', subject: '', reason: '', isBreakGlass: false, detail: text } as const;
        void this.#record.write(
          { ...facts, result: isBad ? 'refused' : 'done' },
          { actor: 'meridian', via: 'trial', requestId: '' },
        );
      },
    });
    this.#trials = trials;
    trials.start();
    return () => trials.close();
  }

  #ended({ what, subject, phase, reason, actor }: StagedState): void {
    if (this.#shared !== null) this.#trials?.ended(this.#shared, phase, reason);
    this.#shared = null;
    if (phase !== 'superseded') this.#memory.end();
    const isBad = phase === 'rolled-back' || phase === 'stuck';
    const text = `${what} ${subject} of ${actor} on trial: ${phase.replace('-', ' ')}, ${reason}`;
    this.#record.tell('reload', text, isBad ? 'warning' : 'info');
    const facts = { action: 'trial', subject, reason: reason ?? '', isBreakGlass: false, detail: text } as const;
    const result = isBad ? 'refused' : 'done';
    void this.#record.write({ ...facts, result }, { actor: 'meridian', via: 'trial', requestId: '' });
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
    return (await this.#record.write(facts, who)) ?? purged;
  }

  async silence(alerts: AlertDesk, request: SilenceRequest, who: Who): Promise<Result<Silence, Problem>> {
    const made = await alerts.silence(request);
    if (!made.ok) return made;
    const { what, reason, author, createdMs, expiresMs } = made.value;
    const detail = `by ${author}, for ${Math.round((expiresMs - createdMs) / 1000)} s`;
    const facts = { action: 'silence', result: 'done', isBreakGlass: false, subject: what, reason, detail } as const;
    return (await this.#record.write(facts, who)) ?? made;
  }

  async endSilence(alerts: AlertDesk, what: string, who: Who): Promise<Result<readonly Silence[], Problem>> {
    const ended = await alerts.endSilence(what);
    if (!ended.ok) return ended;
    const detail = ended.value.map((one) => `${one.what}, made by ${one.author}`).join('; ');
    const facts = { action: 'unsilence', result: 'done', isBreakGlass: false, subject: what, reason: '', detail } as const;
    return (await this.#record.write(facts, who)) ?? ended;
  }
}

function vitalsOf(running: Running, desk: FileDesk): Vitals {
  const { counters, threads } = running.vitals();
  return { counters, threads: threads ?? { alive: 0, wanted: 0 }, sites: desk.serving() };
}

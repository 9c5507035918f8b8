// A change that is tried at one server and then taken over by all, or by nobody. Whoever tries it leads: it asks the others whether they
// could have it, and only when all of them say so tells them to; whatever goes wrong before the last has it takes it back everywhere.
// Invariant: what stands in the note is what counts, whoever wrote it; a server that leads and is not heard any more leads no more.

import { randomBytes } from 'node:crypto';
import type { StagedState } from '../../admin/schemas/staged.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Running } from '../process/running.ts';
import { Notes } from './notes.ts';
import type { SpreadTerms } from './staged-change.ts';
import { decodeTrial, isUnderWay, type ServerOnTrial, type SharedTrial, stateOf } from './trial-record.ts';
import { findObstacle, giveBack, takeOver } from './trial-steps.ts';

const LOOK_MS = 250;
/** While nothing is on trial: every look wakes a thread that may have nothing else to do. */
const RESTING_LOOK_MS = 1000;
/** For all others to look at their files, and again for all to take them over. A zone of a million names takes ten seconds. */
const PATIENCE_MS = 120_000;
const ID_OCTETS = 4;
/** Looks in a row in which the server that leads is missed: one may fall between two pictures of the peers. */
const MOST_MISSED = 4;

/** What the end of a trial means for the server that led it. */
const OWN_STATE: Readonly<Record<StagedState['phase'], ServerOnTrial['state']>> = {
  ...{ watching: 'applied', asking: 'applied', applying: 'applied', kept: 'applied', superseded: 'applied' },
  ...{ 'rolled-back': 'restored', stuck: 'stuck' },
};

export interface MeshTrialsOptions {
  readonly running: Running;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the trial that goes on here: somebody elsewhere has decided. */
  readonly onDecision: (isKept: boolean, isForced: boolean, by: string) => void;
  /** Something has become of a trial that another server leads, or of our part in it. */
  readonly onNews: (text: string, isBad: boolean) => void;
}

export type TrialRequest = Pick<SharedTrial, 'what' | 'subject' | 'actor' | 'digest' | 'before' | 'text'> & {
  readonly watchSec: number;
};

export class MeshTrials {
  readonly #options: MeshTrialsOptions;
  readonly #notes: Notes<SharedTrial>;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;
  #undo: { readonly id: string; readonly run: () => Promise<void> } | null = null;
  /** How one of ours has ended, until the note says so. */
  #owed: { readonly id: string; readonly phase: StagedState['phase']; readonly reason: string | null } | null = null;
  #paying: Promise<void> = Promise.resolve();
  #told = '';
  #heeded = '';
  #missed = 0;

  constructor(options: MeshTrialsOptions) {
    this.#options = options;
    this.#notes = new Notes(options.running.plane.notes, 'trial', decodeTrial);
  }

  /** Follows what the others do, until `close`. */
  start(): void {
    this.#told = this.#newsOf(this.#trial);
    this.#wait();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #wait(): void {
    if (this.#isClosed) return;
    const trial = this.#trial;
    const isBusy = this.#owed !== null || (trial !== undefined && isUnderWay(trial));
    this.#timer = setTimeout(
      () => {
        this.#looking = this.look().then(() => this.#wait());
      },
      isBusy ? LOOK_MS : RESTING_LOOK_MS,
    ).unref();
  }

  /** The one that goes on, or the last one; null = none that anybody remembers. */
  get state(): StagedState | null {
    const trial = this.#trial;
    return trial === undefined ? null : stateOf(trial);
  }

  /** All take over a change, or give it back: nothing else may change meanwhile. */
  get isSpreading(): boolean {
    const phase = this.#trial?.phase;
    return phase === 'asking' || phase === 'applying';
  }

  /** To be called before the change is made here; the id is for the other calls. ERR_TRIAL if another one goes on. */
  begin({ watchSec, ...request }: TrialRequest): Promise<Result<string, Problem>> {
    const { id: server, epoch, notes } = this.#options.running.plane;
    const startedMs = notes.nowMs();
    const id = randomBytes(ID_OCTETS).toString('hex');
    const trial: SharedTrial = {
      ...request,
      ...{ id, server, epoch, phase: 'watching', startedMs, endsMs: startedMs + watchSec * 1000 },
      ...{ reason: null, decision: null, servers: { [server]: { state: 'applied', reason: null } } },
    };
    return this.#notes.change(([present]) => {
      if (present !== undefined && isUnderWay(present)) return err(trialProblem(goesOn(present)));
      return ok({ items: [trial], value: id });
    });
  }

  /** What a reload here has come to, which is what the others are to come to. */
  async came(id: string, digest: string): Promise<Result<void, Problem>> {
    return this.#edit(id, (trial) => ({ ...trial, digest }));
  }

  /** Ours has ended. If the mesh cannot be told now, it is told when it can. */
  ended(id: string, phase: StagedState['phase'], reason: string | null): void {
    this.#owed = { id, phase, reason };
    this.#paying = this.#pay();
  }

  /** Resolves when the mesh has been told, or could not be for now. */
  get paid(): Promise<void> {
    return this.#paying;
  }

  /** Another server leads: it is told what was decided here. False if none goes on. */
  async decide(isKept: boolean, isForced: boolean, by: string): Promise<Result<StagedState, Problem> | undefined> {
    const trial = this.#trial;
    if (trial === undefined || !isUnderWay(trial)) return undefined;
    const told = await this.#edit(trial.id, (present) => ({ ...present, decision: { isKept, isForced, by } }));
    return told.ok ? ok(stateOf(this.#trial ?? trial)) : told;
  }

  /** Has everybody take over what was tried here. Null = everybody has it; else why nobody is to have it. */
  async spread(id: string, { isForced, cancelled }: SpreadTerms): Promise<string | null> {
    const { plane } = this.#options.running;
    if (plane.meshState !== 'joined') return 'the mesh does not answer, so the others cannot be asked';
    const others = plane.peers.filter((peer) => peer.roles.includes('dns') && peer.id !== plane.id);
    const asked = Object.fromEntries(others.map((peer): [string, ServerOnTrial] => [peer.id, { state: 'asked', reason: null }]));
    const begun = await this.#edit(id, (trial) => ({ ...trial, phase: 'asking', servers: { ...asked, ...trial.servers } }));
    if (!begun.ok) return begun.error.message;
    for (const [wanted, phase] of [
      ['ready', 'applying'],
      ['applied', 'kept'],
    ] as const) {
      const obstacle = await this.#until(id, Object.keys(asked), wanted, isForced, cancelled);
      if (obstacle !== null) return obstacle;
      const next = await this.#edit(id, (trial) => ({ ...trial, phase }));
      if (!next.ok) return next.error.message;
    }
    return null;
  }

  /** Null once all of them are so far. */
  async #until(
    id: string,
    servers: readonly string[],
    wanted: ServerOnTrial['state'],
    isForced: boolean,
    cancelled: () => string | null,
  ): Promise<string | null> {
    const { clock, running } = this.#options;
    const untilMs = clock.monotonicMs() + PATIENCE_MS;
    for (;;) {
      const trial = this.#trial;
      if (trial?.id !== id) return 'another change is on trial';
      if (!isUnderWay(trial)) return trial.reason ?? 'somebody has ended it';
      const reason = cancelled();
      if (reason !== null) return reason;
      const alive = new Set(running.plane.peers.map((peer) => peer.id));
      const open = servers.filter((server) => trial.servers[server]?.state !== wanted);
      const refused = open.filter((server) => trial.servers[server]?.state === 'refused');
      const dead = open.filter((server) => !alive.has(server));
      if (isForced && open.every((server) => refused.includes(server) || dead.includes(server))) return null;
      if (open.length === 0) return null;
      if (!isForced && refused.length > 0) return `${refused[0]} refuses: ${trial.servers[refused[0]!]!.reason}`;
      if (!isForced && dead.length > 0) return `${dead[0]} has died`;
      if (clock.monotonicMs() > untilMs) return `${open.join(', ')} did not answer within ${PATIENCE_MS / 1000} s`;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Looks once at what the others have written, and does what is ours to do. Its own timer calls this. */
  async look(): Promise<void> {
    try {
      await this.#pay();
      const trial = this.#trial;
      if (trial !== undefined) await this.#follow(trial);
    } catch (bug) {
      this.#options.log.error({ code: 'ERR_INTERNAL', error: (bug as Error).stack ?? String(bug) }, 'following a trial failed');
    }
  }

  async #pay(): Promise<void> {
    const owed = this.#owed;
    if (owed === null) return;
    const { plane } = this.#options.running;
    const endsMs = plane.notes.nowMs();
    const { phase, reason } = owed;
    const told = await this.#edit(owed.id, (trial) =>
      trial.phase === phase && trial.reason === reason
        ? trial
        : {
            ...trial,
            phase,
            reason,
            endsMs,
            servers: { ...trial.servers, [plane.id]: { state: OWN_STATE[phase], reason: null } },
          },
    );
    if ((told.ok || told.error.code === 'ERR_TRIAL') && this.#owed === owed) this.#owed = null;
  }

  async #follow(trial: SharedTrial): Promise<void> {
    const { plane } = this.#options.running;
    const isOurs = trial.server === plane.id && trial.epoch === plane.epoch;
    const news = this.#newsOf(trial);
    if (news !== this.#told && !isOurs) {
      const isBad = trial.phase === 'rolled-back' || trial.phase === 'stuck';
      const text = `${trial.what} ${trial.subject} of ${trial.actor} on trial at ${trial.server}: ${trial.phase.replace('-', ' ')}`;
      this.#options.onNews(trial.reason === null ? text : `${text}, ${trial.reason}`, isBad);
    }
    this.#told = news;
    if (isOurs) this.#heed(trial);
    else if (trial.server === plane.id) await this.#afterRestart(trial);
    else await this.#takePart(trial);
  }

  /** We lead: what others have decided counts. */
  #heed(trial: SharedTrial): void {
    const { decision } = trial;
    const heeded = `${trial.id} ${trial.phase} ${JSON.stringify(decision)}`;
    if (this.#owed !== null || heeded === this.#heeded) return;
    this.#heeded = heeded;
    if (trial.phase === 'rolled-back') this.#options.onDecision(false, false, trial.reason ?? 'another server');
    else if (decision !== null && isUnderWay(trial)) {
      this.#options.onDecision(decision.isKept, decision.isForced, decision.by);
    }
  }

  /** What we led before we were started again. */
  async #afterRestart(trial: SharedTrial): Promise<void> {
    const { id, server } = trial;
    if (isUnderWay(trial)) {
      await this.#edit(id, (present) =>
        isUnderWay(present)
          ? { ...present, phase: 'rolled-back', reason: `${server} was started again in the middle of it` }
          : present,
      );
    }
    await this.#restore(this.#trial ?? trial);
  }

  async #takePart(trial: SharedTrial): Promise<void> {
    const { running } = this.#options;
    const { id, phase } = trial;
    const own = trial.servers[running.plane.id]?.state;
    if (phase === 'asking' && own === 'asked') {
      const obstacle = await findObstacle(running, trial);
      await this.#say(id, obstacle === null ? 'ready' : 'refused', obstacle);
    } else if (phase === 'applying' && own === 'ready') {
      const taken = await takeOver(running, trial);
      if (taken.ok) this.#undo = { id, run: taken.value };
      await this.#say(id, taken.ok ? 'applied' : 'refused', taken.ok ? null : taken.error);
    } else await this.#restore(trial);
    if (isUnderWay(trial)) await this.#missLeader(trial);
  }

  /** Whoever leads and is gone for good leads no more; while the mesh does not answer nobody can be told to be gone. */
  async #missLeader({ id, server, epoch }: SharedTrial): Promise<void> {
    const { plane } = this.#options.running;
    const isThere = plane.meshState !== 'joined' || plane.peers.some((peer) => peer.id === server && peer.epoch === epoch);
    this.#missed = isThere ? 0 : this.#missed + 1;
    if (this.#missed < MOST_MISSED) return;
    this.#missed = 0;
    await this.#edit(id, (trial) =>
      isUnderWay(trial) ? { ...trial, phase: 'rolled-back', reason: `${server} has died` } : trial,
    );
  }

  /** Gives back what we have taken over, if nobody is to have it. */
  async #restore(trial: SharedTrial): Promise<void> {
    const { running } = this.#options;
    if (trial.phase !== 'rolled-back' || trial.servers[running.plane.id]?.state !== 'applied') return;
    try {
      if (this.#undo?.id === trial.id) await this.#undo.run();
      else await giveBack(running, trial);
      this.#undo = null;
      await this.#say(trial.id, 'restored', null);
    } catch (error) {
      await this.#say(trial.id, 'stuck', (error as Error).message);
    }
  }

  async #say(id: string, state: ServerOnTrial['state'], reason: string | null): Promise<void> {
    const { plane } = this.#options.running;
    const said = await this.#edit(id, (trial) => ({ ...trial, servers: { ...trial.servers, [plane.id]: { state, reason } } }));
    const isBad = state === 'refused' || state === 'stuck';
    if (said.ok) this.#options.onNews(`our part in trial ${id}: ${state}${reason === null ? '' : `, ${reason}`}`, isBad);
  }

  get #trial(): SharedTrial | undefined {
    return this.#notes.items[0];
  }

  readonly #newsOf = (trial: SharedTrial | undefined): string =>
    trial === undefined ? '' : `${trial.id} ${trial.phase} ${trial.reason}`;

  #edit(id: string, edit: (trial: SharedTrial) => SharedTrial): Promise<Result<void, Problem>> {
    return this.#notes.change(([present]) => {
      if (present?.id !== id) return err(trialProblem('that trial is over'));
      return ok({ items: [edit(present)], value: undefined });
    });
  }
}

export const trialProblem = (message: string): Problem => ({ severity: 'error', code: 'ERR_TRIAL', message });

const goesOn = ({ what, subject, actor, server }: SharedTrial): string =>
  `${what}${subject === '' ? '' : ` ${subject}`} of ${actor} is on trial at ${server}: wait for its end, or end it with POST /v1/change`;

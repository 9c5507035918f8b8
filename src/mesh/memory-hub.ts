// The engine of the memory mesh: what its members share inside one process. Overrides and verdicts survive a restart in the state
// directory; votes and peers end with the process that made them.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Result } from '../base/result.ts';
import type { AgentReport, DemandReport, HeardReport } from '../model/capacity.ts';
import {
  type FleetReport,
  type LeaseAnswer,
  type LeaseRequest,
  type Note,
  type NoteSet,
  type OverrideSet,
  type Peer,
  RESULT_BATCH_MAX_SIZE,
  type SharedSpill,
  SPILL_IDLE_MS,
  SPILL_MAX_LENGTH,
} from '../model/mesh.ts';
import type { FleetVerdict, Override, Verdict, Vote } from '../model/verdict.ts';
import { CapacityBoard } from './capacity-board.ts';
import { Complaints } from './complaints.ts';
import { FleetSlate } from './fleet-slate.ts';
import { HubBook } from './hub-book.ts';
import { KnownVotes } from './known-votes.ts';
import { decideLease, holderId, holderName, type LeaseRecord } from './lease-rule.ts';
import { bounded, isTellable } from './load-record.ts';
import { MeshClock } from './mesh-clock.ts';
import { type MeshFiles, meshFiles } from './mesh-files.ts';
import { NOTES, toNotes } from './note-record.ts';
import { OVERRIDES, toSet } from './override-record.ts';

export interface MemoryHubOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null = nothing survives. */
  readonly stateDirectory: string | null;
}

/** What the hub tells a member. */
export interface Member {
  readonly self: Peer;
  peersChanged(peers: readonly Peer[]): void;
  votesCast(votes: readonly Vote[]): void;
  votesWithdrawn(prober: string, epoch: number, seq: number): void;
  resultsSent(prober: string, epoch: number, batch: Uint8Array): void;
  fleetReported(report: FleetReport): void;
  overridesChanged(set: OverrideSet): void;
  notesChanged(set: NoteSet): void;
  loadsChanged(reports: readonly HeardReport[]): void;
  demandsChanged(demands: readonly DemandReport[]): void;
  spillShared(step: SharedSpill): void;
}

const SWEEP_EVERY_MS = 1000;

export class MemoryHub {
  readonly clock: MeshClock;
  readonly complaints: Complaints;
  readonly #files: MeshFiles | null;
  readonly #members = new Set<Member>();
  readonly #overrides: HubBook<Override, OverrideSet>;
  readonly #notes: HubBook<Note, NoteSet>;
  readonly #known = new KnownVotes();
  readonly #votes = new Map<string, Map<string, Vote>>();
  readonly #slates = new Map<Member, FleetSlate>();
  readonly #board = new CapacityBoard();
  readonly #demandSeqs = new Map<Member, number>();
  #spill: SharedSpill | null = null;
  readonly #leases = new Map<string, LeaseRecord>();
  #spilledMs = 0;
  #sweptMs = 0;
  #verdicts: readonly Verdict[] = [];
  #loading: Promise<void> | null = null;

  constructor({ clock, logger, stateDirectory }: MemoryHubOptions) {
    this.clock = new MeshClock(clock);
    this.complaints = new Complaints(clock, logger);
    this.#files = stateDirectory === null ? null : meshFiles(stateDirectory, 'memory', this.complaints);
    const { complaints } = this;
    this.#overrides = new HubBook({
      ...{ kind: OVERRIDES, toSet, complaints, file: this.#files?.overrides ?? null },
      onChange: (set) => {
        for (const member of this.#members) member.overridesChanged(set);
      },
    });
    this.#notes = new HubBook({
      ...{ kind: NOTES, toSet: toNotes, complaints, file: this.#files?.notes ?? null },
      onChange: (set) => {
        for (const member of this.#members) member.notesChanged(set);
      },
    });
  }

  get overrides(): OverrideSet {
    return this.#overrides.set;
  }

  get notes(): NoteSet {
    return this.#notes.set;
  }

  get verdicts(): readonly Verdict[] {
    return this.#verdicts;
  }

  /** Live members, by id; the later start of one id counts. */
  get peers(): readonly Peer[] {
    const byId = new Map<string, Peer>();
    for (const { self } of this.#members) if ((byId.get(self.id)?.epoch ?? -1) < self.epoch) byId.set(self.id, self);
    return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Reads the state directory, once. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    await this.#overrides.load();
    await this.#notes.load();
    this.#verdicts = (await this.#files?.verdicts.load()) ?? this.#verdicts;
  }

  /** Adds a member and tells it what there is. */
  join(member: Member): void {
    this.#members.add(member);
    member.overridesChanged(this.overrides);
    member.notesChanged(this.notes);
    member.votesCast(this.#liveVotes());
    for (const slate of this.#slates.values()) member.fleetReported(slate.whole);
    member.loadsChanged(this.#board.loads);
    member.demandsChanged(this.#board.demands);
    if (this.#spill !== null) member.spillShared(this.#spill);
    this.announced();
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.withdraw(member);
    this.#slates.delete(member);
    if (this.#board.forgetDemand(member.self.id)) this.#tellDemands();
    this.announced();
  }

  announced(): void {
    const { peers } = this;
    for (const member of this.#members) member.peersChanged(peers);
  }

  publish(votes: readonly Vote[]): void {
    const nowMs = this.clock.nowMs();
    this.#sweep(nowMs);
    const news = this.#known.take(votes, nowMs);
    for (const vote of news) {
      const own = this.#votes.get(vote.prober) ?? new Map<string, Vote>();
      this.#votes.set(vote.prober, own.set(vote.target, vote));
    }
    for (const member of this.#members) member.votesCast(news);
  }

  /** Looks at every vote, so it is not done for each one that comes. */
  #sweep(nowMs: number): void {
    if (Math.abs(nowMs - this.#sweptMs) < SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    this.#known.sweep(nowMs);
  }

  withdraw({ self }: Member): void {
    const own = this.#votes.get(self.id);
    if (own === undefined) return;
    this.#votes.delete(self.id);
    const lastSeq = Math.max(...[...own.values()].map(({ seq }) => seq));
    this.#known.withdraw(self.id, self.epoch, lastSeq, this.clock.nowMs());
    for (const member of this.#members) member.votesWithdrawn(self.id, self.epoch, lastSeq);
  }

  #liveVotes(): readonly Vote[] {
    const nowMs = this.clock.nowMs();
    for (const own of this.#votes.values()) {
      for (const [target, vote] of own) if (vote.expiresMs <= nowMs) own.delete(target);
    }
    return [...this.#votes.values()].flatMap((own) => [...own.values()]);
  }

  sendResults({ self }: Member, fleet: string, batch: Uint8Array): void {
    if (batch.length > RESULT_BATCH_MAX_SIZE) {
      this.complaints.ignore('batch of results', `what ${self.id} sends`);
      return;
    }
    for (const member of this.#members) if (member.self.id === fleet) member.resultsSent(self.id, self.epoch, batch);
  }

  reportFleet(
    from: Member,
    listHash: string,
    atMs: number,
    verdicts: readonly FleetVerdict[],
    forgotten: readonly string[],
  ): void {
    const slate = this.#slates.get(from) ?? new FleetSlate(from.self.id, from.self.epoch, this.complaints);
    this.#slates.set(from, slate);
    const report = slate.update(listHash, atMs, verdicts, forgotten);
    for (const member of this.#members) member.fleetReported(report);
  }

  reportLoad(report: AgentReport): void {
    if (!isTellable(report)) {
      this.complaints.ignore('load report', `what ${report.agent} reports`);
      return;
    }
    const nowMs = this.clock.nowMs();
    this.#board.sweep(nowMs);
    if (!this.#board.takeLoads([{ ...report, atMs: nowMs }], nowMs)) return;
    for (const member of this.#members) member.loadsChanged(this.#board.loads);
  }

  reportDemand(from: Member, queries: ReadonlyMap<string, number>): void {
    const seq = (this.#demandSeqs.get(from) ?? 0) + 1;
    this.#demandSeqs.set(from, seq);
    const { id, epoch } = from.self;
    if (this.#board.takeDemand({ server: id, epoch, seq, queries: bounded(queries) })) this.#tellDemands();
  }

  #tellDemands(): void {
    for (const member of this.#members) member.demandsChanged(this.#board.demands);
  }

  get spill(): SharedSpill | null {
    return this.#spill;
  }

  shareSpill(from: Member, base: SharedSpill | null, step: SharedSpill): void {
    if (step.text.length > SPILL_MAX_LENGTH) {
      this.complaints.ignore('spill step', `what ${from.self.id} shares`);
      return;
    }
    const nowMs = this.clock.nowMs();
    const known = this.#spill;
    const isBase = known?.tick === base?.tick && known?.mark === base?.mark;
    if (known !== null && !isBase && nowMs - this.#spilledMs < SPILL_IDLE_MS) {
      from.spillShared(known);
      return;
    }
    this.#spill = step;
    this.#spilledMs = nowMs;
    for (const member of this.#members) if (member !== from) member.spillShared(step);
  }

  takeLease({ self }: Member, name: string, { ttlMs, token }: LeaseRequest): LeaseAnswer {
    const nowMs = this.clock.nowMs();
    const me = holderName(self);
    // Nothing is ever lost here but with all who could hold it: who comes first has it.
    const known = this.#leases.get(name) ?? { holder: '', untilMs: 0, token: 0 };
    const next = decideLease(known, { holder: me, ttlMs, token }, nowMs);
    this.#leases.set(name, next);
    return { isOurs: next.holder === me, holder: holderId(next.holder), token: next.token, leftMs: next.untilMs - nowMs };
  }

  releaseLease({ self }: Member, name: string, token: number): void {
    const held = this.#leases.get(name);
    if (held?.holder === holderName(self) && held.token === token) this.#leases.set(name, { ...held, untilMs: 0 });
  }

  async saveVerdicts(verdicts: readonly Verdict[]): Promise<void> {
    this.#verdicts = verdicts;
    await this.#files?.verdicts.save(verdicts).catch((error: Error) => {
      this.complaints.warn('ERR_MESH_FILE', `verdicts cannot be saved: ${error.message}`);
    });
  }

  changeOverrides(expectedVersion: number, overrides: readonly Override[]): Promise<Result<OverrideSet, Problem>> {
    return this.#overrides.change(expectedVersion, overrides);
  }

  changeNotes(expectedVersion: number, notes: readonly Note[]): Promise<Result<NoteSet, Problem>> {
    return this.#notes.change(expectedVersion, notes);
  }
}

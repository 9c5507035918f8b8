// The mesh inside one process: for a server that stands alone, and for tests of many in one.

import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { AgentReport, DemandReport, HeardReport } from '../model/capacity.ts';
import type {
  FleetReport,
  LeaseAnswer,
  LeaseRequest,
  Mesh,
  MeshEvents,
  MeshStatus,
  Note,
  NoteSet,
  OverrideSet,
  Peer,
  SharedSpill,
} from '../model/mesh.ts';
import type { FleetVerdict, Override, Verdict, Vote } from '../model/verdict.ts';
import { meshProblem } from './book-check.ts';
import { EventBox } from './event-box.ts';
import { unavailable } from './lease-rule.ts';
import type { Member, MemoryHub } from './memory-hub.ts';
import { decodeVote, encodeVote } from './vote-record.ts';

export class MemoryMesh implements Mesh, Member {
  readonly #hub: MemoryHub;
  readonly #box: EventBox;
  #self: Peer;
  #state: 'joining' | 'joined' | 'closed' = 'joining';

  constructor(hub: MemoryHub, self: Peer, clock: Clock, logger: Logger) {
    this.#hub = hub;
    this.#self = self;
    this.#box = new EventBox(clock, logger);
  }

  get self(): Peer {
    return this.#self;
  }

  get status(): MeshStatus {
    const state = this.#state === 'joined' ? 'joined' : 'joining';
    return { kind: 'memory', state, ageMs: 0, ignored: this.#hub.complaints.ignored, trouble: null };
  }

  get peers(): readonly Peer[] {
    return this.#hub.peers;
  }

  get overrides(): OverrideSet {
    return this.#hub.overrides;
  }

  get notes(): NoteSet {
    return this.#hub.notes;
  }

  nowMs(): number {
    return this.#hub.clock.nowMs();
  }

  async start(events: MeshEvents): Promise<void> {
    await this.#hub.load();
    if (this.#state !== 'joining') return;
    this.#state = 'joined';
    this.#box.open(events);
    this.#hub.join(this);
    this.#box.status(this.status);
  }

  announce(peer: Peer): void {
    this.#self = peer;
    if (this.#state === 'joined') this.#hub.announced();
  }

  publish(votes: readonly Vote[]): void {
    if (this.#state === 'joined') this.#hub.publish(votes.filter((vote) => this.#isOurs(vote)));
  }

  /** The same bounds as where votes are written down: a vote that is too long for one mesh is so for the other. */
  #isOurs(vote: Vote): boolean {
    const { id, region, epoch } = this.#self;
    const head = { prober: id, region, epoch, withdrawn: 0, write: 0 };
    const isGood = vote.prober === id && vote.epoch === epoch && decodeVote(head, vote.target, encodeVote(vote)) !== undefined;
    if (!isGood) this.#hub.complaints.ignore('vote', `what ${id} publishes`);
    return isGood;
  }

  withdraw(): void {
    this.#hub.withdraw(this);
  }

  sendResults(fleet: string, batch: Uint8Array): void {
    if (this.#state === 'joined') this.#hub.sendResults(this, fleet, batch);
  }

  reportFleet(listHash: string, atMs: number, verdicts: readonly FleetVerdict[], forgotten: readonly string[]): void {
    if (this.#state === 'joined') this.#hub.reportFleet(this, listHash, atMs, verdicts, forgotten);
  }

  reportLoad(report: AgentReport): void {
    if (this.#state === 'joined') this.#hub.reportLoad(report);
  }

  reportDemand(queries: ReadonlyMap<string, number>): void {
    if (this.#state === 'joined') this.#hub.reportDemand(this, queries);
  }

  get spill(): SharedSpill | null {
    return this.#hub.spill;
  }

  shareSpill(base: SharedSpill | null, step: SharedSpill): void {
    if (this.#state === 'joined') this.#hub.shareSpill(this, base, step);
  }

  saveVerdicts(verdicts: readonly Verdict[]): Promise<void> {
    return this.#hub.saveVerdicts(verdicts);
  }

  async loadVerdicts(): Promise<readonly Verdict[]> {
    await this.#hub.load();
    return this.#hub.verdicts;
  }

  async changeOverrides(expectedVersion: number, overrides: readonly Override[]): Promise<Result<OverrideSet, Problem>> {
    if (this.#state !== 'joined') return err(meshProblem('ERR_MESH_UNAVAILABLE', 'the mesh has not been joined'));
    return this.#hub.changeOverrides(expectedVersion, overrides);
  }

  async changeNotes(expectedVersion: number, notes: readonly Note[]): Promise<Result<NoteSet, Problem>> {
    if (this.#state !== 'joined') return err(meshProblem('ERR_MESH_UNAVAILABLE', 'the mesh has not been joined'));
    return this.#hub.changeNotes(expectedVersion, notes);
  }

  async takeLease(name: string, request: LeaseRequest): Promise<Result<LeaseAnswer, Problem>> {
    if (this.#state !== 'joined') return unavailable('the mesh has not been joined');
    return ok(this.#hub.takeLease(this, name, request));
  }

  releaseLease(name: string, token: number): void {
    this.#hub.releaseLease(this, name, token);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#box.close();
    this.#hub.leave(this);
  }

  peersChanged(peers: readonly Peer[]): void {
    this.#box.peers(peers);
  }

  votesCast(votes: readonly Vote[]): void {
    this.#box.votes(votes);
  }

  votesWithdrawn(prober: string, epoch: number, seq: number): void {
    this.#box.withdrawn(prober, epoch, seq);
  }

  resultsSent(prober: string, epoch: number, batch: Uint8Array): void {
    this.#box.results(prober, epoch, batch);
  }

  fleetReported(report: FleetReport): void {
    this.#box.report(report);
  }

  notesChanged(set: NoteSet): void {
    this.#box.notes(set);
  }

  overridesChanged(set: OverrideSet): void {
    this.#box.overrides(set);
  }

  loadsChanged(reports: readonly HeardReport[]): void {
    this.#box.loads(reports);
  }

  demandsChanged(demands: readonly DemandReport[]): void {
    this.#box.demands(demands);
  }

  spillShared(step: SharedSpill): void {
    this.#box.spill(step);
  }
}

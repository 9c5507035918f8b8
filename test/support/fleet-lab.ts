// Probers, an aggregator and a server without a network between them, on a clock that the test moves. The same results go two
// ways: as votes into one book of health, and through router, batches, aggregator and watch into another.

import type { Logger } from '../../src/base/logger.ts';
import { FleetDesk } from '../../src/fleet/fleet-desk.ts';
import { FleetWatch } from '../../src/fleet/fleet-watch.ts';
import { TypeScriptKernel } from '../../src/fleet/kernel.ts';
import type { KernelSource } from '../../src/fleet/open.ts';
import { decodeBatch, type OpinionRow } from '../../src/fleet/result-batch.ts';
import { ResultRouter } from '../../src/fleet/result-router.ts';
import { HealthBook } from '../../src/health/book.ts';
import { against, type DampingRule, damp, dampingColumns, needed, OPINION } from '../../src/health/damping.ts';
import type { HealthFacts } from '../../src/health/facts.ts';
import { voteExpiryMs } from '../../src/health/freshness.ts';
import { VoteTable } from '../../src/health/votes.ts';
import { DEFAULT_HEALTH } from '../../src/model/health.ts';
import type { FleetReport, Peer } from '../../src/model/mesh.ts';
import { OUTCOME, type Outcome, type Target } from '../../src/model/probe.ts';
import type { SteeringModel } from '../../src/model/steering.ts';
import type { FleetVerdict, Verdict, Vote } from '../../src/model/verdict.ts';
import { peer, recordingLogger } from './mesh.ts';
import { modelOf } from './steering.ts';
import { targetsOf } from './votes.ts';

export const START_MS = 1_700_000_000_000;
const SILENCE_MS = 5000;

export const LAB_MODEL: SteeringModel = modelOf(
  { web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'tokyo' }], cdn: [{ site: 'sydney' }] },
  {},
);

export const IN_THIS_THREAD: KernelSource = { open: async (shape) => new TypeScriptKernel(shape), withoutAddon: null };

/** Where a prober is: what it checks, what time it is, and what carries its results and votes. */
export interface LabWorld {
  readonly targets: readonly Target[];
  readonly listHash: string;
  readonly nowMs: number;
  carry(prober: LabProber, fleet: string, batch: Uint8Array, isUrgent: boolean): void;
  hearVotes(votes: readonly Vote[]): void;
}

/** A prober as far as judging goes: damps, votes, and lets the router have its results. */
export class LabProber {
  readonly self: Peer;
  readonly router: ResultRouter;
  readonly #lab: LabWorld;
  readonly #columns;
  readonly #rule: DampingRule;
  readonly #votes = new Map<string, Omit<Vote, 'seq'>>();
  readonly #lastMs: Float64Array;
  readonly #sinceMs: Float64Array;
  readonly #outcome: Uint8Array;
  #seq = 0;

  constructor(lab: LabWorld, self: Peer) {
    const { targets } = lab;
    this.#lab = lab;
    this.self = self;
    this.#columns = dampingColumns(targets.length);
    this.#lastMs = new Float64Array(targets.length);
    this.#sinceMs = new Float64Array(targets.length);
    this.#outcome = new Uint8Array(targets.length);
    const { rise, fall } = targets[0]!.probe.cadence;
    this.#rule = { rise, fall, isGuarded: true };
    this.router = new ResultRouter({
      mesh: { sendResults: (fleet, batch, isUrgent) => lab.carry(this, fleet, batch, isUrgent) },
      opinionOf: ({ index }) => this.#opinion(index),
      vote: (orphans) => lab.hearVotes(orphans.flatMap((target) => this.#vote(target))),
    });
    this.router.setTargets(lab.listHash, targets);
  }

  /** One result; what it comes to as a vote is returned, whether or not it is cast. */
  check(index: number, outcome: Outcome, latencyUs = 1000): readonly Vote[] {
    const target = this.#lab.targets[index]!;
    const { nowMs } = this.#lab;
    let hasTurned = false;
    if (outcome < OUTCOME.NOT_CHECKED) {
      hasTurned = damp(this.#columns, index, outcome, Math.floor(nowMs / 1000), this.#rule);
      this.#lastMs[index] = nowMs;
      if (hasTurned) this.#sinceMs[index] = nowMs;
      const isRising = this.#columns.opinion[index] === OPINION.DOWN && outcome === OUTCOME.OK;
      if (!isRising || this.#outcome[index] === OUTCOME.OK) this.#outcome[index] = outcome;
    }
    const isTaken = this.router.take(target, { outcome, latencyUs, detail: '' }, nowMs, hasTurned);
    const votes = outcome < OUTCOME.NOT_CHECKED ? this.#vote(target) : [];
    if (!isTaken) this.#lab.hearVotes(votes);
    return votes;
  }

  #opinion(target: number): OpinionRow | null {
    const { opinion, streak, penalty, anchorSec } = this.#columns;
    const lastSec = Math.floor(this.#lastMs[target]! / 1000);
    if (lastSec === 0) return null;
    const damping = {
      opinion: opinion[target]!,
      streak: streak[target]!,
      penalty: penalty[target]!,
      anchorSec: anchorSec[target]!,
    };
    return { target, ...damping, lastSec, sinceMs: this.#sinceMs[target]!, outcome: this.#outcome[target]! };
  }

  #vote(target: Target): Vote[] {
    const { index, key } = target;
    const columns = this.#columns;
    if (columns.opinion[index] === OPINION.UNKNOWN) return [];
    const { id: prober, region, epoch } = this.self;
    const atMs = this.#lastMs[index]!;
    const vote = {
      ...{ target: key, prober, region, epoch, isUp: columns.opinion[index] === OPINION.UP, sinceMs: this.#sinceMs[index]! },
      ...{
        atMs,
        expiresMs: voteExpiryMs(atMs, target.probe.cadence),
        outcome: this.#outcome[index]! as Outcome,
        latencyUs: 1000,
        detail: '',
      },
      ...{
        against: against(this.#columns, index, this.#rule),
        needed: needed(columns, index, Math.floor(atMs / 1000), this.#rule),
      },
    };
    this.#votes.set(key, vote);
    return [{ ...vote, seq: ++this.#seq }];
  }
}

export interface LabAggregator {
  readonly self: Peer;
  readonly desk: FleetDesk;
  readonly watch: FleetWatch;
  readonly log: Logger & { readonly lines: string[] };
}

export class FleetLab implements LabWorld {
  readonly model: SteeringModel = LAB_MODEL;
  readonly targets: readonly Target[] = targetsOf(LAB_MODEL, () => [4]);
  readonly probers: LabProber[];
  readonly aggregators: LabAggregator[] = [];
  /** What the server of this lab hears and concludes. */
  readonly watch = new FleetWatch(SILENCE_MS);
  readonly votes = new VoteTable();
  readonly book: HealthBook;
  readonly listHash: string;
  /** Batches, decoded, in the order in which they were sent. */
  readonly sent: { readonly from: string; readonly to: string; readonly opinions: number; readonly results: number }[] = [];
  votesHeard = 0;
  nowMs = START_MS;
  readonly #kernels: KernelSource;
  readonly #reports: FleetReport[] = [];
  #isCut = false;

  constructor(
    regions: readonly string[] = ['eu', 'us', 'ap'],
    kernels: KernelSource = IN_THIS_THREAD,
    remembered: readonly Verdict[] = [],
  ) {
    this.#kernels = kernels;
    this.book = new HealthBook(this.model, this.targets, DEFAULT_HEALTH, this.votes, { verdicts: remembered, poolsDown: [] });
    const probe = this.#newDesk('probe of the list', recordingLogger(), new FleetWatch(SILENCE_MS), []);
    this.listHash = probe.listHash;
    this.watch.setList(this.listHash);
    this.probers = regions.map((region, i) => new LabProber(this, peer(`p${i}`, { region, roles: ['probe'] })));
    this.#meet();
  }

  get peers(): readonly Peer[] {
    return [...this.aggregators, ...this.probers].map(({ self }) => self);
  }

  /** Another aggregator comes up. */
  addAggregator(id: string, remembered: readonly Verdict[] = [], epoch = 1): LabAggregator {
    const log = recordingLogger();
    const watch = new FleetWatch(SILENCE_MS);
    watch.setList(this.listHash);
    const self = peer(id, { roles: ['fleet'], epoch });
    const aggregator = { self, watch, log, desk: this.#newDesk(id, log, watch, remembered) };
    this.aggregators.push(aggregator);
    this.#meet();
    return aggregator;
  }

  /** It is gone from one moment to the next. */
  async killAggregator(one: LabAggregator): Promise<void> {
    this.aggregators.splice(this.aggregators.indexOf(one), 1);
    await one.desk.close();
    this.#meet();
    this.refresh();
  }

  /** What is sent to aggregators from now on is lost, or arrives again. */
  set isCut(isCut: boolean) {
    this.#isCut = isCut;
  }

  carry({ self }: LabProber, fleet: string, batch: Uint8Array): void {
    const { opinions, results } = decodeBatch(batch, this.listHash, this.targets.length)!;
    this.sent.push({ from: self.id, to: fleet, opinions: opinions.length, results: results.length });
    const to = this.aggregators.find((one) => one.self.id === fleet);
    if (!this.#isCut) to?.desk.takeResults(self.id, self.epoch, batch);
  }

  hearVotes(votes: readonly Vote[]): void {
    this.votesHeard += votes.length;
    for (const vote of votes) this.votes.add(vote);
    for (const { desk } of this.aggregators) desk.takeVotes(votes);
  }

  /** Everybody sends and judges what there is, and hears of it. */
  async settle(): Promise<void> {
    for (const { router } of this.probers) router.flush();
    for (const { desk } of this.aggregators) await desk.pass();
    this.hearReports();
    this.refresh();
  }

  hearReports(): void {
    for (const report of this.#reports.splice(0)) {
      this.watch.hear(report);
      for (const { watch, desk } of this.aggregators) {
        watch.hear(report);
        desk.takeReport(report);
      }
    }
  }

  refresh(): void {
    for (const { watch } of this.aggregators) watch.refresh(this.nowMs);
    if (!this.watch.refresh(this.nowMs)) return;
    for (const { router } of this.probers) router.setOwners(this.watch.owners);
  }

  conclude(): HealthFacts {
    this.book.setConcluded(this.watch.concluded);
    return this.book.conclude(this.nowMs);
  }

  async close(): Promise<void> {
    for (const { desk } of this.aggregators) await desk.close();
  }

  #meet(): void {
    const regions = this.probers.map(({ self }) => self.region);
    this.book.setProbers(regions);
    this.watch.setPeers(this.peers);
    for (const { watch, desk } of this.aggregators) {
      watch.setPeers(this.peers);
      desk.takePeers(this.peers);
    }
  }

  #newDesk(id: string, log: Logger, watch: FleetWatch, remembered: readonly Verdict[]): FleetDesk {
    const mesh = {
      nowMs: () => this.nowMs,
      reportFleet: (listHash: string, atMs: number, verdicts: readonly FleetVerdict[], forgotten: readonly string[]) => {
        this.#reports.push({ fleet: id, epoch: 1, listHash, atMs, isWhole: false, verdicts, forgotten });
      },
    };
    const config = { steering: this.model, targets: this.targets, health: DEFAULT_HEALTH };
    const desk = new FleetDesk({ id, mesh, watch, kernels: this.#kernels, log }, config);
    desk.remember(remembered);
    return desk;
  }
}

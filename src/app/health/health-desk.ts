// Where facts about health come in and conclusions go out: votes, withdrawals, peers and orders from the mesh, and time itself.
// The first fact after a quiet time is judged at once, further ones together; what steering may see is `facts`, all of one moment.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type Concluded, HealthBook } from '../../health/book.ts';
import type { HealthFacts, Remembered } from '../../health/facts.ts';
import { VoteTable } from '../../health/votes.ts';
import { COUNTER } from '../../metrics/counters.ts';
import type { Mesh, OverrideSet, Peer } from '../../model/mesh.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Override, Verdict, Vote } from '../../model/verdict.ts';
import type { ChangeTrail } from './change-trail.ts';
import { Pacer } from './pacer.ts';

/** Between two conclusions. The mesh hands its events over in the same rhythm. */
const CONCLUDE_GAP_MS = 50;
/** Longest sleep: the clock of the mesh may be moved. */
const MAX_SLEEP_MS = 10_000;
/** The mesh never hands out a vote that has expired, so one that expired so long ago does not come again. */
const SWEEP_AFTER_MS = 60_000;
/** When a whole site turns, so many members are named and the rest is counted. */
const MAX_TOLD = 20;

/** What health needs of a configuration. */
export type HealthConfig = Pick<Snapshot, 'steering' | 'targets' | 'health'>;

export interface HealthDeskOptions {
  /** Our own id: votes of others are counted as received. */
  readonly id: string;
  readonly mesh: Pick<Mesh, 'nowMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** The control thread's row of metrics/counters. */
  readonly counters: Float64Array;
  /** Told of each verdict that has turned; without it changes have no id. */
  readonly trail?: Pick<ChangeTrail, 'concluded'>;
  /** Called after each conclusion. */
  readonly onFacts: (facts: HealthFacts) => void;
}

export class HealthDesk {
  readonly votes: VoteTable = new VoteTable();
  readonly #options: HealthDeskOptions;
  readonly #pacer: Pacer;
  #book: HealthBook | null = null;
  #facts: HealthFacts | null = null;
  #concludedMs = 0;
  #sweptMs = 0;
  #regions: readonly string[] = [];
  #overrides: readonly Override[] = [];
  #concluded: ReadonlyMap<string, Concluded> = new Map();
  #wake: NodeJS.Timeout | null = null;

  constructor(options: HealthDeskOptions) {
    this.#options = options;
    this.#pacer = new Pacer(options.clock, CONCLUDE_GAP_MS, () => this.#conclude());
  }

  get hasBegun(): boolean {
    return this.#facts !== null;
  }

  /** The last conclusion. There is none before `begin`. */
  get facts(): HealthFacts {
    if (this.#facts === null) throw new Error('nothing has been concluded yet');
    return this.#facts;
  }

  /** Since the last conclusion. */
  get ageMs(): number {
    return this.#options.clock.monotonicMs() - this.#concludedMs;
  }

  /** Concludes for the first time, from what is remembered and what has come in so far. */
  begin(config: HealthConfig, remembered: Remembered): HealthFacts {
    this.#book = new HealthBook(config.steering, config.targets, config.health, this.votes, remembered);
    this.#book.setProbers(this.#regions);
    this.#book.setOverrides(this.#overrides);
    this.#book.setConcluded(this.#concluded);
    return this.concludeNow();
  }

  /** Another configuration: what was concluded on targets that it still has stays, and so do all votes and orders. */
  adopt(config: HealthConfig): HealthFacts {
    return this.begin(config, this.facts.remembered);
  }

  takeVotes(votes: readonly Vote[]): void {
    const { counters, id } = this.#options;
    for (const vote of votes) {
      if (vote.prober !== id) counters[COUNTER.VOTES_RECEIVED]!++;
      this.votes.add(vote);
    }
    this.#pacer.request();
  }

  takeWithdrawal(prober: string, epoch: number, seq: number): void {
    this.votes.withdraw(prober, epoch, seq);
    this.#pacer.request();
  }

  /** Live processes; probers that have withdrawn have no say. */
  takePeers(peers: readonly Peer[]): void {
    this.#regions = peers.filter(({ roles, isWithdrawn }) => roles.includes('probe') && !isWithdrawn).map(({ region }) => region);
    this.#book?.setProbers(this.#regions);
    this.#pacer.request();
  }

  /** What aggregators that are believed say (FleetWatch); to be called again after each change of it. */
  takeConcluded(concluded: ReadonlyMap<string, Concluded>): void {
    this.#concluded = concluded;
    this.#book?.setConcluded(concluded);
    this.#pacer.request();
  }

  takeOverrides({ overrides }: OverrideSet): void {
    this.#overrides = overrides;
    this.#book?.setOverrides(overrides);
    this.#pacer.request();
  }

  concludeNow(): HealthFacts {
    this.#pacer.now();
    return this.facts;
  }

  close(): void {
    this.#pacer.close();
    if (this.#wake !== null) clearTimeout(this.#wake);
  }

  #conclude(): void {
    if (this.#book === null) return;
    const { mesh, clock, onFacts } = this.#options;
    const nowMs = mesh.nowMs();
    if (nowMs - this.#sweptMs > SWEEP_AFTER_MS) this.#sweep(nowMs);
    const before = this.#facts;
    const facts = this.#book.conclude(nowMs);
    this.#facts = facts;
    this.#concludedMs = clock.monotonicMs();
    if (before !== null) this.#tell(before.remembered.verdicts, facts.remembered.verdicts, nowMs);
    this.#sleep(facts.nextChangeMs - nowMs);
    onFacts(facts);
  }

  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    this.votes.sweep(nowMs - SWEEP_AFTER_MS);
  }

  #sleep(forMs: number): void {
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#wake = setTimeout(() => this.#pacer.request(), Math.max(1, Math.min(MAX_SLEEP_MS, forMs)));
  }

  /** Counts and logs the targets that came up or went down. */
  #tell(before: readonly Verdict[], after: readonly Verdict[], nowMs: number): void {
    const { log, counters, trail } = this.#options;
    const turned = turnedBetween(before, after);
    counters[COUNTER.VERDICT_CHANGES]! += turned.length;
    const changes = turned.map((verdict) => trail?.concluded(verdict, this.votes.fresh(verdict.target, nowMs)).id);
    for (const [i, { target, isUp, why }] of turned.slice(0, MAX_TOLD).entries()) {
      log[isUp ? 'info' : 'warn']({ target, why, change: changes[i] }, isUp ? 'a member came up' : 'a member went down');
    }
    const untold = turned.length - MAX_TOLD;
    if (untold > 0) log.warn({ targets: untold }, 'more members came up or went down');
  }
}

/** Verdicts that are another way round than before; those on new targets count if they are down. */
function turnedBetween(before: readonly Verdict[], after: readonly Verdict[]): Verdict[] {
  let byTarget: Map<string, Verdict> | undefined;
  return after.filter((verdict, i) => {
    let old = before[i];
    if (old === verdict) return false;
    if (old?.target !== verdict.target) {
      byTarget ??= new Map(before.map((known) => [known.target, known]));
      old = byTarget.get(verdict.target);
    }
    return verdict.isUp !== (old?.isUp ?? true);
  });
}

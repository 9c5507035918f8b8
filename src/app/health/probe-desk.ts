// This process as a prober: which targets are its own among the live probers, what it sees of them, and the votes that it casts.
// When everything goes down before its eyes at once, and before theirs not, it takes its votes back, goes on looking, and votes
// again once most is back.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { ResultRouter } from '../../fleet/result-router.ts';
import { targetListHash } from '../../fleet/target-list.ts';
import { Assignment, type FleetOwners } from '../../health/assignment.ts';
import { mayWithdraw, type Sighting, shouldWithdraw } from '../../health/withdrawal.ts';
import { COUNTER } from '../../metrics/counters.ts';
import type { Mesh, Peer } from '../../model/mesh.ts';
import type { Checker, CheckResult, Target } from '../../model/probe.ts';
import type { ProberSettings, Snapshot } from '../../model/snapshot.ts';
import type { Verdict, Vote } from '../../model/verdict.ts';
import { Prober } from '../../probe/prober.ts';
import type { ChangeTrail } from './change-trail.ts';
import { Pacer } from './pacer.ts';
import { type Moment, type Opinion, Sightings } from './sightings.ts';

/** While we are withdrawn all of the targets are looked at together, so often at most. */
const RETURN_GAP_MS = 500;

/** What a prober needs of a configuration. */
export type ProbeConfig = Pick<Snapshot, 'targets' | 'health' | 'prober'>;

export interface ProbeDeskOptions {
  readonly self: Peer;
  readonly mesh: Pick<Mesh, 'nowMs' | 'announce' | 'publish' | 'withdraw' | 'sendResults'>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** The control thread's row of metrics/counters. */
  readonly counters: Float64Array;
  /** What makes the checks, by these settings. */
  readonly checkerFor: (settings: ProberSettings) => Checker;
  /** What was concluded on a target. */
  readonly verdictOf: (key: string) => Verdict | undefined;
  readonly trail?: Pick<ChangeTrail, 'probed'>;
}

export class ProbeDesk {
  readonly #options: ProbeDeskOptions;
  readonly #sightings = new Sightings();
  #config: ProbeConfig;
  #self: Peer;
  #peers: readonly Peer[] = [];
  #checker: Checker;
  #prober: Prober;
  readonly #return: Pacer;
  readonly #router: ResultRouter;
  #listHash: string;
  #seq = 0;
  /** Time of the mesh; null = our votes count. */
  #withdrawnMs: number | null = null;
  #isClosed = false;

  constructor(options: ProbeDeskOptions, config: ProbeConfig) {
    this.#options = options;
    this.#config = config;
    this.#self = options.self;
    this.#checker = options.checkerFor(config.prober);
    this.#prober = this.#newProber();
    this.#listHash = targetListHash(config.targets);
    this.#router = new ResultRouter({
      mesh: options.mesh,
      opinionOf: (target) => this.#sightings.rowOf(target, this.#moment),
      vote: (targets) => void this.#publish(this.#sightings.opinionsOn(targets, options.mesh.nowMs())),
    });
    this.#router.start();
    this.#return = new Pacer(options.clock, RETURN_GAP_MS, () => this.#reconsider());
  }

  get isWithdrawn(): boolean {
    return this.#withdrawnMs !== null;
  }

  /** Live processes; we count as one whether or not we are among them. */
  takePeers(peers: readonly Peer[]): void {
    const known = describe(this.#peers);
    this.#peers = [...peers.filter(({ id }) => id !== this.#self.id), this.#self];
    if (describe(this.#peers) !== known) this.#assign();
    if (this.isWithdrawn) this.#return.request();
  }

  /** The aggregators that are believed: they get our results on their targets, and we do not vote on those. */
  takeOwners(owners: FleetOwners): void {
    this.#router.setOwners(owners);
  }

  /** Another configuration. Targets that stay keep what is known of them. */
  adopt(config: ProbeConfig): void {
    const before = this.#config.prober;
    this.#config = config;
    this.#listHash = targetListHash(config.targets);
    const { prober } = config;
    this.#checker = this.#options.checkerFor(prober);
    if (prober.weight !== this.#self.weight) this.#announce({ ...this.#self, weight: prober.weight });
    if (JSON.stringify(limitsOf(prober)) !== JSON.stringify(limitsOf(before))) {
      void this.#prober.stop();
      this.#prober = this.#newProber();
    }
    this.#assign();
    this.#reconsider();
  }

  /** Resolves when the last check has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#return.close();
    this.#router.close();
    return this.#prober.stop();
  }

  #newProber(): Prober {
    const { clock, random } = this.#options;
    return new Prober({
      id: this.#self.id,
      checker: { check: (target, signal) => this.#checker.check(target, signal) },
      clock,
      random,
      limits: limitsOf(this.#config.prober),
      onResult: (target, result) => this.#take(target, result),
      nextDelayMs: (target) => this.#sightings.delayMs(target),
    });
  }

  #assign(): void {
    if (this.#isClosed) return;
    const { targets, health } = this.#config;
    const own = new Assignment(this.#peers).targetsOf(this.#self.id, targets);
    this.#sightings.setTargets(own, health.flapGuard, this.#options.verdictOf, this.#options.mesh.nowMs());
    this.#router.setTargets(this.#listHash, own);
    this.#prober.setTargets(own);
  }

  get #moment(): Moment {
    const { mesh, clock } = this.#options;
    return { nowMs: mesh.nowMs(), atSec: Math.floor(clock.monotonicMs() / 1000) };
  }

  #take(target: Target, result: CheckResult): void {
    const moment = this.#moment;
    const taken = this.#sightings.take(target.key, result, moment);
    if (taken === undefined) {
      if (!this.isWithdrawn) this.#router.take(target, result, moment.nowMs, false);
      return;
    }
    if (this.isWithdrawn) {
      this.#return.request();
      return;
    }
    // First the doubt about ourselves: the vote that would complete a false picture is not cast.
    const isDoubtful = this.#sightings.mostLostPercent >= this.#config.health.withdrawal.sharePercent;
    if (taken.isTurned && !taken.opinion.isUp && isDoubtful) this.#reconsider();
    if (this.isWithdrawn || this.#router.take(target, result, moment.nowMs, taken.isTurned)) return;
    const [vote] = this.#publish([taken.opinion]);
    if (taken.isTurned) this.#options.trail?.probed(vote!, result.latencyUs / 1000);
  }

  /** Withdraws or comes back if it is time to. */
  #reconsider(): void {
    const { mesh, log } = this.#options;
    const nowMs = mesh.nowMs();
    const isOut = this.#mayWithdraw && shouldWithdraw(this.#unshared, this.#withdrawnMs, nowMs, this.#config.health.withdrawal);
    if (isOut === this.isWithdrawn) return;
    if (isOut) {
      this.#withdrawnMs = nowMs;
      log.warn({ code: 'ERR_PROBER_WITHDRAWN' }, 'nearly everything went down before our eyes at once: our votes are withdrawn');
      mesh.withdraw();
      this.#router.withdraw();
      this.#announce({ ...this.#self, isWithdrawn: true });
    } else {
      this.#withdrawnMs = null;
      log.info({}, 'most of what was out of our sight is back: our votes count again');
      this.#announce({ ...this.#self, isWithdrawn: false });
      this.#router.comeBack();
      this.#publish(this.#sightings.opinions(nowMs).filter(({ target }) => !this.#router.isOwned(target)));
    }
  }

  get #mayWithdraw(): boolean {
    const probers = this.#peers.filter(({ roles }) => roles.includes('probe'));
    const withdrawn = probers.filter(({ isWithdrawn }) => isWithdrawn).map(({ id }) => id);
    return mayWithdraw(this.#self.id, withdrawn, probers.length);
  }

  /** What we see, without the targets that the others see down too: those are no reason for doubt about ourselves. */
  get #unshared(): readonly Sighting[] {
    const { verdictOf } = this.#options;
    return this.#sightings.all.filter(({ isUp, target }) => isUp || verdictOf(target.key)?.state !== 'down');
  }

  #announce(self: Peer): void {
    this.#self = self;
    this.#peers = this.#peers.map((peer) => (peer.id === self.id ? self : peer));
    this.#options.mesh.announce(self);
  }

  #publish(opinions: readonly Opinion[]): readonly Vote[] {
    const { id: prober, region, epoch } = this.#self;
    const votes = opinions.map((opinion): Vote => ({ ...opinion, prober, region, epoch, seq: ++this.#seq }));
    this.#options.counters[COUNTER.VOTES_SENT]! += votes.length;
    this.#options.mesh.publish(votes);
    return votes;
  }
}

const limitsOf = ({ concurrency, perSecond, perHostPerSecond }: ProberSettings) => ({ concurrency, perSecond, perHostPerSecond });

/** What of the others decides who looks at what. */
const describe = (peers: readonly Peer[]): string =>
  JSON.stringify(peers.filter(({ roles }) => roles.includes('probe')).map(({ id, region, weight }) => [id, region, weight]));

// The role `fleet`: results of many probers in, verdicts out. Everything that comes in waits in a queue, because kernels may be at
// work on threads of their own; a pass takes it up, judges, and reports what has changed. While nothing is reported, because
// something failed or nobody is there, probers and servers go on by votes.

import type { Logger } from '../base/logger.ts';
import { quorumRule } from '../health/quorum.ts';
import type { FleetReport, Mesh, Peer } from '../model/mesh.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { FleetVerdict, Verdict, Vote } from '../model/verdict.ts';
import { FleetQueue } from './fleet-queue.ts';
import type { FleetWatch } from './fleet-watch.ts';
import type { Seat } from './group.ts';
import type { KernelSource } from './open.ts';
import { decodeBatch } from './result-batch.ts';
import { Seating } from './seating.ts';
import type { RollUps } from './tallies.ts';
import { targetListHash } from './target-list.ts';
import { TargetPlaces } from './target-places.ts';

/** What an aggregator needs of a configuration. */
export type FleetConfig = Pick<Snapshot, 'steering' | 'targets' | 'health'>;

export interface FleetDeskOptions {
  /** Our own id in the mesh. */
  readonly id: string;
  readonly mesh: Pick<Mesh, 'nowMs' | 'reportFleet'>;
  /** Who else is believed; refreshed by the owner of the desk. */
  readonly watch: FleetWatch;
  readonly kernels: KernelSource;
  readonly log: Logger;
}

export interface FleetStatus {
  readonly targets: number;
  readonly probers: number;
  readonly passes: number;
  /** Batches that were foreign, damaged, or about another list of targets. */
  readonly ignored: number;
  /** Of the last pass, from its start to the report, in milliseconds of the mesh's clock; 0 before the first. */
  readonly lastPassMs: number;
}

export class FleetDesk {
  readonly #options: FleetDeskOptions;
  readonly #queue = new FleetQueue();
  readonly #seating = new Seating();
  #places: TargetPlaces;
  #next: FleetConfig | null;
  #health: FleetConfig['health'];
  #listHash: string;
  /** The seats and rules that the kernels were opened for. */
  #shapedFor = '';
  #owners: object | null = null;
  /** By index of the target: whether our reports speak of it. */
  #said: Uint8Array;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #trouble = '';
  #passes = 0;
  #ignored = 0;
  #lastPassMs = 0;
  #isClosed = false;

  constructor(options: FleetDeskOptions, config: FleetConfig) {
    this.#options = options;
    this.#places = new TargetPlaces([]);
    this.#next = config;
    this.#health = config.health;
    this.#listHash = targetListHash(config.targets);
    this.#said = new Uint8Array(config.targets.length);
  }

  get status(): FleetStatus {
    const counted = { passes: this.#passes, ignored: this.#ignored, lastPassMs: this.#lastPassMs };
    return { targets: this.#said.length, probers: this.#seating.seats.length, ...counted };
  }

  /** By probe: results since the probers or the configuration last changed, rolled up by site (of the model) and region. */
  get rollUps(): ReadonlyMap<string, RollUps> {
    const all = new Map<string, RollUps>();
    for (const { setup, rollUps } of this.#places.groups) if (rollUps !== null) all.set(setup.probe.id, rollUps);
    return all;
  }

  get listHash(): string {
    return this.#listHash;
  }

  /** Passes from now on, so many milliseconds from the end of one to the next. */
  start(passMs: number): void {
    const { withoutAddon } = this.#options.kernels;
    if (withoutAddon !== null)
      this.#options.log.warn({ code: 'ERR_ADDON' }, `aggregating without the native kernel: ${withoutAddon}`);
    const next = (): void => {
      this.#timer = setTimeout(() => void this.pass().then(() => this.#isClosed || next()), passMs);
    };
    if (this.#timer === null) next();
  }

  /** Another configuration. Verdicts of targets that stay are kept; the probers introduce themselves anew. */
  adopt(config: FleetConfig): void {
    this.#next = config;
    this.#health = config.health;
    this.#listHash = targetListHash(config.targets);
    this.#said = new Uint8Array(config.targets.length);
    this.#queue.clear();
  }

  /** What was concluded before our time: it holds until results say otherwise. */
  remember(verdicts: readonly Verdict[]): void {
    this.#queue.addMemories(verdicts);
  }

  takePeers(peers: readonly Peer[]): void {
    for (const prober of this.#seating.takePeers(peers)) this.#queue.addFarewell(prober);
  }

  takeResults(prober: string, epoch: number, octets: Uint8Array): void {
    const batch = decodeBatch(octets, this.#listHash, this.#said.length);
    if (batch === undefined || this.#seating.isFormer(prober, epoch)) {
      this.#ignored++;
      return;
    }
    if (batch.isFarewell) this.#queue.addFarewell(prober);
    else this.#queue.addBatch(prober, batch, this.#options.mesh.nowMs());
  }

  /** Votes of probers that send no results: they have another configuration, or did not know of us yet. */
  takeVotes(votes: readonly Vote[]): void {
    this.#queue.addVotes(votes, this.#options.mesh.nowMs());
  }

  /** The votes of a prober do not count any more, and so does nothing that it has said. */
  takeWithdrawal(prober: string): void {
    this.#queue.addFarewell(prober);
  }

  /** What another aggregator says: held until we know better, should its targets become ours. */
  takeReport({ fleet, verdicts }: FleetReport): void {
    if (fleet !== this.#options.id) this.#queue.addMemories(verdicts);
  }

  /** One pass over what has come in; if one is under way, that one. Never rejects. */
  pass(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#running ??= this.#pass()
      .then(() => this.#troubled(''))
      .catch((error: Error) => this.#troubled(error.message))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
    for (const group of this.#places.groups) group.close();
  }

  async #pass(): Promise<void> {
    const { mesh } = this.#options;
    const startMs = mesh.nowMs();
    await this.#prepare(startMs);
    const news = new Map<number, FleetVerdict>();
    do {
      if (this.#next !== null) return; // adopted meanwhile: what has come in is of another list
      this.#queue.drain(this.#places, this.#seating, mesh.nowMs());
      for (const group of this.#places.groups) {
        for (const [local, verdict] of await group.pass(mesh.nowMs())) news.set(this.#places.indexOf(group, local), verdict);
      }
    } while (this.#queue.isReady);
    this.#passes++;
    if (this.#next !== null) return;
    this.#report(news);
    this.#lastPassMs = mesh.nowMs() - startMs;
  }

  async #prepare(nowMs: number): Promise<void> {
    const { log } = this.#options;
    if (this.#next !== null) {
      const before = this.#places.groups;
      this.#places = TargetPlaces.of(this.#next);
      this.#next = null;
      this.#shapedFor = '';
      for (const group of before) {
        for (const verdict of group.remembered) this.#places.remember(verdict);
        group.close();
      }
    }
    const { seats, regions, isCut } = this.#seating.settle(nowMs, this.#places.freshMs);
    const wanted = JSON.stringify([seats, regions]);
    if (seats.length === 0 || wanted === this.#shapedFor) return;
    if (isCut) log.warn({ code: 'ERR_FLEET' }, `there are more than ${seats.length} probers; the others are not heard`);
    await this.#reshape(seats, regions);
    this.#shapedFor = wanted;
  }

  async #reshape(seats: readonly Seat[], regions: readonly string[]): Promise<void> {
    for (const group of this.#places.groups) {
      const rule = quorumRule(group.setup.probe.vantagePoints, regions, this.#health);
      await group.reshape(seats, rule, this.#options.kernels.open);
    }
  }

  /** What is new of our own targets, those that became ours, and those that others have taken over. */
  #report(news: Map<number, FleetVerdict>): void {
    const { id, mesh, watch } = this.#options;
    const { owners } = watch;
    const forgotten: string[] = [];
    if (this.#owners !== owners) {
      this.#owners = owners;
      for (const [index, verdict] of this.#places.verdicts())
        if (this.#said[index] === 0 && !news.has(index)) news.set(index, verdict);
    }
    if (owners.ids.length > 1) {
      for (let index = 0; index < this.#said.length; index++) {
        if (this.#said[index] === 0) continue;
        const { key } = this.#places.targetAt(index);
        const owner = owners.ownerOf(key);
        if (owner === null || owner === id || !watch.hasVerdict(owner, key)) continue;
        this.#said[index] = 0;
        forgotten.push(key);
      }
    }
    const said: FleetVerdict[] = [];
    for (const [index, verdict] of news) {
      const isOurs = owners.ownerOf(verdict.target) === id;
      // to begin with, nothing is better than "unknown": others may know more
      if (this.#said[index] === 0 && (!isOurs || verdict.state === 'unknown')) continue;
      this.#said[index] = 1;
      said.push(verdict);
    }
    mesh.reportFleet(this.#listHash, mesh.nowMs(), said, forgotten);
  }

  #troubled(message: string): void {
    if (message === this.#trouble) return;
    this.#trouble = message;
    const { log } = this.#options;
    if (message === '') log.info({}, 'the aggregator judges again');
    else log.error({ code: 'ERR_FLEET' }, `nothing is aggregated: ${message}`);
  }
}

// Probers, aggregators and servers that share nothing but a mesh: each its own member, in real time.

import { FleetDesk } from '../../src/fleet/fleet-desk.ts';
import { FleetWatch } from '../../src/fleet/fleet-watch.ts';
import { kernelSource } from '../../src/fleet/open.ts';
import { targetListHash } from '../../src/fleet/target-list.ts';
import { HealthBook } from '../../src/health/book.ts';
import type { HealthFacts } from '../../src/health/facts.ts';
import { VoteTable } from '../../src/health/votes.ts';
import { DEFAULT_HEALTH } from '../../src/model/health.ts';
import type { Mesh, MeshEvents, Peer } from '../../src/model/mesh.ts';
import type { Target } from '../../src/model/probe.ts';
import type { SteeringModel } from '../../src/model/steering.ts';
import type { Vote } from '../../src/model/verdict.ts';
import { LabProber, type LabWorld } from './fleet-lab.ts';
import { peer, recordingLogger } from './mesh.ts';
import { eventually, PATIENCE_MS } from './patience.ts';

/** A silent aggregator is given this long: nobody is doubted because the machine is busy. */
const SILENCE_MS = 15_000;
const TICK_MS = 50;

export interface ClusterSetup {
  readonly model: SteeringModel;
  readonly targets: readonly Target[];
  join(self: Peer): Mesh;
}

abstract class Process {
  readonly self: Peer;
  readonly mesh: Mesh;
  readonly watch = new FleetWatch(SILENCE_MS);
  protected readonly setup: ClusterSetup;
  #timer: NodeJS.Timeout | null = null;

  constructor(setup: ClusterSetup, self: Peer) {
    this.setup = setup;
    this.self = self;
    this.mesh = setup.join(self);
    this.watch.setList(targetListHash(setup.targets));
  }

  async start(): Promise<this> {
    const own = this.events();
    await this.mesh.start(
      {
        ...own,
        onPeers: (peers) => {
          this.watch.setPeers(peers);
          own.onPeers?.(peers);
          this.#refresh();
        },
        onFleetReport: (report) => {
          this.watch.hear(report);
          own.onFleetReport?.(report);
          this.#refresh();
        },
      },
      PATIENCE_MS,
    );
    this.#timer = setInterval(() => this.#refresh(), TICK_MS);
    return this;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.mesh.close();
  }

  protected abstract events(): MeshEvents;
  protected ownersChanged(): void {}

  #refresh(): void {
    if (this.watch.refresh(this.mesh.nowMs())) this.ownersChanged();
  }
}

class ProberProcess extends Process implements LabWorld {
  readonly lab: LabProber;

  constructor(setup: ClusterSetup, self: Peer) {
    super(setup, self);
    this.lab = new LabProber(this, self);
    this.lab.router.start();
  }

  get targets(): readonly Target[] {
    return this.setup.targets;
  }

  get listHash(): string {
    return targetListHash(this.targets);
  }

  get nowMs(): number {
    return this.mesh.nowMs();
  }

  carry(_prober: LabProber, fleet: string, batch: Uint8Array, isUrgent: boolean): void {
    this.mesh.sendResults(fleet, batch, isUrgent);
  }

  hearVotes(votes: readonly Vote[]): void {
    this.mesh.publish(votes);
  }

  override async close(): Promise<void> {
    this.lab.router.close();
    await super.close();
  }

  protected override events(): MeshEvents {
    return {};
  }

  protected override ownersChanged(): void {
    this.lab.router.setOwners(this.watch.owners);
  }
}

class AggregatorProcess extends Process {
  readonly desk: FleetDesk;

  constructor(setup: ClusterSetup, self: Peer) {
    super(setup, self);
    const config = { steering: setup.model, targets: setup.targets, health: DEFAULT_HEALTH };
    const { mesh, watch } = this;
    this.desk = new FleetDesk({ id: self.id, mesh, watch, kernels: kernelSource(2), log: recordingLogger() }, config);
    this.desk.start(TICK_MS);
  }

  override async close(): Promise<void> {
    await this.desk.close();
    await super.close();
  }

  protected override events(): MeshEvents {
    return {
      onPeers: (peers) => this.desk.takePeers(peers),
      onVotes: (votes) => this.desk.takeVotes(votes),
      onWithdrawn: (prober) => this.desk.takeWithdrawal(prober),
      onResults: (prober, epoch, batch) => this.desk.takeResults(prober, epoch, batch),
      onFleetReport: (report) => this.desk.takeReport(report),
    };
  }
}

class ServerProcess extends Process {
  readonly #votes = new VoteTable();
  readonly #book: HealthBook;

  constructor(setup: ClusterSetup, self: Peer) {
    super(setup, self);
    this.#book = new HealthBook(setup.model, setup.targets, DEFAULT_HEALTH, this.#votes, null);
  }

  conclude(): HealthFacts {
    this.#book.setConcluded(this.watch.concluded);
    return this.#book.conclude(this.mesh.nowMs());
  }

  /** Waits until every member is as it should be, by those who should have said so. */
  sees(isUp: (member: number) => boolean, by: 'votes' | 'aggregator'): Promise<void> {
    const isSo = (): boolean => {
      const facts = this.conclude();
      return this.setup.targets.every(({ member, family }) => {
        const verdict = facts.seen[2 * member + (family === 6 ? 1 : 0)]!;
        const isBy = verdict.why.includes(', by aggregator') === (by === 'aggregator');
        return verdict.state === (isUp(member) ? 'up' : 'down') && isBy;
      });
    };
    return eventually(isSo, () => JSON.stringify(this.conclude().seen.slice(0, 8)));
  }

  protected override events(): MeshEvents {
    return {
      onPeers: (peers) => this.#book.setProbers(peers.filter(({ roles }) => roles.includes('probe')).map(({ region }) => region)),
      onVotes: (votes) => {
        for (const vote of votes) this.#votes.add(vote);
      },
    };
  }
}

/** Starts processes, and ends them all. */
export class FleetCluster {
  readonly #setup: ClusterSetup;
  readonly #processes: Process[] = [];

  constructor(setup: ClusterSetup) {
    this.#setup = setup;
  }

  prober(id: string, region: string): Promise<ProberProcess> {
    return this.#start(new ProberProcess(this.#setup, peer(id, { region, roles: ['probe'] })));
  }

  aggregator(id: string, epoch = 1): Promise<AggregatorProcess> {
    return this.#start(new AggregatorProcess(this.#setup, peer(id, { roles: ['fleet'], epoch })));
  }

  server(id: string): Promise<ServerProcess> {
    return this.#start(new ServerProcess(this.#setup, peer(id, { roles: ['dns'] })));
  }

  async close(): Promise<void> {
    for (const process of this.#processes) await process.close();
  }

  async #start<P extends Process>(process: P): Promise<P> {
    this.#processes.push(process);
    return process.start();
  }
}

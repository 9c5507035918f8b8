// How a probe becomes an answer, put together: the mesh hands its events to the desks, the probe desk casts votes into the mesh,
// the health desk concludes, and whoever follows hears of each conclusion. Every process that serves or probes has one.

import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Result } from '../../base/result.ts';
import { type KernelSource, kernelSource } from '../../fleet/open.ts';
import type { HealthFacts } from '../../health/facts.ts';
import { foresee } from '../../health/safety.ts';
import { openMesh } from '../../mesh/open.ts';
import { COUNTER } from '../../metrics/counters.ts';
import type { AgentReport } from '../../model/capacity.ts';
import type { Mesh, MeshStatus, OverrideSet, Peer, Role } from '../../model/mesh.ts';
import type { Checker } from '../../model/probe.ts';
import { serverNames } from '../../model/site-agent.ts';
import type { ProberSettings, ServerSettings, Snapshot } from '../../model/snapshot.ts';
import type { Verdict } from '../../model/verdict.ts';
import { AddressRules } from '../../probe/address-rules.ts';
import { TargetChecker } from '../../probe/checker.ts';
import { Resolver } from '../../probe/resolver.ts';
import { CapacityBook } from '../capacity/capacity-book.ts';
import {
  type Foresight,
  type OrderReply,
  type OrderRequest,
  Orders,
  type RecallReply,
  type RecallRequest,
} from '../orders/orders.ts';
import { identify } from '../process/identity.ts';
import { ChangeTrail } from './change-trail.ts';
import { FleetLink } from './fleet-link.ts';
import { HealthDesk } from './health-desk.ts';
import { HealthMemory } from './health-memory.ts';
import type { HealthReport } from './health-report.ts';
import { ProbeDesk } from './probe-desk.ts';
import { reportHealth } from './report-health.ts';

/** How long a start waits for the mesh. Then it goes on from what is remembered, and joins when it can. */
const JOIN_TIMEOUT_MS = 2000;
/** Of an id in the mesh. */
const MAX_AGENT_LENGTH = 128;

/** What of a configuration a reload may change. Without `admin` no order is too much. */
export type PlaneConfig = Pick<Snapshot, 'steering' | 'targets' | 'health' | 'prober'> &
  Partial<Pick<Snapshot, 'admin' | 'site'>>;
/** And what stays as it is from start to end. */
export type PlaneStart = PlaneConfig &
  Pick<Snapshot, 'mesh' | 'fleet'> & { readonly server: Pick<ServerSettings, 'stateDirectory'> };

export interface ControlPlaneOptions {
  readonly roles: readonly Role[];
  readonly clock: Clock;
  readonly log: Logger;
  /** The control thread's row of metrics/counters. */
  readonly counters: Float64Array;
  /** What makes the checks, if not the real ones. */
  readonly checkerFor?: (settings: ProberSettings) => Checker;
  /** What kernels an aggregator computes with, if not the best that there are. */
  readonly kernelsFor?: (threads: number) => KernelSource;
  /** The mesh that `self` is to be part of, if not the one that the configuration asks for. */
  readonly meshFor?: (self: Peer) => Mesh;
}

export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #mesh: Mesh;
  readonly #self: Peer;
  readonly #memory: HealthMemory;
  readonly #desk: HealthDesk;
  readonly #probeDesk: ProbeDesk | null;
  readonly #fleet: FleetLink;
  readonly #orders: Orders;
  /** From checks to verdicts, plans and answers. */
  readonly trail: ChangeTrail;
  /** Loads, demand and spill. */
  readonly capacity: CapacityBook;
  #config: PlaneConfig;
  #isClosed = false;
  #state: MeshStatus['state'] = 'joining';
  readonly #agents: (() => readonly string[])[] = [];
  readonly #followers = new Set<(facts: HealthFacts) => void>();
  /** By target, of the facts that it was made from. */
  #verdicts: { readonly facts: HealthFacts; readonly byTarget: ReadonlyMap<string, Verdict> } | null = null;

  readonly #foresee: Foresight = (present, proposed, nowMs) =>
    foresee(this.#config.steering, this.#desk.facts, present, proposed, nowMs, this.#config.admin?.safety ?? null);

  private constructor(options: ControlPlaneOptions, snapshot: PlaneStart, self: Peer, mesh: Mesh) {
    const { clock, log, counters } = options;
    const { stateDirectory } = snapshot.server;
    this.#options = options;
    this.#config = snapshot;
    this.#self = self;
    this.#mesh = mesh;
    this.#memory = new HealthMemory({ mesh, clock, log, stateDirectory });
    this.trail = new ChangeTrail(() => mesh.nowMs());
    const told = { trail: this.trail, onFacts: (facts: HealthFacts) => this.#concluded(facts) };
    this.#desk = new HealthDesk({ id: self.id, mesh, clock, log, counters, ...told });
    const { checkerFor = realChecker(clock) } = options;
    const { trail } = this;
    const ports = { self, mesh, clock, random: Math.random, log, counters, checkerFor, trail };
    const verdictOf = (key: string): Verdict | undefined => this.#verdictOf(key);
    this.#probeDesk = self.roles.includes('probe') ? new ProbeDesk({ ...ports, verdictOf }, snapshot) : null;
    this.#fleet = new FleetLink(
      {
        ...{ self, mesh, log, settings: snapshot, kernelsFor: options.kernelsFor ?? kernelSource },
        onOwners: (owners) => this.#probeDesk?.takeOwners(owners),
        onConcluded: (concluded) => this.#desk.takeConcluded(concluded),
      },
      snapshot,
    );
    this.#orders = new Orders(mesh);
    this.capacity = new CapacityBook(mesh, self.id);
  }

  /** Not started yet. Never fails. */
  static async open(snapshot: PlaneStart, options: ControlPlaneOptions): Promise<ControlPlane> {
    const { clock, log, roles } = options;
    const { stateDirectory } = snapshot.server;
    const self = await identify(snapshot.prober, roles, { clock, log, stateDirectory });
    const mesh = options.meshFor?.(self) ?? (await openMesh(snapshot.mesh, { self, clock, logger: log, stateDirectory }));
    return new ControlPlane(options, snapshot, self, mesh);
  }

  /** Resolves, in bounded time and whatever the mesh does, once health has been concluded from what is known; then probes. */
  async start(): Promise<void> {
    const desk = this.#desk;
    await this.#mesh.start(
      {
        onPeers: (peers) => {
          desk.takePeers(peers);
          this.#fleet.takePeers(peers);
          if (desk.hasBegun) this.#probeDesk?.takePeers(peers);
        },
        onVotes: (votes) => {
          desk.takeVotes(votes);
          this.#fleet.takeVotes(votes);
        },
        onWithdrawn: (prober, epoch, seq) => {
          desk.takeWithdrawal(prober, epoch, seq);
          this.#fleet.takeWithdrawal(prober);
        },
        onResults: (prober, epoch, batch) => this.#fleet.takeResults(prober, epoch, batch),
        onFleetReport: (report) => this.#fleet.takeReport(report),
        onOverrides: (set) => desk.takeOverrides(set),
        onStatus: (status) => this.#statusChanged(status),
        ...(this.roles.includes('dns') || this.roles.includes('admin') ? this.capacity.events : {}),
      },
      JOIN_TIMEOUT_MS,
    );
    const remembered = await this.#memory.load();
    if (this.#isClosed) return;
    const { status, peers, overrides } = this.#mesh;
    if (status.state === 'joining') {
      const facts = { verdicts: remembered.verdicts.length, overrides: overrides.overrides.length };
      this.#options.log.warn(facts, 'the mesh has not been joined yet: starting from what is remembered');
    }
    // The mesh tells its events a moment later; what it knows already must be in the first conclusion.
    desk.takePeers(peers);
    desk.takeOverrides(overrides);
    this.#fleet.takePeers(peers);
    desk.begin(this.#config, remembered);
    this.#fleet.start(remembered.verdicts);
    this.#probeDesk?.takePeers(peers);
  }

  /** Who we are in the mesh. */
  get id(): string {
    return this.#self.id;
  }

  /** Our start: tells us from our former self. */
  get epoch(): number {
    return this.#self.epoch;
  }

  get roles(): readonly Role[] {
    return this.#self.roles;
  }

  get facts(): HealthFacts {
    return this.#desk.facts;
  }

  /** Calls `follow` after each conclusion from now on, until the returned function is called. */
  follow(follow: (facts: HealthFacts) => void): () => void {
    this.#followers.add(follow);
    return () => this.#followers.delete(follow);
  }

  /** The clock of the mesh, by which orders end. */
  nowMs(): number {
    return this.#mesh.nowMs();
  }

  /** Who of many may do something alone. */
  get leases(): Pick<Mesh, 'takeLease' | 'releaseLease'> {
    return this.#mesh;
  }

  /** What processes share beside orders: silences, changes on trial. */
  get notes(): Pick<Mesh, 'notes' | 'changeNotes' | 'nowMs'> {
    return this.#mesh;
  }

  /** What an agent of this process says of its site. */
  reportLoad(report: Omit<AgentReport, 'agent' | 'epoch'>): void {
    // One process may be the agents of several sites; of each agent the latest report counts.
    this.#mesh.reportLoad({
      ...report,
      agent: `${this.#self.id}/${report.site}`.slice(-MAX_AGENT_LENGTH),
      epoch: this.#self.epoch,
    });
  }

  /** Names of all servers inside sites: those of the configuration, and of agents that joined. */
  get servers(): readonly string[] {
    const configured = serverNames(this.#config.site ?? []);
    return [...new Set([...configured, ...this.#agents.flatMap((namesOf) => namesOf())])];
  }

  /** An agent of this process; `namesOf` are those of its servers. */
  addAgent(namesOf: () => readonly string[]): void {
    this.#agents.push(namesOf);
  }

  /** Another configuration of the same mesh and the same process. */
  adopt(config: PlaneConfig): HealthFacts {
    this.#config = config;
    const facts = this.#desk.adopt(config);
    this.#probeDesk?.adopt(config);
    this.#fleet.adopt(config);
    return facts;
  }

  /** An order of a person or a tool. When it is acknowledged health has been concluded with it. */
  async order(request: OrderRequest): Promise<Result<OrderReply, Problem>> {
    return this.#acknowledged(await this.#orders.give(request, this.#config.steering, this.#foresee, this.servers));
  }

  async recall(request: RecallRequest): Promise<Result<RecallReply, Problem>> {
    return this.#acknowledged(await this.#orders.recall(request, this.#foresee));
  }

  get meshState(): MeshStatus['state'] {
    return this.#mesh.status.state;
  }

  /** Live processes of the mesh, this one among them. */
  get peers(): readonly Peer[] {
    return this.#mesh.peers;
  }

  /** This prober mistrusts itself. */
  get isWithdrawn(): boolean {
    return this.#probeDesk?.isWithdrawn ?? false;
  }

  /** Wall clock of the mesh, which orders go by. */
  meshNowMs(): number {
    return this.#mesh.nowMs();
  }

  get overrides(): Mesh['overrides'] {
    return this.#mesh.overrides;
  }

  report(): HealthReport {
    const { counters } = this.#options;
    const { id, region, roles } = this.#self;
    counters[COUNTER.MESH_IGNORED] = this.#mesh.status.ignored;
    return reportHealth({
      mesh: this.#mesh,
      self: { id, region, roles, isWithdrawn: this.isWithdrawn },
      concludedAgeMs: this.#desk.ageMs,
      model: this.#config.steering,
      facts: this.#desk.facts,
      votes: this.#desk.votes,
      aggregators: this.#fleet.believed,
      fleet: this.#fleet.status,
    });
  }

  /** Another process is about to be this one: what is known is written, and from then on only the other writes. */
  rest(): Promise<void> {
    return this.#memory.rest();
  }

  /** There is no other process after all. */
  wake(): void {
    this.#memory.wake();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#probeDesk?.close();
    await this.#fleet.close();
    this.#desk.close();
    await this.#memory.close();
    await this.#mesh.close();
  }

  /** The mesh tells of it a moment later; that would be too late for whoever waits for the reply. */
  #acknowledged<T extends { readonly set: OverrideSet }>(result: Result<T, Problem>): Result<T, Problem> {
    if (!result.ok) return result;
    this.#desk.takeOverrides(this.#mesh.overrides);
    this.#desk.concludeNow();
    return result;
  }

  #concluded(facts: HealthFacts): void {
    this.#memory.note(facts.remembered);
    for (const follow of this.#followers) follow(facts);
  }

  #verdictOf(key: string): Verdict | undefined {
    const { facts } = this.#desk;
    if (this.#verdicts?.facts !== facts) {
      this.#verdicts = { facts, byTarget: new Map(facts.remembered.verdicts.map((verdict) => [verdict.target, verdict])) };
    }
    return this.#verdicts.byTarget.get(key);
  }

  /** The mesh itself logs what is wrong with it; here is told what that means. */
  #statusChanged({ state, ageMs }: MeshStatus): void {
    const before = this.#state;
    this.#state = state;
    if (state === before) return;
    if (state === 'stale') this.#options.log.warn({ ageMs }, 'the mesh does not answer: going on with what is known');
    else if (before === 'stale' && state === 'joined') this.#options.log.info({}, 'the mesh answers again');
  }
}

/** One resolver for all settings: what it has looked up stays good. */
function realChecker(clock: Clock): (settings: ProberSettings) => Checker {
  const resolver = new Resolver(clock);
  return ({ allow, deny }) => new TargetChecker(new AddressRules(allow, deny), resolver, clock);
}

// Members of a mesh under test: they record what they are told, and wait for it.

import type { Logger } from '../../src/base/logger.ts';
import type { AgentReport, DemandReport, HeardReport } from '../../src/model/capacity.ts';
import type {
  FleetReport,
  Mesh,
  MeshStatus,
  NoteSet,
  OverrideSet,
  Peer,
  RedisMeshSettings,
  SharedSpill,
} from '../../src/model/mesh.ts';
import { OUTCOME } from '../../src/model/probe.ts';
import type { FleetVerdict, Override, Verdict, Vote } from '../../src/model/verdict.ts';
import { PATIENCE_MS } from './patience.ts';

export const peer = (id: string, more: Partial<Peer> = {}): Peer => ({
  id,
  region: 'eu',
  roles: ['dns', 'probe'],
  weight: 1,
  epoch: 1,
  isWithdrawn: false,
  ...more,
});

export const override = (id: string, more: Partial<Override> = {}): Override => ({
  id,
  glob: 'web/*',
  action: 'down',
  source: 'human',
  reason: 'maintenance',
  author: 'ops',
  createdMs: 1_700_000_000_000,
  expiresMs: null,
  ...more,
});

export const verdict = (target: string, more: Partial<Verdict> = {}): Verdict => ({
  target,
  state: 'up',
  isUp: true,
  sinceMs: 1_700_000_000_000,
  why: '3 of 3',
  ...more,
});

export const fleetVerdict = (target: string, more: Partial<FleetVerdict> = {}): FleetVerdict => ({
  ...verdict(target),
  changeSec: 15,
  ...more,
});

export const loadReport = (agent: string, seq: number, more: Partial<AgentReport> = {}): AgentReport => ({
  site: 'fra',
  agent,
  epoch: 1,
  seq,
  unit: 'requests/s',
  current: 100,
  target: null,
  max: null,
  isDraining: false,
  clientRtts: [],
  clients: [],
  ...more,
});

/** A logger that keeps its lines. */
export function recordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const log = (facts: Record<string, unknown>, message: string): void => {
    lines.push(`${facts['code'] ?? ''} ${message}`.trim());
  };
  return { lines, debug: log, info: log, warn: log, error: log };
}

/** A vote of `mesh`'s own process, fresh by its clock. */
export function voteOf(mesh: Mesh, self: Peer, target: string, seq: number, more: Partial<Vote> = {}): Vote {
  const nowMs = mesh.nowMs();
  return {
    target,
    prober: self.id,
    region: self.region,
    epoch: self.epoch,
    seq,
    isUp: true,
    sinceMs: nowMs,
    atMs: nowMs,
    expiresMs: nowMs + 300_000,
    outcome: OUTCOME.OK,
    latencyUs: 1000,
    detail: '',
    against: 0,
    needed: 3,
    ...more,
  };
}

type Happening =
  | { readonly kind: 'peers'; readonly peers: readonly Peer[] }
  | { readonly kind: 'votes'; readonly votes: readonly Vote[] }
  | { readonly kind: 'withdrawn'; readonly prober: string; readonly epoch: number; readonly seq: number }
  | { readonly kind: 'results'; readonly prober: string; readonly epoch: number; readonly batch: Uint8Array }
  | { readonly kind: 'report'; readonly report: FleetReport }
  | { readonly kind: 'loads'; readonly loads: readonly HeardReport[] }
  | { readonly kind: 'demands'; readonly demands: readonly DemandReport[] }
  | { readonly kind: 'spill'; readonly step: SharedSpill }
  | { readonly kind: 'overrides'; readonly set: OverrideSet }
  | { readonly kind: 'notes'; readonly set: NoteSet }
  | { readonly kind: 'status'; readonly status: MeshStatus };

/** A mesh with its process, and everything that it has told. */
export class Witness {
  readonly mesh: Mesh;
  readonly self: Peer;
  readonly log: Happening[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(mesh: Mesh, self: Peer) {
    this.mesh = mesh;
    this.self = self;
  }

  start(timeoutMs = PATIENCE_MS): Promise<void> {
    const note = (happening: Happening): void => {
      this.log.push(happening);
      for (const watcher of this.#watchers) watcher();
    };
    return this.mesh.start(
      {
        onPeers: (peers) => note({ kind: 'peers', peers }),
        onVotes: (votes) => note({ kind: 'votes', votes }),
        onWithdrawn: (prober, epoch, seq) => note({ kind: 'withdrawn', prober, epoch, seq }),
        onResults: (prober, epoch, batch) => note({ kind: 'results', prober, epoch, batch }),
        onFleetReport: (report) => note({ kind: 'report', report }),
        onLoads: (loads) => note({ kind: 'loads', loads }),
        onDemands: (demands) => note({ kind: 'demands', demands }),
        onSpill: (step) => note({ kind: 'spill', step }),
        onOverrides: (set) => note({ kind: 'overrides', set }),
        onNotes: (set) => note({ kind: 'notes', set }),
        onStatus: (status) => note({ kind: 'status', status }),
      },
      timeoutMs,
    );
  }

  vote(target: string, seq: number, more: Partial<Vote> = {}): Vote {
    const vote = voteOf(this.mesh, this.self, target, seq, more);
    this.mesh.publish([vote]);
    return vote;
  }

  get votes(): readonly Vote[] {
    return this.log.flatMap((happening) => (happening.kind === 'votes' ? happening.votes : []));
  }

  /** Batches of results, as text. */
  get results(): readonly string[] {
    return this.log.flatMap((happening) =>
      happening.kind === 'results'
        ? [`${happening.prober}.${happening.epoch}: ${Buffer.from(happening.batch).toString('hex')}`]
        : [],
    );
  }

  get reports(): readonly FleetReport[] {
    return this.log.flatMap((happening) => (happening.kind === 'report' ? [happening.report] : []));
  }

  /** What the reports of an aggregator come to: by target, in order. */
  verdictsOf(fleet: string): readonly FleetVerdict[] {
    const all = new Map<string, FleetVerdict>();
    for (const report of this.reports) {
      if (report.fleet !== fleet) continue;
      if (report.isWhole) all.clear();
      for (const one of report.verdicts) all.set(one.target, one);
      for (const target of report.forgotten) all.delete(target);
    }
    return [...all.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
  }

  /** What agents said, as told last: without the time at which the mesh got it. */
  get loads(): readonly AgentReport[] {
    const last = this.log.findLast((happening) => happening.kind === 'loads');
    return (last?.kind === 'loads' ? last.loads : []).map(({ atMs: _, ...report }) => report);
  }

  /** What DNS servers were asked, as told last: `server class=queries ...`. */
  get demands(): readonly string[] {
    const last = this.log.findLast((happening) => happening.kind === 'demands');
    const demands = last?.kind === 'demands' ? last.demands : [];
    return demands.map(({ server, queries }) => [server, ...Array.from(queries, ([key, value]) => `${key}=${value}`)].join(' '));
  }

  get spills(): readonly SharedSpill[] {
    return this.log.flatMap((happening) => (happening.kind === 'spill' ? [happening.step] : []));
  }

  get peerLists(): readonly (readonly string[])[] {
    return this.log.flatMap((happening) => (happening.kind === 'peers' ? [happening.peers.map(({ id }) => id)] : []));
  }

  get overrideVersions(): readonly number[] {
    return this.log.flatMap((happening) => (happening.kind === 'overrides' ? [happening.set.version] : []));
  }

  get noteVersions(): readonly number[] {
    return this.log.flatMap((happening) => (happening.kind === 'notes' ? [happening.set.version] : []));
  }

  /** Resolves once `isTrue`: looked at after each event, and now and then for what comes without one. */
  until(isTrue: () => boolean, what = String(isTrue)): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (isTrue()) done();
      };
      const done = (error?: Error): void => {
        clearTimeout(timer);
        clearInterval(poll);
        this.#watchers.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const state = (): string => `${JSON.stringify(this.mesh.status)} ${JSON.stringify(this.log.slice(-5))}`;
      const timer = setTimeout(() => done(new Error(`still not so: ${what}; ${state()}`)), PATIENCE_MS);
      const poll = setInterval(look, 100);
      this.#watchers.add(look);
      look();
    });
  }

  sawVote(target: string, seq: number, prober?: string): Promise<void> {
    const isIt = (vote: Vote): boolean => vote.target === target && vote.seq === seq && (prober ?? vote.prober) === vote.prober;
    return this.until(() => this.votes.some(isIt), `a vote ${seq} on ${target}`);
  }

  sawPeers(...ids: readonly string[]): Promise<void> {
    return this.until(() => this.peerLists.at(-1)?.join() === ids.join(), `the peers ${ids.join()}`);
  }

  is(state: MeshStatus['state']): Promise<void> {
    return this.until(() => this.mesh.status.state === state, `the state ${state}`);
  }

  /** Whether no vote was ever handed out after a newer one of the same prober on the same target. */
  get isMonotone(): boolean {
    const newest = new Map<string, readonly [number, number]>();
    return this.votes.every(({ prober, target, epoch, seq }) => {
      const key = `${prober} ${target}`;
      const [lastEpoch, lastSeq] = newest.get(key) ?? [0, 0];
      newest.set(key, [epoch, seq]);
      return epoch > lastEpoch || (epoch === lastEpoch && seq >= lastSeq);
    });
  }
}

/** Settings for a Redis on this machine, faster than the defaults; but nobody is missed because the machine is busy for seconds. */
export const redisSettings = (port: number, more: Partial<RedisMeshSettings> = {}): RedisMeshSettings => ({
  kind: 'redis',
  topology: { kind: 'standalone', endpoint: { host: '127.0.0.1', port } },
  username: null,
  passwordFile: null,
  database: 0,
  tls: null,
  prefix: 'meridian:',
  heartbeatMs: 300,
  expiryMs: 15_000,
  connectTimeoutMs: 5000,
  commandTimeoutMs: 10_000,
  confirmingReplicas: 0,
  confirmTimeoutMs: 1000,
  ...more,
});

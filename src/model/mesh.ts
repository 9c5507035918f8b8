// The port through which Meridian processes share facts: who is alive, what they see, what people have ordered. Two
// implementations, one contract (test/unit/mesh/contract): `memory` inside one process, `redis` between many.
// No answer to a client ever waits for the mesh: everything here is last-known state with an age.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { AgentReport, DemandReport, HeardReport } from './capacity.ts';
import type { FleetVerdict, Override, Verdict, Vote } from './verdict.ts';

export type Role = 'dns' | 'probe' | 'fleet' | 'site' | 'admin';

/** A live process of the mesh. */
export interface Peer {
  readonly id: string;
  readonly region: string;
  readonly roles: readonly Role[];
  /** Share of the probing it takes, relative to others: 1..65535. */
  readonly weight: number;
  /** Wall clock at its start: tells a restarted process from its former self. */
  readonly epoch: number;
  /** A prober that sees everything down at once withdraws its votes. */
  readonly isWithdrawn: boolean;
}

/** Overrides with the version that a change must name. The version grows with every change. */
export interface OverrideSet {
  readonly version: number;
  readonly overrides: readonly Override[];
}

/** What an aggregator says: its verdicts, and that it is at work. By target the newest counts. */
export interface FleetReport {
  readonly fleet: string;
  readonly epoch: number;
  /** Hash of the list of targets that it judges (fleet/target-list.ts), 16 hexadecimal digits. */
  readonly listHash: string;
  /** When it last concluded, on the mesh's clock: who goes silent is not believed for long. */
  readonly atMs: number;
  /** Whether `verdicts` are all there are; else they are those that have changed. */
  readonly isWhole: boolean;
  readonly verdicts: readonly FleetVerdict[];
  /** Targets that it no longer speaks of. */
  readonly forgotten: readonly string[];
}

/** A small text that all processes share: what it says is the affair of those who know its kind. */
export interface Note {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
}

/** As with overrides, the version that a change must name. */
export interface NoteSet {
  readonly version: number;
  readonly notes: readonly Note[];
}

/** Most notes at a time, and the longest text of one in UTF-16 units: the set is read whole. */
export const NOTES_MAX = 2000;
export const NOTE_MAX_LENGTH = 512 * 1024;

/** How well we know the others. */
export interface MeshStatus {
  readonly kind: 'memory' | 'redis';
  /** `joined` once the first full picture has been read; `stale` when the engine does not answer. */
  readonly state: 'joining' | 'joined' | 'stale';
  /** Milliseconds since the engine last answered. */
  readonly ageMs: number;
  /** Records that were not understood (foreign, of another version, damaged) since the start. */
  readonly ignored: number;
  /** One line on the last trouble; null = none. */
  readonly trouble: string | null;
}

export interface MeshEvents {
  /** Peers whose heartbeat is fresh, ourselves among them; by id. */
  onPeers?(peers: readonly Peer[]): void;
  /** New votes of anybody, ours too; expired ones are never handed out. Order and repetition do not matter. */
  onVotes?(votes: readonly Vote[]): void;
  /** Votes of this prober up to (epoch, seq) no longer count: it withdrew them, or left. Those it casts afterwards do. */
  onWithdrawn?(prober: string, epoch: number, seq: number): void;
  /** Results for us as an aggregator (role `fleet`), in the order in which this prober sent them; some may be lost. */
  onResults?(prober: string, epoch: number, batch: Uint8Array): void;
  /** Verdicts of a live aggregator, our own too. After the first, whole report on an aggregator only changes follow. */
  onFleetReport?(report: FleetReport): void;
  onOverrides?(set: OverrideSet): void;
  onNotes?(set: NoteSet): void;
  /** All reports that are believed now: the newest of each agent, not older than REPORT_EXPIRES_MS; after each change. */
  onLoads?(reports: readonly HeardReport[]): void;
  /** What each live DNS server was asked, our own too; after each change. */
  onDemands?(demands: readonly DemandReport[]): void;
  /** The spill step that all servers go on from: another one than before. */
  onSpill?(step: SharedSpill): void;
  onStatus?(status: MeshStatus): void;
}

/** A spill step that all servers go on from. */
export interface SharedSpill {
  /** Grows from step to step: the number of the period of the mesh's clock in which it was made. */
  readonly tick: number;
  /** Tells two steps of one tick apart. */
  readonly mark: string;
  /** The record of steering/spill-state.ts, as JSON. */
  readonly text: string;
}

/** Once no step has been taken for so long, one is taken whatever it was made from. */
export const SPILL_IDLE_MS = 10_000;

/** Longest record of a step, in UTF-16 units. */
export const SPILL_MAX_LENGTH = 8 * 1024 * 1024;
/** Most classes in a report of demand, the most asked for first; most agents that report. */
export const DEMAND_MAX_CLASSES = 2000;
export const AGENTS_MAX = 4096;

/** Longest batch of results. */
export const RESULT_BATCH_MAX_SIZE = 32_768;

/** A Redis server: a numeric address or host name with a port, or the path of a Unix socket. */
export type RedisEndpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** TLS towards Redis. Files are PEM, read anew at each connection. */
export interface MeshTls {
  /** Authorities that may have signed the server's certificate; null = those of the system. */
  readonly caFile: string | null;
  /** Our own certificate and key, where the server asks for one; both or neither. */
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
  /** Name that the certificate must carry and that SNI sends; null = the host of the endpoint. */
  readonly serverName: string | null;
  readonly verify: boolean;
}

export type RedisTopology =
  | { readonly kind: 'standalone'; readonly endpoint: RedisEndpoint }
  | {
      readonly kind: 'sentinel';
      /** At least one; each is `host` and `port` (commonly 26379). */
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
      /** The name under which the sentinels know the master. */
      readonly master: string;
      /** For the sentinels themselves; those of the master are in `RedisMeshSettings`. */
      readonly username: string | null;
      readonly passwordFile: string | null;
      /** Whether the sentinels too are spoken to over TLS (with the settings of `tls`). */
      readonly tls: boolean;
    }
  /** Nodes to learn the cluster from: at least one. `database` must be 0. */
  | { readonly kind: 'cluster'; readonly nodes: readonly { readonly host: string; readonly port: number }[] };

export interface RedisMeshSettings {
  readonly kind: 'redis';
  readonly topology: RedisTopology;
  /** ACL user; null = the default user. */
  readonly username: string | null;
  /** File whose first line is the password, read anew at each connection; null = none. */
  readonly passwordFile: string | null;
  /** 0..65535; default 0. */
  readonly database: number;
  readonly tls: MeshTls | null;
  /** Sets this mesh apart from others in one Redis; default `meridian:`. Keys begin with it as a hash tag: `{meridian}:peers`. */
  readonly prefix: string;
  /** Time between heartbeats; default 1000. */
  readonly heartbeatMs: number;
  /** A peer is gone that has not been heard for this long; at least two heartbeats; default 5000. */
  readonly expiryMs: number;
  /** Until a connection counts as failed; default 2000. */
  readonly connectTimeoutMs: number;
  /** Until a command counts as failed and the connection as dead; default 1000. */
  readonly commandTimeoutMs: number;
  /** Replicas that must have a change of overrides before it is acknowledged (WAIT); default 0. */
  readonly confirmingReplicas: number;
  /** How long to wait for them; default 1000. */
  readonly confirmTimeoutMs: number;
}

/** The `mesh` section of the configuration. */
export type MeshSettings = { readonly kind: 'memory' } | RedisMeshSettings;

/** Asks for a lease, or for more of it. */
export interface LeaseRequest {
  /** How long it is to last from the moment at which the mesh grants it; at least 1000. */
  readonly ttlMs: number;
  /** Of the lease that we still hold by our own clock; 0 = we hold none. */
  readonly token: number;
}

export interface LeaseAnswer {
  readonly isOurs: boolean;
  /** Id of the process that has it; null = nobody: it was lost or never was, and whoever may still hold it is waited for. */
  readonly holder: string | null;
  /** Of the holder. Each new holder has a greater one: what is written under an older one is to be refused (fencing). */
  readonly token: number;
  /** Until somebody else may have it, when the mesh answered. */
  readonly leftMs: number;
}

export interface Mesh {
  readonly status: MeshStatus;
  readonly peers: readonly Peer[];
  readonly overrides: OverrideSet;
  readonly notes: NoteSet;
  /** Wall clock of the mesh now, in milliseconds: the same for all processes, within the delay of a round trip. */
  nowMs(): number;
  /** Resolves when joined, or when `timeoutMs` have passed (then it goes on trying by itself): never rejects. */
  start(events: MeshEvents, timeoutMs: number): Promise<void>;
  /** Our own description in the next heartbeat. */
  announce(peer: Peer): void;
  /** Queues votes; sent in batches. While the mesh is out only the newest vote per target is kept. */
  publish(votes: readonly Vote[]): void;
  /** Takes back all our votes. */
  withdraw(): void;
  /**
   * Sends results to one aggregator: at most RESULT_BATCH_MAX_SIZE octets, not to be changed afterwards. They are lost if it is
   * not alive, does not read for long, or the mesh is out. `isUrgent`: it should read them at once.
   */
  sendResults(fleet: string, batch: Uint8Array, isUrgent: boolean): void;
  /**
   * As an aggregator: what has changed since the last call, and that we have concluded at `atMs`. Another hash begins a new list,
   * of which nothing is known yet. Kept for those who join, as long as we live.
   */
  reportFleet(listHash: string, atMs: number, verdicts: readonly FleetVerdict[], forgotten: readonly string[]): void;
  /**
   * What an agent says of a site; to be called at least every REPORT_STALE_MS, once a second being enough. The newest of each
   * agent is sent with the next heartbeat. What others would not understand is counted as ignored, and not sent.
   */
  reportLoad(report: AgentReport): void;
  /** As a DNS server: queries a second by class. At most the DEMAND_MAX_CLASSES greatest are sent, with the next heartbeat. */
  reportDemand(queries: ReadonlyMap<string, number>): void;
  /** The last step that was shared; null = none yet. */
  readonly spill: SharedSpill | null;
  /**
   * Offers a step that was made from `base` (null = from none). It is taken if no other one has been taken since, or none for
   * long; else the one that was comes as an event. While the mesh is out nothing is taken.
   */
  shareSpill(base: SharedSpill | null, step: SharedSpill): void;
  /** Verdicts for those who join later, by one writer at a time. */
  saveVerdicts(verdicts: readonly Verdict[]): Promise<void>;
  loadVerdicts(): Promise<readonly Verdict[]>;
  /**
   * Replaces the overrides if `expectedVersion` is still the present one. Acknowledged means kept: it survives the restart of
   * everything that the mesh promises to survive. ERR_MESH_CONFLICT names the present version; ERR_MESH_UNAVAILABLE and
   * ERR_MESH_RECORD: nothing changed; ERR_MESH_UNCERTAIN: it may have been made, but nobody can vouch that it is kept.
   */
  changeOverrides(expectedVersion: number, overrides: readonly Override[]): Promise<Result<OverrideSet, Problem>>;
  /** Replaces the notes, in the same way and with the same promises. */
  changeNotes(expectedVersion: number, notes: readonly Note[]): Promise<Result<NoteSet, Problem>>;
  /**
   * Takes or renews the lease of this name: only one process has it at a time, by the clock of the mesh. Who has it must count from
   * the moment at which it asked, and stop before the end. Asked once, not repeated; ERR_MESH_UNAVAILABLE: nobody knows what came of it.
   */
  takeLease(name: string, request: LeaseRequest): Promise<Result<LeaseAnswer, Problem>>;
  /** Gives it back, so that somebody else can have it at once. To be called once whatever it protects is over. */
  releaseLease(name: string, token: number): void;
  close(): Promise<void>;
}

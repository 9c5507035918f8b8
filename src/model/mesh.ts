// The port through which Meridian processes share facts: who is alive, what they see, what people have ordered. Two
// implementations, one contract (test/unit/mesh/contract): `memory` inside one process, `redis` between many.
// No answer to a client ever waits for the mesh: everything here is last-known state with an age.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { Override, Verdict, Vote } from './verdict.ts';

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
  /** Votes of this prober no longer count (it withdrew them or left). */
  onWithdrawn?(prober: string, epoch: number): void;
  onOverrides?(set: OverrideSet): void;
  onStatus?(status: MeshStatus): void;
}

export interface Mesh {
  readonly status: MeshStatus;
  readonly peers: readonly Peer[];
  readonly overrides: OverrideSet;
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
  /** Verdicts for those who join later, by one writer at a time. */
  saveVerdicts(verdicts: readonly Verdict[]): Promise<void>;
  loadVerdicts(): Promise<readonly Verdict[]>;
  /**
   * Replaces the overrides if `expectedVersion` is still the present one. Acknowledged means kept: it survives the restart of
   * everything that the mesh promises to survive. ERR_MESH_CONFLICT names the present version; ERR_MESH_UNAVAILABLE: nothing changed.
   */
  changeOverrides(expectedVersion: number, overrides: readonly Override[]): Promise<Result<OverrideSet, Problem>>;
  close(): Promise<void>;
}

// Which probers look at which target: weighted rendezvous hashing over the live probers, so that everybody who knows the same
// peers comes to the same result, and a prober that comes or goes moves only its own share. Sources as in steering/rendezvous:
// D. Thaler and C. Ravishankar (1998); weights by C. Schindelhauer and G. Schomaker (2005): score = weight / -ln(u).
//
// First the best prober of each region, best region first; only when there are fewer regions than vantage points, the best of
// the others. So the loss of one prober brings in at most one other, and takes away none (test/unit/health/assignment).
// In the same way each target has one of the live aggregators.

import { hashPair, hashText, rendezvousScore } from '../base/hash.ts';
import type { Peer, Role } from '../model/mesh.ts';

const SEED_A = 0x70726f62;
const SEED_B = 0x65727321;

/** A peer as far as hashing goes. A prober that withdrew its votes keeps its targets: it has to see them to come back. */
type Prober = Pick<Peer, 'id' | 'region' | 'weight' | 'roles'>;

interface Candidate {
  readonly id: string;
  readonly region: string;
  readonly weight: number;
  readonly hashA: number;
  readonly hashB: number;
}

interface Scored {
  readonly candidate: Candidate;
  readonly score: number;
}

/** The live probers, ready to be asked about any number of targets. */
export class Assignment {
  readonly #candidates: readonly Candidate[];

  /** Peers without the role `probe` do not count. */
  constructor(peers: readonly Prober[]) {
    this.#candidates = candidatesOf(peers, 'probe');
  }

  /** Ids of the probers of a target, at most `vantagePoints`, best first. */
  probersOf(targetKey: string, vantagePoints: number): readonly string[] {
    const ranked = this.#rank(targetKey);
    const bestOfRegion = new Map<string, Scored>();
    for (const entry of ranked) if (!bestOfRegion.has(entry.candidate.region)) bestOfRegion.set(entry.candidate.region, entry);
    const first = new Set(bestOfRegion.values());
    const others = ranked.filter((entry) => !first.has(entry));
    return [...first, ...others].slice(0, vantagePoints).map(({ candidate }) => candidate.id);
  }

  /** Those of the targets that a prober has to check, in their order. */
  targetsOf<T extends { readonly key: string; readonly probe: { readonly vantagePoints: number } }>(
    prober: string,
    targets: readonly T[],
  ): readonly T[] {
    return targets.filter(({ key, probe }) => this.probersOf(key, probe.vantagePoints).includes(prober));
  }

  #rank(targetKey: string): Scored[] {
    const target = hashText(targetKey, SEED_A);
    return this.#candidates
      .map((candidate): Scored => ({ candidate, score: score(target, candidate) }))
      .sort((a, b) => b.score - a.score || (a.candidate.id < b.candidate.id ? -1 : 1));
  }
}

/** The aggregators that are believed at this moment, ready to be asked who judges which target. */
export class FleetOwners {
  /** By id. */
  readonly ids: readonly string[];
  readonly #candidates: readonly Candidate[];

  /** Peers without the role `fleet` do not count. */
  constructor(peers: readonly Prober[]) {
    this.#candidates = candidatesOf(peers, 'fleet');
    this.ids = this.#candidates.map(({ id }) => id).sort();
  }

  /** The aggregator of a target; null if there is none at all. */
  ownerOf(targetKey: string): string | null {
    if (this.#candidates.length <= 1) return this.#candidates[0]?.id ?? null;
    const target = hashText(targetKey, SEED_A);
    let best: Scored | null = null;
    for (const candidate of this.#candidates) {
      const scored = { candidate, score: score(target, candidate) };
      if (best === null || scored.score > best.score || (scored.score === best.score && candidate.id < best.candidate.id))
        best = scored;
    }
    return best!.candidate.id;
  }
}

const candidatesOf = (peers: readonly Prober[], role: Role): Candidate[] =>
  peers
    .filter(({ roles }) => roles.includes(role))
    .map(({ id, region, weight }) => ({ id, region, weight, hashA: hashText(id, SEED_A), hashB: hashText(id, SEED_B) }));

const score = (target: number, { hashA, hashB, weight }: Candidate): number =>
  rendezvousScore(hashPair(target, hashA, hashB), weight);

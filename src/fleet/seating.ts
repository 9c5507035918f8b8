// Who has a place in the columns of the kernels: the live probers, and those that left a short time ago, whose last word still counts.

import type { Peer } from '../model/mesh.ts';
import type { Seat } from './group.ts';

/** As many as a kernel has room for (fleet.ts). */
const SEATS_MOST = 1024;

interface Known extends Seat {
  epoch: number;
  isLive: boolean;
  isWithdrawn: boolean;
  leftMs: number;
}

export interface Seated {
  /** By id. */
  readonly seats: readonly Seat[];
  /** Regions of the probers that are alive and have not withdrawn, one entry each, in order. */
  readonly regions: readonly string[];
  /** Whether there are more probers than seats. */
  readonly isCut: boolean;
}

export class Seating {
  readonly #probers = new Map<string, Known>();
  #seats: readonly Seat[] = [];
  readonly #seatOf = new Map<string, number>();

  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** The number of a prober's seat; undefined if it has none, or none yet. */
  seatOf(prober: string): number | undefined {
    return this.#seatOf.get(prober);
  }

  /** Whether a process of this id has started since. */
  isFormer(prober: string, epoch: number): boolean {
    const known = this.#probers.get(prober);
    return known?.isLive === true && known.epoch > epoch;
  }

  /** The live processes; returns the probers that have withdrawn since. */
  takePeers(peers: readonly Peer[]): readonly string[] {
    const withdrawn: string[] = [];
    const live = new Set<string>();
    for (const { id, region, roles, epoch, isWithdrawn } of peers) {
      if (!roles.includes('probe')) continue;
      live.add(id);
      if (isWithdrawn && this.#probers.get(id)?.isWithdrawn !== true) withdrawn.push(id);
      this.#probers.set(id, { id, region, epoch, isLive: true, isWithdrawn, leftMs: 0 });
    }
    for (const known of this.#probers.values()) {
      if (known.isLive && !live.has(known.id)) known.isLive = false;
    }
    return withdrawn;
  }

  /** Gives seats: as before as long as everybody has one, since a change costs a new kernel. `freshMs`: how long a word counts. */
  settle(nowMs: number, freshMs: number): Seated {
    for (const known of this.#probers.values()) {
      if (known.isLive) continue;
      if (known.leftMs === 0) known.leftMs = nowMs;
      else if (nowMs - known.leftMs > freshMs) this.#probers.delete(known.id);
    }
    const known = [...this.#probers.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const first = [...known.filter(({ isLive }) => isLive), ...known.filter(({ isLive }) => !isLive)].slice(0, SEATS_MOST);
    const isSeated = ({ id, region }: Seat): boolean => this.#seats.some((seat) => seat.id === id && seat.region === region);
    if (!first.every(isSeated)) this.#seat(first);
    const regions = known.filter(({ isLive, isWithdrawn }) => isLive && !isWithdrawn).map(({ region }) => region);
    return { seats: this.#seats, regions: regions.sort(), isCut: known.length > SEATS_MOST };
  }

  #seat(probers: readonly Known[]): void {
    this.#seats = probers.map(({ id, region }) => ({ id, region })).sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#seatOf.clear();
    for (const [seat, { id }] of this.#seats.entries()) this.#seatOf.set(id, seat);
  }
}

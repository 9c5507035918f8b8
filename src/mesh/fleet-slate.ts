// What one aggregator has said so far: all its verdicts, for those who join, and when it last concluded.

import type { FleetReport } from '../model/mesh.ts';
import type { FleetVerdict } from '../model/verdict.ts';
import type { Complaints } from './complaints.ts';
import { decodeFleetVerdict, encodeFleetVerdict } from './verdict-record.ts';
import { HEAD_FIELD } from './vote-record.ts';

export class FleetSlate {
  readonly #fleet: string;
  readonly #epoch: number;
  readonly #complaints: Complaints;
  readonly #verdicts = new Map<string, FleetVerdict>();
  #listHash = '';
  #atMs = 0;

  constructor(fleet: string, epoch: number, complaints: Complaints) {
    this.#fleet = fleet;
    this.#epoch = epoch;
    this.#complaints = complaints;
  }

  /** Takes what has changed, and gives it back as a report. What others would not understand is left out and counted. */
  update(listHash: string, atMs: number, verdicts: readonly FleetVerdict[], forgotten: readonly string[]): FleetReport {
    const isWhole = listHash !== this.#listHash;
    if (isWhole) this.#verdicts.clear();
    this.#listHash = listHash;
    this.#atMs = atMs;
    const good = verdicts.filter((verdict) => this.#isGood(verdict));
    for (const verdict of good) this.#verdicts.set(verdict.target, verdict);
    for (const target of forgotten) this.#verdicts.delete(target);
    return this.#report(isWhole, good, isWhole ? [] : forgotten);
  }

  /** Whether anything has been said. */
  get isUsed(): boolean {
    return this.#listHash !== '';
  }

  get whole(): FleetReport {
    return this.#report(true, [...this.#verdicts.values()], []);
  }

  #report(isWhole: boolean, verdicts: readonly FleetVerdict[], forgotten: readonly string[]): FleetReport {
    const head = { fleet: this.#fleet, epoch: this.#epoch, listHash: this.#listHash, atMs: this.#atMs };
    return { ...head, isWhole, verdicts, forgotten };
  }

  #isGood(verdict: FleetVerdict): boolean {
    const { target } = verdict;
    if (target !== HEAD_FIELD && decodeFleetVerdict(target, encodeFleetVerdict(verdict)) !== undefined) return true;
    this.#complaints.ignore('verdict', `what ${this.#fleet} reports`);
    return false;
  }
}

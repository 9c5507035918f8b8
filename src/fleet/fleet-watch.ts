// Which aggregators are to be believed, and what they say. An aggregator counts as long as the mesh holds it for alive, it judges
// the targets that we have, and its last sign of work is young; otherwise votes decide. Probers and servers look at the same
// signs, so results go where verdicts are taken from.

import { FleetOwners } from '../health/assignment.ts';
import type { Concluded } from '../health/book.ts';
import type { FleetReport, Peer } from '../model/mesh.ts';

interface Heard {
  readonly epoch: number;
  readonly listHash: string;
  readonly atMs: number;
  readonly verdicts: Map<string, Concluded>;
}

export class FleetWatch {
  readonly #silenceMs: number;
  readonly #heard = new Map<string, Heard>();
  #listHash = '';
  #peers: readonly Peer[] = [];
  #believed = '';
  #owners = new FleetOwners([]);
  #concluded = new Map<string, Concluded>();

  /** An aggregator that has not concluded for `silenceMs` is not believed: as long as the mesh waits for a silent process. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** The aggregators that are believed. Another object whenever they are others, or began anew. */
  get owners(): FleetOwners {
    return this.#owners;
  }

  /** What they say, by target key: the target's own aggregator, or as long as that says nothing, another one. Changes in place. */
  get concluded(): ReadonlyMap<string, Concluded> {
    return this.#concluded;
  }

  /** The mesh has any. Without one nothing becomes of time alone, and `refresh` is due after events only. */
  get hasAggregators(): boolean {
    return this.#peers.length > 0;
  }

  /** The list of targets that we have ourselves. */
  setList(listHash: string): void {
    this.#listHash = listHash;
  }

  setPeers(peers: readonly Peer[]): void {
    this.#peers = peers.filter(({ roles }) => roles.includes('fleet'));
    for (const id of this.#heard.keys()) if (!this.#peers.some((peer) => peer.id === id)) this.#heard.delete(id);
  }

  hear(report: FleetReport): void {
    const { fleet, epoch, listHash, atMs, isWhole, verdicts, forgotten } = report;
    const known = this.#heard.get(fleet);
    if (known !== undefined && known.epoch > epoch && this.#peers.some((peer) => peer.id === fleet && peer.epoch === known.epoch))
      return;
    const isNew = isWhole || known === undefined || known.epoch !== epoch || known.listHash !== listHash;
    const said: Map<string, Concluded> = isNew ? new Map() : known.verdicts;
    const dropped = isNew ? [...(known?.verdicts.keys() ?? [])] : forgotten;
    for (const verdict of verdicts) said.set(verdict.target, { by: fleet, verdict });
    for (const target of forgotten) said.delete(target);
    this.#heard.set(fleet, { epoch, listHash, atMs: isNew ? atMs : Math.max(atMs, known.atMs), verdicts: said });
    if (!this.#owners.ids.includes(fleet)) return;
    for (const target of dropped) this.#settle(target);
    for (const { target } of verdicts) this.#settle(target);
  }

  /** Whether an aggregator has a verdict on a target. */
  hasVerdict(fleet: string, target: string): boolean {
    return this.#heard.get(fleet)?.verdicts.has(target) ?? false;
  }

  /**
   * Looks who is to be believed at this moment of the mesh's clock. True if `owners` is another object. To be called after each
   * event, and while there are aggregators a few times a second. A mesh that is out needs no rule of its own: nobody is heard through it.
   */
  refresh(nowMs: number): boolean {
    const believed = this.#peers.filter((peer) => this.#isBelieved(peer, nowMs));
    const text = JSON.stringify(believed.map(({ id, epoch, weight }) => [id, epoch, weight]));
    if (text === this.#believed || (text === '[]' && this.#believed === '')) return false;
    this.#believed = text;
    this.#owners = new FleetOwners(believed);
    this.#concluded.clear();
    for (const { id } of believed) for (const target of this.#heard.get(id)!.verdicts.keys()) this.#settle(target);
    return true;
  }

  #isBelieved({ id, epoch }: Peer, nowMs: number): boolean {
    const heard = this.#heard.get(id);
    return heard?.epoch === epoch && heard.listHash === this.#listHash && heard.atMs + this.#silenceMs > nowMs;
  }

  #settle(target: string): void {
    const owner = this.#owners.ownerOf(target);
    const speaker = [owner, ...this.#owners.ids].find((id) => id !== null && this.hasVerdict(id, target));
    const concluded = this.#heard.get(speaker ?? '')?.verdicts.get(target);
    if (concluded === undefined) this.#concluded.delete(target);
    else this.#concluded.set(target, concluded);
  }
}

// The way of a prober's results: to the aggregator that owns the target as long as one is believed, else nowhere, and the prober
// votes by itself. Whenever that changes the prober's opinions follow at once: the new aggregator takes over the damping as it
// is, or the votes take the place of the verdicts. What the mesh loses is made good within a minute.

import type { FleetOwners } from '../health/assignment.ts';
import type { Mesh } from '../model/mesh.ts';
import type { CheckResult, Target } from '../model/probe.ts';
import { FAMILY_SHIFT } from './fleet.ts';
import { encodeBatch, OPINIONS_MOST, type OpinionRow, RESULTS_MOST, type ResultRow } from './result-batch.ts';

/** Between two batches, unless an opinion has turned. */
const FLUSH_MS = 250;
/** Opinions sent in one flush: a new aggregator hears of 20,000 targets a second from each prober, and its stream does not run over. */
const OPINIONS_PER_FLUSH = 5000;
/** Flushes in which every opinion is sent once more: a minute. */
const RENEWAL_FLUSHES = 240;

export interface RouterOptions {
  readonly mesh: Pick<Mesh, 'sendResults'>;
  /** How the prober sees a target now, damped, in times of the mesh; null before the first result. `target` is its index. */
  readonly opinionOf: (target: Target) => OpinionRow | null;
  /** Casts the prober's newest votes on these targets, which have no aggregator any more. */
  readonly vote: (targets: readonly Target[]) => void;
}

interface Checked {
  readonly target: Target;
  owner: string | null;
  /** Whether the owner has our opinion, so that results alone keep it right. */
  isKnown: boolean;
}

interface Outbox {
  readonly results: ResultRow[];
  /** Targets, by index, of which the opinion is to be sent. */
  readonly opinions: Map<number, Checked>;
  /** Targets with a result on its way: their opinion must not overtake it. */
  readonly underWay: Set<number>;
}

export class ResultRouter {
  readonly #options: RouterOptions;
  #owners: FleetOwners | null = null;
  #listHash = '';
  #checked = new Map<string, Checked>();
  /** The same, for renewal by turns. */
  #ring: readonly Checked[] = [];
  #ringAt = 0;
  readonly #outboxes = new Map<string, Outbox>();
  #isWithdrawn = false;
  #isStarted = false;
  /** Only while there are aggregators to send to. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isStarted = true;
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#isStarted || (this.#owners?.ids.length ?? 0) === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
      this.#schedule();
    }, FLUSH_MS);
  }

  /** The targets that this prober checks, out of the list with this hash. */
  setTargets(listHash: string, targets: readonly Target[]): void {
    const isSameList = listHash === this.#listHash;
    this.#listHash = listHash;
    if (!isSameList) this.#outboxes.clear(); // their indices are of another list
    const before = this.#checked;
    this.#checked = new Map();
    for (const target of targets) {
      const known = isSameList ? before.get(target.key) : undefined;
      this.#checked.set(target.key, known ?? { target, owner: this.#ownerOf(target), isKnown: false });
    }
    this.#ring = [...this.#checked.values()];
    if (!isSameList) this.#introduce();
  }

  /** The aggregators that are believed now (FleetWatch). To be called when they are others, or began anew. */
  setOwners(owners: FleetOwners): void {
    this.#owners = owners;
    const orphans: Target[] = [];
    for (const id of this.#outboxes.keys()) if (!owners.ids.includes(id)) this.#outboxes.delete(id);
    for (const checked of this.#ring) {
      const owner = this.#ownerOf(checked.target);
      if (owner === null && checked.owner !== null) orphans.push(checked.target);
      checked.owner = owner;
    }
    this.#introduce();
    this.#schedule();
    if (orphans.length > 0 && !this.#isWithdrawn) this.#options.vote(orphans);
  }

  /**
   * A result, when it has been damped. Whether an aggregator takes it; if not, the prober has to vote. `hasTurned`: it changed the
   * prober's opinion, and is sent at once.
   */
  take(target: Target, { outcome, latencyUs }: CheckResult, atMs: number, hasTurned: boolean): boolean {
    const checked = this.#checked.get(target.key);
    if (checked === undefined || checked.owner === null) return false;
    if (this.#isWithdrawn) return true;
    const { index, family } = checked.target;
    const outbox = this.#outboxOf(checked.owner);
    if (checked.isKnown && !outbox.opinions.has(index)) {
      outbox.results.push({ target: index, what: outcome | ((family === 6 ? 1 : 0) << FAMILY_SHIFT), latencyUs, atMs });
      outbox.underWay.add(index);
    } else outbox.opinions.set(index, checked);
    if (hasTurned) this.#send(checked.owner, true);
    return true;
  }

  /** Whether an aggregator speaks for the target, so that the prober need not vote. */
  isOwned(key: string): boolean {
    return (this.#checked.get(key)?.owner ?? null) !== null;
  }

  /** The prober withdraws: what it has said no longer counts, and it says nothing. */
  withdraw(): void {
    this.#isWithdrawn = true;
    this.#outboxes.clear();
    for (const id of this.#owners?.ids ?? []) {
      const farewell = { listHash: this.#listHash, isFarewell: true, opinions: [], results: [] };
      this.#options.mesh.sendResults(id, encodeBatch(farewell), true);
    }
  }

  /** The prober is back. Its votes on targets without an aggregator are its own affair. */
  comeBack(): void {
    this.#isWithdrawn = false;
    this.#introduce();
  }

  /** Sends what has come in, and part of what may have been lost. */
  flush(): void {
    if (this.#isWithdrawn) return;
    this.#renew();
    for (const id of this.#outboxes.keys()) this.#send(id, false);
  }

  /** Takes back what was said, and ends. */
  close(): void {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    if (!this.#isWithdrawn) this.withdraw();
  }

  #ownerOf(target: Target): string | null {
    return this.#owners?.ownerOf(target.key) ?? null;
  }

  #outboxOf(id: string): Outbox {
    let outbox = this.#outboxes.get(id);
    if (outbox === undefined) {
      outbox = { results: [], opinions: new Map(), underWay: new Set() };
      this.#outboxes.set(id, outbox);
    }
    return outbox;
  }

  /** All our opinions to their owners, who may know none of them. */
  #introduce(): void {
    this.#outboxes.clear();
    for (const checked of this.#ring) {
      checked.isKnown = false;
      if (checked.owner !== null) this.#outboxOf(checked.owner).opinions.set(checked.target.index, checked);
    }
    this.flush();
  }

  #renew(): void {
    const count = Math.min(this.#ring.length, Math.ceil(this.#ring.length / RENEWAL_FLUSHES));
    for (let i = 0; i < count; i++) {
      const checked = this.#ring[this.#ringAt++ % this.#ring.length]!;
      if (checked.owner === null || !checked.isKnown) continue;
      const { opinions, underWay } = this.#outboxOf(checked.owner);
      if (!underWay.has(checked.target.index)) opinions.set(checked.target.index, checked);
    }
    this.#ringAt %= Math.max(1, this.#ring.length);
  }

  #send(id: string, isUrgent: boolean): void {
    const outbox = this.#outboxes.get(id);
    if (outbox === undefined) return;
    const results = outbox.results.splice(0);
    outbox.underWay.clear();
    const opinions: OpinionRow[] = [];
    for (const [index, checked] of outbox.opinions) {
      if (opinions.length === OPINIONS_PER_FLUSH) break;
      outbox.opinions.delete(index);
      const opinion = this.#options.opinionOf(checked.target);
      if (opinion === null) continue;
      checked.isKnown = true;
      opinions.push(opinion);
    }
    for (let at = 0; at < Math.max(opinions.length / OPINIONS_MOST, results.length / RESULTS_MOST); at++) {
      const batch = {
        listHash: this.#listHash,
        isFarewell: false,
        opinions: opinions.slice(at * OPINIONS_MOST, (at + 1) * OPINIONS_MOST),
        results: results.slice(at * RESULTS_MOST, (at + 1) * RESULTS_MOST),
      };
      this.#options.mesh.sendResults(id, encodeBatch(batch), isUrgent);
    }
  }
}

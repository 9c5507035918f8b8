// When which target is checked. Pure: time and randomness are arguments. One target is never checked twice at once; a check that
// takes longer than its interval is waited for. Starts are spread by a hash of target and prober, so that the vantage points of a
// target interleave; each wait is up to a tenth longer or shorter, so that nothing gets into step with anything.
//
// Nothing blocks the head of the line: a target whose last check ran into its time limit waits in a lane of its own, which may
// hold only half of the places; a target whose host was checked too often a moment ago steps back by itself.

import { finish32, hashText, mix32 } from '../base/hash.ts';
import { OUTCOME, type Outcome, type Target } from '../model/probe.ts';
import { Heap } from './heap.ts';

export interface ScheduleLimits {
  /** Checks under way at once. */
  readonly concurrency: number;
  /** Starts per second in all, and for one host; 0 = no bound. */
  readonly perSecond: number;
  readonly perHostPerSecond: number;
}

/** One target's place in the schedule; for others than the schedule, only to read. */
export interface Turn {
  readonly target: Target;
  /** When the check was meant to start, before a bound on its host moved it. */
  readonly meantMs: number;
}

interface Entry extends Turn {
  target: Target;
  meantMs: number;
  dueMs: number;
  order: number;
  startedMs: number;
  isSlow: boolean;
  /** The host keeps this time free for it. */
  hasReserved: boolean;
  isGone: boolean;
}

const SEED = 0x74696d65;
const JITTER = 0.1;
/** Starts that were not made in the last so many milliseconds may be made up for at once. */
const BURST_MS = 100;

export class Schedule {
  readonly #limits: ScheduleLimits;
  readonly #proberHash: number;
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #quick = new Heap<Entry>();
  readonly #slow = new Heap<Entry>();
  /** Earliest next start by host, of hosts that were checked lately. */
  readonly #hostFreeMs = new Map<string, number>();
  #freeMs = 0;
  #running = 0;
  #runningSlow = 0;
  #order = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(prober: string, limits: ScheduleLimits, random: () => number) {
    this.#limits = limits;
    this.#proberHash = hashText(prober, SEED);
    this.#random = random;
  }

  get running(): number {
    return this.#running;
  }

  /** Replaces all targets. Those that are checked as before keep their turn; the keys of those that are not are returned. */
  setTargets(targets: readonly Target[], nowMs: number): readonly string[] {
    const wanted = new Set(targets.map(({ key }) => key));
    const gone = [...this.#entries.keys()].filter((key) => !wanted.has(key));
    for (const key of gone) this.#remove(key);
    for (const target of targets) {
      const known = this.#entries.get(target.key);
      if (known !== undefined && isSameTurn(known.target, target)) known.target = target;
      else {
        if (known !== undefined) {
          this.#remove(target.key);
          gone.push(target.key);
        }
        this.#add(target, nowMs);
      }
    }
    const hosts = new Set(targets.map(({ host }) => host));
    for (const host of this.#hostFreeMs.keys()) if (!hosts.has(host)) this.#hostFreeMs.delete(host);
    return gone;
  }

  /** The next check to start now; undefined if there is none, or no place for it. `finished` must be told of its end. */
  next(nowMs: number): Turn | undefined {
    const { perSecond, concurrency } = this.#limits;
    for (;;) {
      if (this.#running >= concurrency || (perSecond > 0 && this.#freeMs > nowMs)) return undefined;
      const entry = this.#laneDue(nowMs)?.pop();
      if (entry === undefined) return undefined;
      if (entry.isGone || this.#mustStepBack(entry, nowMs)) continue;
      if (perSecond > 0) this.#freeMs = Math.max(this.#freeMs, nowMs - BURST_MS) + 1000 / perSecond;
      entry.startedMs = nowMs;
      this.#running++;
      if (entry.isSlow) this.#runningSlow++;
      return entry;
    }
  }

  /** Takes the end of the check of a turn; the next one is to start `delayMs` after the start of this one. */
  finished(turn: Turn, outcome: Outcome, delayMs: number, nowMs: number): void {
    const entry = turn as Entry;
    this.#running--;
    if (entry.isSlow) this.#runningSlow--;
    if (entry.isGone) return;
    entry.isSlow = outcome === OUTCOME.TIMEOUT;
    const waitMs = delayMs * (1 - JITTER + 2 * JITTER * this.#random());
    this.#enqueue(entry, Math.max(nowMs, entry.startedMs + waitMs));
  }

  /** When `next` may have something again; undefined if only the end of a check can change that. */
  wakeMs(nowMs: number): number | undefined {
    const { perSecond, concurrency } = this.#limits;
    if (this.#running >= concurrency) return undefined;
    const lanes = this.#hasSlowPlace() ? [this.#quick, this.#slow] : [this.#quick];
    const due = lanes.flatMap(({ top }) => (top === undefined ? [] : [top.dueMs]));
    if (due.length === 0) return undefined;
    return Math.max(Math.min(...due), perSecond > 0 ? this.#freeMs : 0, nowMs);
  }

  #laneDue(nowMs: number): Heap<Entry> | undefined {
    const isDue = ({ top }: Heap<Entry>): boolean => top !== undefined && top.dueMs <= nowMs;
    if (isDue(this.#quick)) {
      const isSlowFirst = this.#hasSlowPlace() && isDue(this.#slow) && this.#slow.top!.dueMs < this.#quick.top!.dueMs;
      return isSlowFirst ? this.#slow : this.#quick;
    }
    return this.#hasSlowPlace() && isDue(this.#slow) ? this.#slow : undefined;
  }

  #hasSlowPlace(): boolean {
    return this.#runningSlow < Math.max(1, this.#limits.concurrency >> 1);
  }

  /** Gives the target of a host that is too busy the next time that this host has free. */
  #mustStepBack(entry: Entry, nowMs: number): boolean {
    const { perHostPerSecond } = this.#limits;
    if (perHostPerSecond === 0 || entry.hasReserved) {
      entry.hasReserved = false;
      return false;
    }
    const { host } = entry.target;
    const startMs = Math.max(this.#hostFreeMs.get(host) ?? 0, nowMs);
    this.#hostFreeMs.set(host, startMs + 1000 / perHostPerSecond);
    if (startMs <= nowMs) return false;
    entry.hasReserved = true;
    this.#push(entry, startMs);
    return true;
  }

  #add(target: Target, nowMs: number): void {
    const phase = finish32(mix32(hashText(target.key, SEED), this.#proberHash)) / 2 ** 32;
    const entry: Entry = {
      target,
      dueMs: 0,
      meantMs: 0,
      order: 0,
      startedMs: 0,
      isSlow: false,
      hasReserved: false,
      isGone: false,
    };
    this.#entries.set(target.key, entry);
    this.#enqueue(entry, nowMs + phase * target.probe.cadence.intervalMs);
  }

  #enqueue(entry: Entry, dueMs: number): void {
    entry.meantMs = dueMs;
    this.#push(entry, dueMs);
  }

  #push(entry: Entry, dueMs: number): void {
    entry.dueMs = dueMs;
    entry.order = this.#order++;
    (entry.isSlow ? this.#slow : this.#quick).push(entry);
  }

  #remove(key: string): void {
    this.#entries.get(key)!.isGone = true;
    this.#entries.delete(key);
  }
}

/** Whether a target may keep its turn: what is checked, and how often, is the same. */
const isSameTurn = (a: Target, b: Target): boolean =>
  a.host === b.host && a.port === b.port && JSON.stringify(turnOf(a)) === JSON.stringify(turnOf(b));

const turnOf = ({ probe }: Target): unknown => [probe.id, probe.cadence, probe.check];

// Changes of health followed from the check that caused them to the moment from which all threads answer by them. A change has an id
// that every process comes to by itself, from the vote that decided it, so nothing of it travels with votes. Invariant: a change is
// handed to one plan, and only if steering saw a difference.

import { createHash } from 'node:crypto';
import type { Step } from '../../model/trace.ts';
import type { Verdict, Vote } from '../../model/verdict.ts';

const ID_DIGITS = 32;
/** Of each image, so many are told one by one. */
const MOST_TOLD = 20;
/** Targets whose last change is remembered. */
const MOST_KNOWN = 10_000;

export interface Change {
  readonly id: string;
  readonly target: string;
  readonly isUp: boolean;
  /** When it was concluded, milliseconds since 1970 by the clock of the mesh. */
  readonly atMs: number;
  /** Since when all threads answer by it; null = not yet, or it makes no difference to answers. */
  answeredMs: number | null;
}

/** What of a vote tells one change of an opinion from all others; later votes of the same opinion have the same. */
type Opinion = Pick<Vote, 'target' | 'prober' | 'epoch' | 'isUp' | 'sinceMs'>;

const hashOf = (...words: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, ID_DIGITS);

export const changeIdOf = ({ target, prober, epoch, isUp, sinceMs }: Opinion): string =>
  hashOf(target, prober, epoch, isUp, sinceMs);

/** Of the votes that agree with the verdict, the one that came to it last made the difference. */
export function decidingVote({ isUp }: Verdict, votes: readonly Vote[]): Vote | undefined {
  return votes
    .filter((vote) => vote.isUp === isUp)
    .reduce<Vote | undefined>((last, vote) => (last === undefined || vote.sinceMs > last.sinceMs ? vote : last), undefined);
}

export class ChangeTrail {
  readonly #followers = new Set<(step: Step) => void>();
  readonly #nowMs: () => number;
  /** By target. */
  readonly #known = new Map<string, Change>();
  #pending: Change[] = [];

  /** `nowMs` is the clock of the mesh. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Calls `follow` for each step from now on. */
  follow(follow: (step: Step) => void): void {
    this.#followers.add(follow);
  }

  /** The last change of a target that this process has concluded. */
  of(target: string): Change | undefined {
    return this.#known.get(target);
  }

  /** A check has turned the opinion of this prober. `tookMs` is what the check took. */
  probed(vote: Vote, tookMs: number): void {
    const { target, prober, isUp, detail, atMs } = vote;
    this.#tell({
      name: 'probe',
      change: changeIdOf(vote),
      startMs: atMs - tookMs,
      endMs: atMs,
      facts: { target, prober, isUp, detail },
    });
  }

  /** A verdict has turned. `votes` are those that it was made from. */
  concluded(verdict: Verdict, votes: readonly Vote[]): Change {
    const { target, isUp, why, sinceMs } = verdict;
    const vote = decidingVote(verdict, votes);
    const atMs = this.#nowMs();
    // Without such a vote it came from an aggregator, or from votes that ended.
    const id = vote === undefined ? hashOf(target, isUp, sinceMs) : changeIdOf(vote);
    const change: Change = { id, target, isUp, atMs, answeredMs: null };
    this.#known.delete(target);
    this.#known.set(target, change);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    this.#pending.push(change);
    this.#tell({ name: 'verdict', change: id, startMs: vote?.atMs ?? atMs, endMs: atMs, facts: { target, isUp, why } });
    return change;
  }

  /** Nothing that has been concluded makes a difference to answers. */
  drop(): void {
    this.#pending = [];
  }

  /** An image is built from all that has been concluded. What it returns is to be called when every thread answers from it. */
  plan(generation: number): { built(): void; answered(): void; readonly ids: readonly string[] } {
    const changes = this.#pending;
    this.#pending = [];
    const told = changes.slice(0, MOST_TOLD);
    const startMs = this.#nowMs();
    let builtMs = startMs;
    const tell = (name: 'plan' | 'publication', fromMs: number, toMs: number): void => {
      for (const { id } of told) this.#tell({ name, change: id, startMs: fromMs, endMs: toMs, facts: { generation } });
    };
    return {
      ids: told.map(({ id }) => id),
      built: () => {
        builtMs = this.#nowMs();
        tell('plan', startMs, builtMs);
      },
      answered: () => {
        const answeredMs = this.#nowMs();
        for (const change of changes) change.answeredMs = answeredMs;
        tell('publication', builtMs, answeredMs);
      },
    };
  }

  #tell(step: Step): void {
    for (const follow of this.#followers) follow(step);
  }
}

// A schedule says which member is answered at each step, so that after ANY number of steps from its start every member
// has been answered within one of its exact share. Each occurrence of a member is a job with a release time and a
// deadline; the released job with the earliest deadline runs. On one processor with unit jobs that order meets every
// deadline that can be met, and these can. Sources: R. Tijdeman, "The chairman assignment problem" (1980);
// S. Baruah et al., "Proportionate progress" (1996). O(steps x log members).

/** Longest schedule in steps. Shares with a larger denominator are met within one in every prefix of a round. */
export const MAX_STEPS = 16384;

/** Positions in `weights`, one per step. `weights`: whole numbers without a common divisor; total times steps below 2^53. */
export function makeSchedule(weights: readonly number[], total: number, steps: number): Uint16Array {
  const schedule = new Uint16Array(steps);
  const jobs = new JobQueue(weights.length);
  /** Next job of each member, counting from 0: job k is released at floor(k*total/weight), due at ceil((k+1)*total/weight). */
  const done = new Uint32Array(weights.length);
  /** Members whose next job is released at a step, as linked lists: first[step], next[member]; -1 ends a list. */
  const first = new Int32Array(steps).fill(-1);
  const next = new Int32Array(weights.length);
  const release = (member: number, step: number): void => {
    if (step >= steps) return;
    next[member] = first[step]!;
    first[step] = member;
  };
  weights.forEach((_, member) => {
    release(member, 0);
  });
  for (let step = 0; step < steps; step++) {
    for (let member = first[step]!; member >= 0; member = next[member]!) {
      jobs.push(member, Math.ceil(((done[member]! + 1) * total) / weights[member]!));
    }
    const member = jobs.pop();
    schedule[step] = member;
    done[member]!++;
    release(member, Math.max(step + 1, Math.floor((done[member]! * total) / weights[member]!)));
  }
  return schedule;
}

/** Binary heap of members by deadline, then by position, so that equal deadlines have one order everywhere. */
class JobQueue {
  readonly #members: Uint32Array;
  readonly #deadlines: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#members = new Uint32Array(capacity);
    this.#deadlines = new Float64Array(capacity);
  }

  push(member: number, deadline: number): void {
    let at = this.#size++;
    while (at > 0 && this.#isBefore(member, deadline, (at - 1) >> 1)) {
      this.#move((at - 1) >> 1, at);
      at = (at - 1) >> 1;
    }
    this.#members[at] = member;
    this.#deadlines[at] = deadline;
  }

  /** The member with the earliest deadline. There is always one: as many jobs are released as there are steps. */
  pop(): number {
    const top = this.#members[0]!;
    const size = --this.#size;
    const member = this.#members[size]!;
    const deadline = this.#deadlines[size]!;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#isBefore(this.#members[child + 1]!, this.#deadlines[child + 1]!, child)) child++;
      if (this.#isBefore(member, deadline, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#members[at] = member;
    this.#deadlines[at] = deadline;
    return top;
  }

  #isBefore(member: number, deadline: number, other: number): boolean {
    const difference = deadline - this.#deadlines[other]!;
    return difference < 0 || (difference === 0 && member < this.#members[other]!);
  }

  #move(from: number, to: number): void {
    this.#members[to] = this.#members[from]!;
    this.#deadlines[to] = this.#deadlines[from]!;
  }
}

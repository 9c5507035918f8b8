// The schedules of one image: one for each distinct list of weights, taken over from the previous image where it has
// the same. The length of all together is bounded: if hundreds of plans have shares with large denominators, their
// schedules get coarser, so that a rebuild stays short and the image small.

import { SCHEDULE, type SteeringImage } from './image.ts';
import { MAX_STEPS, makeSchedule } from './schedule.ts';
import { sum } from './share.ts';

/** Steps in all schedules together: 8 MB, some 100 ms to make from nothing. */
const STEP_BUDGET = 4 * 1024 * 1024;
const COARSEST_STEPS = 1024;

/** Where the steps of a schedule stand in the image. */
interface StepRange {
  readonly at: number;
  readonly length: number;
}

interface Scheduled {
  readonly weights: readonly number[];
  /** Index of the entry in the image that holds the first weight. */
  readonly firstEntry: number;
}

export class ScheduleSet {
  /** In the order of SCHEDULE. */
  readonly words: number[] = [];
  readonly steps: Uint16Array[] = [];
  readonly #ranges = new Map<string, StepRange>();

  constructor(plans: readonly Scheduled[], previous?: SteeringImage) {
    const distinct = new Map(plans.map((plan) => [plan.weights.join(), plan]));
    const totals = [...distinct.values()].map(({ weights }) => sum(weights));
    const maxSteps = longestAffordable(totals);
    const known = previous === undefined ? new Map<string, Uint16Array>() : schedulesOf(previous);
    let at = 0;
    for (const [key, { weights, firstEntry }] of distinct) {
      const total = sum(weights);
      const length = Math.min(total, maxSteps);
      const old = known.get(key);
      this.steps.push(old?.length === length ? old : makeSchedule(weights, total, length));
      this.words.push(firstEntry, weights.length, at, length);
      this.#ranges.set(key, { at, length });
      at += length;
    }
  }

  get count(): number {
    return this.steps.length;
  }

  /** The schedule for weights that were given to the constructor. */
  find(weights: readonly number[]): StepRange {
    return this.#ranges.get(weights.join())!;
  }
}

/** The longest limit on single schedules under which all fit the budget, down to COARSEST_STEPS. */
function longestAffordable(totals: readonly number[]): number {
  let limit = MAX_STEPS;
  while (limit > COARSEST_STEPS && totals.reduce((steps, total) => steps + Math.min(total, limit), 0) > STEP_BUDGET) limit /= 2;
  return limit;
}

/** The schedules of an image by the weights that they serve. */
function schedulesOf(image: SteeringImage): Map<string, Uint16Array> {
  const schedules = new Map<string, Uint16Array>();
  for (let i = 0; i < image.scheduleCount; i++) {
    const record = image.schedulesAt + i * SCHEDULE.WORDS;
    const entries = image.words[record + SCHEDULE.ENTRIES]!;
    const at = image.words[record + SCHEDULE.STEPS]!;
    const weights = image.weights.subarray(entries, entries + image.words[record + SCHEDULE.COUNT]!);
    schedules.set(weights.join(), image.steps.subarray(at, at + image.words[record + SCHEDULE.STEP_COUNT]!));
  }
  return schedules;
}

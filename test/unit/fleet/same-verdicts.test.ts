// A result comes to the same verdict with and without the aggregator: one way through damping, votes and quorum of health/, as
// a prober and a server take it, the other through the columns of a kernel.

import test from 'ava';
import fc from 'fast-check';
import { type FleetShape, HELD_DOWN, OUTCOME_MASK, STATE_MASK } from '../../../src/fleet/fleet.ts';
import { against, damp, dampingColumns, needed, OPINION } from '../../../src/health/damping.ts';
import { judge } from '../../../src/health/quorum.ts';
import { VoteTable } from '../../../src/health/votes.ts';
import { OUTCOME, type Outcome } from '../../../src/model/probe.ts';
import type { State, Verdict } from '../../../src/model/verdict.ts';
import { anyShape, batchOf, kernelsOn, passesFor, type Row } from '../../support/fleet.ts';

const STATE_OF: Readonly<Record<number, State>> = { [OPINION.UNKNOWN]: 'unknown', [OPINION.UP]: 'up', [OPINION.DOWN]: 'down' };

const HELD = 'held down by the flap guard';

/** Probers and one server, one result at a time. */
class WithoutAggregator {
  readonly #shape: FleetShape;
  readonly #votes = new VoteTable();
  readonly #columns;
  readonly #lastSec: Uint32Array;
  readonly #verdicts: (Verdict | undefined)[];
  #seq = 0;

  constructor(shape: FleetShape) {
    this.#shape = shape;
    const targets = shape.siteOfTarget.length;
    this.#columns = dampingColumns(targets * shape.regionOfProber.length);
    this.#lastSec = new Uint32Array(targets * shape.regionOfProber.length);
    this.#verdicts = Array(targets).fill(undefined);
  }

  take({ target, prober, what, latencyUs, atSec }: Row): void {
    const { regionOfProber, damping, freshSec } = this.#shape;
    const pair = target * regionOfProber.length + prober;
    const outcome = (what & OUTCOME_MASK) as Outcome;
    if (outcome >= OUTCOME.NOT_CHECKED) return;
    damp(this.#columns, pair, outcome, atSec, damping);
    this.#lastSec[pair] = Math.max(this.#lastSec[pair]!, atSec);
    const opinion = this.#columns.opinion[pair]!;
    if (opinion === OPINION.UNKNOWN) return;
    this.#votes.add({
      target: String(target),
      prober: String(prober),
      region: String(regionOfProber[prober]),
      epoch: 1,
      seq: ++this.#seq,
      isUp: opinion === OPINION.UP,
      sinceMs: 0,
      atMs: this.#lastSec[pair]! * 1_000,
      expiresMs: (this.#lastSec[pair]! + freshSec) * 1_000,
      outcome,
      latencyUs,
      detail: '',
      against: against(this.#columns, pair, damping),
      needed: needed(this.#columns, pair, atSec, damping),
    });
  }

  conclude(nowSec: number): Verdict[] {
    const { quorum, damping } = this.#shape;
    return this.#verdicts.map((previous, target) => {
      const fresh = this.#votes.fresh(String(target), nowSec * 1_000);
      const verdict = judge(String(target), fresh, quorum, previous, nowSec * 1_000, damping.rise);
      this.#verdicts[target] = verdict;
      return verdict;
    });
  }
}

for (const { name, open } of kernelsOn([2])) {
  test(`${name}: verdicts are those of damping, votes and quorum`, async (t) => {
    const cases = anyShape.chain((shape) => fc.tuple(fc.constant(shape), passesFor(shape)));
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(cases, async ([shape, passes]) => {
        const kernel = open(shape);
        const without = new WithoutAggregator(shape);
        for (const { rows, nowSec } of passes) {
          await kernel.pass(batchOf(rows), nowSec);
          for (const row of rows) without.take(row);
          const verdicts = Array.from(kernel.columns.verdict, (verdict) => ({
            state: STATE_OF[verdict & STATE_MASK]!,
            isUp: (verdict & HELD_DOWN) === 0,
          }));
          const expected = without.conclude(nowSec);
          t.deepEqual(
            verdicts,
            expected.map(({ state, isUp }) => ({ state, isUp })),
          );
          for (const { state, isUp, why } of expected) seen.add(`${state} ${isUp}${why.endsWith(HELD) ? ', held' : ''}`);
        }
        kernel.close();
      }),
      { numRuns: 60, seed: 5 },
    );
    t.deepEqual([...seen].sort(), [
      'down false',
      'down false, held',
      'unknown false',
      'unknown true',
      'up true',
      'up true, held',
    ]);
  });
}

// The path of a result with and without the aggregator gives the same verdicts: for the same reasons, since the same moment, with
// the same time to change. One way through votes, the other through router, batches, aggregator and watch, both into health/book.

import test from 'ava';
import fc from 'fast-check';
import { type KernelSource, kernelSource } from '../../../src/fleet/open.ts';
import { HealthBook } from '../../../src/health/book.ts';
import type { HealthFacts } from '../../../src/health/facts.ts';
import { VoteTable } from '../../../src/health/votes.ts';
import { DEFAULT_HEALTH } from '../../../src/model/health.ts';
import { OUTCOME, type Outcome } from '../../../src/model/probe.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { FleetLab, LAB_MODEL } from '../../support/fleet-lab.ts';

type Step =
  | { readonly kind: 'check'; readonly prober: number; readonly target: number; readonly outcome: Outcome }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'judge' };

const PROBERS = 4;
const TARGETS = 4;

const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(OUTCOME.OK) },
  { weight: 5, arbitrary: fc.constantFrom(OUTCOME.REFUSED, OUTCOME.TIMEOUT) },
  { weight: 1, arbitrary: fc.constant(OUTCOME.NOT_CHECKED) },
);
const anyCheck: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('check' as const),
  prober: fc.nat(PROBERS - 1),
  target: fc.nat(TARGETS - 1),
  outcome: anyOutcome,
});
/** All probers see the same of a target, as they mostly do, some time apart. */
const anySweep: fc.Arbitrary<Step[]> = fc
  .tuple(fc.nat(TARGETS - 1), anyOutcome, fc.integer({ min: 1, max: 3 }), fc.nat(1200), fc.boolean())
  .map(([target, outcome, rounds, ms, isJudged]) =>
    Array.from({ length: rounds }, () => [
      ...Array.from({ length: PROBERS }, (_, prober): Step => ({ kind: 'check', prober, target, outcome })),
      ...(isJudged ? [{ kind: 'judge' as const }] : []),
      { kind: 'wait' as const, ms },
    ]).flat(),
  );
const anyWait: fc.Arbitrary<Step> = fc
  .oneof({ weight: 6, arbitrary: fc.nat(1500) }, { weight: 2, arbitrary: fc.nat(30_000) })
  .map((ms) => ({ kind: 'wait' as const, ms }));
const anySteps = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: anyCheck.map((step): Step[] => [step]) },
      { weight: 3, arbitrary: anySweep },
      { weight: 4, arbitrary: anyWait.map((step): Step[] => [step]) },
      { weight: 3, arbitrary: fc.constant<Step[]>([{ kind: 'judge' }]) },
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((parts) => parts.flat());

const isByAggregator = (verdict: Verdict | null): boolean => verdict?.why.includes(', by aggregator') === true;

/**
 * Facts without the words that say whose verdict it is. As long as an aggregator knows no better than "unknown" it says nothing to
 * begin with, and the server without votes says so in words of its own.
 */
const said = (facts: HealthFacts, seenBy: HealthFacts): unknown => ({
  columns: facts.columns,
  seen: facts.seen.map((verdict, i) => {
    if (verdict === null) return null;
    const why = isByAggregator(seenBy.seen[i]!) ? verdict.why.replace(/, by aggregator .*$/, '') : '';
    return { ...verdict, why };
  }),
});

// One thread: of two, one would be waited for in each of thousands of passes if the machine is busy. More are tested in contract.
const kernels: Record<string, KernelSource | undefined> = { TypeScript: undefined, native: kernelSource(1) };
for (const [name, source] of Object.entries(kernels)) {
  test(`${name}: facts are the same by way of votes and by way of an aggregator`, async (t) => {
    const states = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        const lab = new FleetLab(['eu', 'us', 'ap', 'ap'], source);
        const votes = new VoteTable();
        const byVotes = new HealthBook(LAB_MODEL, lab.targets, DEFAULT_HEALTH, votes, null);
        byVotes.setProbers(lab.probers.map(({ self }) => self.region));
        lab.addAggregator('f');
        await lab.settle();
        for (const step of [...steps, { kind: 'judge' as const }]) {
          if (step.kind === 'wait') lab.nowMs += step.ms;
          else if (step.kind === 'check')
            for (const vote of lab.probers[step.prober]!.check(step.target, step.outcome)) votes.add(vote);
          else {
            await lab.settle();
            await lab.settle(); // whom time has made be doubted is believed again
            const [one, other] = [lab.conclude(), byVotes.conclude(lab.nowMs)];
            t.deepEqual(said(one, one), said(other, one));
            for (const verdict of one.seen) states.add(`${verdict?.state} ${verdict?.isUp} ${isByAggregator(verdict)}`);
          }
        }
        await lab.close();
      }),
      { numRuns: 100, seed: 11 },
    );
    for (const state of ['up true true', 'down false true', 'unknown false true', 'unknown true true'])
      t.true(states.has(state), state);
  });
}

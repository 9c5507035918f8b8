import test from 'ava';
import fc from 'fast-check';
import {
  against,
  BROKEN_STRAYS,
  CREDIT_LOSS,
  checkIntervalMs,
  type DampingColumns,
  DECAY,
  DECAY_STEP_SEC,
  damp,
  dampingColumns,
  EXTRA_LEAST,
  EXTRA_MOST,
  FLAP_PENALTY,
  GUARD_FROM,
  isHeld,
  isInTransition,
  needed,
  OPINION,
  PENALTY_CAP,
  STRAYS_MOST,
  STRAYS_PER_STEP,
  seed,
} from '../../../src/health/damping.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import { DEFAULT_CADENCE } from '../../support/flap-lab.ts';

const { UNKNOWN, UP, DOWN, HELD } = OPINION;
const RULE = { rise: 2, fall: 3, isGuarded: true };
const UNGUARDED = { ...RULE, isGuarded: false };
const RUNS = { seed: 20261121, numRuns: 500 };

/** One pair; `take` is fed text: `.` success, `x` failure, `-` not checked; one result a second from `fromSec`. */
function pair(start: 'new' | 'up' | 'down' = 'new') {
  const columns = dampingColumns(1);
  if (start !== 'new') seed(columns, 0, start === 'up');
  const outcomes: Readonly<Record<string, number>> = { '.': OUTCOME.OK, x: OUTCOME.REFUSED, '-': OUTCOME.NOT_CHECKED };
  const take = (results: string, fromSec = 1000, rule = RULE): number => {
    [...results].forEach((result, i) => {
      damp(columns, 0, outcomes[result]!, fromSec + i, rule);
    });
    return columns.opinion[0]!;
  };
  return { columns, take };
}

/** The two parts of the penalty column. */
const penaltyOf = ({ penalty }: DampingColumns): number => penalty[0]! % 4096;
const straysOf = ({ penalty }: DampingColumns): number => Math.floor(penalty[0]! / 4096);

/** A pair that has gone up and down so often, a second each. */
function flapped(times: number): ReturnType<typeof pair> {
  const target = pair('up');
  for (let i = 0; i < times; i++) target.take('xxx..', 1000);
  return target;
}

test('a new target is unknown until its first success or `fall` failures in a row', (t) => {
  t.is(pair().columns.opinion[0], UNKNOWN);
  t.is(pair().take('.'), UP);
  t.is(pair().take('xx'), UNKNOWN);
  t.is(pair().take('xx.'), UP);
  t.is(pair().take('xxx'), DOWN);
});

test('a new target that is down from the start has not flapped', (t) => {
  t.is(pair().take('xxx..'), UP);
  const { columns, take } = pair();
  take('xxx');
  t.is(columns.penalty[0], 0);
});

test('it takes `fall` failures in a row to go down, and `rise` successes in a row to come up', (t) => {
  t.is(pair('up').take('xx'), UP);
  t.is(pair('up').take('xx.xx.xx'), UP);
  t.is(pair('up').take('xxx'), DOWN);
  t.is(pair('down').take('.x.x.'), DOWN);
  t.is(pair('down').take('..'), UP);
});

test('a result that changes the opinion says so, once', (t) => {
  const columns = dampingColumns(1);
  seed(columns, 0, true);
  const changes = [1, 1, 1, 1, 0, 0, 0].map((outcome, i) => damp(columns, 0, outcome, i, RULE));
  t.deepEqual(changes, [false, false, true, false, false, true, false]);
});

test('a check that could not be made counts neither for nor against', (t) => {
  t.is(pair('up').take('x-x-'), UP);
  t.is(pair('up').take('x-x-x'), DOWN);
  t.is(pair('down').take('.-.'), UP);
  t.is(pair().take('---'), UNKNOWN);
});

test('seeding from the last verdict changes nothing until results say so', (t) => {
  t.is(pair('down').take('.'), DOWN);
  t.is(pair('up').take('xx'), UP);
  const { columns } = flapped(3);
  seed(columns, 0, false);
  t.deepEqual([columns.opinion[0], columns.streak[0], columns.penalty[0], columns.anchorSec[0]], [DOWN, 0, 0, 0]);
});

test('pairs do not touch one another', (t) => {
  const columns = dampingColumns(3);
  for (let i = 0; i < 3; i++) damp(columns, 1, OUTCOME.TIMEOUT, 5, RULE);
  t.deepEqual([...columns.opinion], [UNKNOWN, DOWN, UNKNOWN]);
});

/** A pair that the guard holds since the end of its third outage. */
function held(): ReturnType<typeof pair> {
  const target = flapped(2);
  target.take('xxx..');
  return target;
}

test('two outages leave recovery as fast as ever, the third within minutes makes the guard ask for more', (t) => {
  t.is(flapped(1).take('xxx..'), UP);
  const { columns, take } = flapped(2);
  t.is(take('xxx.'), DOWN);
  t.is(take('.'), HELD);
  t.true(isHeld(columns, 0));
  const extra = EXTRA_LEAST + ((3 * FLAP_PENALTY - GUARD_FROM) >> 6);
  t.is(needed(columns, 0, 1000, RULE), RULE.rise + extra);
  t.is(take('.'.repeat(extra - 1)), HELD + extra - 1);
  t.is(take('.'), UP);
});

test('two outages in the same second do not wake the guard', (t) => {
  const { columns, take } = flapped(1);
  take('xxx');
  t.is(needed(columns, 0, 1000, RULE), RULE.rise);
});

test('the guard never delays the way down, not even while it holds', (t) => {
  const { take } = held();
  t.true(take('xx.'.repeat(5)) >= HELD);
  t.is(take('xx'), HELD);
  t.is(take('x'), DOWN);
  const released = held();
  t.is(released.take('.'.repeat(60)), UP);
  t.is(released.take('xx'), UP);
  t.is(released.take('x'), DOWN);
});

test('each failure while the guard holds is as good as two strays, and takes back a part of what was reached', (t) => {
  const { columns, take } = held();
  t.is(take('.....'), HELD + 5);
  t.is(take('x'), HELD + 5 - CREDIT_LOSS);
  t.deepEqual([penaltyOf(columns), straysOf(columns)], [3 * FLAP_PENALTY, BROKEN_STRAYS]);
  t.is(take('x'), HELD);
});

test('an outage while the guard holds is a flap', (t) => {
  const { columns, take } = held();
  t.is(take('xxx'), DOWN);
  t.is(penaltyOf(columns), PENALTY_CAP);
});

test('a failure before `rise` successes is no flap, but as good as two strays', (t) => {
  const { columns, take } = flapped(1);
  take('xxx.x.x');
  t.deepEqual([penaltyOf(columns), straysOf(columns)], [2 * FLAP_PENALTY, 2 * BROKEN_STRAYS]);
  t.is(columns.opinion[0], DOWN);
});

test('failures that make no outage are strays, those of an outage are not', (t) => {
  const { columns, take } = pair('up');
  take('.x.xx.');
  t.deepEqual([penaltyOf(columns), straysOf(columns)], [0, 3]);
  t.is(straysOf(flapped(1).columns), 0);
  take('x.'.repeat(20), 1006);
  t.is(straysOf(columns), STRAYS_MOST);
});

test('strays wake the guard at an earlier outage: two at the first, one at the second', (t) => {
  t.is(pair('up').take('x.xxx..'), UP);
  t.is(pair('up').take('xx.xxx..'), HELD);
  t.is(pair('up').take('xxx.x..'), HELD);
  t.is(flapped(1).take('xxx..'), UP);
  t.is(flapped(1).take('x.xxx..'), HELD);
});

test('any number of strays without an outage changes nothing, and the next outage is seen as soon as ever', (t) => {
  const { take } = pair('up');
  t.is(take('xx.'.repeat(50)), UP);
  t.is(take('xx', 1150), UP);
  t.is(take('x', 1152), DOWN);
});

test('strays are forgotten within five minutes, also if others come meanwhile', (t) => {
  const { columns, take } = pair('up');
  const strayAt = (atSec: number): number => {
    take('x.', atSec - 1);
    return straysOf(columns);
  };
  take('xx.'.repeat(8), 1000 - 2);
  t.deepEqual([straysOf(columns), columns.anchorSec[0]], [STRAYS_MOST, 1000]);
  t.is(strayAt(1000 + DECAY_STEP_SEC), STRAYS_MOST - STRAYS_PER_STEP + 1);
  for (const seconds of [20, 40, 60]) strayAt(1000 + DECAY_STEP_SEC + seconds);
  t.is(straysOf(columns), STRAYS_MOST);
  t.is(strayAt(1000 + 2 * DECAY_STEP_SEC), STRAYS_MOST - STRAYS_PER_STEP + 1);
  t.is(strayAt(1000 + 6 * DECAY_STEP_SEC), 1);
});

test('who fails every fifth check comes back, who fails every fourth does not', (t) => {
  t.is(held().take('....x'.repeat(60), 1000), UP);
  const { columns, take } = held();
  for (let i = 0; i < 250; i++) take('...x', 1000);
  t.true(isHeld(columns, 0));
});

test('a vote of a held target tells how far it is, and by at least `rise` that it is held', (t) => {
  const { columns, take } = held();
  take('.....');
  t.is(against(columns, 0, RULE), RULE.rise + 5);
  take('x');
  t.is(against(columns, 0, RULE), RULE.rise + 2);
  take('xx');
  t.is(against(columns, 0, RULE), 0);
  take('.');
  t.is(against(columns, 0, RULE), 1);
});

test('only turns between up, held and down are told, not each success of a held target', (t) => {
  const columns = dampingColumns(1);
  seed(columns, 0, true);
  columns.penalty[0] = PENALTY_CAP;
  columns.anchorSec[0] = 5000;
  const outcomes = [1, 1, 1, 0, 0, 0, 0, 1, 1, 1];
  t.deepEqual(
    outcomes.map((outcome) => (damp(columns, 0, outcome, 5000, RULE) ? 'turned' : '')).join(),
    ',,turned,,turned,,,,,turned',
  );
});

test('a guard that is switched off lets go at the next success', (t) => {
  t.is(held().take('.', 1000, UNGUARDED), UP);
});

test('without the guard any number of flaps is forgiven at once', (t) => {
  const { columns, take } = pair('up');
  for (let i = 0; i < 20; i++) t.is(take('xxx..', 1000, UNGUARDED), UP);
  t.is(columns.penalty[0], 0);
  take('xxx', 1000, UNGUARDED);
  t.is(needed(columns, 0, 1000, UNGUARDED), 2);
});

test('the penalty is bounded, so that a target which answers every check is back after a known number of them', (t) => {
  const { columns, take } = held();
  for (let i = 0; i < 100; i++) take('xxx..');
  take('xxx');
  t.is(penaltyOf(columns), PENALTY_CAP);
  t.is(needed(columns, 0, 1000, RULE), RULE.rise + EXTRA_MOST);
  t.is(take('.'.repeat(RULE.rise + EXTRA_MOST - 1)), HELD + EXTRA_MOST - 1);
  t.is(take('.'), UP);
});

test('the guard sleeps one half-life after the last flap, from however many', (t) => {
  const { columns, take } = held();
  for (let i = 0; i < 100; i++) take('xxx.x..', 1000);
  t.deepEqual([penaltyOf(columns), straysOf(columns)], [PENALTY_CAP, STRAYS_MOST]);
  const lastSec = columns.anchorSec[0]!;
  const halfLifeSec = DECAY_STEP_SEC * DECAY.length;
  t.is(halfLifeSec, 600);
  t.true(needed(columns, 0, lastSec + halfLifeSec - DECAY_STEP_SEC, RULE) > RULE.rise);
  t.is(needed(columns, 0, lastSec + halfLifeSec, RULE), RULE.rise);
  t.is(needed(columns, 0, lastSec + 40 * halfLifeSec, RULE), RULE.rise);
});

test('the table of decay is that of an eighth of a half-life a step', (t) => {
  t.deepEqual(
    [...DECAY],
    Array.from({ length: 8 }, (_, i) => Math.round(65536 * 2 ** (-i / 8))),
  );
});

test('penalties at known times are these, to the bit', (t) => {
  // the C++ kernel has the same vectors
  const columns = dampingColumns(1);
  const vectors: readonly (readonly [atSec: number, penalty: number])[] = [
    [1000, 1000],
    [1000 + 74, 2000],
    [1000 + 74 + 75, 2834],
    [1149 + 600, 2417],
    [1749 + 1234, 1554],
    [2983 + 16 * 600, 1000],
    [2983, 2000],
  ];
  for (const [atSec, penalty] of vectors) {
    seed2(columns);
    for (let i = 0; i < 3; i++) damp(columns, 0, OUTCOME.REFUSED, atSec, RULE);
    t.is(columns.penalty[0], penalty);
  }
  t.is(columns.anchorSec[0], 2983 + 16 * 600);
});

/** Up again, with the penalty kept. */
function seed2(columns: DampingColumns): void {
  columns.opinion[0] = UP;
  columns.streak[0] = 0;
}

test('a clock that goes backwards neither adds nor takes penalty', (t) => {
  const { columns, take } = flapped(2);
  take('xxx', 1000);
  const penalty = columns.penalty[0]!;
  t.is(needed(columns, 0, 10, RULE), needed(columns, 0, 1000, RULE));
  t.is(penalty, 3 * FLAP_PENALTY);
});

test('a streak stops at 255', (t) => {
  const { columns, take } = pair('down');
  take('.'.repeat(300), 1000, { ...RULE, rise: 300 });
  t.deepEqual([columns.opinion[0], columns.streak[0]], [DOWN, 255]);
});

test('checks come faster while the opinion is unknown or about to turn, but not while the guard only waits', (t) => {
  const every = (columns: DampingColumns): number => checkIntervalMs(columns, 0, DEFAULT_CADENCE);
  const states = ['', '.', '.x', '.xx', '.xxx', '.xxx.', '.xxx..'].map((results) => {
    const { columns, take } = pair();
    take(results);
    return every(columns);
  });
  t.deepEqual(states, [1000, 5000, 1000, 1000, 5000, 1000, 5000]);
  const { columns, take } = flapped(2);
  take('xxx.');
  t.is(every(columns), 1000);
  take('.');
  t.true(isHeld(columns, 0) && !isInTransition(columns, 0));
  t.is(every(columns), 5000);
  take('x');
  t.true(isHeld(columns, 0));
  t.is(every(columns), 1000);
});

const results = fc.array(fc.constantFrom('.', '.', 'x', '-'), { maxLength: 200 });

test('law: an up target goes down exactly at the `fall`th failure in a row, guard or not', (t) => {
  fc.assert(
    fc.property(results, fc.boolean(), (sequence, isGuarded) => {
      const { columns, take } = pair('up');
      let failures = 0;
      sequence.forEach((result, i) => {
        const before = columns.opinion[0];
        take(result, 1000 + i, { ...RULE, isGuarded });
        if (result !== '-') failures = result === 'x' ? failures + 1 : 0;
        if (before === UP) t.is(columns.opinion[0] === DOWN, failures >= RULE.fall);
        if (before === UP && columns.opinion[0] === DOWN) failures = 0;
      });
    }),
    RUNS,
  );
});

test('law: results that never come `fall` or `rise` in a row change nothing', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 60 }), fc.boolean(), (runs, startsUp) => {
      const { columns, take } = pair(startsUp ? 'up' : 'down');
      for (const run of runs) take(startsUp ? `${'x'.repeat(run)}.` : 'x.');
      return columns.opinion[0] === (startsUp ? UP : DOWN);
    }),
    RUNS,
  );
  t.pass();
});

test('law: with the guard a target is down at the same results as without, and up or held at the others', (t) => {
  fc.assert(
    fc.property(results, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (sequence, rise, fall) => {
      const guarded = pair('up');
      const free = pair('up');
      sequence.forEach((result, i) => {
        guarded.take(result, 1000 + i, { rise, fall, isGuarded: true });
        free.take(result, 1000 + i, { rise, fall, isGuarded: false });
        t.is(guarded.columns.opinion[0] === DOWN, free.columns.opinion[0] === DOWN);
        t.is(guarded.columns.streak[0], free.columns.streak[0]);
      });
    }),
    RUNS,
  );
});

test('law: a target that answers is up after `rise` and at most forty successes, whatever it did before', (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('xxx', '..', '.', 'x'), { maxLength: 100 }), (past) => {
      const { columns, take } = pair('up');
      for (const some of past) take(some, 1000);
      take('.'.repeat(RULE.rise + EXTRA_MOST), 1000);
      return columns.opinion[0] === UP && penaltyOf(columns) <= PENALTY_CAP;
    }),
    RUNS,
  );
  t.pass();
});

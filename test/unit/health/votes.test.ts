import test from 'ava';
import fc from 'fast-check';
import { VoteTable } from '../../../src/health/votes.ts';
import type { Vote } from '../../../src/model/verdict.ts';
import { voteOf } from '../../support/votes.ts';

const TARGET = 'web/london#4';
const seqs = (table: VoteTable, nowMs = 0): string[] =>
  table.fresh(TARGET, nowMs).map(({ prober, epoch, seq }) => `${prober} ${epoch}.${seq}`);

test('of one prober the newest vote counts, whatever comes last', (t) => {
  const table = new VoteTable();
  t.true(table.add(voteOf('eu/a', true, { seq: 2 })));
  t.false(table.add(voteOf('eu/a', false, { seq: 1 })));
  t.false(table.add(voteOf('eu/a', false, { seq: 2 })));
  t.true(table.add(voteOf('us/b', true)));
  t.deepEqual(seqs(table), ['eu/a 1.2', 'us/b 1.1']);
  t.true(table.add(voteOf('eu/a', false, { epoch: 2, seq: 1 })));
  t.deepEqual(seqs(table), ['eu/a 2.1', 'us/b 1.1']);
});

test('an expired vote does not count, and a target that nobody looks at has none', (t) => {
  const table = new VoteTable();
  table.add(voteOf('eu/a', true, { expiresMs: 100 }));
  t.deepEqual(seqs(table, 99), ['eu/a 1.1']);
  t.deepEqual(seqs(table, 100), []);
  t.deepEqual(table.fresh('other', 0), []);
});

test('withdrawn votes never count again, those cast afterwards and those of a new epoch do', (t) => {
  const table = new VoteTable();
  table.add(voteOf('eu/a', true));
  table.add(voteOf('us/b', true));
  table.withdraw('eu/a', 1, 8);
  t.deepEqual(seqs(table), ['us/b 1.1']);
  t.false(table.add(voteOf('eu/a', true, { seq: 8 })));
  t.true(table.add(voteOf('eu/a', true, { seq: 9 })));
  t.deepEqual(seqs(table), ['eu/a 1.9', 'us/b 1.1']);
  t.true(table.add(voteOf('eu/a', true, { epoch: 2, seq: 1 })));
  table.withdraw('eu/a', 1, 9);
  t.deepEqual(seqs(table), ['eu/a 2.1', 'us/b 1.1']);
});

test('sweeping frees what expired long ago and nothing else', (t) => {
  const table = new VoteTable();
  table.add(voteOf('eu/a', true, { expiresMs: 100 }));
  table.add(voteOf('us/b', true, { expiresMs: 300 }));
  table.add(voteOf('us/b', true, { target: 'other', expiresMs: 100 }));
  table.sweep(200);
  t.is(table.size, 1);
  t.deepEqual(seqs(table), ['us/b 1.1']);
});

test('the revision of a target tells whether anything about it changed', (t) => {
  const table = new VoteTable();
  t.is(table.revisionOf(TARGET), 0);
  const revisions = new Set<number>();
  const changes = [
    () => table.add(voteOf('eu/a', true)),
    () => table.add(voteOf('us/b', true)),
    () => table.add(voteOf('us/b', true, { seq: 2 })),
    () => table.withdraw('eu/a', 1, 1),
  ];
  for (const change of changes) {
    change();
    revisions.add(table.revisionOf(TARGET));
  }
  t.is(revisions.size, changes.length);
  const last = table.revisionOf(TARGET);
  table.add(voteOf('us/b', true));
  table.withdraw('eu/a', 1, 1);
  table.add(voteOf('us/b', true, { target: 'other' }));
  t.is(table.revisionOf(TARGET), last);
});

type Fact = { readonly vote: Vote } | { readonly withdrawn: string; readonly epoch: number; readonly seq: number };
const prober = fc.constantFrom('eu/a', 'eu/b', 'us/c');
const fact: fc.Arbitrary<Fact> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(prober, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })).map(toVote) },
  {
    weight: 1,
    arbitrary: fc.record({ withdrawn: prober, epoch: fc.integer({ min: 1, max: 2 }), seq: fc.integer({ min: 1, max: 4 }) }),
  },
);

/** A prober never says two things under one number. */
function toVote([name, epoch, seq]: [string, number, number]): Fact {
  return { vote: voteOf(name, (epoch + seq) % 2 === 0, { epoch, seq, expiresMs: 1000 * epoch + seq }) };
}

function tell(facts: readonly Fact[]): VoteTable {
  const table = new VoteTable();
  for (const told of facts) {
    if ('vote' in told) table.add(told.vote);
    else table.withdraw(told.withdrawn, told.epoch, told.seq);
  }
  return table;
}

test('law: the same facts in any order and any number of times make the same table', (t) => {
  const shuffled = fc.array(fact, { maxLength: 12 }).chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      retold: fc
        .array(fc.nat(Math.max(0, facts.length - 1)), { maxLength: 12 })
        .chain((again) =>
          fc.shuffledSubarray([...facts.keys(), ...again], { minLength: facts.length === 0 ? 0 : facts.length + again.length }),
        ),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ facts, retold }) => {
      const once = tell(facts);
      const again = tell(retold.filter((i) => i < facts.length).map((i) => facts[i]!));
      for (const nowMs of [0, 1002, 2002]) t.deepEqual(again.fresh(TARGET, nowMs), once.fresh(TARGET, nowMs));
    }),
    { seed: 20261121, numRuns: 1000 },
  );
});

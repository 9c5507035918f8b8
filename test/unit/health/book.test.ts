import test from 'ava';
import { type Concluded, HealthBook } from '../../../src/health/book.ts';
import type { HealthFacts, Remembered } from '../../../src/health/facts.ts';
import { VoteTable } from '../../../src/health/votes.ts';
import { DEFAULT_HEALTH, type HealthSettings, NO_CHANGE_FORESEEN } from '../../../src/model/health.ts';
import type { SteeringModel } from '../../../src/model/steering.ts';
import type { FleetVerdict, Override, Vote } from '../../../src/model/verdict.ts';
import { modelOf } from '../../support/steering.ts';
import { orderOf, targetsOf, voteOf } from '../../support/votes.ts';

const model = modelOf(
  {
    web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'tokyo', has: 'v4', weight: 8 }],
    cdn: [{ site: 'sydney', has: 'alias' }],
  },
  {},
);
const [LONDON, FRANKFURT, TOKYO, CDN] = [0, 1, 2, 3];
const REGIONS = ['eu', 'us', 'ap'];
const NOW = 1_000_000;

interface Setup {
  readonly votes?: VoteTable;
  readonly settings?: Partial<HealthSettings>;
  readonly remembered?: Remembered;
  readonly orders?: readonly Override[];
  readonly steering?: SteeringModel;
}

function open({ votes = new VoteTable(), settings, remembered, orders = [], steering = model }: Setup = {}): HealthBook {
  // the alias is checked over IPv4, frankfurt over none
  const families = (id: string) => (id === 'cdn/sydney' ? [4 as const] : id === 'web/frankfurt' ? [] : [4 as const, 6 as const]);
  const targets = targetsOf(steering, families);
  const book = new HealthBook(steering, targets, { ...DEFAULT_HEALTH, ...settings }, votes, remembered ?? null);
  book.setProbers(REGIONS);
  book.setOverrides(orders);
  return book;
}

/** Votes of all three probers on a target, as of a moment. */
function say(votes: VoteTable, member: string, isUp: boolean, atMs = NOW, fields: Partial<Vote> = {}): void {
  for (const region of REGIONS) {
    const vote = voteOf(`${region}/p`, isUp, { target: member, seq: atMs, sinceMs: atMs, atMs, expiresMs: atMs + 60_000 });
    votes.add({ ...vote, ...fields });
  }
}

test('before anything is known everything is up, in full, and says that it is not known', (t) => {
  const facts = open().conclude(NOW);
  for (const family of [4, 6] as const) {
    t.true(facts.isUp(LONDON, family) && facts.isPoolUp(0, family));
    t.is(facts.weightShare(LONDON, family), 1000);
  }
  t.is(facts.reason(LONDON, 4), 'unknown, taken as up: 0 fresh votes of 0 regions, needed 2 of 2');
  t.is(facts.nextChangeMs, Number.POSITIVE_INFINITY);
});

test('a member that nobody checks is up for good', (t) => {
  const facts = open().conclude(NOW);
  t.true(facts.isUp(FRANKFURT, 6));
  t.is(facts.ttlSec(FRANKFURT, 4), NO_CHANGE_FORESEEN);
  t.is(facts.reason(FRANKFURT, 4), 'up, not checked');
});

test('families go down by themselves', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', true);
  say(votes, 'web/london#6', false);
  const facts = open({ votes }).conclude(NOW);
  t.true(facts.isUp(LONDON, 4));
  t.false(facts.isUp(LONDON, 6));
  t.is(facts.reason(LONDON, 6), 'down: 3 of 3 vantage points in 3 regions: refused');
  t.is(facts.weightShare(LONDON, 6), 0);
});

test('an alias that is checked in one family stands for both', (t) => {
  const votes = new VoteTable();
  say(votes, 'cdn/sydney#4', false);
  const facts = open({ votes }).conclude(NOW);
  t.false(facts.isUp(CDN, 4) || facts.isUp(CDN, 6));
});

test('votes that expire leave what they said in force, marked as unknown', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', false);
  const book = open({ votes });
  const facts = book.conclude(NOW);
  t.is(facts.nextChangeMs, NOW + 60_000);
  t.false(facts.isUp(LONDON, 4));
  const later = book.conclude(NOW + 60_000);
  t.false(later.isUp(LONDON, 4));
  t.is(later.reason(LONDON, 4), 'unknown, stays down: 0 fresh votes of 0 regions, needed 2 of 2');
});

test('a new book that remembers goes on where the old one stopped, without a ramp', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', false);
  const { remembered } = open({ votes }).conclude(NOW);
  const stored = JSON.parse(JSON.stringify(remembered)) as Remembered;
  const facts = open({ remembered: stored }).conclude(NOW + 5_000_000);
  t.false(facts.isUp(LONDON, 4));
  t.true(facts.isUp(LONDON, 6));
  t.is(facts.weightShare(LONDON, 6), 1000);
});

test('a member that recovers gets its weight back step by step, and answers are kept a step at most', (t) => {
  const votes = new VoteTable();
  const book = open({ votes });
  say(votes, 'web/london#4', false);
  book.conclude(NOW);
  say(votes, 'web/london#4', true, NOW + 1000, { expiresMs: NOW + 10_000_000 });
  const shares = [0, 5000, 24_000, 60_000].map((afterMs) => {
    const facts = book.conclude(NOW + 1000 + afterMs);
    return [facts.weightShare(LONDON, 4), facts.ttlSec(LONDON, 4), facts.reason(LONDON, 4)];
  });
  t.deepEqual(shares, [
    [100, 5, 'recovering, 10 % of its weight'],
    [100, 5, 'recovering, 10 % of its weight'],
    [333, 5, 'recovering, 33 % of its weight'],
    [1000, 15, 'up'],
  ]);
  t.is(book.conclude(NOW + 1000 + 24_000).nextChangeMs, NOW + 1000 + 25_000);
});

test('nothing ramps at the start of a process', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', true, NOW - 10);
  t.is(open({ votes }).conclude(NOW).weightShare(LONDON, 4), 1000);
});

test('an order is stronger than a verdict, and both are shown', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', false);
  say(votes, 'web/tokyo#4', true);
  const orders = [orderOf('web/london', 'up'), orderOf('web/tokyo', 'down'), orderOf('web/frankfurt', 'down')];
  const facts = open({ votes, orders }).conclude(NOW);
  t.true(facts.isUp(LONDON, 4));
  t.is(facts.weightShare(LONDON, 4), 1000);
  t.is(facts.reason(LONDON, 4), 'forced up by ann: new disks (seen down: 3 of 3 vantage points in 3 regions: refused)');
  t.is(facts.seen[0]!.isUp, false);
  t.false(facts.isOrderedOut(LONDON, 4));
  t.false(facts.isUp(TOKYO, 4));
  t.true(facts.isOrderedOut(TOKYO, 4));
  t.is(facts.reason(TOKYO, 4), 'forced down by ann: new disks (seen up)');
  t.is(facts.reason(FRANKFURT, 4), 'forced down by ann: new disks (not checked)');
  t.is(facts.ttlSec(TOKYO, 4), NO_CHANGE_FORESEEN);
});

test('a drained member shrinks to nothing, and stays there', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', true);
  const book = open({ votes, orders: [orderOf('site:london', 'drain', { createdMs: NOW })] });
  const early = book.conclude(NOW + 15_000);
  t.is(early.weightShare(LONDON, 4), 417);
  t.is(early.ttlSec(LONDON, 4), 3);
  t.is(early.nextChangeMs, NOW + 17_500);
  t.is(early.reason(LONDON, 4), 'draining, 42 % of its weight, by ann: new disks (seen up)');
  t.true(early.isUp(LONDON, 4) && early.isOrderedOut(LONDON, 4));
  const late = book.conclude(NOW + 30_000);
  t.false(late.isUp(LONDON, 4));
  t.is(late.reason(LONDON, 4), 'drained by ann: new disks (seen up)');
});

test('a member that dies while it drains is down at once', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', false);
  const facts = open({ votes, orders: [orderOf('site:london', 'drain', { createdMs: NOW })] }).conclude(NOW);
  t.false(facts.isUp(LONDON, 4));
});

test('an order that ends is a change that can be foreseen', (t) => {
  const book = open({ orders: [orderOf('web/frankfurt', 'down', { expiresMs: NOW + 100_000 })] });
  const facts = book.conclude(NOW);
  t.is(facts.ttlSec(FRANKFURT, 4), 64);
  t.is(facts.nextChangeMs, NOW + 36_001);
  t.is(book.conclude(NOW + 99_500).nextChangeMs, NOW + 100_000);
  t.true(book.conclude(NOW + 100_000).isUp(FRANKFURT, 4));
});

test('an order that names nobody is handed on', (t) => {
  const order = orderOf('web/lodnon', 'down');
  t.deepEqual(open({ orders: [order] }).conclude(NOW).idleOrders, [order]);
});

test('pools follow their watermarks by family, and the state between them is remembered', (t) => {
  const settings = { watermarks: [{ lowPercent: 40, highPercent: 90, of: 'members' as const }, null] };
  const votes = new VoteTable();
  const book = open({ votes, settings });
  say(votes, 'web/london#4', false);
  t.true(book.conclude(NOW).isPoolUp(0, 4));
  say(votes, 'web/tokyo#4', false);
  const low = book.conclude(NOW);
  t.false(low.isPoolUp(0, 4));
  t.true(low.isPoolUp(0, 6) && low.isPoolUp(1, 4));
  t.deepEqual(low.remembered.poolsDown, ['web#4']);
  say(votes, 'web/tokyo#4', true, NOW + 1);
  t.false(book.conclude(NOW + 1).isPoolUp(0, 4));
  const between = open({ votes, settings, remembered: low.remembered });
  t.false(between.conclude(NOW + 1).isPoolUp(0, 4));
  say(votes, 'web/london#4', true, NOW + 1);
  t.true(book.conclude(NOW + 1).isPoolUp(0, 4));
  t.deepEqual(book.conclude(NOW + 1).remembered.poolsDown, []);
});

test('when probers come and go the rule follows, and repeating them changes nothing', (t) => {
  const votes = new VoteTable();
  const book = open({ votes });
  votes.add(voteOf('eu/p', false, { sinceMs: NOW, expiresMs: NOW + 60_000 }));
  t.true(book.conclude(NOW).isUp(LONDON, 4));
  book.setProbers(['eu']);
  const first = book.conclude(NOW);
  t.false(first.isUp(LONDON, 4));
  book.setProbers(['eu']);
  t.is(book.conclude(NOW).seen[0], first.seen[0]);
});

test('a difference is what steering would see', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', true);
  const book = open({ votes });
  const facts = book.conclude(NOW);
  t.true(facts.differsFrom(null));
  t.false(book.conclude(NOW + 1).differsFrom(facts));
  say(votes, 'web/london#4', true, NOW + 2);
  t.false(book.conclude(NOW + 2).differsFrom(facts));
  say(votes, 'web/london#4', true, NOW + 3, { against: 2 });
  t.true(book.conclude(NOW + 3).differsFrom(facts));
  book.setOverrides([orderOf('web/frankfurt', 'up')]);
  t.true(book.conclude(NOW + 1).differsFrom(facts));
  const larger = modelOf({ web: [{ site: 'london' }] }, {});
  t.true(open({ steering: larger }).conclude(NOW).differsFrom(facts));
});

/** A small mesh: what each prober said, in its own order; a prober in eu restarts, one in ap withdraws. */
type Told = (votes: VoteTable) => void;
const vote =
  (prober: string, isUp: boolean, epoch: number, seq: number): Told =>
  (votes) =>
    votes.add(voteOf(prober, isUp, { epoch, seq, sinceMs: NOW - 100 * epoch - seq, expiresMs: NOW + 60_000 }));
const STORY: readonly Told[] = [
  vote('eu/p', true, 1, 1),
  vote('eu/p', false, 1, 2),
  vote('eu/p', false, 2, 1),
  vote('us/p', true, 1, 1),
  vote('us/p', false, 1, 2),
  vote('ap/p', true, 1, 7),
  (votes) => votes.withdraw('ap/p', 1, 7),
];

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}

const picture = (facts: HealthFacts): string => JSON.stringify([facts.seen, [...facts.columns.up], [...facts.columns.ttlSec]]);

test('law: all interleavings of a small mesh, with every fact told twice, end in the same verdict', (t) => {
  const ends = new Set<string>();
  for (const order of permutations(STORY)) {
    const votes = new VoteTable();
    const book = open({ votes });
    for (const told of [...order, ...order.slice(0, 3)]) told(votes);
    ends.add(picture(book.conclude(NOW)));
  }
  t.is(ends.size, 1);
  t.true([...ends][0]!.includes('"2 of 2 vantage points in 2 regions: refused"'));
});

test('law: concluding after every fact or after the last one ends in the same state, in every order', (t) => {
  for (const order of permutations(STORY)) {
    const votes = new VoteTable();
    const eager = open({ votes });
    for (const told of order) {
      told(votes);
      eager.conclude(NOW);
    }
    const facts = eager.conclude(NOW);
    t.like(facts.seen[0], { state: 'down', isUp: false });
    const atOnce = open({ votes }).conclude(NOW);
    t.deepEqual(facts.columns, atOnce.columns);
  }
});

const byFleet = (verdict: Partial<FleetVerdict>): ReadonlyMap<string, Concluded> => {
  const whole = {
    target: 'web/london#4',
    state: 'up' as const,
    isUp: true,
    sinceMs: 0,
    why: '3 of 3 vantage points',
    changeSec: 15,
  };
  return new Map([['web/london#4', { by: 'fleet-1', verdict: { ...whole, ...verdict } }]]);
};

test('the verdict of an aggregator stands in for votes, and says whose it is', (t) => {
  const votes = new VoteTable();
  say(votes, 'web/london#4', true);
  const book = open({ votes });
  book.setConcluded(
    byFleet({ state: 'down', isUp: false, sinceMs: NOW - 5, why: '3 of 3 vantage points: refused', changeSec: 5 }),
  );
  const facts = book.conclude(NOW);
  t.is(facts.reason(LONDON, 4), 'down: 3 of 3 vantage points: refused, by aggregator fleet-1');
  t.is(facts.ttlSec(LONDON, 4), 5);
  t.is(facts.seen[0]!.sinceMs, NOW - 5);
  t.is(facts.nextChangeMs, Number.POSITIVE_INFINITY);
});

test('when the aggregator is gone fresh votes decide at once', (t) => {
  const votes = new VoteTable();
  const book = open({ votes });
  book.setConcluded(byFleet({ state: 'down', isUp: false, sinceMs: NOW - 5 }));
  book.conclude(NOW);
  say(votes, 'web/london#4', true);
  book.setConcluded(new Map());
  t.true(book.conclude(NOW + 1).isUp(LONDON, 4));
});

test('when the aggregator is gone and there are no fresh votes its last verdict is held, as unknown', (t) => {
  const book = open();
  book.setConcluded(byFleet({ state: 'down', isUp: false, sinceMs: NOW - 5 }));
  book.conclude(NOW);
  book.setConcluded(new Map());
  const facts = book.conclude(NOW + 1);
  t.false(facts.isUp(LONDON, 4));
  t.is(facts.seen[0]!.state, 'unknown');
  t.is(facts.seen[0]!.sinceMs, NOW - 5);
  t.regex(facts.reason(LONDON, 4), /^unknown, stays down: 0 fresh votes/);
});

test('an aggregator that knows no moment of change leaves a slow start as it is', (t) => {
  const recovered = { target: 'web/london#4', state: 'up' as const, isUp: true, sinceMs: NOW - 6_000, why: '' };
  const book = open({ remembered: { verdicts: [recovered], poolsDown: [] } });
  const before = book.conclude(NOW).weightShare(LONDON, 4);
  book.setConcluded(byFleet({ sinceMs: 0 }));
  const facts = book.conclude(NOW);
  t.is(facts.weightShare(LONDON, 4), before);
  t.true(before < 1000);
});

test('an aggregator that knows no moment of change of what is new to us dates it now', (t) => {
  const book = open();
  book.conclude(NOW);
  book.setConcluded(byFleet({ state: 'down', isUp: false, sinceMs: 0 }));
  t.is(book.conclude(NOW).seen[0]!.sinceMs, NOW);
});

test('a verdict of an aggregator that stays the same is taken once', (t) => {
  const book = open();
  book.setConcluded(byFleet({}));
  const first = book.conclude(NOW).seen[0];
  t.is(book.conclude(NOW + 60_000).seen[0], first);
});

test('an aggregator that is believed again is taken at its last word', (t) => {
  const book = open();
  const concluded = byFleet({ state: 'down', isUp: false, sinceMs: NOW - 5 });
  book.setConcluded(concluded);
  book.conclude(NOW);
  book.setConcluded(new Map());
  t.is(book.conclude(NOW).seen[0]!.state, 'unknown');
  book.setConcluded(concluded);
  t.is(book.conclude(NOW).seen[0]!.state, 'down');
});

test('an aggregator that comes back and knows nothing fresh does not undo what votes have come to since', (t) => {
  const votes = new VoteTable();
  const book = open({ votes });
  book.setConcluded(byFleet({ sinceMs: NOW - 9_000 }));
  t.true(book.conclude(NOW).isUp(LONDON, 4));
  book.setConcluded(new Map());
  say(votes, 'web/london#4', false);
  t.false(book.conclude(NOW + 1).isUp(LONDON, 4));
  book.setConcluded(byFleet({ state: 'unknown', sinceMs: NOW - 9_000, why: 'stays up: 0 fresh votes of 0 regions' }));
  const facts = book.conclude(NOW + 2);
  t.false(facts.isUp(LONDON, 4));
  t.is(facts.reason(LONDON, 4), 'unknown, stays down, as votes had it: aggregator fleet-1 knows no better yet');
  book.setConcluded(byFleet({ sinceMs: NOW + 3 }));
  t.true(book.conclude(NOW + 4).isUp(LONDON, 4), 'and is believed as soon as it does');
});

test('where votes were not enough either, the last word of an aggregator that knows nothing fresh is taken', (t) => {
  const book = open();
  book.conclude(NOW);
  book.setConcluded(byFleet({ state: 'unknown', isUp: false, sinceMs: NOW - 5, why: 'stays down: 0 fresh votes of 0 regions' }));
  t.false(book.conclude(NOW + 1).isUp(LONDON, 4));
});

import test from 'ava';
import fc from 'fast-check';
import { concludes, judge, type QuorumRule, quorumRule, standOf, tally } from '../../../src/health/quorum.ts';
import { DEFAULT_HEALTH } from '../../../src/model/health.ts';
import { OUTCOME, type Outcome } from '../../../src/model/probe.ts';
import type { State, Verdict, Vote } from '../../../src/model/verdict.ts';
import { voteOf } from '../../support/votes.ts';

const TWO_REGIONS = { votes: 2, regions: 2 };
const ONE_REGION = { votes: 2, regions: 1 };

const RISE = 2;

/** Votes as `region+` (up), `region-` (down) and `region~` (held by the flap guard). */
const votesOf = (text: string): Vote[] =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, i) => voteOf(`${word.slice(0, -1)}/p${i}`, word.endsWith('+'), word.endsWith('~') ? HELD : {}));
const HELD: Partial<Vote> = { outcome: OUTCOME.OK, against: RISE, needed: 26 };

const stateOf = (text: string, rule: QuorumRule = TWO_REGIONS, wasUp = true): State =>
  concludes(
    tally(votesOf(text), (vote) => standOf(vote, RISE)),
    rule,
    wasUp,
  );

test('down takes more than half of the votes, and two regions that see it', (t) => {
  t.is(stateOf('eu- us- ap-'), 'down');
  t.is(stateOf('eu- us- ap+'), 'down');
  t.is(stateOf('eu- us+ ap+'), 'up');
  t.is(stateOf('eu- us+'), 'up');
  t.is(stateOf('eu- us- ap+ sa+'), 'up');
});

test('a fault that one region sees never moves the verdict, however many probers it has', (t) => {
  t.is(stateOf('eu- eu- us+'), 'up');
  t.is(stateOf('eu- eu- eu- eu- eu- us+ ap+'), 'up');
  t.is(stateOf('eu- eu- eu- us- us+ us+'), 'up');
});

test('a region sees a fault if at least half of its votes do', (t) => {
  t.is(stateOf('eu- eu- us- us+'), 'down');
  t.is(stateOf('eu- us- us+'), 'down');
  t.is(stateOf('eu- eu- eu- eu- us- us+ us+'), 'up');
});

test('where probers of one region only are alive, their majority decides', (t) => {
  t.is(stateOf('eu- eu- eu+', ONE_REGION), 'down');
  t.is(stateOf('eu- eu+', ONE_REGION), 'up');
  t.is(stateOf('eu-', { votes: 1, regions: 1 }), 'down');
});

test('too few votes, or votes of too few regions, conclude nothing', (t) => {
  t.is(stateOf(''), 'unknown');
  t.is(stateOf('eu-'), 'unknown');
  t.is(stateOf('eu+'), 'unknown');
  t.is(stateOf('eu- eu- eu-'), 'unknown');
  t.is(stateOf('eu+ eu+ eu+'), 'unknown');
});

test('a vote is held if it is down with at least `rise` successes to speak against it', (t) => {
  t.is(standOf({ isUp: true, against: 2 }, 2), 'up');
  t.is(standOf({ isUp: false, against: 1 }, 2), 'down');
  t.is(standOf({ isUp: false, against: 2 }, 2), 'held');
});

test('held votes take down nothing that is up', (t) => {
  t.is(stateOf('eu~ us~ ap~'), 'up');
  t.is(stateOf('eu- us~ ap~'), 'up');
  t.is(stateOf('eu- us- ap~'), 'down');
});

test('held votes keep down what is down, as votes of down would', (t) => {
  const state = (text: string): State => stateOf(text, TWO_REGIONS, false);
  t.is(state('eu~ us~ ap+'), 'down');
  t.is(state('eu- us~ ap+'), 'down');
  t.is(state('eu~ us+ ap+'), 'up');
  t.is(state('eu~ eu~ us+'), 'up');
  t.is(state('eu~ eu~ us~ us+'), 'down');
});

test('held votes are votes: with them there are enough to conclude something', (t) => {
  t.is(stateOf('eu~ us+', TWO_REGIONS, false), 'up');
  t.is(stateOf('eu~', TWO_REGIONS, false), 'unknown');
});

test('the rule follows the probers that are alive, and the settings where they say more', (t) => {
  const rule = (points: number, regions: string[], settings = {}) => {
    const { votes, regions: least } = quorumRule(points, regions, { ...DEFAULT_HEALTH, ...settings });
    return `${votes} of ${least}`;
  };
  t.is(rule(3, ['eu', 'us', 'ap', 'sa']), '2 of 2');
  t.is(rule(5, ['eu', 'us', 'ap', 'sa', 'eu']), '3 of 2');
  t.is(rule(3, ['eu']), '1 of 1');
  t.is(rule(3, ['eu', 'us']), '2 of 2');
  t.is(rule(3, ['eu', 'eu', 'eu']), '2 of 1');
  t.is(rule(1, ['eu', 'us']), '1 of 1');
  t.is(rule(3, ['eu'], { leastVotes: 2, leastRegions: 2 }), '2 of 2');
  t.is(rule(3, []), '2 of 2');
  t.is(rule(1, []), '1 of 1');
});

const judged = (text: string, previous?: Verdict, nowMs = 50_000): Verdict =>
  judge('web/london#4', votesOf(text), TWO_REGIONS, previous, nowMs, RISE);
const LAST_DOWN = { ...judged('eu- us-'), sinceMs: 10_000 };

test('unknown keeps what was concluded last, and is up if nothing ever was', (t) => {
  t.like(judged('eu-'), { state: 'unknown', isUp: true, sinceMs: 0 });
  t.like(judged('eu+', LAST_DOWN), { state: 'unknown', isUp: false, sinceMs: 10_000 });
  t.like(judged('', { ...judged('eu+ us+'), sinceMs: 7 }), { state: 'unknown', isUp: true, sinceMs: 7 });
});

test('what has never been seen otherwise is so since 0', (t) => {
  t.like(judged('eu+ us+ ap+'), { state: 'up', isUp: true, sinceMs: 0 });
});

test('a change is dated by the vote that decided it, so that all servers date it alike', (t) => {
  const down = [
    voteOf('eu/a', false, { sinceMs: 41_000 }),
    voteOf('us/b', false, { sinceMs: 43_000 }),
    voteOf('ap/c', false, { sinceMs: 47_000 }),
  ];
  t.is(judge('t', down, TWO_REGIONS, undefined, 50_000, RISE).sinceMs, 43_000);
  t.is(judge('t', down, TWO_REGIONS, undefined, 42_000, RISE).sinceMs, 42_000);
  const sameRegionFirst = [down[0]!, voteOf('eu/d', false, { sinceMs: 42_000 }), down[2]!];
  t.is(judge('t', sameRegionFirst, TWO_REGIONS, undefined, 50_000, RISE).sinceMs, 47_000);
  const up = [voteOf('eu/a', true, { sinceMs: 45_000 }), voteOf('us/b', true, { sinceMs: 46_000 }), down[2]!];
  t.is(judge('t', up, TWO_REGIONS, LAST_DOWN, 50_000, RISE).sinceMs, 46_000);
});

test('a change because others fell silent is dated now', (t) => {
  const left = [voteOf('eu/a', true, { sinceMs: 2000 }), voteOf('us/b', true, { sinceMs: 3000 })];
  t.is(judge('t', left, TWO_REGIONS, LAST_DOWN, 50_000, RISE).sinceMs, 50_000);
});

test('what held votes keep is as it was since it was so, and nothing where nothing was known', (t) => {
  t.like(judged('eu~ us~ ap~', LAST_DOWN), { state: 'down', isUp: false, sinceMs: 10_000 });
  t.like(judged('eu~ us~ ap~', { ...judged('eu+ us+'), sinceMs: 7 }), { state: 'up', isUp: true, sinceMs: 7 });
  t.like(judged('eu~ us~ ap~'), { state: 'up', isUp: true, sinceMs: 0 });
});

test('a verdict that the guard let go is dated by the vote that came up, one that went down by those that saw it', (t) => {
  const held = voteOf('ap/c', false, { ...HELD, sinceMs: 44_000 });
  const up = [voteOf('eu/a', true, { sinceMs: 45_000 }), voteOf('us/b', true, { sinceMs: 46_000 }), held];
  t.is(judge('t', up, TWO_REGIONS, LAST_DOWN, 50_000, RISE).sinceMs, 46_000);
  const down = [voteOf('eu/a', false, { sinceMs: 45_000 }), voteOf('us/b', false, { sinceMs: 46_000 }), held];
  t.is(judge('t', down, TWO_REGIONS, undefined, 50_000, RISE).sinceMs, 46_000);
});

test('the reason says what the flap guard holds', (t) => {
  t.is(judged('eu- us- ap~').why, '2 of 3 vantage points in 3 regions: refused; 1 held down by the flap guard');
  t.is(judged('eu~ us~ ap~', LAST_DOWN).why, '3 of 3 vantage points in 3 regions: held down by the flap guard');
  t.is(judged('eu~ us- ap+', LAST_DOWN).why, '2 of 3 vantage points in 3 regions: 1 held down by the flap guard');
  t.is(judged('eu~ us~ ap+').why, '1 of 3 vantage points in 3 regions; 2 held down by the flap guard');
  t.is(judged('eu~ us- ap+').why, '1 of 3 vantage points in 3 regions; 1 sees refused; 1 held down by the flap guard');
});

test('the reason names how many see what', (t) => {
  t.is(judged('eu- us- ap-').why, '3 of 3 vantage points in 3 regions: refused');
  t.is(judged('eu- us- ap+').why, '2 of 3 vantage points in 3 regions: refused');
  t.is(judged('eu+ us+ ap+').why, '3 of 3 vantage points in 3 regions');
  t.is(judged('eu+ us+ ap-').why, '2 of 3 vantage points in 3 regions; 1 sees refused');
  t.is(judged('eu+ us- eu+ us-').why, '2 of 4 vantage points in 2 regions; 2 see refused');
  t.is(judged('eu- eu- us+').why, '1 of 3 vantage points in 2 regions; 2 see refused, in too few regions to count');
  t.is(judged('eu-').why, 'taken as up: 1 fresh vote of 1 region, needed 2 of 2');
  t.is(judged('', LAST_DOWN).why, 'stays down: 0 fresh votes of 0 regions, needed 2 of 2');
  t.is(judged('eu+ eu+', judged('eu+ us+')).why, 'stays up: 2 fresh votes of 1 region, needed 2 of 2');
  t.is(judge('t', votesOf('eu- eu-'), ONE_REGION, undefined, 0, RISE).why, '2 of 2 vantage points: refused');
});

test('the reason is the most common one, in the words of the check if it had any', (t) => {
  const why = (...causes: [Outcome, string][]): string => {
    const votes = causes.map(([outcome, detail], i) => voteOf(`r${i}/p`, false, { outcome, detail }));
    return judge('t', votes, TWO_REGIONS, undefined, 0, RISE).why.split(': ')[1]!;
  };
  t.is(why([OUTCOME.BAD_STATUS, 'status 503'], [OUTCOME.TIMEOUT, ''], [OUTCOME.BAD_STATUS, 'status 503']), 'status 503');
  t.is(why([OUTCOME.TIMEOUT, ''], [OUTCOME.RESET, '']), 'reset');
  t.is(why([42 as Outcome, ''], [42 as Outcome, '']), 'outcome 42');
});

const word = fc.tuple(fc.constantFrom('eu', 'us', 'ap'), fc.constantFrom('+', '-', '~')).map(([region, sign]) => region + sign);
const ballot = fc.array(word, { maxLength: 7 });
const rule = fc.record({ votes: fc.integer({ min: 1, max: 4 }), regions: fc.integer({ min: 1, max: 2 }) });
const RUNS = { seed: 20261121, numRuns: 1000 };

test('law: one more vote of down, or one vote turned to down, never turns down into anything else', (t) => {
  fc.assert(
    fc.property(ballot, rule, word, fc.nat(6), (votes, quorum, more, at) => {
      fc.pre(stateOf(votes.join(' '), quorum) === 'down');
      t.is(stateOf([...votes, `${more.slice(0, -1)}-`].join(' '), quorum), 'down');
      const turned = votes.map((vote, i) => (i === at % votes.length ? `${vote.slice(0, -1)}-` : vote));
      t.is(stateOf(turned.join(' '), quorum), 'down');
    }),
    RUNS,
  );
});

test('law: what is down without counting held votes as down is down, and what is up though they are so counted is up', (t) => {
  const counted = (votes: readonly string[], as: string): string => votes.join(' ').replaceAll('~', as);
  fc.assert(
    fc.property(ballot, rule, fc.boolean(), (votes, quorum, wasUp) => {
      const [least, most] = [stateOf(counted(votes, '+'), quorum), stateOf(counted(votes, '-'), quorum)];
      const kept = wasUp ? 'up' : 'down';
      t.is(stateOf(votes.join(' '), quorum, wasUp), least === most ? least : kept);
    }),
    RUNS,
  );
});

test('law: the order of votes does not matter', (t) => {
  const pairs = ballot.chain((votes) => fc.tuple(fc.constant(votes), fc.shuffledSubarray(votes, { minLength: votes.length })));
  fc.assert(
    fc.property(pairs, rule, ([votes, shuffled], quorum) => {
      t.is(stateOf(shuffled.join(' '), quorum), stateOf(votes.join(' '), quorum));
    }),
    RUNS,
  );
});

test('law: all up is never down, all down is never up', (t) => {
  fc.assert(
    fc.property(ballot, rule, (votes, quorum) => {
      const all = (sign: string): State => stateOf(votes.map((vote) => vote.slice(0, -1) + sign).join(' '), quorum);
      return all('+') !== 'down' && all('-') !== 'up';
    }),
    RUNS,
  );
  t.pass();
});

test('law: where two regions are asked for, no votes of a single region take down what others see up', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.constantFrom('us+', 'ap+'), { minLength: 1, maxLength: 5 }),
      (n, ups) => {
        return stateOf([...Array(n).fill('eu-'), ...ups].join(' ')) !== 'down';
      },
    ),
    RUNS,
  );
  t.pass();
});

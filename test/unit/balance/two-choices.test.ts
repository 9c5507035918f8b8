import test from 'ava';
import type { Candidates } from '../../../src/balance/candidates.ts';
import type { Chooser } from '../../../src/balance/chooser.ts';
import { RandomChoice } from '../../../src/balance/random.ts';
import { hasLessActive, TwoChoices } from '../../../src/balance/two-choices.ts';
import { candidatesOf, chiSquare, keysOf, randomOf, serversOf, setCandidates, tally } from '../../support/balance.ts';

const twoOf = (candidates: Candidates): TwoChoices => new TwoChoices(candidates, hasLessActive);

/** The most that any server ever had, when `under` requests are always under way and the oldest ends as another begins. */
function mostActive(make: (candidates: Candidates) => Chooser, servers: number, under: number, requests: number): number {
  const candidates = candidatesOf(serversOf(servers));
  const chooser = make(candidates);
  chooser.update();
  const random = randomOf(99);
  const running: number[] = [];
  let most = 0;
  for (let i = 0; i < requests; i++) {
    if (running.length === under) candidates.table.end(running.splice(Math.floor(random() * under), 1)[0]!);
    const slot = chooser.choose(0, 0, random);
    candidates.table.begin(slot);
    running.push(slot);
    most = Math.max(most, candidates.table.columns.active[slot]!);
  }
  return most;
}

test('the fullest server has far less than with random choice: mean 10, at most 14 against 20 and more', (t) => {
  const two = mostActive(twoOf, 100, 1000, 20_000);
  const random = mostActive((candidates) => new RandomChoice(candidates), 100, 1000, 20_000);
  t.true(two <= 14, `two choices: ${two}`);
  t.true(random >= 20, `random: ${random}`);
});

test('of two servers the one with less under way for its weight is always taken', (t) => {
  const candidates = candidatesOf(serversOf(2, (i) => ({ weight: i === 0 ? 1 : 3 })));
  const random = randomOf(3);
  candidates.table.columns.active.set([2, 5]);
  for (let i = 0; i < 20; i++) t.is(twoOf(candidates).choose(0, 0, random), 1);
  candidates.table.columns.active.set([2, 7]);
  for (let i = 0; i < 20; i++) t.is(twoOf(candidates).choose(0, 0, random), 0);
});

test('an idle service is spread by weight', (t) => {
  const weights = [1, 2, 3, 4];
  const chooser = twoOf(candidatesOf(serversOf(4, (i) => ({ weight: weights[i]! }))));
  t.true(chiSquare(tally(chooser, keysOf(20_000), 4), [0.1, 0.2, 0.3, 0.4]) < 16.27);
});

test('the two are never the same server', (t) => {
  const candidates = candidatesOf(serversOf(5, (i) => ({ weight: i === 2 ? 65535 : 1 })));
  const heavy = [...candidates.slots].indexOf(2);
  const random = randomOf(5);
  for (let i = 0; i < 1000; i++) t.not(candidates.findOther(heavy, random()), heavy);
  for (let first = 0; first < 5; first++) {
    for (const edge of [0, 0.5, 1 - 2 ** -32]) t.not(candidates.findOther(first, edge), first);
  }
});

test('a full server is not chosen, whichever of the two it is, and nobody if all are full', (t) => {
  const candidates = candidatesOf(serversOf(3));
  const random = randomOf(11);
  candidates.table.columns.limit[0] = 0;
  for (let i = 0; i < 50; i++) t.not(twoOf(candidates).choose(0, 0, random), 0);
  candidates.table.columns.limit[1] = 0;
  for (let i = 0; i < 50; i++) t.is(twoOf(candidates).choose(0, 0, random), 2);
  candidates.table.columns.limit[2] = 0;
  t.is(twoOf(candidates).choose(0, 0, random), -1);
});

test('one server is chosen while it is not full, and nobody if there is nobody', (t) => {
  const candidates = candidatesOf(serversOf(1));
  const random = randomOf(2);
  t.is(twoOf(candidates).choose(0, 0, random), 0);
  candidates.table.columns.limit[0] = 0;
  t.is(twoOf(candidates).choose(0, 0, random), -1);
  setCandidates(candidates, []);
  t.is(twoOf(candidates).choose(0, 0, random), -1);
});

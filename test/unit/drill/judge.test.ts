// The drill's own yardstick: what it calls a wrong flip, and what it lets pass.

import test from 'ava';
import { Judge } from '../../drill/judge.ts';
import { rampOf } from '../../drill/ramp.ts';

const LAG_MS = 100;
const BOTH = [true, true];
const WITHOUT_FIRST = [false, true];
const WITHOUT_SECOND = [true, false];

/** Two servers, two members; an answer arrives a millisecond after its query. */
function stage() {
  const judge = new Judge(2, 2, LAG_MS);
  const answer = (server: number, isIn: readonly boolean[], nowMs: number): void => judge.take(server, isIn, nowMs - 1, nowMs);
  return { judge, answer };
}

test('a member that nobody touched may not be missing, not once', (t) => {
  const { judge, answer } = stage();
  answer(0, BOTH, 1000);
  t.deepEqual(judge.wrong, []);
  answer(1, WITHOUT_SECOND, 1020);
  t.deepEqual(judge.wrong, [{ server: 1, member: 1, isMissing: true, atMs: 1020 }]);
});

test('a broken member may stay until a server knows, and its time counts on each server', (t) => {
  const { judge, answer } = stage();
  judge.want(0, false, 1000);
  for (const nowMs of [1020, 4000]) answer(0, BOTH, nowMs);
  answer(0, WITHOUT_FIRST, 5000);
  t.false(judge.hasTurned(0));
  answer(1, BOTH, 5010);
  answer(1, WITHOUT_FIRST, 5030);
  t.true(judge.hasTurned(0));
  t.deepEqual(judge.turn(0), { firstRightMs: [4000, 4030], spreadMs: 30, lastStaleSentMs: [3999, 5009] });
  t.deepEqual(judge.wrong, []);
});

test('another worker may lag a moment behind, which adds to the spread; later the same is a wrong flip', (t) => {
  const { judge, answer } = stage();
  judge.want(0, false, 1000);
  answer(0, WITHOUT_FIRST, 2000);
  answer(1, WITHOUT_FIRST, 2000);
  answer(1, BOTH, 2000 + LAG_MS);
  t.deepEqual(judge.wrong, []);
  t.is(judge.turn(0).spreadMs, LAG_MS);
  answer(1, BOTH, 2001 + LAG_MS);
  t.deepEqual(judge.wrong, [{ server: 1, member: 0, isMissing: false, atMs: 2001 + LAG_MS }]);
});

test('a mended member that comes and goes is a wrong flip', (t) => {
  const { judge, answer } = stage();
  judge.want(0, false, 1000);
  answer(0, WITHOUT_FIRST, 2000);
  judge.want(0, true, 3000);
  answer(0, WITHOUT_FIRST, 3500);
  answer(0, BOTH, 4000);
  t.deepEqual(judge.wrong, []);
  answer(0, WITHOUT_FIRST, 4200);
  t.deepEqual(judge.wrong, [{ server: 0, member: 0, isMissing: true, atMs: 4200 }]);
});

test('an answer to a query from before the turn says nothing of the turn', (t) => {
  const { judge } = stage();
  judge.want(0, false, 1000);
  judge.take(0, WITHOUT_FIRST, 999, 1001);
  judge.take(1, WITHOUT_FIRST, 1000, 1002);
  t.false(judge.hasTurned(0));
});

test('what is uncertain may be either, and the other members count as before', (t) => {
  const { judge, answer } = stage();
  judge.wantAnything(0);
  answer(0, BOTH, 1000);
  answer(0, WITHOUT_FIRST, 2000);
  t.deepEqual(judge.wrong, []);
  answer(0, [false, false], 3000);
  t.deepEqual(
    judge.wrong.map(({ member }) => member),
    [1],
  );
});

test('a ramp is the share of the answers in bins of time, relative to an even one', (t) => {
  const at = (atMs: number, ...members: number[]) => members.map((member) => ({ member, atMs }));
  const samples = [...at(0, 0), ...at(1000, 0, 0, 0, 1), ...at(1999, 0, 0, 0, 0), ...at(2000, 0, 1), ...at(3000, 1)];
  t.deepEqual(rampOf(samples, 1, 2, 1000, 1000, 2), [25, 100]);
});

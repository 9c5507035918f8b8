import test from 'ava';
import { VoteOutbox } from '../../../src/mesh/vote-outbox.ts';
import { OUTCOME } from '../../../src/model/probe.ts';
import type { Vote } from '../../../src/model/verdict.ts';
import { peer } from '../../support/mesh.ts';

const self = peer('p', { epoch: 7 });
const vote = (target: string, seq: number, more: Partial<Vote> = {}): Vote => ({
  ...{ target, prober: 'p', region: 'eu', epoch: 7, seq, isUp: true, sinceMs: 0, atMs: seq, expiresMs: 1000 },
  ...{ outcome: OUTCOME.OK, latencyUs: 1, detail: '', against: 0, needed: 3 },
  ...more,
});

/** An outbox whose votes so far have been sent. */
function sentBox(...votes: readonly Vote[]): VoteOutbox {
  const box = new VoteOutbox(self);
  for (const one of votes) box.add(one);
  for (const batch of box.batches()) box.sent(batch);
  return box;
}

test('an outbox without votes has nothing to send', (t) => {
  const box = new VoteOutbox(self);
  t.false(box.isUsed);
  t.deepEqual(box.batches(), []);
  t.is(box.withdraw(), 0);
  t.deepEqual(box.batches(), []);
});

test('of an hour of votes only the newest on each target is kept', (t) => {
  const box = new VoteOutbox(self);
  for (let seq = 1; seq <= 7200; seq++) box.add(vote(`t${seq % 3}`, seq));
  t.deepEqual(
    box.batches().flatMap(({ votes }) => votes.map(({ seq }) => seq).sort()),
    [7198, 7199, 7200],
  );
});

test('a vote that says the same again can wait, any other cannot', (t) => {
  const box = sentBox(vote('x', 1));
  box.add(vote('x', 2, { latencyUs: 5, detail: 'a bit slower' }));
  t.true(box.hasUnsent);
  t.false(box.isUrgent);
  const changes: readonly Partial<Vote>[] = [{ isUp: false }, { outcome: OUTCOME.REFUSED }, { against: 1 }, { needed: 5 }];
  for (const change of changes) {
    const other = sentBox(vote('x', 1));
    other.add(vote('x', 2, change));
    t.true(other.isUrgent, JSON.stringify(change));
  }
  box.add(vote('y', 3));
  t.true(box.isUrgent, 'the first on a target');
});

test('the first write of a process replaces what its former self left, later ones add to it', (t) => {
  const box = new VoteOutbox(self);
  box.add(vote('x', 1));
  t.deepEqual(
    box.batches().map(({ isFromScratch }) => isFromScratch),
    [true],
  );
  for (const batch of box.batches()) box.sent(batch);
  box.add(vote('x', 2));
  t.deepEqual(
    box.batches().map(({ isFromScratch }) => isFromScratch),
    [false],
  );
});

test('a vote that came while an older one was on its way is still to be sent', (t) => {
  const box = new VoteOutbox(self);
  box.add(vote('x', 1));
  const [batch] = box.batches();
  box.add(vote('x', 2));
  box.sent(batch!);
  t.deepEqual(
    box.batches().flatMap(({ votes }) => votes.map(({ seq }) => seq)),
    [2],
  );
});

test('an expired vote is deleted from the engine, unless there is a new one', (t) => {
  const box = sentBox(vote('x', 1, { expiresMs: 10 }), vote('y', 2, { expiresMs: 10 }), vote('z', 3));
  box.expire(10);
  box.add(vote('y', 4));
  const [batch] = box.batches();
  t.deepEqual(batch!.forgotten, ['x']);
  box.sent(batch!);
  t.false(box.hasUnsent);
});

test('after a withdrawal everything older is refused and the engine is emptied', (t) => {
  const box = sentBox(vote('x', 5));
  t.is(box.withdraw(), 5);
  t.false(box.add(vote('x', 5)));
  t.true(box.add(vote('x', 6)));
  const [batch] = box.batches();
  t.true(batch!.isFromScratch);
  t.is(box.nextHead().withdrawn, 5);
});

test('many votes go in parts of two hundred', (t) => {
  const box = new VoteOutbox(self);
  for (let i = 1; i <= 4500; i++) box.add(vote(`t${i}`, i));
  const batches = box.batches();
  t.is(batches.length, 20);
  t.true(batches.every(({ votes }) => votes.length === 200));
  for (const batch of batches) box.sent(batch);
  t.true(box.isUrgent, 'the rest');
  t.is(box.batches().flatMap(({ votes }) => votes).length, 500);
});

test('votes of others, of a former self, or out of order are not taken', (t) => {
  const box = sentBox(vote('x', 5));
  t.false(box.add(vote('x', 5)));
  t.false(box.add(vote('x', 4)));
  t.false(box.add(vote('y', 6, { prober: 'q' })));
  t.false(box.add(vote('y', 6, { epoch: 6 })));
  t.false(box.add(vote('@', 6)));
});

test('a withdrawal while votes are on their way is still to be sent', (t) => {
  const box = new VoteOutbox(self);
  box.add(vote('x', 1));
  box.add(vote('y', 2));
  const [onTheWay] = box.batches();
  box.withdraw();
  box.add(vote('y', 3));
  box.sent(onTheWay!);
  const [next] = box.batches();
  t.true(next!.isFromScratch && next!.isUrgent);
  t.deepEqual(
    next!.votes.map(({ seq }) => seq),
    [3],
  );
});

test('votes on their way while everything is to be sent again are sent again, too', (t) => {
  const box = new VoteOutbox(self);
  box.add(vote('x', 1));
  const [onTheWay] = box.batches();
  box.sendAgain();
  box.sent(onTheWay!);
  t.deepEqual(
    box.batches().map(({ votes, isFromScratch }) => [votes.length, isFromScratch]),
    [[1, true]],
  );
});

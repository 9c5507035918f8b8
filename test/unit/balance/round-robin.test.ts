import test from 'ava';
import { RoundRobin } from '../../../src/balance/round-robin.ts';
import { candidatesOf, serversOf, setCandidates } from '../../support/balance.ts';

function turns(chooser: RoundRobin, count: number): number[] {
  return Array.from({ length: count }, () => chooser.choose());
}

function robinOf(count: number): { chooser: RoundRobin; candidates: ReturnType<typeof candidatesOf> } {
  const candidates = candidatesOf(serversOf(count));
  const chooser = new RoundRobin(candidates);
  chooser.update();
  return { chooser, candidates };
}

test('in any run of choices the counts of two servers differ by at most one', (t) => {
  const chosen = turns(robinOf(7).chooser, 100);
  for (let from = 0; from < chosen.length; from++) {
    const counts = new Array<number>(7).fill(0);
    for (let to = from; to < chosen.length; to++) {
      counts[chosen[to]!]!++;
      if (Math.max(...counts) - Math.min(...counts) > 1) t.fail(`from ${from} to ${to}: ${counts}`);
    }
  }
  t.is(new Set(chosen.slice(0, 7)).size, 7);
});

test('a full server is passed over and does not get its turns later', (t) => {
  const { chooser, candidates } = robinOf(3);
  candidates.table.columns.limit[1] = 0;
  t.false(turns(chooser, 30).includes(1));
  candidates.table.columns.limit[1] = 1;
  t.is(turns(chooser, 30).filter((slot) => slot === 1).length, 10);
});

test('nobody is chosen if all are full, or if there is nobody', (t) => {
  const { chooser, candidates } = robinOf(2);
  candidates.table.columns.limit.fill(0);
  t.is(chooser.choose(), -1);
  setCandidates(candidates, []);
  chooser.update();
  t.is(chooser.choose(), -1);
});

test('a change of the servers does not begin the round anew', (t) => {
  const { chooser, candidates } = robinOf(4);
  const counts = new Array<number>(4).fill(0);
  for (let i = 0; i < 400; i++) {
    counts[chooser.choose()]!++;
    chooser.update();
  }
  t.deepEqual(counts, [100, 100, 100, 100]);
  setCandidates(candidates, [0]);
  chooser.update();
  t.deepEqual(turns(chooser, 3), [0, 0, 0]);
});

test('a server that has a quarter of its weight gets a quarter of the turns of another', (t) => {
  const { chooser, candidates } = robinOf(3);
  setCandidates(candidates, [0, 1, 2], (slot) => (slot === 1 ? 0.25 : 1));
  chooser.update();
  const chosen = turns(chooser, 900);
  t.deepEqual(
    [0, 1, 2].map((slot) => chosen.filter((one) => one === slot).length),
    [400, 100, 400],
  );
});

test('servers that all start with next to nothing get turns all the same', (t) => {
  const { chooser, candidates } = robinOf(2);
  setCandidates(candidates, [0, 1], () => 0.01);
  chooser.update();
  t.true(chooser.choose() >= 0);
});

import test from 'ava';
import fc from 'fast-check';
import { WaitQueue } from '../../../src/balance/wait-queue.ts';

test('who came first is served first', (t) => {
  const queue = new WaitQueue<string>(3, 100);
  for (const waiter of ['a', 'b', 'c']) t.true(queue.push(waiter, 0));
  t.deepEqual([queue.shift(1), queue.shift(1), queue.shift(1), queue.shift(1)], ['a', 'b', 'c', null]);
});

test('a full queue takes nobody, until somebody was served', (t) => {
  const queue = new WaitQueue<string>(2, 100);
  t.true(queue.push('a', 0));
  t.true(queue.push('b', 0));
  t.false(queue.push('c', 0));
  queue.shift(0);
  t.true(queue.push('c', 0));
  t.is(queue.size, 2);
});

test('who has waited too long is not served but handed back', (t) => {
  const queue = new WaitQueue<string>(3, 100);
  queue.push('a', 0);
  queue.push('b', 50);
  t.is(queue.deadlineMs, 100);
  t.is(queue.expire(99), null);
  t.is(queue.first, 'a');
  t.is(queue.shift(100), null);
  t.is(queue.expire(100), 'a');
  t.is(queue.expire(100), null);
  t.is(queue.deadlineMs, 150);
  t.is(queue.shift(149), 'b');
  t.is(queue.deadlineMs, Number.POSITIVE_INFINITY);
  t.is(queue.first, null);
});

test('who leaves makes room, wherever in the queue', (t) => {
  const queue = new WaitQueue<string>(3, 100);
  for (const waiter of ['a', 'b', 'c']) queue.push(waiter, 0);
  t.true(queue.remove('b'));
  t.false(queue.remove('b'));
  t.is(queue.size, 2);
  t.true(queue.push('d', 10));
  t.false(queue.push('e', 10));
  t.true(queue.remove('a'));
  t.is(queue.deadlineMs, 100, 'of c');
  t.deepEqual([queue.shift(20), queue.shift(20), queue.shift(20)], ['c', 'd', null]);
});

test('where nobody may wait, nobody does', (t) => {
  const queue = new WaitQueue<string>(0, 100);
  t.false(queue.push('a', 0));
  t.is(queue.shift(0), null);
  t.is(queue.expire(0), null);
});

test('it behaves like a plain list, whatever happens in what order', (t) => {
  const step = fc.oneof(fc.constant('push' as const), fc.constant('shift' as const), fc.constant('expire' as const), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new WaitQueue<number>(4, 10);
      let list: { waiter: number; deadlineMs: number }[] = [];
      for (const [nowMs, what] of steps.entries()) {
        if (what === 'push') {
          const isTaken = list.length < 4;
          if (queue.push(nowMs, nowMs) !== isTaken) return false;
          if (isTaken) list.push({ waiter: nowMs, deadlineMs: nowMs + 10 });
        } else if (what === 'shift') {
          const first = list[0];
          const expected = first !== undefined && first.deadlineMs > nowMs ? first.waiter : null;
          if (queue.shift(nowMs) !== expected) return false;
          if (expected !== null) list = list.slice(1);
        } else if (what === 'expire') {
          const late = list.filter(({ deadlineMs }) => deadlineMs <= nowMs);
          for (const { waiter } of late) if (queue.expire(nowMs) !== waiter) return false;
          if (queue.expire(nowMs) !== null) return false;
          list = list.slice(late.length);
        } else {
          const isThere = list.some(({ waiter }) => waiter === what);
          if (queue.remove(what) !== isThere) return false;
          list = list.filter(({ waiter }) => waiter !== what);
        }
        if (queue.size !== list.length) return false;
      }
      return true;
    }),
    { seed: 4, numRuns: 300 },
  );
  t.pass();
});

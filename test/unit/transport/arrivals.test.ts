import test from 'ava';
import fc from 'fast-check';
import { Arrivals } from '../../../src/transport/arrivals.ts';

interface Entry {
  readonly name: string;
  readonly addressKey: string;
  readonly idleSinceMs: number;
}
const entry = (name: string, addressKey: string, idleSinceMs = 0): Entry => ({ name, addressKey, idleSinceMs });
const names = (arrivals: Arrivals<Entry>): string => Array.from(arrivals.values(), ({ name }) => name).join('');

test('arrivals leave in order once their time is over', (t) => {
  const arrivals = new Arrivals<Entry>(5);
  for (const [name, ms] of [
    ['a', 10],
    ['b', 20],
    ['c', 30],
  ] as const)
    arrivals.add(entry(name, 'x', ms));
  t.is(arrivals.takeOlder(9), undefined);
  t.is(arrivals.takeOlder(20)?.name, 'a');
  t.is(arrivals.takeOlder(20)?.name, 'b');
  t.is(arrivals.takeOlder(20), undefined);
  t.is(names(arrivals), 'c');
  arrivals.takeOlder(30);
  t.is(arrivals.takeOlder(30), undefined);
  t.is(arrivals.size, 0);
});

test('when there is no room the address with the most gives up its oldest', (t) => {
  const arrivals = new Arrivals<Entry>(4);
  for (const text of ['ax', 'by', 'cy', 'dz']) arrivals.add(entry(text[0]!, text[1]!));
  t.is(arrivals.add(entry('e', 'x'))?.name, 'b');
  t.is(arrivals.add(entry('f', 'z'))?.name, 'a');
  t.is(names(arrivals), 'cdef');
});

test('what has left is not removed a second time', (t) => {
  const arrivals = new Arrivals<Entry>(2);
  const a = entry('a', 'x');
  arrivals.add(a);
  t.true(arrivals.remove(a));
  t.false(arrivals.remove(a));
});

test('no sequence of events exceeds the bound or loses a connection', (t) => {
  const event = fc.record({ kind: fc.constantFrom('add', 'add', 'remove', 'take'), which: fc.nat(20), address: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), (events) => {
      const arrivals = new Arrivals<Entry>(6);
      const present = new Set<Entry>();
      for (const [nowMs, { kind, which, address }] of events.entries()) {
        if (kind === 'add') {
          const added = entry('', String(address), nowMs);
          const evicted = arrivals.add(added);
          if (evicted !== undefined && !present.delete(evicted)) return false;
          present.add(added);
        } else if (kind === 'take') {
          const taken = arrivals.takeOlder(nowMs - which);
          if (taken !== undefined && !present.delete(taken)) return false;
        } else {
          const one = [...present][which % Math.max(1, present.size)];
          if (one !== undefined && !arrivals.remove(one)) return false;
          if (one !== undefined) present.delete(one);
        }
        if (arrivals.size !== present.size || arrivals.size > 6) return false;
        if (![...arrivals.values()].every((one) => present.has(one))) return false;
      }
      return true;
    }),
    { seed: 12, numRuns: 300 },
  );
  t.pass();
});

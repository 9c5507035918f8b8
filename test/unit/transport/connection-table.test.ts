import test from 'ava';
import fc from 'fast-check';
import { ConnectionTable } from '../../../src/transport/connection-table.ts';

interface Entry {
  readonly name: string;
  readonly addressKey: string;
}
const entry = (name: string, addressKey: string): Entry => ({ name, addressKey });
const names = (table: ConnectionTable<Entry>): string => Array.from(table.values(), ({ name }) => name).join('');

test('when all places are taken the longest idle connection leaves', (t) => {
  const table = new ConnectionTable<Entry>(3, 3);
  const [a, b, c] = [entry('a', '1'), entry('b', '2'), entry('c', '3')];
  for (const one of [a, b, c]) t.is(table.add(one), undefined);
  table.touch(a);
  t.is(names(table), 'bca');
  t.is(table.add(entry('d', '4')), b);
  t.is(names(table), 'cad');
});

test('when one address has all its places its own longest idle connection leaves', (t) => {
  const table = new ConnectionTable<Entry>(10, 2);
  const [a, b, c] = [entry('a', 'x'), entry('b', 'y'), entry('c', 'y')];
  for (const one of [a, b, c]) t.is(table.add(one), undefined);
  table.touch(b);
  t.is(table.add(entry('d', 'y')), c);
  t.is(names(table), 'abd');
});

test('a limit of one for an address replaces its connection', (t) => {
  const table = new ConnectionTable<Entry>(10, 1);
  const a = entry('a', 'x');
  table.add(a);
  t.is(table.add(entry('b', 'x')), a);
  t.is(names(table), 'b');
});

test('removing is idempotent and touching what has left does nothing', (t) => {
  const table = new ConnectionTable<Entry>(2, 2);
  const a = entry('a', 'x');
  table.add(a);
  table.remove(a);
  table.remove(a);
  table.touch(a);
  t.is(table.size, 0);
});

test('no sequence of events exceeds a limit, and size is always the number of members', (t) => {
  const event = fc.record({ kind: fc.constantFrom('add', 'touch', 'remove'), which: fc.nat(11), address: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const table = new ConnectionTable<Entry>(5, 2);
      const all: Entry[] = [];
      for (const { kind, which, address } of events) {
        const one = all[which % Math.max(1, all.length)];
        if (kind === 'add') {
          const added = entry('', String(address));
          all.push(added);
          table.add(added);
        } else if (one !== undefined) kind === 'touch' ? table.touch(one) : table.remove(one);
        const members = [...table.values()];
        if (members.length !== table.size || members.length > 5) return false;
        for (let key = 0; key <= 3; key++) if (members.filter((m) => m.addressKey === String(key)).length > 2) return false;
      }
      return true;
    }),
    { seed: 8, numRuns: 300 },
  );
  t.pass();
});

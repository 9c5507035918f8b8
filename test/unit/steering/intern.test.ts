import test from 'ava';
import fc from 'fast-check';
import { EMPTY, ListNumbers } from '../../../src/steering/intern.ts';

test('lists get equal numbers exactly if they are equal', (t) => {
  const lists = new ListNumbers();
  const seen = new Map<number, string>();
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 6 }), (list) => {
      const number = list.reduce((left, element) => lists.append(left, element), EMPTY);
      const text = seen.get(number) ?? list.join();
      seen.set(number, text);
      return text === list.join();
    }),
    { seed: 7, numRuns: 3000 },
  );
  t.true(seen.size > 1000);
});

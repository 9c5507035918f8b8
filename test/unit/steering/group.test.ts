import test from 'ava';
import { fraction, NOTHING, ONE } from '../../../src/steering/fraction.ts';
import { Chain, isFull, shareOut } from '../../../src/steering/group.ts';
import { NO_MASS } from '../../../src/steering/share.ts';

test('settled members share by weight, and there is room for all', (t) => {
  t.deepEqual(shareOut([20, 10, 30], [1000, 1000, 1000]), { shares: [2, 1, 3], room: ONE });
});

test('a recovering member has its share of what it will have, and the settled ones the rest by weight', (t) => {
  t.deepEqual(shareOut([1, 1], [100, 1000]), { shares: [1, 19], room: ONE });
  // 10 % of 100/101, however heavy it is beside the member that carried everything
  t.deepEqual(shareOut([100, 1], [100, 1000]).shares, [10, 91]);
  t.deepEqual(shareOut([2, 1, 1], [500, 1000, 1000]).shares, [2, 3, 3]);
});

test('if all recover they share by what each may have, and leave the rest', (t) => {
  t.deepEqual(shareOut([1, 1], [100, 100]), { shares: [1, 1], room: fraction(1, 10) });
  t.deepEqual(shareOut([3, 1], [200, 400]), { shares: [3, 2], room: fraction(1, 4) });
});

test('a chain gives each what the ones before it have left', (t) => {
  const chain = new Chain();
  t.true(chain.isEmpty && !chain.isFull);
  chain.add({ members: [1], weights: [1] }, fraction(1, 10));
  chain.add(NO_MASS, NOTHING);
  chain.add({ members: [2], weights: [1] }, fraction(1, 2));
  t.deepEqual(chain.take(), { distribution: { members: [1, 2], weights: [2, 9] }, room: fraction(11, 20) });
  chain.add({ members: [3, 1], weights: [1, 1] }, ONE);
  t.true(chain.isFull);
  const { distribution, room } = chain.take();
  t.deepEqual(distribution, { members: [1, 2, 3], weights: [13, 18, 9] });
  t.true(isFull(room));
});

test('an empty chain has no mass, and one link is itself', (t) => {
  t.deepEqual(new Chain().take(), { distribution: NO_MASS, room: NOTHING });
  const chain = new Chain();
  const only = { members: [4], weights: [1] };
  chain.add(only, fraction(1, 12));
  t.is(chain.take().distribution, only);
});

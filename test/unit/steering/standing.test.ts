import test from 'ava';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import { serves } from '../../../src/model/steering.ts';
import { STANDING, standings } from '../../../src/steering/standing.ts';
import { down, modelOf } from '../../support/steering.ts';

const { DOWN, UP, BLANK } = STANDING;
const model = modelOf(
  {
    web: [{ site: 'london' }, { site: 'tokyo', has: 'v4' }, { site: 'sydney', has: 'v6' }, { site: 'newyork', has: 'alias' }],
  },
  {},
);

test('a member without an address of the family asked is blank while it is up in its own', (t) => {
  t.deepEqual([...standings(model, 4, EVERYTHING_UP).standing], [UP, UP, BLANK, UP]);
  t.deepEqual([...standings(model, 6, EVERYTHING_UP).standing], [UP, BLANK, UP, UP]);
});

test('a member that has the family but is down in it is down for it alone', (t) => {
  const health = down(model, ['web/london', 'web/tokyo'], 4);
  t.deepEqual([...standings(model, 4, health).standing], [DOWN, DOWN, BLANK, UP]);
  t.deepEqual([...standings(model, 6, health).standing], [UP, DOWN, UP, UP]);
});

test('an alias serves both families', (t) => {
  t.true(serves(model.members[3]!, 4) && serves(model.members[3]!, 6));
});

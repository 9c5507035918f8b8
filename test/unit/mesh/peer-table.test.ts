import test from 'ava';
import { PeerTable } from '../../../src/mesh/peer-table.ts';
import { peer } from '../../support/mesh.ts';

const ids = (table: PeerTable): string => table.list.map(({ id }) => id).join();

test('we are always among the peers, as we last announced ourselves', (t) => {
  const table = new PeerTable(peer('me'), 100);
  t.is(ids(table), 'me');
  t.false(table.update([], 0));
  t.true(table.announce(peer('me', { isWithdrawn: true })));
  t.true(table.update([peer('a'), peer('me')], 0));
  t.is(ids(table), 'a,me');
  t.true(table.list[1]!.isWithdrawn);
});

test('who is missing from the list is dropped at once', (t) => {
  const table = new PeerTable(peer('me'), 100);
  table.update([peer('a'), peer('b')], 0);
  t.true(table.update([peer('b')], 1));
  t.is(ids(table), 'b,me');
});

test('after an outage who is missing has time to come back', (t) => {
  const table = new PeerTable(peer('me'), 100);
  table.update([peer('a'), peer('b')], 0);
  table.doubt(1000);
  t.false(table.update([], 1000));
  t.false(table.update([peer('a')], 1050));
  t.is(ids(table), 'a,b,me');
  t.false(table.prune(1099));
  t.true(table.prune(1100));
  t.is(ids(table), 'a,me');
});

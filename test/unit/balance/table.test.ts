import test from 'ava';
import { DECAY_MS, ServerTable, UNLIMITED } from '../../../src/balance/table.ts';
import { serverOf, serversOf } from '../../support/balance.ts';

test('servers keep their slots and counts when others come and go', (t) => {
  const table = new ServerTable();
  t.deepEqual(table.configure([serverOf('a'), serverOf('b')]), [0, 1]);
  table.begin(1);
  t.deepEqual(table.configure([serverOf('c'), serverOf('b')]), [0, 1]);
  t.deepEqual(table.ids, ['c', 'b']);
  t.is(table.columns.active[1], 1);
});

test('the slot of a server that is gone is not given away while something of it is under way', (t) => {
  const table = new ServerTable();
  table.configure([serverOf('a')]);
  table.begin(0);
  t.deepEqual(table.configure([serverOf('b')]), [1]);
  table.end(0);
  t.deepEqual(table.configure([serverOf('b'), serverOf('c')]), [1, 0]);
  t.is(table.columns.active[0], 0);
});

test('a new server inherits nothing from the one that had its slot', (t) => {
  const table = new ServerTable();
  table.configure([serverOf('a')]);
  table.observeLatency(0, 50, false, 1000);
  table.addOctets(0, 5000, 1000);
  table.reportLoad(0, 0.5, 1000);
  table.configure([serverOf('b')]);
  t.deepEqual([table.latencyMs(0, 1000), table.octetsPerSec(0, 1000), table.load(0, 1000)], [Number.NaN, 0, Number.NaN]);
});

test('the table grows and keeps everything', (t) => {
  const table = new ServerTable();
  table.configure(serversOf(3));
  table.begin(2);
  table.configure(serversOf(100, (i) => ({ weight: i })));
  t.is(table.columns.active[2], 1);
  t.is(table.columns.weight[99], 99);
});

test('a server is free until it has as much as it may have', (t) => {
  const table = new ServerTable();
  table.configure([serverOf('a', { maxActive: 2 }), serverOf('b')]);
  t.is(table.columns.limit[1], UNLIMITED);
  for (let i = 0; i < 2; i++) {
    t.true(table.isFree(0));
    table.begin(0);
  }
  t.false(table.isFree(0));
  table.end(0);
  t.true(table.isFree(0));
});

test('what is active in a group follows its servers', (t) => {
  const table = new ServerTable();
  table.configure(serversOf(2));
  table.setGroup(0, 1);
  table.begin(0);
  table.begin(0);
  table.begin(1);
  t.deepEqual(table.groupActive, [1, 2]);
  table.setGroup(0, 2);
  table.setGroup(1, 2);
  t.deepEqual(table.groupActive, [0, 0, 3]);
  table.configure([serverOf('s1')]);
  t.deepEqual(table.groupActive, [2, 0, 1]);
  table.end(0);
  t.deepEqual(table.groupActive, [1, 0, 1]);
});

test('during a trial one more is allowed than there was, but not more than the limit', (t) => {
  const table = new ServerTable();
  table.configure([serverOf('a', { maxActive: 10 }), serverOf('b', { maxActive: 3 })]);
  table.columns.active.set([4, 3]);
  for (const slot of [0, 1]) table.setTrial(slot, true);
  t.deepEqual([...table.columns.limit.subarray(0, 2)], [5, 3]);
  table.begin(0);
  table.setTrial(0, true);
  t.false(table.isFree(0), 'a trial under way is the only one');
  for (const slot of [0, 1]) table.setTrial(slot, false);
  t.deepEqual([...table.columns.limit.subarray(0, 2)], [10, 3]);
});

test('a steady stream is measured in octets a second', (t) => {
  const table = new ServerTable();
  table.configure([serverOf('a')]);
  let nowMs = 10 ** 12;
  for (; nowMs < 10 ** 12 + 20 * DECAY_MS; nowMs += 10) table.addOctets(0, 1000, nowMs);
  const rate = table.octetsPerSec(0, nowMs);
  t.true(Math.abs(rate / 100_000 - 1) < 0.01, String(rate));
  t.true(Math.abs(table.octetsPerSec(0, nowMs + DECAY_MS) / (rate / Math.E) - 1) < 1e-9);
});

test('the measure of bandwidth works for years', (t) => {
  const table = new ServerTable();
  table.configure(serversOf(2));
  for (let day = 0; day < 3000; day++) table.addOctets(day & 1, 10 ** 12, day * 86_400_000);
  t.true(Number.isFinite(table.columns.decayedOctets[0]!));
  t.is(table.octetsPerSec(1, 2999 * 86_400_000), (10 ** 12 * 1000) / DECAY_MS);
});

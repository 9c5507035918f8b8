import test from 'ava';
import { COUNTER, COUNTER_FACTS, type CounterName, Counters, countersSize } from '../../../src/metrics/counters.ts';

const names = Object.keys(COUNTER) as CounterName[];

test('the columns of a row are used once each and without gaps', (t) => {
  t.deepEqual(
    names.map((name) => COUNTER[name]),
    names.map((_, index) => index),
  );
});

test('every counter has facts, and no two share metric and labels', (t) => {
  t.deepEqual(Object.keys(COUNTER_FACTS).toSorted(), names.toSorted());
  const series = names.map((name) => `${COUNTER_FACTS[name].metric}{${COUNTER_FACTS[name].labels}}`);
  t.is(new Set(series).size, names.length);
  for (const name of names) {
    t.regex(COUNTER_FACTS[name].metric, /^meridian_[a-z_]+_total$/);
    t.regex(COUNTER_FACTS[name].help, /\.$/);
  }
});

test('series of one metric have the same help', (t) => {
  const help = new Map<string, string>();
  for (const name of names) {
    const facts = COUNTER_FACTS[name];
    t.is(help.get(facts.metric) ?? facts.help, facts.help);
    help.set(facts.metric, facts.help);
  }
});

test('rows are apart, start on cache lines, and total over workers', (t) => {
  const buffer = new SharedArrayBuffer(countersSize(3));
  const counters = new Counters(buffer);
  const rows = [0, 1, 2].map((worker) => counters.row(worker));
  for (const [worker, row] of rows.entries()) {
    t.is(row.byteOffset % 64, 0);
    t.is(row.length, names.length);
    for (const name of names) row[COUNTER[name]]! += 10 ** worker * (COUNTER[name] + 1);
  }
  for (const name of names) t.is(counters.total(name), 111 * (COUNTER[name] + 1));
  t.is(new Counters(buffer).total('UDP_QUERIES'), 111);
});

test('a counter goes on past the range of 32 bits', (t) => {
  const counters = new Counters(new SharedArrayBuffer(countersSize(1)));
  const row = counters.row(0);
  row[COUNTER.UDP_QUERIES] = 2 ** 32 - 1;
  row[COUNTER.UDP_QUERIES]! += 2;
  t.is(counters.total('UDP_QUERIES'), 2 ** 32 + 1);
});

import test from 'ava';
import { AskedMeter, askedRow, makeAsked } from '../../../src/metrics/asked.ts';

test('what all workers answered since the last look is summed by slot', (t) => {
  const buffer = makeAsked(2, 20);
  const [one, two] = [askedRow(buffer, 0, 20), askedRow(buffer, 1, 20)];
  one[3] = 7;
  const meter = new AskedMeter(buffer, 20);
  one[3]! += 5;
  two[3]! += 2;
  two[19]! += 1;
  const first = [...meter.take()];
  t.is(first[3], 7, 'what was there before the first look does not count');
  t.is(first[19], 1);
  t.true([...meter.take()].every((count) => count === 0));
});

test('a count that wraps loses nothing', (t) => {
  const buffer = makeAsked(1, 1);
  const row = askedRow(buffer, 0, 1);
  row[0] = 0x7fffffff;
  const meter = new AskedMeter(buffer, 1);
  row[0]! += 3;
  t.is(row[0], -0x7ffffffe);
  t.is(meter.take()[0], 3);
});

test('no slots need no memory', (t) => {
  t.deepEqual([...new AskedMeter(makeAsked(4, 0), 0).take()], []);
});

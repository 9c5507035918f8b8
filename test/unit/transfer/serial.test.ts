import test from 'ava';
import { isAfter } from '../../../src/transfer/serial.ts';

test('serials are compared as RFC 1982 says', (t) => {
  for (const [a, b] of [
    [1, 0],
    [44, 0],
    [100, 44],
    [0, 0xffffffff],
    [0x80000000, 1],
    [0x7fffffff, 0],
    [5, 0xfffffff0],
  ] as const) {
    t.true(isAfter(a, b), `${a} after ${b}`);
    t.false(isAfter(b, a), `${b} after ${a}`);
  }
});

test('no serial comes after itself, nor after one 2^31 away', (t) => {
  t.false(isAfter(7, 7));
  t.false(isAfter(0x80000000, 0));
  t.false(isAfter(0, 0x80000000));
});

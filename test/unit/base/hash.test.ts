import test from 'ava';
import { finish32, mix32 } from '../../../src/base/hash.ts';

test('each bit of a word changes about half of the bits of the hash', (t) => {
  const flips = new Array<number>(32).fill(0);
  const rounds = 2000;
  for (let i = 0; i < rounds; i++) {
    const word = Math.imul(i, 0x9e3779b1);
    const hash = finish32(mix32(7, word));
    for (let bit = 0; bit < 32; bit++) {
      let changed = hash ^ finish32(mix32(7, word ^ (1 << bit)));
      for (; changed !== 0; changed &= changed - 1) flips[bit]!++;
    }
  }
  for (const count of flips) t.true(Math.abs(count / rounds - 16) < 0.5, `${count / rounds} bits of 32`);
});

test('neighbouring words spread evenly over 256 buckets', (t) => {
  const buckets = new Array<number>(256).fill(0);
  for (let word = 0; word < 256 * 100; word++) buckets[finish32(mix32(0, word)) & 255]!++;
  const chiSquare = buckets.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
  t.true(chiSquare < 340, `chi-square ${chiSquare} of 255 degrees of freedom`); // 0.9998 quantile
});

test('a hash is an unsigned 32-bit integer', (t) => {
  for (let i = 0; i < 1000; i++) {
    const hash = finish32(mix32(i, -i));
    t.true(Number.isInteger(hash) && hash >= 0 && hash <= 0xffffffff);
  }
});

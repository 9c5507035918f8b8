import test from 'ava';
import { parseDistance, parseDuration, parseSize } from '../../../src/config/units.ts';

const refused = ['', '5', '1.5s', '-1s', '1s ', '1s2m', '1m1m', 's', '5S', '1e3s', '５s', 'km', 'GiB'];

test('durations are sums of whole numbers with units, in milliseconds', (t) => {
  t.is(parseDuration('300ms'), 300);
  t.is(parseDuration('5s'), 5000);
  t.is(parseDuration('2m'), 120_000);
  t.is(parseDuration('1h30m'), 5_400_000);
  t.is(parseDuration('1d2h3m4s5ms'), 93_784_005);
  t.is(parseDuration('0s'), 0);
});

test('sizes are whole numbers with binary units, in octets', (t) => {
  t.is(parseSize('1232B'), 1232);
  t.is(parseSize('64KiB'), 65_536);
  t.is(parseSize('16MiB'), 16_777_216);
  t.is(parseSize('1GiB'), 1_073_741_824);
});

test('distances may have decimals and miles, in kilometres', (t) => {
  t.is(parseDistance('100km'), 100);
  t.is(parseDistance('0.5km'), 0.5);
  t.is(parseDistance('1000mi'), 1609.344);
});

for (const text of refused) {
  test(`"${text}" is no quantity of any kind`, (t) => {
    t.is(parseDuration(text), undefined);
    t.is(parseSize(text), undefined);
    t.is(parseDistance(text), undefined);
  });
}

test('decimal units of size and units of other kinds are refused', (t) => {
  for (const text of ['4kb', '4KB', '4k', '5s']) t.is(parseSize(text), undefined);
  for (const text of ['100m', '100KM', '1.km', '5s']) t.is(parseDistance(text), undefined);
  for (const text of ['5KiB', '1w', '100km']) t.is(parseDuration(text), undefined);
});

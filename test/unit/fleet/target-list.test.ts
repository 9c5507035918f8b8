import test from 'ava';
import { targetListHash } from '../../../src/fleet/target-list.ts';
import type { Target } from '../../../src/model/probe.ts';
import { PROBE } from '../../support/votes.ts';

const target = (key: string, probe = PROBE): Target => ({
  key,
  index: 0,
  member: 0,
  family: 4,
  probe,
  host: '192.0.2.1',
  port: 80,
});
const LIST = [target('web/a#4'), target('web/b#4'), target('web/c#6')];
const HASH = targetListHash(LIST);

test('lists that were read alike have one hash of 16 digits', (t) => {
  t.regex(HASH, /^[0-9a-f]{16}$/);
  t.is(targetListHash(LIST.map((one) => ({ ...one, probe: { ...PROBE, cadence: { ...PROBE.cadence } } }))), HASH);
});

for (const [what, list] of Object.entries({
  'another target': [...LIST.slice(0, 2), target('web/d#6')],
  'one target less': LIST.slice(0, 2),
  'another order': [...LIST].reverse(),
  'another threshold': LIST.map((one) => target(one.key, { ...PROBE, cadence: { ...PROBE.cadence, fall: 9 } })),
  'more vantage points': LIST.map((one) => target(one.key, { ...PROBE, vantagePoints: 5 })),
  'no target': [],
})) {
  test(`${what} makes another hash`, (t) => {
    t.not(targetListHash(list), HASH);
  });
}

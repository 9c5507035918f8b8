import test from 'ava';
import { OUTCOME } from '../../../src/model/probe.ts';
import { type Lookup, Resolver } from '../../../src/probe/resolver.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const LONG_MS = 30_000;
const both = [
  { address: '192.0.2.1', family: 4 },
  { address: '2001:db8::1', family: 6 },
];
const failing =
  (code: string): Lookup =>
  () =>
    Promise.reject(Object.assign(new Error(code), { code }));

test('an address is its own result', async (t) => {
  const resolver = new Resolver(new ManualClock(), failing('ENOTFOUND'));
  t.deepEqual(await resolver.resolve('192.0.2.7', 4, 5000, LONG_MS), { addresses: ['192.0.2.7'] });
});

test('the system resolves names', async (t) => {
  const found = await new Resolver(new ManualClock()).resolve('localhost', 4, 5000, LONG_MS);
  t.deepEqual(found, { addresses: ['127.0.0.1'] });
});

test('a host is looked up once in an interval, for both families and all who ask together', async (t) => {
  let asked = 0;
  const clock = new ManualClock();
  const resolver = new Resolver(clock, async () => {
    asked++;
    return both;
  });
  const [v4, v6] = await Promise.all([
    resolver.resolve('a.test', 4, 5000, LONG_MS),
    resolver.resolve('a.test', 6, 5000, LONG_MS),
  ]);
  t.deepEqual([v4, v6], [{ addresses: ['192.0.2.1'] }, { addresses: ['2001:db8::1'] }]);
  clock.advance(4999);
  await resolver.resolve('a.test', 4, 5000, LONG_MS);
  t.is(asked, 1);
  clock.advance(1);
  await resolver.resolve('a.test', 4, 5000, LONG_MS);
  t.is(asked, 2);
});

test('a name that does not exist is the fault of the target', async (t) => {
  const found = await new Resolver(new ManualClock(), failing('ENOTFOUND')).resolve('a.test', 4, 5000, LONG_MS);
  t.deepEqual(found, { outcome: OUTCOME.UNRESOLVED, detail: 'a.test has no address' });
});

test('a name with addresses of the other family only leaves nothing to check', async (t) => {
  const found = await new Resolver(new ManualClock(), async () => both.slice(0, 1)).resolve('a.test', 6, 5000, LONG_MS);
  t.is('outcome' in found && found.outcome, OUTCOME.NOT_CHECKED);
});

test('while name servers fail the last known addresses serve, and then nothing is said of the target', async (t) => {
  const clock = new ManualClock();
  let lookup: Lookup = async () => both;
  const resolver = new Resolver(clock, (host) => lookup(host));
  await resolver.resolve('a.test', 4, 5000, LONG_MS);
  lookup = failing('EAI_AGAIN');
  clock.advance(60_000);
  t.deepEqual(await resolver.resolve('a.test', 4, 5000, LONG_MS), { addresses: ['192.0.2.1'] });
  clock.advance(3_600_000);
  const found = await resolver.resolve('a.test', 4, 5000, LONG_MS);
  t.is('outcome' in found && found.outcome, OUTCOME.NOT_CHECKED);
});

test('a look-up that never ends meets the time limit, and later ones do not start another', async (t) => {
  let asked = 0;
  const resolver = new Resolver(new ManualClock(), () => {
    asked++;
    return new Promise(() => {});
  });
  for (let i = 0; i < 3; i++) {
    const found = await resolver.resolve('a.test', 4, 5000, 20);
    t.is('outcome' in found && found.outcome, OUTCOME.NOT_CHECKED);
  }
  t.is(asked, 1);
});

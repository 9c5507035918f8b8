import test from 'ava';
import fc from 'fast-check';
import { applyOverrides, decidingOrder, membersNamed, serversNamed } from '../../../src/health/overrides.ts';
import type { Override } from '../../../src/model/verdict.ts';
import { modelOf } from '../../support/steering.ts';
import { orderOf } from '../../support/votes.ts';

const model = modelOf(
  {
    web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'tokyo' }],
    api: [{ site: 'london' }, { site: 'tokyo', name: 'blue' }],
  },
  {},
);
const named = (glob: string): string[] => membersNamed(glob, model).map(({ id }) => id);

test('a glob names members by id, or by site or pool', (t) => {
  t.deepEqual(named('web/london'), ['web/london']);
  t.deepEqual(named('web/*'), ['web/london', 'web/frankfurt', 'web/tokyo']);
  t.deepEqual(named('*/london'), ['web/london', 'api/london']);
  t.deepEqual(named('*'), ['web/london', 'web/frankfurt', 'web/tokyo', 'api/london', 'api/blue']);
  t.deepEqual(named('site:tokyo'), ['web/tokyo', 'api/blue']);
  t.deepEqual(
    named('site:*o*'),
    named('*').filter((id) => id !== 'web/frankfurt'),
  );
  t.deepEqual(named('pool:a?i'), ['api/london', 'api/blue']);
  t.deepEqual(named('pool:london'), []);
  t.deepEqual(named(''), []);
});

test('a question mark is one character, and a pattern must match to the end', (t) => {
  t.deepEqual(named('web/?ondon'), ['web/london']);
  t.deepEqual(named('web/londo'), []);
  t.deepEqual(named('web/london?'), []);
  t.deepEqual(named('*/*/*'), []);
  t.deepEqual(named('w*b/*n*d*n*'), ['web/london']);
});

test('law: a glob matches exactly what the regular expression of the same meaning does', (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(text, glob, (id, pattern) => {
      const one = { ...model, members: [{ ...model.members[0]!, id }] };
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(id);
      return membersNamed(pattern, one).length === (expected ? 1 : 0);
    }),
    { seed: 20261121, numRuns: 3000 },
  );
  t.pass();
});

const decided = (...overrides: Override[]): (string | null)[] =>
  applyOverrides(overrides, model, 1000).byMember.map((order) => order?.action ?? null);

test('a human outranks a tool, and of one source the newest decides', (t) => {
  const human = orderOf('web/london', 'up', { createdMs: 1 });
  const tool = orderOf('web/*', 'down', { source: 'tool', createdMs: 500 });
  for (const orders of [
    [human, tool],
    [tool, human],
  ]) {
    t.deepEqual(decided(...orders), ['up', 'down', 'down', null, null]);
  }
  const newer = orderOf('site:london', 'drain', { createdMs: 2 });
  t.deepEqual(decided(newer, human), ['drain', null, null, 'drain', null]);
  t.deepEqual(decided(human, newer), ['drain', null, null, 'drain', null]);
});

test('orders of one moment are told apart by their ids, so that all servers follow the same', (t) => {
  const [a, b] = [orderOf('web/london', 'up', { id: 'a' }), orderOf('web/london', 'down', { id: 'b' })];
  t.is(decided(a, b)[0], 'down');
  t.is(decided(b, a)[0], 'down');
});

test('an order ends when it expires, and the next end is known', (t) => {
  const orders = [
    orderOf('web/london', 'down', { expiresMs: 1000 }),
    orderOf('web/tokyo', 'down', { expiresMs: 3000 }),
    orderOf('web/frankfurt', 'down', { expiresMs: 2000 }),
    orderOf('api/blue', 'down'),
  ];
  t.deepEqual(decided(...orders), [null, 'down', 'down', null, 'down']);
  t.is(applyOverrides(orders, model, 1000).nextExpiryMs, 2000);
  t.is(applyOverrides([orders[3]!], model, 1000).nextExpiryMs, Number.POSITIVE_INFINITY);
});

test('an order that names nobody is reported, unless it has expired', (t) => {
  const misspelt = orderOf('web/lodnon', 'down');
  const expired = orderOf('web/nobody', 'down', { expiresMs: 5 });
  t.deepEqual(applyOverrides([misspelt, expired, orderOf('*', 'up')], model, 1000).idle, [misspelt]);
});

test('an order on servers inside sites names no member, and is not idle for that', (t) => {
  t.deepEqual(named('server:*'), []);
  t.deepEqual(applyOverrides([orderOf('server:london/*', 'drain')], model, 1000).idle, []);
});

test('a glob of servers names them by site, service and server', (t) => {
  const servers = ['london/web/a', 'london/web/b', 'tokyo/web/a'];
  t.deepEqual(serversNamed('server:london/web/a', servers), ['london/web/a']);
  t.deepEqual(serversNamed('server:*/a', servers), ['london/web/a', 'tokyo/web/a']);
  t.deepEqual(serversNamed('london/web/a', servers), []);
});

test('of the orders on a site or a server the strongest in force decides', (t) => {
  const weak = { ...orderOf('server:london/*', 'drain'), source: 'tool' as const, createdMs: 900 };
  const strong = { ...orderOf('server:london/web/?', 'up'), source: 'human' as const };
  const over = { ...orderOf('server:london/web/a', 'down'), source: 'human' as const, createdMs: 990, expiresMs: 1000 };
  const orders = [weak, strong, over, orderOf('london/web/a', 'down'), orderOf('site:london', 'drain')];
  t.is(decidingOrder(orders, 'server', 'london/web/a', 1000), strong);
  t.is(decidingOrder([strong, weak], 'server', 'london/web/a', 1000), strong);
  t.is(decidingOrder(orders, 'server', 'tokyo/web/a', 1000), null);
  t.is(decidingOrder(orders, 'site', 'london', 1000)?.glob, 'site:london');
});

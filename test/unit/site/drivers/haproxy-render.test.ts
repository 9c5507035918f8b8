// What of a plan comes into HAProxy's configuration. The real HAProxy judges it, where there is one.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { parseCidr } from '../../../../src/base/address.ts';
import type { Algorithm } from '../../../../src/model/site.ts';
import type { DriverPlan, HaproxySettings } from '../../../../src/model/site-driver.ts';
import { type Rendered, render } from '../../../../src/site/drivers/haproxy/render.ts';
import { haproxyWeights } from '../../../../src/site/drivers/haproxy/weights.ts';
import { balancingOf, serverOf } from '../../../support/balance.ts';
import { frontOf, planOf, serviceOf } from '../../../support/driver-plans.ts';
import { testUnless } from '../../../support/environments.ts';
import { managedSettings, temporaryDirectory, whyNoHaproxy } from '../../../support/haproxy.ts';

const NOBODY_DOWN: ReadonlySet<string> = new Set();
const rendering = (plan: DriverPlan, settings: Partial<HaproxySettings> = {}, downs = NOBODY_DOWN) =>
  render(plan, managedSettings('/run/meridian', settings), downs, false);

function rendered(plan: DriverPlan, settings: Partial<HaproxySettings> = {}, downs = NOBODY_DOWN): Rendered {
  const result = rendering(plan, settings, downs);
  if (!result.ok) throw new Error(result.error[0]!.message);
  return result.value;
}

function complaints(plan: DriverPlan, settings: Partial<HaproxySettings> = {}): readonly string[] {
  const result = rendering(plan, settings);
  return result.ok ? [] : result.error.map(({ message }) => message);
}

test('the same plan gives the same text', (t) => {
  t.is(rendered(planOf([serverOf('a')])).text, rendered(planOf([serverOf('a')])).text);
});

test('weights, limits and states do not change the mark of a configuration', (t) => {
  const one = rendered(planOf([serverOf('a', { weight: 1, maxActive: 5 }), serverOf('b')]));
  const other = rendered(planOf([serverOf('a', { weight: 7, maxActive: 9 }), serverOf('b')]), {}, new Set(['web/b']));
  t.not(one.text, other.text);
  t.is(one.mark, other.mark);
});

for (const [what, plan] of [
  ['a server', planOf([serverOf('a'), serverOf('b')])],
  ['an address', planOf([serverOf('a', { address: '127.0.0.9' })])],
  ['a limit where there was none', planOf([serverOf('a', { maxActive: 5 })])],
  ['a port of a front', planOf([serverOf('a')], { front: { port: 8081 } })],
] as const) {
  test(`${what} changes the mark`, (t) => {
    t.not(rendered(plan).mark, rendered(planOf([serverOf('a')])).mark);
  });
}

test('fronts that want the same of servers share a backend, so that limits count once', (t) => {
  const fronts = [frontOf(), frontOf({ port: 8081 }, { id: 'in2' })];
  const { servers } = rendered({ services: [serviceOf([serverOf('a')])], fronts });
  t.deepEqual(
    servers.map(({ backend }) => backend),
    ['web'],
  );
});

test('fronts that differ get a backend each, and limits that count apart are told', (t) => {
  const fronts = [frontOf(), frontOf({ port: 8081, proxyTo: 2 }, { id: 'in2' })];
  const { servers, warnings } = rendered({ services: [serviceOf([serverOf('a', { maxActive: 3 })])], fronts });
  t.deepEqual(
    servers.map(({ backend }) => backend),
    ['web', 'web:2'],
  );
  t.regex(warnings[0]!.message, /maxActive counts for 2 groups/);
});

test('a large weight is scaled to 256, and a small one stays above 0', (t) => {
  t.deepEqual(haproxyWeights([65_535, 1, 0, 32_768]), [256, 1, 0, 128]);
});

test('weights that HAProxy can have are left alone', (t) => {
  t.deepEqual(haproxyWeights([256, 1, 0]), [256, 1, 0]);
});

const BAD: readonly (readonly [string, DriverPlan, RegExp])[] = [
  ['a line end in a server id', planOf([serverOf('a\n  server b 192.0.2.1:80')]), /server .*a name may have letters/],
  ['a space in a service id', planOf([serverOf('a')], { service: { id: 'we b' } }), /a name may have letters/],
  ['an address with words behind it', planOf([serverOf('a', { address: '127.0.0.1 backup' })]), /a numeric address/],
  ['a host name', planOf([serverOf('a', { address: 'localhost' })]), /a numeric address/],
  ['port 0', planOf([serverOf('a')], { front: { port: 0 } }), /port from 1 to 65535/],
  [
    'a weight that is not an integer',
    planOf([serverOf('a', { weight: 1.5 })]),
    /weight is an integer from 0 to 65535, found 1.5/,
  ],
  ['a limit of 0', planOf([serverOf('a', { maxActive: 0 })]), /maxActive is an integer above 0, found 0/],
  ['the same server twice', planOf([serverOf('a'), serverOf('a')]), /server a is there twice/],
  [
    'an algorithm that HAProxy does not have',
    planOf([serverOf('a')], { service: { balancing: balancingOf({ kind: 'least-time' }) } }),
    /no algorithm least-time/,
  ],
  [
    'three priorities',
    planOf([serverOf('a'), serverOf('b', { priority: 1 }), serverOf('c', { priority: 2 })]),
    /two priorities .*found 3/,
  ],
  ['a front of a service that is not there', { services: [], fronts: [frontOf()] }, /there is no service web/],
  ['a service without a front', { services: [serviceOf([serverOf('a')])], fronts: [] }, /has no front/],
  [
    'UDP',
    { services: [serviceOf([serverOf('a')])], fronts: [frontOf({}, { protocol: 'udp' })] },
    /balances tcp and http, found udp/,
  ],
];
for (const [what, plan, message] of BAD) {
  test(`${what} is refused`, (t) => {
    t.regex(complaints(plan).join('\n'), message);
  });
}

test('a path with a space is refused, and so is one that a socket cannot have', (t) => {
  t.regex(complaints(planOf([serverOf('a')]), { directory: '/run/a b' }).join(), /must be an absolute path/);
  t.regex(complaints(planOf([serverOf('a')]), { directory: `/${'d'.repeat(90)}` }).join(), /too long a path/);
  const checks = { intervalMs: 2000, fall: 3, rise: 2, httpPath: '/a\nb' };
  t.regex(complaints(planOf([serverOf('a')]), { checks }).join(), /the path .* of the check/);
});

test('whatever is put in as a name, the configuration has the lines of a harmless name or is refused', (t) => {
  const lines = rendered(planOf([serverOf('a')])).text.split('\n').length;
  const wild = fc.oneof(fc.string({ unit: 'binary', maxLength: 70 }), fc.string({ maxLength: 20 }));
  fc.assert(
    fc.property(wild, wild, (id, address) => {
      const result = rendering(planOf([serverOf(id, { address })]));
      t.true(!result.ok || result.value.text.split('\n').length === lines);
      const named = rendering(planOf([serverOf(id)], { service: { id: 'web' } }));
      t.true(!named.ok || (named.value.text.split('\n').length === lines && /^[\w.-]+$/.test(id)));
    }),
  );
});

const ALGORITHMS: readonly Algorithm[] = [
  ...(['round-robin', 'weighted-round-robin', 'least-connections', 'weighted-least-connections'] as const).map((kind) => ({
    kind,
  })),
  ...(['random', 'two-choices', 'ip-hash'] as const).map((kind) => ({ kind })),
  { kind: 'ring', virtualNodes: 160 },
  { kind: 'maglev', tableSize: 65_537 },
  { kind: 'bounded-load', virtualNodes: 160, factor: 1.25 },
];

testUnless(whyNoHaproxy(), 'HAProxy accepts every setting without a warning', (t) => {
  const directory = temporaryDirectory(t);
  const services = ALGORITHMS.map((algorithm, i) => {
    const servers = [
      serverOf('a', { weight: 3, maxActive: 10 }),
      serverOf('b', { address: '2001:db8::1' }),
      serverOf('c', { priority: 1 }),
    ];
    const slowStart = { windowMs: 30_000, aggression: 1, floorPercent: 10 };
    return serviceOf(servers, { id: `s${i}`, balancing: { ...balancingOf(algorithm), slowStart } });
  });
  const proxyFrom = [parseCidr('10.0.0.0/8')!, parseCidr('2001:db8::/32')!];
  const fronts = services.flatMap(({ id }, i) => [
    frontOf({ port: 20_000 + i, mostConnectionsPerClient: 9, proxyFrom, proxyTo: 2 }, { id: `f${i}`, serviceId: id }),
    frontOf({ port: 21_000 + i, address: '::1', proxyTo: 1 }, { id: `g${i}`, serviceId: id, protocol: 'http' }),
  ]);
  const checks = { intervalMs: 2000, fall: 3, rise: 2, httpPath: '/health?deep=1' };
  const { text } = rendered({ services, fronts }, { directory, checks });
  const file = join(directory, 'all.cfg');
  writeFileSync(file, text);
  const { status, stderr } = spawnSync('haproxy', ['-c', '-f', file], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin:/usr/sbin' },
  });
  t.is(stderr.replace(/^\[NOTICE\].*\n/gm, ''), '');
  t.is(status, 0);
});

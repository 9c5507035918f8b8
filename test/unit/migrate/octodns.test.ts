// What becomes of records of octoDNS, one small zone for each statement. A whole configuration is imported and asked in test/e2e/import.test.ts.

import test from 'ava';
import type { Draft } from '../../../src/migrate/draft.ts';
import { importOctodns } from '../../../src/migrate/octodns.ts';
import { octodnsData } from '../../../src/migrate/octodns-data.ts';

const zone = (document: unknown) => [{ name: 'example.net', file: 'z.yaml', document, defaultTtlSec: 600 }];

function draftOf(document: unknown): Draft {
  const draft = importOctodns(zone(document));
  if (!draft.ok) throw new Error(draft.error.message);
  draft.value.toConfig();
  return draft.value;
}

/** A dynamic record of type A at w. */
const dynamic = (pools: unknown, rules: unknown, more: object = {}): unknown => ({
  w: { type: 'A', values: ['192.0.2.9'], dynamic: { pools, rules }, ...more },
});
const pool = (...values: readonly string[]) => ({ values: values.map((value) => ({ value })) });
const lost = (draft: Draft): string => draft.losses.join('\n');
const probeOf = (healthcheck: object): unknown =>
  draftOf(dynamic({ a: pool('192.0.2.1') }, [{ pool: 'a' }], { octodns: { healthcheck } })).probes.get('check-1');

const DATA: readonly (readonly [type: string, value: unknown, data: string | undefined])[] = [
  ['A', '192.0.2.1', '192.0.2.1'],
  ['A', '192.0.2.1 ; x', undefined],
  ['MX', { preference: 10, exchange: 'm.' }, '10 m.'],
  ['MX', { priority: 10, value: 'm.' }, '10 m.'],
  ['MX', { preference: 10 }, undefined],
  ['CAA', { tag: 'iodef', value: 'x' }, '0 iodef "x"'],
  ['CAA', { flags: 0, tag: 'issue', value: 'a"b\\c' }, '0 issue "a\\"b\\\\c"'],
  ['NAPTR', { order: 1, preference: 2, flags: 'U', service: 'x', regexp: '!a!', replacement: '.' }, '1 2 "U" "x" "!a!" .'],
  ['TXT', 'a\\;b', '"a;b"'],
  ['TXT', '"a" "b"', '"a" "b"'],
  ['TXT', 'ä', '"\\195\\164"'],
  ['TXT', 'x'.repeat(300), `"${'x'.repeat(255)}" "${'x'.repeat(45)}"`],
  ['TXT', '', '""'],
  ['SVCB', { svcpriority: 0, targetname: 'x.' }, '0 x.'],
  [
    'HTTPS',
    { svcpriority: 1, targetname: '.', svcparams: { alpn: ['h2', 'h3'], 'no-default-alpn': null } },
    '1 . alpn=h2,h3 no-default-alpn',
  ],
  ['URLFWD', { code: 302 }, undefined],
  ['LOC', { altitude: 'high' }, undefined],
];
for (const [type, value, data] of DATA)
  test(`${type} ${JSON.stringify(value).slice(0, 50)} becomes ${data === undefined ? 'nothing' : data.slice(0, 40)}`, (t) => {
    t.is(octodnsData(type, value), data);
  });

test('records get the TTL of the provider unless they have one', (t) => {
  const draft = draftOf({ a: { type: 'A', value: '192.0.2.1' }, b: { type: 'A', ttl: 5, value: '192.0.2.2' } });
  t.regex(draft.zones.get('example.net')!, /a\.example\.net\. 600 A 192\.0\.2\.1\nb\.example\.net\. 5 A 192\.0\.2\.2\n/);
});

test('a zone without name servers gets one that is nobody, and says so', (t) => {
  const draft = draftOf({ a: { type: 'A', value: '192.0.2.1' } });
  t.regex(draft.zones.get('example.net')!, /example\.net\. 3600 NS invalid\.\n/);
  t.regex(lost(draft), /"invalid\." stands there and must be replaced/);
});

test('fallbacks are followed once, and in circles no further', (t) => {
  const draft = draftOf(
    dynamic({ a: { ...pool('192.0.2.1'), fallback: 'b' }, b: { ...pool('192.0.2.2'), fallback: 'a' } }, [{ pool: 'a' }]),
  );
  t.deepEqual(draft.policies.get('w-example-net'), {
    rule: { failover: [{ pool: 'w-example-net-a' }, { pool: 'w-example-net-b' }] },
    lastResort: { fallback: 'w-example-net-backup' },
  });
});

test('a rule without its pool, and a place that is none, are left out and told', (t) => {
  const draft = draftOf(dynamic({ a: pool('192.0.2.1') }, [{ geos: ['XX'], pool: 'a' }, { pool: 'gone' }, { pool: 'a' }]));
  t.deepEqual(draft.policies.get('w-example-net')!.rule, { pool: 'w-example-net-a' });
  t.regex(lost(draft), /XX is no place/);
  t.regex(lost(draft), /the pool gone, which is not there/);
});

test('without a rule for everybody the last one answers them, and that is told', (t) => {
  const draft = draftOf(dynamic({ a: pool('192.0.2.1') }, [{ geos: ['EU'], pool: 'a' }]));
  t.regex(lost(draft), /no rule matches everybody/);
});

test('a record whose rules lead nowhere is left out and told', (t) => {
  const draft = draftOf(dynamic({}, [{ pool: 'a' }]));
  t.is(draft.policies.size, 0);
  t.regex(lost(draft), /nothing of its dynamic record could be carried over/);
});

test('health checks are HTTPS at /_dns unless they say otherwise', (t) => {
  t.deepEqual(probeOf({}), {
    http: { scheme: 'https', verify: false, path: '/_dns', host: 'w.example.net', status: [200] },
    port: 443,
  });
  t.deepEqual(probeOf({ protocol: 'HTTP', path: 'up', host: 'h' }), {
    http: { path: '/up', host: 'h', status: [200] },
    port: 80,
  });
  t.deepEqual(probeOf({ protocol: 'TCP', port: 25 }), { tcp: {}, port: 25 });
  t.deepEqual(probeOf({ protocol: 'ICMP' }), { icmp: {} });
  t.is(probeOf({ protocol: 'UDP' }), undefined);
});

test('plain addresses of the other family answer from every pool, and that is told', (t) => {
  const { w } = dynamic({ a: pool('192.0.2.1') }, [{ pool: 'a' }]) as { w: object };
  const draft = draftOf({ w: [w, { type: 'AAAA', value: '2001:db8::1' }] });
  t.deepEqual(draft.pools.get('w-example-net-a')!.members, [{ site: 'a', name: 'a-1', v4: '192.0.2.1', v6: '2001:db8::1' }]);
  t.regex(lost(draft), /AAAA of this name is not dynamic/);
});

test('a dynamic CNAME beside other records is left out and told', (t) => {
  const cname = { type: 'CNAME', value: 'x.', dynamic: { pools: { a: pool('x.') }, rules: [{ pool: 'a' }] } };
  const draft = draftOf({ w: [cname, { type: 'TXT', value: 'x' }] });
  t.is(draft.policies.size, 0);
  t.regex(lost(draft), /a CNAME cannot stand at the apex or beside other records/);
});

test('what is no zone is an error that names the label', (t) => {
  for (const [document, told] of [
    [[], /must be a map from labels to records/],
    [{ w: 3 }, /"w" must be a record with a type/],
    [{ w: [{ value: 'x' }] }, /"w" must be a record with a type/],
  ] as const) {
    const draft = importOctodns(zone(document));
    t.regex(draft.ok ? '' : draft.error.message, told);
  }
});

test('settings for single providers, and types that nobody serves any more, are told', (t) => {
  const draft = draftOf({
    w: { type: 'A', value: '192.0.2.1', octodns: { excluded: ['x'], lenient: true, route53: { healthcheck: {} } } },
    s: { type: 'SPF', value: 'v=spf1 -all' },
  });
  t.regex(lost(draft), /w\.example\.net\. A: the setting excluded of octoDNS/);
  t.regex(lost(draft), /the setting route53 of octoDNS/);
  t.notRegex(lost(draft), /lenient/);
  t.regex(lost(draft), /SPF are obsolete/);
  t.notRegex(draft.zones.get('example.net')!, /spf1/);
});

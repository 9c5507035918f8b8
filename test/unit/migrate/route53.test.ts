// What becomes of routed record sets, one small export for each statement. The whole of test/fixtures/migrate/route53 is imported and asked
// in test/e2e/import.test.ts.

import test from 'ava';
import type { Draft } from '../../../src/migrate/draft.ts';
import { importRoute53 } from '../../../src/migrate/route53.ts';

type Fields = Readonly<Record<string, unknown>>;

const SOA = { Name: 'example.org.', Type: 'SOA', TTL: 900, ResourceRecords: [{ Value: 'ns. host. 1 2 3 4 5' }] };

function draftOf(sets: readonly Fields[], checks: readonly Fields[] = []): Draft {
  const documents = [
    { file: 'zone.json', text: JSON.stringify({ ResourceRecordSets: [SOA, ...sets] }) },
    { file: 'checks.json', text: JSON.stringify({ HealthChecks: checks }) },
  ];
  const draft = importRoute53(documents);
  if (!draft.ok) throw new Error(draft.error.message);
  draft.value.toConfig();
  return draft.value;
}

/** A set of A records at w.example.org. */
const set = (id: string, address: string, more: Fields): Fields => ({
  Name: 'w.example.org.',
  Type: 'A',
  TTL: 60,
  SetIdentifier: id,
  ResourceRecords: [{ Value: address }],
  ...more,
});
const aliasTo = (name: string): Fields => ({
  ResourceRecords: undefined,
  TTL: undefined,
  AliasTarget: { DNSName: name, EvaluateTargetHealth: true },
});
const ruleOf = (draft: Draft): unknown => draft.policies.get('w-example-org')?.rule;
const lost = (draft: Draft): string => draft.losses.join('\n');

test('plain records stay records', (t) => {
  const draft = draftOf([
    { Name: 'm.example.org.', Type: 'MX', TTL: 30, ResourceRecords: [{ Value: '10 a.' }, { Value: '20 b.' }] },
  ]);
  t.regex(draft.zones.get('example.org')!, /\nm\.example\.org\. 30 MX 10 a\.\nm\.example\.org\. 30 MX 20 b\.\n$/);
});

test('octal escapes become decimal ones, and the one of the wildcard an asterisk', (t) => {
  const txt = (name: string): Fields => ({ Name: name, Type: 'TXT', TTL: 30, ResourceRecords: [{ Value: '"x"' }] });
  const draft = draftOf([txt('\\052.a.example.org.'), txt('b\\100c.example.org.')]);
  t.regex(draft.zones.get('example.org')!, /\n\*\.a\.example\.org\. 30 TXT "x"\nb\\064c\.example\.org\. 30/);
});

test('text escapes become decimal too, but for backslashes that are escaped themselves', (t) => {
  const value = '"\\303\\251 \\\\101"';
  const draft = draftOf([{ Name: 't.example.org.', Type: 'TXT', TTL: 30, ResourceRecords: [{ Value: value }] }]);
  t.true(draft.zones.get('example.org')!.endsWith('TXT "\\195\\169 \\\\101"\n'), draft.zones.get('example.org'));
});

test('two names that differ in dots and dashes alone have a policy each', (t) => {
  const weighted = set('a', '192.0.2.1', { Weight: 1 });
  const draft = draftOf([
    { ...weighted, Name: 'a.b.example.org.' },
    { ...weighted, Name: 'a-b.example.org.' },
  ]);
  t.deepEqual([...draft.policies.keys()], ['a-b-example-org', 'a-b-example-org-2']);
  t.regex(
    draft.zones.get('example.org')!,
    /a\.b\.example\.org\. 60 GSLB a-b-example-org\na-b\.example\.org\. 60 GSLB a-b-example-org-2\n/,
  );
});

test('an alias beside addresses of the other family is left out and told', (t) => {
  const draft = draftOf([
    set('a', '192.0.2.1', { Weight: 1 }),
    { ...set('a', '', aliasTo('d1.cdn.example.net.')), Type: 'AAAA', Weight: 1 },
  ]);
  t.deepEqual(draft.pools.get('w-example-org-a')!.members, [{ site: 'unplaced', name: 'a', v4: '192.0.2.1' }]);
  t.regex(lost(draft), /one family has addresses and the other an alias/);
});

test('latency between sets that differ in kind becomes a fixed order, and is told', (t) => {
  const draft = draftOf([
    set('a', '192.0.2.1', { Region: 'eu-west-1' }),
    set('b', '', { Region: 'sa-east-1', ...aliasTo('d1.cdn.example.net.') }),
  ]);
  t.deepEqual(ruleOf(draft), { failover: [{ pool: 'w-example-org-a' }, { pool: 'w-example-org-b' }] });
  t.regex(lost(draft), /so their order is fixed/);
});

test('weighted sets keep their weights', (t) => {
  const draft = draftOf([set('a', '192.0.2.1', { Weight: 3 }), set('b', '192.0.2.2', { Weight: 0 })]);
  t.deepEqual(ruleOf(draft), {
    weighted: [
      { weight: 3, rule: { pool: 'w-example-org-a' } },
      { weight: 0, rule: { pool: 'w-example-org-b' } },
    ],
  });
});

test('weights that are all zero are all alike', (t) => {
  const draft = draftOf([set('a', '192.0.2.1', { Weight: 0 }), set('b', '192.0.2.2', { Weight: 0 })]);
  t.deepEqual(
    (ruleOf(draft) as { weighted: { weight: number }[] }).weighted.map(({ weight }) => weight),
    [1, 1],
  );
});

test('the primary goes before the secondary in whatever order they stand', (t) => {
  const draft = draftOf([set('s', '192.0.2.2', { Failover: 'SECONDARY' }), set('p', '192.0.2.1', { Failover: 'PRIMARY' })]);
  t.deepEqual(ruleOf(draft), { failover: [{ pool: 'w-example-org-p' }, { pool: 'w-example-org-s' }] });
});

test('latency is distance between regions, and the two families of a set are one member', (t) => {
  const draft = draftOf([
    set('a', '192.0.2.1', { Region: 'eu-west-1' }),
    set('a', '2001:db8::1', { Region: 'eu-west-1', Type: 'AAAA' }),
    set('b', '192.0.2.2', { Region: 'sa-east-1' }),
  ]);
  t.deepEqual(ruleOf(draft), { nearest: { pool: 'w-example-org', tieBand: '0km' } });
  t.deepEqual(draft.pools.get('w-example-org')!.members, [
    { site: 'eu-west-1', name: 'a', v4: '192.0.2.1', v6: '2001:db8::1' },
    { site: 'sa-east-1', name: 'b', v4: '192.0.2.2' },
  ]);
  t.regex(lost(draft), /latency is distance here/);
});

test('a region that is not in the table is told', (t) => {
  t.regex(lost(draftOf([set('a', '192.0.2.1', { Region: 'xx-moon-1' })])), /where xx-moon-1 is, is not known/);
});

test('a place falls back to the default when its set is down', (t) => {
  const draft = draftOf([
    set('d', '192.0.2.1', { GeoLocation: { CountryCode: '*' } }),
    set('us', '192.0.2.2', { GeoLocation: { CountryCode: 'US' } }),
    set('ca', '192.0.2.3', { GeoLocation: { CountryCode: 'US', SubdivisionCode: 'CA' } }),
  ]);
  const [standard, us, ca] = ['d', 'us', 'ca'].map((id) => ({ pool: `w-example-org-${id}` }));
  t.deepEqual(ruleOf(draft), {
    map: {
      subdivision: { 'US-CA': { failover: [ca, us, standard] } },
      country: { US: { failover: [us, standard] } },
      default: standard,
    },
  });
});

test('places without a default are told', (t) => {
  const draft = draftOf([set('eu', '192.0.2.1', { GeoLocation: { ContinentCode: 'EU' } })]);
  t.regex(lost(draft), /no default: Route 53 answers other places without data/);
});

test('multivalue sets are up to eight addresses in one answer', (t) => {
  const draft = draftOf([set('a', '192.0.2.1', { MultiValueAnswer: true }), set('b', '192.0.2.2', { MultiValueAnswer: true })]);
  t.deepEqual(draft.policies.get('w-example-org'), { rule: { pool: 'w-example-org' }, answers: 8 });
});

test('an alias inside the zone shares the pools of what it leads to', (t) => {
  const draft = draftOf([
    set('a', '192.0.2.1', { Region: 'eu-west-1' }),
    { Name: 'example.org.', Type: 'A', AliasTarget: { DNSName: 'w.example.org.', EvaluateTargetHealth: true } },
  ]);
  t.deepEqual(draft.policies.get('example-org')!.rule, ruleOf(draft));
});

test('an alias to a name elsewhere is a CNAME, which the apex cannot have', (t) => {
  const away = { Type: 'A', AliasTarget: { DNSName: 'd1.cdn.example.net.', EvaluateTargetHealth: false } };
  const draft = draftOf([
    { Name: 'example.org.', ...away },
    { Name: 'w.example.org.', ...away },
  ]);
  t.is(draft.pools.get('w-example-org')!.members[0]!.alias, 'd1.cdn.example.net.');
  t.false(draft.policies.has('example-org'));
  t.regex(lost(draft), /^example\.org\.: an alias to a name elsewhere/m);
});

test('aliases in a circle are left out and told', (t) => {
  const draft = draftOf([
    set('', '', aliasTo('x.example.org.')),
    { ...set('', '', aliasTo('w.example.org.')), Name: 'x.example.org.' },
  ]);
  t.is(draft.policies.size, 0);
  t.regex(lost(draft), /is a circle of aliases/);
});

const CHECK = {
  Type: 'HTTPS',
  ResourcePath: '/up',
  FullyQualifiedDomainName: 'w.example.org',
  Port: 443,
  RequestInterval: 10,
  FailureThreshold: 2,
};

test('checks that differ only in address are one probe', (t) => {
  const check = (id: string, address: string): Fields => ({ Id: id, HealthCheckConfig: { ...CHECK, IPAddress: address } });
  const draft = draftOf(
    [
      set('a', '192.0.2.1', { Region: 'eu-west-1', HealthCheckId: 'one' }),
      set('b', '192.0.2.2', { Region: 'sa-east-1', HealthCheckId: 'two' }),
    ],
    [check('one', '192.0.2.1'), check('two', '192.0.2.2')],
  );
  t.deepEqual([...draft.probes.keys()], ['check-1']);
  t.deepEqual(
    draft.pools.get('w-example-org')!.members.map(({ check: where }) => where),
    [
      { host: '192.0.2.1', port: 443 },
      { host: '192.0.2.2', port: 443 },
    ],
  );
});

test('a check that is not in the files, and one without a counterpart, are told', (t) => {
  const draft = draftOf(
    [set('a', '192.0.2.1', { Weight: 1, HealthCheckId: 'gone' }), set('b', '192.0.2.2', { Weight: 1, HealthCheckId: 'sum' })],
    [{ Id: 'sum', HealthCheckConfig: { Type: 'CALCULATED' } }],
  );
  t.regex(lost(draft), /health check gone is not in the files/);
  t.regex(lost(draft), /type CALCULATED has no counterpart/);
});

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ['text that is not JSON', '{', /is not JSON/],
  ['JSON of something else', '{"Buckets": []}', /neither a list ResourceRecordSets nor a list HealthChecks/],
  ['a set without data', '{"ResourceRecordSets": [{"Name": "a.", "Type": "A"}]}', /ResourceRecordSets\[0\] must have/],
  [
    'a zone without SOA',
    '{"ResourceRecordSets": [{"Name": "a.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.1"}]}]}',
    /no SOA/,
  ],
];
for (const [what, text, message] of BROKEN) {
  test(`${what} is one error that names the file`, (t) => {
    const draft = importRoute53([{ file: 'x.json', text }]);
    t.like(draft, { ok: false, error: { code: 'ERR_IMPORT', file: 'x.json' } });
    t.regex(draft.ok ? '' : draft.error.message, message);
  });
}

test('an AAAA that is weighted otherwise than the A beside it is told', (t) => {
  const v6 = { Type: 'AAAA', ResourceRecords: [{ Value: '2001:db8::1' }] };
  const same = draftOf([set('a', '192.0.2.1', { Weight: 1 }), set('a', '', { ...v6, Weight: 1 })]);
  t.notRegex(lost(same), /in another way/);
  const other = draftOf([set('a', '192.0.2.1', { Weight: 1 }), set('a', '', { ...v6, Weight: 9 })]);
  t.regex(lost(other), /w\.example\.org\. a: AAAA is routed or checked in another way than A; here both as A/);
});

test('an output that was cut off, a traffic policy and SPF records are told', (t) => {
  const sets = [SOA, { Name: 's.example.org.', Type: 'SPF', TTL: 5, ResourceRecords: [{ Value: '"v=spf1"' }] }];
  const policy = {
    Name: 'p.example.org.',
    Type: 'A',
    TTL: 5,
    TrafficPolicyInstanceId: 't',
    ResourceRecords: [{ Value: '192.0.2.1' }],
  };
  const text = JSON.stringify({ ResourceRecordSets: [...sets, policy], IsTruncated: true });
  const draft = importRoute53([{ file: 'zone.json', text }]);
  if (!draft.ok) throw new Error(draft.error.message);
  t.regex(lost(draft.value), /zone\.json: the output says that it is cut off/);
  t.regex(lost(draft.value), /s\.example\.org\. SPF: records of the type SPF are obsolete/);
  t.regex(lost(draft.value), /p\.example\.org\. A: a traffic policy made it/);
  t.regex(draft.value.zones.get('example.org')!, /\np\.example\.org\. 5 A 192\.0\.2\.1\n$/);
});

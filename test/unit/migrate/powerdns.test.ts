// What becomes of LUA records, one small zone for each statement. A whole zone is imported and asked in test/e2e/import.test.ts.

import test from 'ava';
import type { Draft } from '../../../src/migrate/draft.ts';
import { importPowerdns } from '../../../src/migrate/powerdns.ts';

const HEAD = '$ORIGIN example.edu.\n@ IN SOA ns1 host 1 2 3 4 5\n';

function draftOf(records: string, head: string = HEAD): Draft {
  const draft = importPowerdns([{ file: 'z', text: head + records }]);
  if (!draft.ok) throw new Error(draft.error.message);
  draft.value.toConfig();
  return draft.value;
}

/** The draft of one snippet for A at w.example.edu. */
const ofSnippet = (snippet: string): Draft => draftOf(`w 60 IN LUA A "${snippet}"\n`);
const policyOf = (draft: Draft): unknown => draft.policies.get('w-example-edu');
const zoneOf = (draft: Draft): string => draft.zones.get('example.edu')!.slice(HEAD.length);
const lost = (draft: Draft): string => draft.losses.join('\n');

test('ifportup is a pool that is checked over TCP', (t) => {
  const draft = ofSnippet("ifportup(443, {'192.0.2.1'}, {timeout=3, interval=10, minimumFailures=4})");
  t.deepEqual(draft.probes.get('check-1'), {
    tcp: {},
    port: 443,
    interval: '10s',
    timeout: '3s',
    connectTimeout: '3s',
    fall: 4,
  });
  t.is(zoneOf(draft), 'w.example.edu. 60 GSLB w-example-edu\n');
});

test('sets of addresses are tried in order', (t) => {
  const draft = ofSnippet("ifurlup('http://h:81/x', {{'192.0.2.1'}, {'192.0.2.2'}})");
  t.deepEqual(policyOf(draft), { rule: { failover: [{ pool: 'w-example-edu' }, { pool: 'w-example-edu-2' }] } });
  t.like(draft.probes.get('check-1'), { http: { path: '/x', host: 'h', status: [200] }, port: 81 });
});

test('options without a counterpart are told', (t) => {
  const draft = ofSnippet("ifportup(1, {'192.0.2.1'}, {source='192.0.2.9', backupSelector='all'})");
  t.regex(lost(draft), /the option source of its check/);
  t.regex(lost(draft), /backupSelector all/);
});

test('a URL that nobody could fetch leaves its members unchecked, and is told', (t) => {
  const draft = ofSnippet("ifurlup('ftp://x', {'192.0.2.1'})");
  t.is(draft.probes.size, 0);
  t.regex(lost(draft), /the URL ftp:\/\/x cannot be checked/);
});

test('hashes keep a client at its answer', (t) => {
  for (const call of [
    "pickhashed({'192.0.2.1'})",
    "pickwhashed({{2,'192.0.2.1'}})",
    "ifportup(1,{'192.0.2.1'},{selector='hashed'})",
  ])
    t.like(policyOf(ofSnippet(call)), { pick: 'sticky' }, call);
});

test('samples and lists are answered with several', (t) => {
  t.like(policyOf(ofSnippet("pickrandomsample(2, {'192.0.2.1','192.0.2.2','192.0.2.3'})")), { answers: 2 });
  t.like(policyOf(ofSnippet("{'192.0.2.1','192.0.2.2','192.0.2.3'}")), { answers: 3 });
});

test('groups with checks elsewhere become unchecked pools, and are told', (t) => {
  const draft = ofSnippet("ifurlextup({{['192.0.2.1']='https://h/1'}, {['192.0.2.2']='https://h/2'}})");
  t.deepEqual(policyOf(draft), { rule: { failover: [{ pool: 'w-example-edu' }, { pool: 'w-example-edu-2' }] } });
  t.regex(lost(draft), /ifurlextup checks other URLs/);
});

test('a view without everybody answers others with its last pair, and is told', (t) => {
  const draft = ofSnippet("view({{{'203.0.113.0/24'}, {'192.0.2.1'}}})");
  t.like(policyOf(draft), { rule: { map: { default: { pool: 'w-example-edu-2' } } } });
  t.regex(lost(draft), /no network for everybody/);
});

test('networks and AS numbers are places, too', (t) => {
  const draft = ofSnippet(
    ";if netmask({'203.0.113.0/24'}) then return '192.0.2.1' elseif asnum(64500) then return '192.0.2.2' end return '192.0.2.3'",
  );
  t.deepEqual(Object.keys((policyOf(draft) as { rule: { map: object } }).rule.map), ['network', 'asn', 'default']);
});

test('A and AAAA that choose in different ways are not mixed, and that is told', (t) => {
  const draft = draftOf(`w IN LUA A "pickrandom({'192.0.2.1'})"\nw IN LUA AAAA "pickclosest({'2001:db8::1'})"\n`);
  t.deepEqual(draft.pools.get('w-example-edu')!.members, [{ site: 'unplaced', name: 'member-1', v4: '192.0.2.1' }]);
  t.regex(lost(draft), /LUA AAAA of this name chooses in another way than LUA A; left out/);
});

test('a record without an owner keeps its own when the one before it goes', (t) => {
  const draft = draftOf('x IN LUA TXT "who"\n  IN MX 10 m\nw IN A 192.0.2.1\n');
  t.is(zoneOf(draft), 'x.example.edu.  IN MX 10 m\nw IN A 192.0.2.1\n');
});

test('an origin that changes counts for the records behind it', (t) => {
  const draft = draftOf(`$ORIGIN sub\nw IN LUA A "all({'192.0.2.1'})"\n`);
  t.is(zoneOf(draft), '$ORIGIN sub\nw.sub.example.edu. GSLB w-sub-example-edu\n');
});

test('a zone whose name nobody knows is an error', (t) => {
  const draft = importPowerdns([{ file: 'z', text: 'w IN A 192.0.2.1\n' }]);
  t.like(!draft.ok && draft.error, { code: 'ERR_IMPORT', file: 'z' });
});

const LOST: readonly (readonly [snippet: string, told: string])[] = [
  ['closestMagic()', 'closestMagic has no counterpart'],
  ['pickrandom(ips)', 'ips is not known'],
  ['pickrandom()', 'pickrandom without values'],
  ['pickrandom({})', 'a list of values is empty'],
  ['pickrandom({{1}})', 'neither text nor a pair'],
  ["pickrandom(all('a'))", 'a list of values is computed'],
  ["ifportup('x', {})", 'ifportup without a port'],
  ['ifurlup(1, {})', 'ifurlup without a URL'],
  ['1', 'what it returns is not known'],
  ["view({{'a'}})", 'view takes pairs'],
  ['view({})', 'view without networks'],
  [';x = 1', 'it returns nothing'],
  [";include('gone') return 'a'", "include('gone') has no LUA record"],
  [";if continent('EU') then return '192.0.2.1' end", 'clients of other places get no answer'],
  [";if who('x') then return 'a' end return 'b'", 'a condition on something else'],
  [";if continent('EU') then x = 1 end return 'b'", 'a branch returns nothing'],
  [';a = b b = a return a', 'is not known'],
];
for (const [snippet, told] of LOST)
  test(`"${snippet}" is left out and told`, (t) => {
    const draft = ofSnippet(snippet);
    t.is(draft.policies.size, 0);
    t.is(zoneOf(draft), '');
    t.true(lost(draft).includes(told), lost(draft));
  });

test('what a code is compared with is a place, as what a function is asked for', (t) => {
  const rule = (snippet: string): unknown => policyOf(ofSnippet(snippet));
  t.deepEqual(
    rule(";if countryCode() == 'CN' or 'HK' == countryCode() then return '192.0.2.1' else return '192.0.2.2' end"),
    rule(";if country({'CN','HK'}) then return '192.0.2.1' else return '192.0.2.2' end"),
  );
});

test('a region needs the country beside it', (t) => {
  const draft = ofSnippet(";if country('US') and region({'CA','OR'}) then return '192.0.2.1' else return '192.0.2.2' end");
  t.like(policyOf(draft), {
    rule: { map: { subdivision: { 'US-CA': { pool: 'w-example-edu' }, 'US-OR': { pool: 'w-example-edu' } } } },
  });
  t.deepEqual(draft.losses.length, 1, 'but for the sites');
  const alone = ofSnippet(";if region('CA') then return '192.0.2.1' else return '192.0.2.2' end");
  t.regex(lost(alone), /a region needs its country beside it; left out/);
});

test('a condition that is negated exchanges the answers', (t) => {
  const draft = ofSnippet(";if not country('US') then return '192.0.2.1' end return '192.0.2.2'");
  t.like(policyOf(draft), {
    rule: { map: { country: { US: { pool: 'w-example-edu' } }, default: { pool: 'w-example-edu-2' } } },
  });
  t.like(draft.pools.get('w-example-edu'), { members: [{ v4: '192.0.2.2' }] });
});

test('a smaller place after a larger one is told, for here it would count', (t) => {
  const snippet = (first: string, second: string): string =>
    `;if ${first} then return '192.0.2.1' elseif ${second} then return '192.0.2.2' end return '192.0.2.3'`;
  t.regex(lost(ofSnippet(snippet("continent('EU')", "country('DE')"))), /a smaller place comes after one on a larger place/);
  t.notRegex(lost(ofSnippet(snippet("country('DE')", "continent('EU')"))), /a smaller place/);
});

test('every option and selector without a counterpart is told, and a number may be written as text', (t) => {
  const draft = ofSnippet(
    "ifurlup('http://h/x', {'192.0.2.1'}, {httpcode='404', failOnIncompleteCheck='true', selector='first'})",
  );
  t.like(draft.probes.get('check-1'), { http: { status: [404] } });
  t.regex(lost(draft), /the option failOnIncompleteCheck of its check/);
  t.regex(lost(draft), /selector first has no counterpart/);
});

test('addresses of the other family, a second record of a type, and a plain one beside it are told, not lost', (t) => {
  t.regex(lost(draftOf(`w 60 IN LUA AAAA "pickrandom({'192.0.2.1'})"\n`)), /LUA AAAA: 192\.0\.2\.1 is no AAAA; left out/);
  const twice = `w 60 IN LUA A "pickrandom({'192.0.2.1'})"\nw 60 IN LUA A "pickrandom({'192.0.2.2'})"\n`;
  const draft = draftOf(twice);
  t.like(draft.pools.get('w-example-edu'), { members: [{ v4: '192.0.2.1' }] });
  t.regex(lost(draft), /z:4: a further LUA A of this name, whose answer PowerDNS adds to the first; left out/);
  const beside = draftOf(`w 60 IN LUA A "pickrandom({'192.0.2.1'})"\nw 60 IN A 192.0.2.9\n`);
  t.regex(lost(beside), /the plain A 192\.0\.2\.9 beside LUA A/);
});

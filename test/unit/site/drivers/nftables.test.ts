// The kernel as a balancer, between real clients and servers in namespaces of their own, where that is permitted.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { NftablesSettings } from '../../../../src/model/site-driver.ts';
import { countFlows, flowOf } from '../../../../src/site/drivers/nftables/conntrack.ts';
import { parseCounters } from '../../../../src/site/drivers/nftables/counters.ts';
import { Nftables } from '../../../../src/site/drivers/nftables/driver.ts';
import { placesOf } from '../../../../src/site/drivers/nftables/places.ts';
import { balancingOf, serverOf, serversOf } from '../../../support/balance.ts';
import { startChild } from '../../../support/child.ts';
import { planOf } from '../../../support/driver-plans.ts';
import { testUnless } from '../../../support/environments.ts';
import { ROOT } from '../../../support/paths.ts';

const OWN = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const TRIAL =
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin; nft add table inet t && ip link add trial0 type veth peer name trial1 && test -r /proc/net/nf_conntrack';

function whyNotHere(): string | undefined {
  const { status, stderr, error } = spawnSync('unshare', [...OWN, 'sh', '-c', TRIAL], { encoding: 'utf8' });
  if (error !== undefined) return `unshare: ${error.message}`;
  return status === 0 ? undefined : `a network of its own with nft: ${stderr.trim().split('\n').at(-1) || `exit code ${status}`}`;
}

testUnless(whyNotHere(), 'the kernel balances, drains and forgets as it is told', async (t) => {
  const child = startChild('unshare', [...OWN, process.execPath, `${ROOT}dist/test/support/nftables-scenario.js`]);
  t.is(await child.ended, 0, child.printed('stderr'));
  const lines = child.printed('stdout').trim().split('\n');
  const facts = Object.fromEntries(
    lines.map((line) => {
      const { fact, value } = JSON.parse(line) as { fact: string; value: unknown };
      return [fact, value];
    }),
  );
  const reload = { ok: true, value: { by: 'reload', warnings: [] } };
  const first = facts['first'] as { a: number; b: number };
  t.deepEqual(facts['applied'], reload);
  t.like(facts['again'], { ok: true, value: { by: 'nothing' } });
  t.is(first.a + first.b, 60);
  t.true(first.a > first.b && first.b > 0, 'weights 3 to 1');
  t.true(facts['client address is seen']);
  t.deepEqual(facts['load'], { current: 60, target: 80, max: 100, servers: [first.a, first.b, 0, 0] });
  t.true(facts['same server again']);
  const six = facts['ipv6'] as { a6: number; b6: number };
  t.true(six.a6 > 0 && six.b6 > 0 && six.a6 + six.b6 === 60);
  t.is(facts['old connections'], 1, 'all of them got back what they sent');
  t.deepEqual(facts['new while draining'], { a: 60, b: 0 });
  t.deepEqual(facts['state'], ['up', 'draining', 'up', 'up']);
  t.is(facts['new while down'], 60);
  t.true(facts['as at first']);
  t.like(facts['refused'], { ok: false });
  t.true(facts['unchanged']);
  t.deepEqual(facts['masquerading'], reload);
  t.is(facts['per client'], 1, 'the third connection of one client');
  t.deepEqual(facts['seen as'], ['10.9.0.1']);
  t.is(facts['anywhere'], 8);
  t.is(facts['anywhere load'], 8);
  t.true(facts['rate']);
  t.is(facts['left'], 'table inet others { chain keep { } }');
});

const SETTINGS: NftablesSettings = {
  kind: 'nftables',
  timeoutMs: 60_000,
  measure: 'connections',
  max: null,
  program: '/nowhere/nft',
  table: 'meridian',
  tableSize: 1021,
  isMasquerading: true,
  isRemovedOnClose: true,
};
const HASHING = { balancing: balancingOf({ kind: 'maglev', tableSize: 65_537 }) };

/** A program that says it is nft, for plans that never get to it. */
const VERSION_ONLY = join(mkdtempSync(join(tmpdir(), 'meridian-nft-')), 'nft');
writeFileSync(VERSION_ONLY, "#!/bin/sh\necho 'nftables v1.0.6 (Lester Gooch #5)'\n", { mode: 0o700 });
test.after.always(() => rmSync(dirname(VERSION_ONLY), { recursive: true }));

async function refusal(plan: Parameters<Nftables['apply']>[0], differs: Partial<NftablesSettings> = {}): Promise<string> {
  const applied = await new Nftables({ ...SETTINGS, ...differs }).apply(plan);
  return applied.ok ? '' : applied.error.map(({ code, message }) => `${code}: ${message}`).join('\n');
}

test('a program that is missing is one clear line', async (t) => {
  t.regex(await refusal(planOf([serverOf('a')], { service: HASHING })), /^ERR_DRIVER_PROGRAM: .*install the package nftables/);
});

test('a program that is something else, or too old, is one clear line', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-nft-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const program = join(directory, 'nft');
  writeFileSync(program, '#!/bin/sh\necho hello\n', { mode: 0o700 });
  t.regex(await refusal(planOf([]), { program }), /nftables 1 or newer is needed, found "hello"/);
  const old = join(directory, 'old-nft');
  writeFileSync(old, "#!/bin/sh\necho 'nftables v0.9.0 (Fearless Fosdick)'\n", { mode: 0o700 });
  t.regex(await refusal(planOf([]), { program: old }), /found 0\.9$/);
});

for (const [what, plan, message, settings] of [
  ['a name that could be a rule', planOf([serverOf('a"; }')], { service: HASHING }), /a name may have/, {}],
  [
    'an algorithm of layer 7',
    planOf([serverOf('a')], { service: { balancing: balancingOf({ kind: 'least-time' }) } }),
    /found least-time/,
    {},
  ],
  [
    'a server of the other family',
    planOf([serverOf('a', { address: '::1' })], { service: HASHING }),
    /it is IPv4, and the server a is not/,
    {},
  ],
  [
    'a PROXY header',
    planOf([serverOf('a')], { service: HASHING, front: { proxyTo: 1 } }),
    /neither reads nor writes PROXY headers/,
    {},
  ],
  [
    'a prefix of 20 bits',
    planOf([serverOf('a')], { service: HASHING, front: { keyPrefixV4: 20 } }),
    /keyPrefixV4 is 8, 16, 24 or 32, found 20/,
    {},
  ],
  ['a table size that is no prime', planOf([]), /tableSize is a prime up to 65537, found 1000/, { tableSize: 1000 }],
  ['a table name with a space', planOf([]), /table "a b": a name may have/, { table: 'a b' }],
] as const) {
  test(`${what} is refused`, async (t) => {
    t.regex(await refusal(plan, { program: VERSION_ONLY, ...settings }), message);
  });
}

test('a server that leaves moves hardly any place but its own', (t) => {
  const servers = serversOf(10);
  const all = placesOf(servers, () => false, 4093);
  const without = placesOf(servers, ({ id }) => id === 's3', 4093);
  const moved = all.filter((server, place) => server !== 3 && without[place] !== server).length;
  t.true(moved < 0.03 * 4093, `${moved} places of others moved`);
  t.false(without.includes(3));
});

test('the second priority has the places when the first has nobody, and nobody has them when all are down', (t) => {
  const servers = [serverOf('a'), serverOf('b', { priority: 1 })];
  t.deepEqual(new Set(placesOf(servers, () => false, 101)), new Set([0]));
  t.deepEqual(new Set(placesOf(servers, ({ id }) => id === 'a', 101)), new Set([1]));
  t.deepEqual(
    placesOf(servers, () => true, 101),
    [],
  );
});

const LINE =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=10.8.0.2 dst=10.8.0.1 sport=45692 dport=80 src=10.9.0.2 dst=10.8.0.2 sport=8080 dport=45692 [ASSURED] mark=0 zone=0 use=2';

test('a connection of the kernel names its front and its server', (t) => {
  const flow = { protocol: 'tcp', front: '10.8.0.1', frontPort: 80, server: '10.9.0.2', serverPort: 8080 };
  t.deepEqual(flowOf(LINE), flow);
  t.deepEqual(
    flowOf(LINE.replace('[ASSURED]', '').replace('dport=80 src', 'dport=80 packets=3 bytes=180 [UNREPLIED] src')),
    flow,
  );
});

test('a connection that is over counts no more', (t) => {
  t.is(flowOf(LINE.replace('ESTABLISHED', 'TIME_WAIT')), null);
  t.is(flowOf(LINE.replace('ESTABLISHED', 'CLOSE')), null);
});

test('any other line is nothing, and never an exception', (t) => {
  t.is(flowOf('ipv4 2 icmp 1 29 src=1.2.3.4 dst=1.2.3.4 type=8 code=0 id=1 src=1.2.3.4 dst=1.2.3.4 type=0 code=0 id=1'), null);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => t.notThrows(() => flowOf(line))));
});

test('a kernel that does not list its connections is told what does without', async (t) => {
  const counted = await countFlows('/nowhere/nf_conntrack', 60_000);
  t.regex(counted.ok ? '' : counted.error.message, /does not tell its connections; "measure: per-second" does without/);
});

test('what is not a list of counters is refused', (t) => {
  for (const text of ['', '[]', '{"nftables": 1}', '{"nftables": [{"counter": {"name": "a", "packets": -1}}]}']) {
    t.false(parseCounters(text).ok, text);
  }
  fc.assert(fc.property(fc.json(), (text) => t.notThrows(() => parseCounters(text))));
});

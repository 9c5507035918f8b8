// `meridian import` as an operator uses it: out comes a directory that `serve` takes as it is and that answers as the source did.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { dig } from '../support/dig.ts';
import { ROOT } from '../support/paths.ts';
import { meridian, type RunningServer, startServer } from '../support/server.ts';

const FIXTURES = `${ROOT}test/fixtures/migrate`;

/** Imports, and serves what came out; nothing in it is checked, so all of it is up. */
async function serveImported(t: ExecutionContext, ...source: readonly string[]): Promise<RunningServer> {
  const out = join(mkdtempSync(join(tmpdir(), 'meridian-import-')), 'new');
  const { code, stdout, stderr } = await meridian(['import', ...source, '--out', out]);
  t.is(code, 0, `${stdout}${stderr}`);
  t.is(readFileSync(join(out, 'import-report.txt'), 'utf8'), stdout.match(/(?<=^not carried over: ).*\n/gm)!.join(''));
  const config = join(out, 'meridian.yaml');
  const text = readFileSync(config, 'utf8').replace('127.0.0.1:5053', '127.0.0.1:0');
  writeFileSync(
    config,
    text.replaceAll(/probe: [\w-]+, |^ +(?:probe|check): .*\n|, check: \{.*?\}/gm, '').replace(/^probes:\n(?: .*\n)+/m, ''),
  );
  const server = await startServer(out);
  t.teardown(() => server.stop());
  return server;
}

/** Addresses and names of the answer, sorted, for a client in a network. */
async function ask({ port }: RunningServer, name: string, network = '192.0.2.0/24', type = 'A'): Promise<string> {
  const printed = await dig(port, '+short', `+subnet=${network}`, name, type);
  return printed.trim().split('\n').sort().join(' ');
}

test('an import of gdnsd answers as gdnsd did', async (t) => {
  const server = await serveImported(t, 'gdnsd', `${FIXTURES}/gdnsd`);
  t.is(await ask(server, 'example.com'), '192.0.2.1 192.0.2.2 192.0.2.3', 'multifo: all of them');
  t.is(await ask(server, 'example.com', '192.0.2.0/24', 'AAAA'), '2001:db8::1 2001:db8::2');
  t.is(await ask(server, 'mail.example.com'), '192.0.2.25', 'simplefo: the first');
  t.is(await ask(server, 'www-eu.example.com'), '192.0.2.111', 'geoip, pinned');
  t.is(await ask(server, 'www.example.com', '131.188.0.0/24'), '192.0.2.111', 'geoip: Europe');
  t.regex(await ask(server, 'www.example.com', '10.1.0.0/24'), /^192\.0\.2\.10[12]$/, 'geoip: a network');
  t.is(await ask(server, 'cdn.example.com', '133.11.0.0/24'), '192.0.2.203', 'geoip: the nearest to Japan');
  t.regex(await ask(server, 'names.example.com'), /^lb[12]\.example\.net\.$/, 'weighted names');
  t.is(await ask(server, 'fixed.example.com'), '192.0.2.77', 'static');
  t.is(await ask(server, 'example.com', '192.0.2.0/24', 'NS'), 'ns1.example.com. ns2.example.com.', '@Z');
});

test('an import of Route 53 answers as Route 53 did', async (t) => {
  const files = ['example.org.json', 'checks.json'].map((file) => `${FIXTURES}/route53/${file}`);
  const server = await serveImported(t, 'route53', ...files);
  t.is(await ask(server, 'example.org', '131.188.0.0/24'), '192.0.2.2', 'an alias to latency sets: Europe');
  t.is(await ask(server, 'www.example.org', '18.0.0.0/24'), '192.0.2.1', 'latency: America');
  t.is(await ask(server, 'shop.example.org'), '192.0.2.11', 'failover: the first');
  t.is(await ask(server, 'law.example.org', '131.188.0.0/24'), '192.0.2.22', 'geolocation: Germany');
  t.is(await ask(server, 'law.example.org', '18.0.0.0/24'), '192.0.2.20', 'geolocation: all others');
  t.is(await ask(server, 'many.example.org'), '192.0.2.31 192.0.2.32', 'multivalue');
  t.is(await ask(server, 'near.example.org', '131.188.0.0/24'), '192.0.2.41', 'geoproximity');
  t.regex(await ask(server, 'cdn.example.org'), /^[ab]\.cdn\.example\.net\.$/, 'weighted names');
  t.is(await ask(server, 'x.wild.example.org', '192.0.2.0/24', 'TXT'), '"any name"', 'a wildcard');
});

test('an import of octoDNS answers as its provider did', async (t) => {
  const server = await serveImported(t, 'octodns', `${FIXTURES}/octodns/octodns.yaml`);
  t.regex(await ask(server, 'www.example.net', '131.188.0.0/24'), /^192\.0\.2\.[34]$/, 'Europe');
  t.is(await ask(server, 'www.example.net', '131.188.0.0/24', 'AAAA'), '2001:db8::3', 'and its IPv6');
  t.regex(await ask(server, 'www.example.net', '133.11.0.0/24'), /^192\.0\.2\.[12]$/, 'Asia');
  t.regex(await ask(server, 'www.example.net', '203.0.113.0/24'), /^192\.0\.2\.[34]$/, 'a network');
  t.is(await ask(server, 'www.example.net', '18.0.0.0/24'), '192.0.2.5', 'all others');
  t.is(await ask(server, 'old.example.net', '18.0.0.0/24'), '192.0.2.60', 'the older notation');
  t.is(await ask(server, 'cdn.example.net', '131.188.0.0/24'), 'one.cdn.example.org.', 'dynamic names');
  t.is(await ask(server, 'example.net', '192.0.2.0/24', 'MX'), '10 mail.example.net.');
  t.is(await ask(server, 'example.net', '192.0.2.0/24', 'TXT'), '"v=spf1 include:example.org ; all"');
  t.is(await ask(server, 'svc.example.net', '192.0.2.0/24', 'HTTPS'), '1 . alpn="h2,h3" port=8443');
  t.is(await ask(server, 'gone.example.net'), '', 'ignored');
});

test('an import of PowerDNS answers what its LUA records did', async (t) => {
  const server = await serveImported(t, 'powerdns-lua', `${FIXTURES}/powerdns/example.edu.zone`);
  t.regex(await ask(server, 'up.example.edu'), /^192\.0\.2\.1[12]$/, 'ifportup');
  t.regex(await ask(server, 'up.example.edu', '192.0.2.0/24', 'AAAA'), /^2001:db8::1[12]$/, 'and its IPv6');
  t.is(await ask(server, 'up.example.edu', '192.0.2.0/24', 'MX'), '10 ns1.example.edu.', 'a record without an owner');
  t.regex(await ask(server, 'west.example.edu'), /^192\.0\.2\.[12]$/, 'the first set, from a configuration record');
  t.is(await ask(server, 'www.example.edu', '18.0.0.0/24'), 'usa.example.org.', 'by continent');
  t.regex(await ask(server, 'heavy.example.edu'), /^192\.0\.2\.2[12]$/, 'by weight');
  t.is(await ask(server, 'many.example.edu'), '192.0.2.31 192.0.2.32', 'all');
  t.is(await ask(server, 'split.example.edu', '203.0.113.0/24'), '192.0.2.51', 'view');
  t.is(await ask(server, 'split.example.edu', '18.0.0.0/24'), '192.0.2.52', 'view: everybody');
  t.is(await ask(server, 'place.example.edu', '131.188.0.0/24'), '192.0.2.63', 'by country: all others');
  t.is(await ask(server, 'half.example.edu', '192.0.2.0/24', 'AAAA'), '2001:db8::71', 'a plain address of the other family');
  t.is(await ask(server, 'plain.example.edu'), '192.0.2.80');
});

test('nothing is written where something is, and a source that cannot be read is an error', async (t) => {
  const taken = await meridian(['import', 'gdnsd', `${FIXTURES}/gdnsd`, '--out', FIXTURES]);
  t.is(taken.code, 2);
  t.regex(taken.stderr, /ERR_USAGE: .* is there already, and is not an empty directory/);
  const missing = await meridian(['import', 'gdnsd', '/nonexistent', '--out', join(tmpdir(), 'meridian-import-never')]);
  t.is(missing.code, 2);
  t.regex(missing.stderr, /^\/nonexistent\/config: error ERR_IMPORT: cannot be read/);
});

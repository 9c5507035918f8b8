// The admin API of the real server: what it orders is what dig is answered, what it shows is what happens, and what it has
// acknowledged outlives a kill.

import { rmSync } from 'node:fs';
import test from 'ava';
import { adminDirectory, startAdmin } from '../support/admin-client.ts';
import { metricsAskedFor } from '../support/deploy-files.ts';
import { dig } from '../support/dig.ts';
import { stormUntilKilled } from '../support/override-storm.ts';
import { eventually } from '../support/patience.ts';
import { editConfig, meridian, run } from '../support/server.ts';

const LONDON = '192.0.2.10';
const WRITES = 60;

interface Items<T> {
  readonly items: readonly T[];
}

test('orders, events, audit, metrics and reloads over HTTP', async (t) => {
  const { server, api } = await startAdmin(adminDirectory());
  t.teardown(() => server.stop());
  const answer = async () => (await dig(server.port, '+short', 'www.example.test', '+subnet=81.2.69.142/32')).trim();

  t.is(await answer(), LONDON);
  t.is((await fetch(`${api.url}/readyz`)).status, 200);

  const order = await api.post<{ order: { id: string } }>('/v1/overrides', { action: 'down', what: 'london', reason: 'a test' });
  t.is(order.status, 200);
  t.not(await answer(), LONDON, 'it is in force when it is acknowledged');

  const drained = await meridian(['drain', 'tokyo', '--reason', 'by command', '--author', 'ann', '--config', server.config]);
  t.is(drained.code, 0, drained.stderr);
  const audit = await api.get<Items<{ actor: string; via: string; subject: string }>>('/v1/audit');
  t.deepEqual(
    audit.items.map(({ actor, via, subject }) => [actor, via, subject]),
    [
      ['ann', 'socket', 'site:tokyo'],
      ['loopback', 'api', 'site:london'],
    ],
  );

  const refused = await meridian(['override', 'down', '*', '--reason', 'a slip', '--config', server.config]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /^error ERR_SAFETY: refused by admin\.safety: leastSites: 0 sites would serve, at least 1 must/);

  const told = await meridian(['load', 'london', '--current', '30', '--max', '50', '--config', server.config]);
  t.is(told.code, 0, told.stderr);
  const sites = await api.get<Items<{ id: string; load: { current: number; max: number } | null }>>('/v1/sites');
  t.like(sites.items.find(({ id }) => id === 'london')!.load, { current: 30, max: 50 });

  const removed = await fetch(`${api.url}/v1/overrides/${order.body.order.id}`, { method: 'DELETE' });
  t.is(removed.status, 200);
  t.is(await answer(), LONDON);

  editConfig(server.directory, ['bias: { london: 10 }', 'bias: { london: 20 }']);
  const tried = await api.post<{ isDone: boolean; changes: { policies: { changed: string[] } } }>('/v1/reload', { dryRun: true });
  t.false(tried.body.isDone);
  t.true(tried.body.changes.policies.changed.includes('www-policy'));
  t.is((await api.get<{ generation: number }>('/v1/status')).generation, 1);
  editConfig(server.directory, ['tieBand: 25km', 'tieBand: far']);
  t.is((await api.post('/v1/reload', {})).status, 422);
  const fires = async () => {
    const { active } = await api.get<{ active: readonly { name: string; silence: string | null }[] }>('/v1/alerts');
    return active.find(({ name }) => name === 'reload-refused');
  };
  await eventually(
    async () => (await fires()) !== undefined,
    () => `the refused reload is no alert:\n${server.log()}`,
  );
  // The configuration is broken, so it cannot tell where the control socket is.
  const socket = ['--socket', `${server.directory}/var/meridian.sock`];
  const terms = ['--for', '1h', '--reason', 'a test', '--author', 'ann'];
  const silenced = await meridian(['silence', 'reload-*', ...terms, ...socket]);
  t.is(silenced.code, 0, silenced.stderr);
  t.regex(silenced.stdout, /^undo: meridian silence --remove \w+$/m);
  t.is(typeof (await fires())!.silence, 'string');
  t.regex((await meridian(['alerts', ...socket])).stdout, /reload-refused +silenced/);
  editConfig(server.directory, ['tieBand: far', 'tieBand: 25km']);
  t.is((await api.post('/v1/reload', {})).status, 200);
  t.is((await api.get<{ generation: number }>('/v1/status')).generation, 2);

  const { items } = await api.get<Items<{ kind: string }>>('/v1/events');
  for (const kind of ['order', 'recall', 'reload', 'health'])
    t.true(
      items.some((event) => event.kind === kind),
      kind,
    );

  const checked = await run('sh', ['-c', `curl -s ${api.url}/metrics | promtool check metrics 2>&1`]);
  t.is(checked.code, 0, checked.stdout);
  const shown = await run('curl', ['-s', `${api.url}/metrics`]);
  t.regex(shown.stdout, /^meridian_dns_queries_total\{transport="udp"\} [1-9]/m);
  t.regex(shown.stdout, /^meridian_overrides\{action="drain"\} 1$/m);
  t.regex(shown.stdout, /^meridian_gslb_site_answers_total\{site="london"\} [1-9]/m);
  t.regex(shown.stdout, /^meridian_config_reload_refused 0$/m);
  t.regex(shown.stdout, /^meridian_state_writable\{what="state"\} 1$/m);
  const described = new Set(Array.from(shown.stdout.matchAll(/^# TYPE (\w+) /gm), ([, name]) => name));
  t.deepEqual(
    [...metricsAskedFor()].filter((name) => !described.has(name)),
    [],
    'rules and dashboards ask for what there is',
  );
});

test('no acknowledged order is lost by a kill, nor its line in the audit, tokens come and go by a reload, and a zone is put', async (t) => {
  const directory = adminDirectory();
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const first = await startAdmin(directory);
  const acknowledged = await stormUntilKilled(first.api, WRITES, () => first.server.signal('SIGKILL'));
  await first.server.ended;
  t.true(acknowledged.length >= WRITES);

  const { server, api } = await startAdmin(directory);
  t.teardown(() => server.stop());
  const kept = await api.get<Items<{ glob: string }>>('/v1/overrides?limit=1000');
  const globs = new Set(kept.items.map(({ glob }) => glob));
  t.deepEqual(
    acknowledged.filter((glob) => !globs.has(glob)),
    [],
  );
  const audit = await api.get<Items<{ subject: string }>>('/v1/audit?limit=1000');
  const audited = new Set(audit.items.map(({ subject }) => subject));
  t.deepEqual(
    acknowledged.filter((glob) => !audited.has(glob)),
    [],
  );

  const made = await meridian(['token', 'new', '--role', 'admin', '--name', 'ann', '--json']);
  const { token, hash } = JSON.parse(made.stdout) as { token: string; hash: string };
  editConfig(directory, ['admin:\n', `admin:\n  tokens: { ann: { role: admin, hash: "${hash}" } }\n`]);
  server.signal('SIGHUP');
  await eventually(
    async () => (await fetch(`${api.url}/v1/session`)).status === 401,
    () => `the token was never asked for:\n${server.log()}`,
  );
  const reply = await fetch(`${api.url}/v1/session`, { headers: { authorization: `Bearer ${token}` } });
  t.like((await reply.json()) as object, { name: 'ann', role: 'admin', isOpen: false });

  const authorization = `Bearer ${token}`;
  const file = `${api.url}/v1/zones/example.test/file`;
  const present = await fetch(file, { headers: { authorization } });
  const headers = { authorization, 'content-type': 'text/dns', 'if-match': present.headers.get('etag')! };
  const body = `${await present.text()}\nput 60 IN A 192.0.2.77\n`;
  const put = await fetch(file, { method: 'PUT', headers, body });
  t.is(put.status, 200, await put.clone().text());
  t.is((await dig(server.port, '+short', 'put.example.test')).trim(), '192.0.2.77', 'it is served when it is acknowledged');
  t.is((await fetch(file, { method: 'PUT', headers, body })).status, 412, 'the file is another one now');

  const trial = { ...headers, 'if-match': put.headers.get('etag')! };
  await fetch(`${file}?watchSec=600`, { method: 'PUT', headers: trial, body: body.replace('192.0.2.77', '192.0.2.78') });
  t.is((await dig(server.port, '+short', 'put.example.test')).trim(), '192.0.2.78');
  const status = await meridian(['status', '--config', server.config]);
  t.regex(status.stdout, /^change +zone example\.test\. of ann on trial for another \d+ s$/m);
  const decided = await fetch(`${api.url}/v1/change`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'rollback' }),
  });
  t.like((await decided.json()) as object, { phase: 'rolled-back', reason: 'ann has decided' });
  t.is((await dig(server.port, '+short', 'put.example.test')).trim(), '192.0.2.77', 'what was before is served again');
  t.is(await (await fetch(file, { headers: { authorization } })).text(), body);
});

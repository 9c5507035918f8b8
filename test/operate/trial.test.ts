// A change on trial when the process does not live to its end: an upgrade waits, and a process that is killed leaves nothing behind that
// was not kept.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { StagedState } from '../../src/admin/schemas/staged.ts';
import { newToken } from '../../src/admin/token.ts';
import { type AdminClient, adminDirectory, clientOf, startAdmin } from '../support/admin-client.ts';
import { dig } from '../support/dig.ts';
import { eventually } from '../support/patience.ts';
import { editConfig, meridian } from '../support/server.ts';

const ZONE = 'example.test';
const { token, hash } = newToken();
const HEADERS = { authorization: `Bearer ${token}` };

async function stage(t: ExecutionContext) {
  const directory = adminDirectory();
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  editConfig(directory, [/^admin:\n/m, `admin:\n  tokens: { ann: { role: admin, hash: "${hash}" } }\n`]);
  const file = join(directory, `${ZONE}.zone`);
  const before = readFileSync(file, 'utf8');
  const start = async () => {
    const { server, api: anonymous } = await startAdmin(directory);
    const api = clientOf(anonymous.url, HEADERS);
    t.teardown(() => server.signal('SIGKILL'));
    const answer = async (): Promise<string> => (await dig(server.port, '+short', `put.${ZONE}`)).trim();
    return { server, api, answer };
  };
  return { file, before, start };
}

async function put({ url }: AdminClient, text: string, query: string): Promise<void> {
  const path = `${url}/v1/zones/${ZONE}/file`;
  const { headers } = await fetch(path, { headers: HEADERS });
  const terms = { ...HEADERS, 'content-type': 'text/dns', 'if-match': headers.get('etag')! };
  const reply = await fetch(`${path}?${query}`, { method: 'PUT', headers: terms, body: text });
  if (reply.status !== 200) throw new Error(`${reply.status} ${await reply.text()}`);
}

const changeAt = async (api: AdminClient): Promise<StagedState | null> =>
  (await api.get<{ change: StagedState | null }>('/v1/change')).change;

for (const scope of ['server', 'all'] as const) {
  test.serial(
    `scope ${scope}: no successor takes over amid a trial; a server that is killed in it begins with the former file`,
    async (t) => {
      const { file, before, start } = await stage(t);
      const first = await start();
      await put(first.api, `${before}put 60 A 192.0.2.77\n`, `watchSec=600&scope=${scope}`);
      t.is(await first.answer(), '192.0.2.77');
      const upgrade = await meridian(['upgrade', '--config', first.server.config]);
      t.is(upgrade.code, 1);
      t.regex(
        upgrade.stderr,
        /ERR_UPGRADE: the zone of example\.test\. by .* is on trial for another \d+ s: wait for its end, or/,
      );
      t.is((await changeAt(first.api))?.phase, 'watching', 'the trial goes on');
      first.server.signal('SIGKILL');
      await first.server.ended;

      const second = await start();
      const ended = async (): Promise<boolean> => (await changeAt(second.api))?.phase === 'rolled-back';
      await eventually(ended, () => `not rolled back\n${second.server.log().slice(-4000)}`);
      t.regex((await changeAt(second.api))!.reason ?? '', /started again in the middle of it/);
      await eventually(
        async () => (await second.answer()) === '' && readFileSync(file, 'utf8') === before,
        () => `the former file is not served\n${second.server.log().slice(-4000)}`,
      );
      t.true(readFileSync(`${file}.refused`, 'utf8').includes('192.0.2.77'), 'what was tried stays beside it');
      // Each server tells what became of its part; the outcome of a trial of all comes after that.
      let told = '';
      await eventually(
        async () => {
          const { items } = await second.api.get<{ items: { action: string; detail: string }[] }>('/v1/audit?limit=10');
          told = JSON.stringify(items);
          return items.some(({ action, detail }) => action === 'trial' && /rolled back|restored/.test(detail));
        },
        () => `nothing is told of its end: ${told}`,
      );
    },
  );
}

test.serial(
  'what was kept stays after a kill, and an upgrade goes on; a reload that was on trial cannot be taken back, and says so',
  async (t) => {
    const { file, before, start } = await stage(t);
    const first = await start();
    const kept = `${before}put 60 A 192.0.2.77\n`;
    await put(first.api, kept, 'watchSec=600');
    await first.api.post('/v1/change', { action: 'keep' });
    await first.api.post('/v1/reload', { watchSec: 600 });
    t.is((await changeAt(first.api))?.what, 'reload');
    first.server.signal('SIGKILL');
    await first.server.ended;

    const second = await start();
    t.is(await second.answer(), '192.0.2.77');
    t.is(readFileSync(file, 'utf8'), kept);
    t.like(await changeAt(second.api), { what: 'reload', phase: 'stuck' });
    second.server.signal('SIGKILL');
    await second.server.ended;

    const third = await start();
    t.is(await changeAt(third.api), null, 'it is told once');
  },
);

// Orders, a thousand if the disk is fast enough, given to one server that is killed again and again while it takes them: whatever was
// acknowledged before any of the kills is in force after all of them, and in the audit. What is killed is the whole process, at another moment each time: while
// it reads a request, writes, waits for the disk, puts a file in the place of another one, or replies.

import { rmSync } from 'node:fs';
import test from 'ava';
import { type AdminClient, adminDirectory, startAdmin } from '../support/admin-client.ts';
import { stormUntilKilled } from '../support/override-storm.ts';
import { editConfig } from '../support/server.ts';

const KILLS = 5;
const WRITES = 1000;
/** After the last acknowledgement that is waited for: spread over what a write takes. */
const MOMENTS_MS = [0, 1, 3, 7, 13];
/** A round ends with so many fewer orders where the disk, or a busy machine, is too slow: each one waits for both. */
const ROUND_MS = 12_000;

interface Page {
  readonly items: readonly Readonly<Record<'glob' | 'subject', string>>[];
  readonly next: string | number | null;
}

/** The audit begins with the newest entry, and goes on `before` it. */
const OVERRIDES = { path: '/v1/overrides', key: 'glob', onward: 'after' } as const;
const AUDIT = { path: '/v1/audit', key: 'subject', onward: 'before' } as const;

async function all(api: AdminClient, { path, key, onward }: typeof OVERRIDES | typeof AUDIT): Promise<Set<string>> {
  const found = new Set<string>();
  let from = '';
  for (;;) {
    const page = await api.get<Page>(`${path}?limit=1000${from}`);
    for (const item of page.items) found.add(item[key]);
    if (page.next === null) return found;
    from = `&${onward}=${encodeURIComponent(page.next)}`;
  }
}

test(`${KILLS} kills amid up to ${WRITES} orders lose none that was acknowledged, nor its line in the audit`, async (t) => {
  const directory = adminDirectory();
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  editConfig(directory, [/^admin:\n/m, 'admin:\n  requestsPerSecond: 10000\n']);
  const acknowledged: string[] = [];
  for (const [round, momentMs] of MOMENTS_MS.entries()) {
    const { server, api } = await startAdmin(directory);
    const kill = (): void => void setTimeout(() => server.signal('SIGKILL'), momentMs);
    const late = setTimeout(kill, ROUND_MS);
    const given = await stormUntilKilled(api, WRITES / KILLS, kill, round * 800);
    clearTimeout(late);
    t.is(await server.ended, null, 'it ends by the kill');
    t.true(given.length > 0);
    acknowledged.push(...given);
  }
  t.log(`${acknowledged.length} orders were acknowledged`);

  const { server, api } = await startAdmin(directory);
  t.teardown(() => server.stop());
  const kept = await all(api, OVERRIDES);
  t.deepEqual(
    acknowledged.filter((glob) => !kept.has(glob)),
    [],
  );
  const audited = await all(api, AUDIT);
  t.deepEqual(
    acknowledged.filter((glob) => !audited.has(glob)),
    [],
  );
});

// From a local server that stops to the answer that dig gets, through the real program.

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { OrderReply } from '../../src/app/orders/orders.ts';
import type { Problem } from '../../src/base/errors.ts';
import { editConfig, meridian, type RunningServer, serveInVain, startServer } from '../support/server.ts';
import {
  allSeen,
  answersOf,
  answerWith,
  control,
  LocalSite,
  memberAddress,
  membersBecome,
  type SitesConfig,
  sitesDirectory,
  statusOf,
  writeSitesConfig,
} from '../support/sites.ts';

const ORDER = { command: 'order', source: 'human', author: 'ann', reason: 'new disks', forMs: null } as const;

interface Stage {
  readonly sites: readonly LocalSite[];
  readonly directory: string;
  readonly config: SitesConfig;
  serve(): Promise<RunningServer>;
}

/** Three sites, and a Meridian that checks them; everything ends with the test. */
async function stage(t: ExecutionContext, more: Partial<SitesConfig> = {}): Promise<Stage> {
  const sites = [await LocalSite.open(), await LocalSite.open(), await LocalSite.open()];
  const config = { ports: sites.map(({ port }) => port), ...more };
  const directory = sitesDirectory(config);
  const servers: RunningServer[] = [];
  t.teardown(async () => {
    for (const server of servers) server.signal('SIGKILL');
    await Promise.all(servers.map(({ ended }) => ended));
    for (const site of sites) await site.end();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    sites,
    directory,
    config,
    async serve() {
      const server = await startServer(directory);
      servers.push(server);
      return server;
    },
  };
}

const explain = async (server: RunningServer): Promise<string> =>
  (await meridian(['explain', 'www.example.test', '--client', '192.0.2.99', '--config', server.config])).stdout;

test.serial('a member whose server stops disappears from the answers, and comes back with a ramp', async (t) => {
  const { sites, serve, directory } = await stage(t, { health: '  drain: 0s\n' });
  editConfig(directory, ['slowStart: 0s', 'slowStart: 1h'], ['answers: 3', 'answers: 1']);
  const server = await serve();
  await membersBecome(directory, allSeen);
  await sites[1]!.stop();
  await membersBecome(directory, (members) => members[1]!.families[0]!.isUp === false);
  const seen = await Promise.all(Array.from({ length: 12 }, () => answersOf(server.port)));
  t.deepEqual([...new Set(seen)].sort(), [memberAddress(0), memberAddress(2)]);
  t.regex(await explain(server), /web\/two.*down: 1 of 1 vantage points: connection refused/);
  await sites[1]!.start();
  await membersBecome(directory, (members) => members[1]!.families[0]!.isUp);
  const { health } = await statusOf(directory);
  t.is(health.members[1]!.families[0]!.sharePermille, 100);
  t.regex(await explain(server), /web\/two.*recovering, 10 % of its weight/);
});

test.serial('orders are followed at once, outlive kill -9, and are taken back', async (t) => {
  const { serve, directory } = await stage(t);
  const server = await serve();
  await answerWith([server.port], [0, 1, 2]);
  const { created, names, set } = await control<OrderReply>(directory, { ...ORDER, glob: 'site:one', action: 'down' });
  t.deepEqual(names, ['web/one']);
  t.is(set.version, 1);
  t.is(await answersOf(server.port), [1, 2].map(memberAddress).join(' '));
  t.regex(await explain(server), /web\/one.*forced down by ann: new disks \(seen /);
  server.signal('SIGKILL');
  await server.ended;
  const again = await serve();
  t.is(await answersOf(again.port), [1, 2].map(memberAddress).join(' '), 'the first answer');
  const refused = await control<{ problem: Problem }>(directory, { command: 'recall', what: 'web/nobody', action: null });
  t.regex(refused.problem.message, new RegExp(`"web/nobody"; there are ${created.id} \\(down site:one\\)`));
  await control(directory, { command: 'recall', what: created.id, action: null });
  t.is(await answersOf(again.port), [0, 1, 2].map(memberAddress).join(' '));
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test.serial(`verdicts are those of before in the first answer after ${signal}`, async (t) => {
    const { sites, serve, directory } = await stage(t);
    const server = await serve();
    await membersBecome(directory, allSeen);
    await sites[2]!.stop();
    await answerWith([server.port], [0, 1]);
    await membersBecome(directory, (members) => members[2]!.families[0]!.sinceMs! > 3000); // written within a second
    server.signal(signal);
    await server.ended;
    editConfig(directory, ['interval: 2s', 'interval: 1h'], ['transitionInterval: 200ms', 'transitionInterval: 1h']);
    const again = await serve();
    t.is(await answersOf(again.port), [0, 1].map(memberAddress).join(' '));
    const { health } = await statusOf(directory);
    t.regex(health.members[2]!.families[0]!.reason, /^unknown, stays down/);
  });
}

test.serial('a reload keeps what is known, and what needs a restart is named', async (t) => {
  const { sites, serve, directory, config } = await stage(t);
  const server = await serve();
  await membersBecome(directory, allSeen);
  await sites[0]!.stop();
  await answerWith([server.port], [1, 2]);
  await control(directory, { ...ORDER, glob: 'web/two', action: 'down' });
  const before = await statusOf(directory);
  writeSitesConfig(directory, { ...config, region: 'elsewhere', health: '  flapGuard: false\n' });
  const reloaded = await meridian(['reload', '--config', server.config]);
  t.is(reloaded.code, 0, reloaded.stderr);
  t.regex(reloaded.stderr, /warning ERR_CONFIG_RESTART: "prober.id" or "prober.region" have changed/);
  t.is(await answersOf(server.port), memberAddress(2));
  const after = await statusOf(directory);
  t.is(after.health.members[0]!.families[0]!.seen, 'down');
  t.true(after.health.members[0]!.families[0]!.sinceMs! > before.health.members[0]!.families[0]!.sinceMs!);
  t.is(after.health.self.region, 'default');
  await sites[0]!.start();
  await answerWith([server.port], [0, 2]);
});

test.serial('the counters tell of votes, verdicts and images', async (t) => {
  const { sites, serve, directory } = await stage(t);
  const server = await serve();
  await membersBecome(directory, allSeen);
  await sites[0]!.stop();
  await answerWith([server.port], [1, 2]);
  const { counters, health } = await statusOf(directory);
  t.true(counters.VOTES_SENT >= 4);
  t.is(counters.VERDICT_CHANGES, 1);
  t.true(counters.STEERING_SWAPS >= 1);
  t.is(counters.MESH_IGNORED, 0);
  t.like(health.mesh, { kind: 'memory', state: 'joined', ageMs: 0 });
  t.deepEqual(
    health.peers.map(({ id }) => id),
    [health.self.id],
  );
});

test.serial('a role that is unknown, or of no use alone, is one clear line', async (t) => {
  const unknown = await serveInVain(sitesDirectory({ ports: [80] }), { args: ['--role', 'dns,prober'] });
  t.is(unknown.code, 2);
  t.is(unknown.stderr, 'error ERR_ROLE: --role takes dns, probe, fleet, site, admin, found "prober"\n');
  const alone = await serveInVain(sitesDirectory({ ports: [80] }), { args: ['--role', 'probe'] });
  t.is(alone.code, 2);
  t.regex(alone.stderr, /^error ERR_ROLE: --role probe without dns has nobody to tell what it sees: set mesh\.redis [^\n]*\n$/);
});

test.serial('a damaged state directory costs warnings, not the start', async (t) => {
  const { serve, directory } = await stage(t);
  const server = await serve();
  await control(directory, { ...ORDER, glob: 'site:one', action: 'down' });
  await membersBecome(directory, allSeen);
  server.signal('SIGTERM');
  await server.ended;
  const files = readdirSync(join(directory, 'var')).filter((file) => /^(identity|mesh-).*\.(json|journal)$/.test(file));
  t.true(files.length > 3, files.join());
  for (const file of files) writeFileSync(join(directory, 'var', file), 'nonsense');
  const again = await serve();
  t.is(again.log().split('ERR_MESH_FILE').length - 1, files.length, again.log());
  await answerWith([again.port], [0, 1, 2]);
});

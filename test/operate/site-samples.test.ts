// Who brings the load of a site, from its clients to the plans of the DNS servers: the agent samples them, and one query comes to stand for
// more than another. The real binary, real clients of two networks.

import { join } from 'node:path';
import test from 'ava';
import { statusOf, stepPeriod } from '../support/crowd.ts';
import { explainedText, isEven, isTold, knownUntil, ratioOf, SampledSite, sharesTold } from '../support/sampled-site.ts';
import { editConfig, meridian, startServer } from '../support/server.ts';

/** Of two seconds each: three samples of five seconds would have come, and have been learnt from. */
const STEPS_WITHOUT = 8;

test('networks that ask equally often are told apart by the load that they bring, as soon as the agent samples its clients', async (t) => {
  const site = await SampledSite.open(t);
  const server = await startServer(site.directory({ clients: false }), { args: ['--role', 'dns', '--role', 'site'] });
  t.teardown(() => server.stop());
  const socket = join(server.directory, 'var/meridian.sock');
  await site.visit(server.port);

  const periods = new Set<number>();
  const unknown = await knownUntil(server.config, async () => {
    const status = await statusOf(socket);
    t.deepEqual(sharesTold(status), {});
    const { source, load } = status.capacity!.sites.find(({ site }) => site === 'amsterdam')!;
    if (source === 'agents' && load! > 0) periods.add(stepPeriod(status.capacity!));
    return periods.size >= STEPS_WITHOUT;
  });
  t.deepEqual(
    unknown.map(({ queryWeight }) => queryWeight),
    [1, 1],
  );
  t.true(isEven(ratioOf(unknown, 'demand')), JSON.stringify(unknown));
  t.notRegex(await explainedText(server.config), /each counts/);

  editConfig(server.directory, ['clients: false', 'clients: true']);
  t.is((await meridian(['reload', '--config', server.config])).code, 0);
  const known = await knownUntil(server.config, isTold);
  t.log(known.map(({ clients, demand, queriesPerSec, queryWeight }) => ({ clients, demand, queriesPerSec, queryWeight })));
  t.regex(await explainedText(server.config), /queries\/s; each counts 1\.\d\d, as agents sample their clients\)/);
  const shares = sharesTold(await statusOf(socket));
  t.deepEqual(Object.keys(shares), ['127.0.1.0/24', '127.0.2.0/24']);
  t.true(shares['127.0.1.0/24']! > 0.6 && shares['127.0.1.0/24']! < 0.9, JSON.stringify(shares));
  const { stdout } = await meridian(['status', '--config', server.config]);
  t.regex(stdout, /clients {2}a sample of \d+ of the last 5 s: 2 networks, most from 127\.0\.1\.0\/24 \(\d\d %\)/);
});

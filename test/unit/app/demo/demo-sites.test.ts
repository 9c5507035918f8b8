// The servers of the demo: real ones, on ports that the tests reserve.

import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { DemoSites, demoPlaces } from '../../../../src/app/demo/demo-sites.ts';
import type { Problem } from '../../../../src/base/errors.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { ROOT } from '../../../support/paths.ts';
import { reservePortFor } from '../../../support/reserved-port.ts';

const demo = loadConfig(`${ROOT}zones/meridian.yaml`).snapshot!;

/** The demo with some sites only, on these ports. */
const onPorts = (ports: Readonly<Record<string, number>>): Pick<Snapshot, 'targets' | 'steering'> => ({
  steering: demo.steering,
  targets: demo.targets.flatMap((target) => {
    const port = ports[demo.steering.sites[demo.steering.members[target.member]!.site]!.id];
    return port === undefined ? [] : [{ ...target, port }];
  }),
});

function sitesFor(t: ExecutionContext): { sites: DemoSites; warned: Problem[] } {
  const warned: Problem[] = [];
  const silent = (): void => {};
  const warn = (facts: object): void => void warned.push(facts as Problem);
  const sites = new DemoSites({ debug: silent, info: silent, warn, error: silent });
  t.teardown(() => sites.close());
  return { sites, warned };
}

/** The status and body, or the system's code if there is no answer. */
function fetch(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test('the demo has one server for each of its sites, and every one is on loopback', (t) => {
  const places = demoPlaces(demo);
  t.deepEqual(
    places.map(({ site }) => site),
    demo.steering.sites.map(({ id }) => id),
  );
  t.true(places.every(({ host }) => host === '127.0.0.1'));
});

test('a check that leaves loopback gets no server', (t) => {
  const targets = demo.targets.map((target) => ({ ...target, host: '192.0.2.1' }));
  t.deepEqual(demoPlaces({ targets, steering: demo.steering }), []);
});

test('a site answers its health check, refuses connections once stopped, and answers again once started', async (t) => {
  const port = await reservePortFor(t);
  const { sites } = sitesFor(t);
  await sites.follow(onPorts({ london: port }));
  t.is(await fetch(port, '/healthz'), '200 ok\n');
  t.regex(await fetch(port, '/'), /^200 .*london/);
  const stopped = await sites.handle({ action: 'stop', site: 'london' });
  t.deepEqual(stopped, { ok: true, value: { sites: [{ site: 'london', port, isServing: false, trouble: null }] } });
  t.is(await fetch(port, '/healthz'), 'ECONNREFUSED');
  await sites.handle({ action: 'start', site: 'london' });
  t.is(await fetch(port, '/healthz'), '200 ok\n');
});

test('stopping and starting twice is no mistake', async (t) => {
  const port = await reservePortFor(t);
  const { sites } = sitesFor(t);
  await sites.follow(onPorts({ tokyo: port }));
  for (const action of ['stop', 'stop', 'start', 'start'] as const) t.true((await sites.handle({ action, site: 'tokyo' })).ok);
  t.is(await fetch(port, '/healthz'), '200 ok\n');
});

test('a site that is not there is named with those that are, and the nearest of them', async (t) => {
  const { sites } = sitesFor(t);
  await sites.follow(onPorts({ london: await reservePortFor(t) }));
  const result = await sites.handle({ action: 'stop', site: 'londn' });
  t.deepEqual(!result.ok && result.error, {
    severity: 'error',
    code: 'ERR_USAGE',
    message: '"londn" is not a site of the demo; allowed are london; did you mean "london"?',
  });
});

test('a port that another program has is one warning, shown in the list, and the other sites serve', async (t) => {
  const [taken, free] = [await reservePortFor(t), await reservePortFor(t)];
  const holder = createServer().listen(taken, '127.0.0.1');
  await once(holder, 'listening');
  const { sites, warned } = sitesFor(t);
  await sites.follow(onPorts({ london: taken, tokyo: free }));
  const listed = await sites.handle({ action: 'list', site: null });
  t.deepEqual(listed.ok && listed.value.sites, [
    { site: 'london', port: taken, isServing: false, trouble: 'another program has the port' },
    { site: 'tokyo', port: free, isServing: true, trouble: null },
  ]);
  t.is(warned.length, 1);
  t.regex(
    warned[0]!.message,
    new RegExp(`^demo site london cannot serve on 127\\.0\\.0\\.1:${taken}: another program has the port; `),
  );
  holder.close();
  await once(holder, 'close');
  t.true((await sites.handle({ action: 'start', site: 'london' })).ok);
  t.is(await fetch(taken, '/healthz'), '200 ok\n');
});

test('a new configuration moves a site to its new port and leaves a stopped site stopped', async (t) => {
  const [a, b, c] = [await reservePortFor(t), await reservePortFor(t), await reservePortFor(t)];
  const { sites } = sitesFor(t);
  await sites.follow(onPorts({ london: a, tokyo: b }));
  await sites.handle({ action: 'stop', site: 'tokyo' });
  await sites.follow(onPorts({ london: c, tokyo: b }));
  t.deepEqual([await fetch(a, '/healthz'), await fetch(c, '/healthz')], ['ECONNREFUSED', '200 ok\n']);
  t.is(await fetch(b, '/healthz'), 'ECONNREFUSED');
});

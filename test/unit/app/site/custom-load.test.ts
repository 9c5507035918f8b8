// Custom load from end to end: real servers say how full they are, in their responses or to the check, and clients go by that.

import test, { type ExecutionContext } from 'ava';
import { SiteDesk } from '../../../../src/app/site/site-desk.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { siteFromText } from '../../../../src/config/site.ts';
import { recordingLogger } from '../../../support/mesh.ts';
import { eventually } from '../../../support/patience.ts';
import { WebServer } from '../../../support/site-http.ts';

const ROUNDS = 20;

interface Stage {
  /** By server: what it says of its load. */
  readonly loads: Record<string, string>;
  ask(): Promise<Response>;
  /** Waits until all clients go to this server. */
  allAt(name: string): Promise<void>;
}

/** Two servers that report in a header of their responses, and as the page /load. */
async function stage(t: ExecutionContext, parameters: string, check: string): Promise<Stage> {
  const loads: Record<string, string> = { a: 'TEXT cpu=0.1', b: 'TEXT cpu=0.9' };
  const serverOf = (name: string): Promise<WebServer> =>
    WebServer.open(t, name, ({ url }, response) => {
      if (url === '/load') response.end(loads[name]);
      else response.writeHead(200, { 'endpoint-load-metrics': loads[name], 'x-load': loads[name] }).end(name);
    });
  const [a, b] = await Promise.all([serverOf('a'), serverOf('b')]);
  const desk = new SiteDesk({ sites: null, clock: systemClock, log: recordingLogger() });
  t.teardown(() => desk.close());
  const settings = siteFromText(`fra:
  services:
    web:
      algorithm: custom-load
      parameters: { expression: cpu, ${parameters} }
      servers: { a: { address: "127.0.0.1:${a.server.port}" }, b: { address: "127.0.0.1:${b.server.port}" } }
      ${check}
  listeners: { public: { listen: "127.0.0.1:0", http: { service: web } } }
  drainTimeout: 0s
`);
  t.deepEqual(await desk.apply(settings), []);
  const { port } = desk.report()[0]!.listeners[0]!;
  const ask = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/`);
  return {
    loads,
    ask,
    allAt: (name) =>
      eventually(
        async () => {
          for (let i = 0; i < ROUNDS; i++) if ((await (await ask()).text()) !== name) return false;
          return true;
        },
        () => `not all clients go to ${name}`,
      ),
  };
}

test('servers report in their responses, and clients do not see it', async (t) => {
  const { ask, allAt } = await stage(t, 'metricsFrom: responses', '');
  await allAt('a');
  const response = await ask();
  t.is(response.headers.get('endpoint-load-metrics'), null);
  t.is(response.headers.get('x-load'), 'TEXT cpu=0.1', 'another header is none of our business');
});

test('the header may have another name', async (t) => {
  const { ask, allAt } = await stage(t, 'metricsHeader: X-Load', '');
  await allAt('a');
  t.is((await ask()).headers.get('x-load'), null);
});

test('servers report to the check, and clients follow what they say', async (t) => {
  const check =
    'check: { http: { path: /load }, interval: 500ms, transitionInterval: 500ms, timeout: 500ms, connectTimeout: 500ms }';
  const { loads, ask, allAt } = await stage(t, 'metricsFrom: check', check);
  await allAt('a');
  Object.assign(loads, { a: '{"cpu": 0.9}', b: '{"cpu": 0.1}' });
  await allAt('b');
  t.is((await ask()).headers.get('endpoint-load-metrics'), '{"cpu": 0.1}', 'what was not asked for is passed on');
});

// The agents of a process: all configured or none, obedient to orders, and heard by the mesh.

import test, { type ExecutionContext } from 'ava';
import { type AgentPlane, SiteDesk } from '../../../../src/app/site/site-desk.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import type { AgentReport } from '../../../../src/model/capacity.ts';
import type { Override } from '../../../../src/model/verdict.ts';
import { serverOf } from '../../../support/balance.ts';
import { recordingLogger } from '../../../support/mesh.ts';
import { FRONT } from '../../../support/site.ts';
import { agentSettings, serviceSettings } from '../../../support/site-agent.ts';
import { orderOf } from '../../../support/votes.ts';

const SERVICE = serviceSettings({ servers: [serverOf('a', { maxActive: 10 }), serverOf('b', { maxActive: 10 })] });

const siteOf = (site: string, port = 0) =>
  agentSettings({
    site,
    services: [SERVICE],
    listeners: [{ kind: 'tcp', id: 'public', service: 'web', serverNames: [], front: { ...FRONT, port } }],
    drainTimeoutMs: 0,
    clients: true,
  });

function deskFor(t: ExecutionContext, sites: readonly string[] | null = null): SiteDesk {
  const desk = new SiteDesk({ sites, clock: systemClock, log: recordingLogger() });
  t.teardown(() => desk.close());
  return desk;
}

/** What the desk needs of a control plane. */
class Plane implements AgentPlane {
  overrides = { version: 0, overrides: [] as readonly Override[] };
  readonly reports: Omit<AgentReport, 'agent' | 'epoch'>[] = [];
  names: () => readonly string[] = () => [];
  conclude: () => void = () => {};
  readonly leases = { takeLease: () => Promise.reject(new Error('no site has an address')), releaseLease: () => {} };

  nowMs(): number {
    return 1000;
  }

  follow(follow: () => void): void {
    this.conclude = follow;
  }

  addAgent(namesOf: () => readonly string[]): void {
    this.names = namesOf;
  }

  reportLoad(report: Omit<AgentReport, 'agent' | 'epoch'>): void {
    this.reports.push(report);
  }
}

test('that layer 4 goes without the native relay is said once, with the reason and the remedy', async (t) => {
  const facts: Record<string, unknown>[] = [];
  const log = { ...recordingLogger(), warn: (fact: Record<string, unknown>) => void facts.push(fact) };
  const relay = { addon: undefined, reason: 'there is no C++ compiler' };
  const desk = new SiteDesk({ sites: null, clock: systemClock, log, relay });
  t.teardown(() => desk.close());
  await desk.apply([agentSettings({ site: 'lon' })]);
  t.deepEqual(facts, [], 'nothing to relay');
  await desk.apply([siteOf('fra')]);
  await desk.apply([siteOf('fra')]);
  t.is(facts.length, 1);
  t.is(facts[0]!['code'], 'ERR_ADDON');
  t.regex(
    String(facts[0]!['message']),
    /^layer 4 goes through node:net.* because there is no C\+\+ compiler; install a C\+\+ compiler/,
  );
});

test('only the sites that are ours get an agent', async (t) => {
  const desk = deskFor(t, ['lon']);
  t.deepEqual(await desk.apply([siteOf('fra'), siteOf('lon')]), []);
  t.deepEqual(
    desk.report().map(({ site }) => site),
    ['lon'],
  );
});

test('if one site cannot have its port no site changes', async (t) => {
  const desk = deskFor(t);
  await desk.apply([siteOf('fra')]);
  const { port } = desk.report()[0]!.listeners[0]!;
  const problems = await desk.apply([siteOf('fra'), siteOf('lon', port)]);
  t.deepEqual(
    problems.map(({ severity, code }) => [severity, code]),
    [['error', 'ERR_LISTEN']],
  );
  t.regex(problems[0]!.message, /^site lon: listener "public": tcp 127\.0\.0\.1 port \d+ cannot be used/);
  t.deepEqual(
    desk.report().map(({ site, listeners }) => [site, listeners[0]!.port]),
    [['fra', port]],
  );
});

test('an agent whose site is gone ends', async (t) => {
  const desk = deskFor(t);
  await desk.apply([siteOf('fra'), siteOf('lon')]);
  await desk.apply([siteOf('lon')]);
  t.deepEqual(
    desk.report().map(({ site }) => site),
    ['lon'],
  );
});

test('orders reach the servers that they name, and end as they are taken back', async (t) => {
  const desk = deskFor(t);
  const plane = new Plane();
  plane.overrides = { version: 1, overrides: [orderOf('server:lon/web/a', 'drain')] };
  await desk.apply([siteOf('fra'), siteOf('lon')]);
  desk.join(plane);
  const states = (): string[] => desk.report().flatMap(({ services }) => services[0]!.servers.map(({ state }) => state));
  t.deepEqual(states(), ['up', 'up', 'drained', 'up']);
  plane.overrides = { version: 2, overrides: [orderOf('server:*/b', 'down')] };
  plane.conclude();
  t.deepEqual(states(), ['up', 'forced down', 'up', 'forced down']);
  plane.overrides = { version: 3, overrides: [] };
  plane.conclude();
  t.deepEqual(states(), ['up', 'up', 'up', 'up']);
  t.deepEqual(plane.names(), ['fra/web/a', 'fra/web/b', 'lon/web/a', 'lon/web/b']);
});

test('the mesh hears how full each site is, by growing numbers, and that it drains before it ends', async (t) => {
  const desk = deskFor(t);
  const plane = new Plane();
  plane.overrides = { version: 1, overrides: [orderOf('site:lon', 'drain')] };
  await desk.apply([siteOf('fra'), siteOf('lon')]);
  desk.join(plane);
  const load = { unit: 'connections', current: 0, target: 16, max: 20, clientRtts: [], clients: [] } as const;
  t.deepEqual(plane.reports, [
    { site: 'fra', seq: 1, ...load, isDraining: false },
    { site: 'lon', seq: 2, ...load, isDraining: true },
  ]);
  await desk.close();
  t.deepEqual(
    plane.reports.slice(-2).map(({ seq, isDraining }) => [seq > 2, isDraining]),
    [
      [true, true],
      [true, true],
    ],
  );
});

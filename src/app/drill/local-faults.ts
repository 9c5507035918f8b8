// How each fault is made and undone in a drill's own world. Each undo may be called twice, and after a fault that was half made.

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem } from '../../base/errors.ts';
import { sleep } from '../../base/sleep.ts';
import type { FaultName, FaultWays, Stage, World } from '../../drill/model.ts';
import { DrillError } from '../../drill/play.ts';
import { askControl } from '../process/control.ts';
import type { UpgradeReport } from '../process/handover.ts';
import type { ReloadReport } from '../process/reports.ts';
import { type CertificateFiles, type Certificates, shownName } from './certificate.ts';
import { START_LIMIT_MS, type WorldProcess } from './child-process.ts';
import { BROKEN_ZONE_TEXT, CERTIFICATE_NAME, SITE_LOAD, ZONE, ZONE_TEXT } from './local-config.ts';
import type { LocalRedis } from './local-redis.ts';
import type { Pace } from './pace.ts';
import type { Place, RegionLink } from './region-link.ts';
import type { Crowd } from './visitors.ts';
import type { WebSite } from './web-site.ts';

/** A slow site answers so many time limits late. */
const SLOWER_BY = 1.5;
const REJOIN_LIMIT_MS = 60_000;
/** Agents look at the files of certificates every five seconds. */
const CERTIFICATE_LIMIT_MS = 30_000;
const LOOK_MS = 50;
/** The crowd, of what the site is to be filled to. */
const CROWD_OF_TARGET = 1.5;

/** What of a drill's own world the faults take hold of. */
export interface LocalParts extends Pick<World, 'subject' | 'servers'> {
  /** Index of the site that is hit. */
  readonly subjectIndex: number;
  readonly pace: Pace;
  /** In the order of `servers`. */
  readonly dns: readonly WorldProcess[];
  readonly agents: readonly WorldProcess[];
  readonly webSites: readonly WebSite[];
  readonly links: readonly RegionLink[];
  readonly redis: LocalRedis;
  readonly certificates: Certificates | null;
  /** Server -> why it refuses what it was told to load. */
  readonly refused: Map<string, string>;
  /** Server -> why it was not replaced. */
  readonly notReplaced: Map<string, string>;
  crowd: Crowd | null;
  /** More clients than the site that is hit can take, each sent by whatever server answers. */
  crowdOf(size: number): Crowd;
  /** Where clients reach a site. */
  front(i: number): Place;
  untilJoined(limitMs: number): Promise<void>;
}

export function localFaults(world: LocalParts): Readonly<Partial<Record<FaultName, FaultWays>>> {
  const { site, server } = world.subject;
  const agent = (): WorldProcess => world.agents[world.subjectIndex]!;
  const dns = (): WorldProcess => world.dns[world.servers.indexOf(server)]!;
  const web = () => world.webSites[world.subjectIndex]!;
  let lost: WorldProcess | null = null;
  return {
    'site-stops': {
      does: `the agent of ${site} is killed: connections to the site are refused`,
      undoes: `the agent of ${site} is started again`,
      make: () => agent().kill(),
      undo: () => agent().start(),
    },
    'site-slows': {
      does: `the web servers of ${site} answer after ${(world.pace.timeoutMs * SLOWER_BY) / 1000} s; checks wait ${world.pace.timeoutMs / 1000} s`,
      undoes: `the web servers of ${site} answer at once again`,
      make: async () => web().slow(world.pace.timeoutMs * SLOWER_BY),
      undo: async () => web().slow(0),
    },
    'web-server-stops': {
      does: `one of the two web servers of ${site} is stopped`,
      undoes: `the web server of ${site} is started again`,
      make: () => web().stopOne(0),
      undo: () => web().startOne(0),
    },
    'certificate-wrong': {
      does: `the files of the certificate of ${site} are replaced by those of another name; the agent shows them within 5 s`,
      undoes: `the certificate of ${site} is put back`,
      make: () => showCertificate(world, 'another.example.test', world.certificates!.other),
      undo: () => showCertificate(world, CERTIFICATE_NAME, world.certificates!.good),
    },
    'region-cut': {
      does: 'asia is cut off: nothing gets through between its processes and Redis, or the sites of the others',
      undoes: 'asia is let back',
      make: async () => {
        for (const link of world.links) link.swallow();
      },
      undo: async () => {
        for (const link of world.links) link.mend();
      },
    },
    'redis-stops': {
      does: 'Redis is killed',
      undoes: 'Redis is started again',
      make: async () => void (await Promise.all(world.redis.nodes.map((node) => node.kill()))),
      undo: async () => void (await Promise.all(world.redis.nodes.map((node) => node.start()))),
    },
    'redis-master-stops': {
      does: 'the master of Redis is killed; three sentinels watch it',
      undoes: 'the former master of Redis is started again, and follows',
      make: async ({ note, inForce }) => {
        const master = world.redis.master();
        lost = master;
        await master.kill();
        inForce();
        const endMs = performance.now() + REJOIN_LIMIT_MS;
        while (world.redis.master() === master) {
          if (performance.now() > endMs) throw new DrillError(`Sentinel promotes nobody within ${REJOIN_LIMIT_MS / 1000} s`);
          await sleep(LOOK_MS);
        }
        note(`Sentinel names ${world.redis.master().name}`);
      },
      undo: async () => {
        await lost?.start();
        lost = null;
      },
    },
    'dns-server-stops': {
      does: `${server} is killed`,
      undoes: `${server} is started again`,
      make: async ({ excuse }) => {
        excuse(server);
        await dns().kill();
      },
      undo: async ({ require }) => {
        await dns().start();
        require(server);
      },
    },
    'servers-restart': {
      does: 'each DNS server in turn is asked to end and started again; the next one when it shares the mesh',
      undoes: 'every DNS server runs',
      make: async (stage) => {
        for (const [i, process] of world.dns.entries()) await restart(world, process, world.servers[i]!, stage);
      },
      undo: async ({ require }) => {
        await startAll(world);
        for (const name of world.servers) require(name);
      },
    },
    'servers-upgrade': {
      does: 'each DNS server in turn is replaced by a successor, as meridian upgrade does; the next one when it shares the mesh',
      undoes: 'every DNS server runs',
      make: async (stage) => {
        world.notReplaced.clear();
        for (const [i, process] of world.dns.entries()) await upgrade(world, process, world.servers[i]!, stage);
      },
      undo: () => startAll(world),
    },
    'zone-breaks': {
      does: `a line with an impossible address is added to ${ZONE}.zone of every server, and each is told to reload`,
      undoes: `${ZONE}.zone is put back, and every server is told to reload`,
      make: async () => {
        world.refused.clear();
        for (const [i, report] of (await reloadAll(world, BROKEN_ZONE_TEXT)).entries()) {
          const [problem] = report.problems.filter(({ severity }) => severity === 'error');
          if (!report.done && problem !== undefined) world.refused.set(world.servers[i]!, shortened(formatProblem(problem)));
        }
      },
      undo: async () => {
        const reports = await reloadAll(world, ZONE_TEXT);
        if (!reports.every(({ done }) => done)) throw new DrillError('a server does not take the former zone');
      },
    },
    'crowd-comes': {
      does: `${SITE_LOAD.target * CROWD_OF_TARGET} clients come to ${site}, which is to be filled to ${SITE_LOAD.target}; it can bear ${SITE_LOAD.max}`,
      undoes: 'the crowd leaves',
      make: async () => {
        world.crowd = world.crowdOf(SITE_LOAD.target * CROWD_OF_TARGET);
      },
      undo: async () => {
        await world.crowd?.stop();
        world.crowd = null;
      },
    },
  };
}

async function restart(world: LocalParts, process: WorldProcess, name: string, { note, excuse, require }: Stage): Promise<void> {
  excuse(name);
  const startMs = performance.now();
  await process.stop();
  await process.start();
  require(name);
  note(`${name} is back after ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  await world.untilJoined(REJOIN_LIMIT_MS);
}

/** The server is not excused: not one query may be lost. */
async function upgrade(world: LocalParts, process: WorldProcess, name: string, { note }: Stage): Promise<void> {
  const request = { command: 'upgrade', withinMs: START_LIMIT_MS } as const;
  const reply = await askControl<UpgradeReport>(join(process.directory, 'var/meridian.sock'), request);
  const problem = reply.ok ? reply.value.problems[0] : reply.error;
  if (problem !== undefined) {
    world.notReplaced.set(name, problem.message);
    return;
  }
  const { pid, tookMs } = (reply as { readonly value: UpgradeReport }).value;
  process.succeededBy(pid);
  note(`${name}: process ${pid} has taken over, after ${(tookMs / 1000).toFixed(1)} s`);
  await world.untilJoined(REJOIN_LIMIT_MS);
}

async function startAll({ dns }: LocalParts): Promise<void> {
  await Promise.all(dns.map((process) => process.start()));
}

async function reloadAll(world: LocalParts, zone: string): Promise<readonly ReloadReport[]> {
  for (const { directory } of world.dns) writeFileSync(join(directory, `${ZONE}.zone`), zone);
  return Promise.all(
    world.dns.map(async ({ directory, name }) => {
      const reply = await askControl<ReloadReport>(join(directory, 'var/meridian.sock'), { command: 'reload' });
      if (!reply.ok) throw new DrillError(`${name}: ${reply.error.message}`);
      return reply.value;
    }),
  );
}

/** Puts the files where the agents look, and waits until the site that is hit shows them. */
async function showCertificate(world: LocalParts, name: string, { certificate, key }: CertificateFiles): Promise<void> {
  const { shown } = world.certificates!;
  copyFileSync(key, shown.key);
  copyFileSync(certificate, shown.certificate);
  const place = world.front(world.subjectIndex);
  const endMs = performance.now() + CERTIFICATE_LIMIT_MS;
  while ((await shownName(place)) !== name) {
    if (performance.now() > endMs)
      throw new DrillError(`the site does not show the certificate of ${name} within ${CERTIFICATE_LIMIT_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
}

/** Without the directory, which is gone when somebody reads it. */
const shortened = (text: string): string => text.replace(/\S*\/(?=[^/\s]+\.zone)/, '');

// The admin API over the real parts of a server that answers (the demo's configuration, its images, a control plane with a memory
// mesh and state on disk), without threads and sockets: requests are injected.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { buildApp } from '../../src/admin/app.ts';
import { AuditLog } from '../../src/admin/audit-log.ts';
import { EventRing } from '../../src/admin/event-ring.ts';
import { Exposition } from '../../src/admin/exposition.ts';
import { Guesses } from '../../src/admin/guesses.ts';
import { Idempotency } from '../../src/admin/idempotency.ts';
import type { AppOptions } from '../../src/admin/route.ts';
import { newToken } from '../../src/admin/token.ts';
import { AdminDesk } from '../../src/app/admin/admin-port.ts';
import { imagesOf } from '../../src/app/answering/image-feed.ts';
import { explainAnswer } from '../../src/app/commands/explain-answer.ts';
import { ControlPlane } from '../../src/app/health/control-plane.ts';
import { load } from '../../src/app/loading/load.ts';
import { checkDraft } from '../../src/app/loading/zone-draft.ts';
import { Changes } from '../../src/app/orders/changes.ts';
import type { Running } from '../../src/app/process/running.ts';
import { countersOf } from '../../src/app/process/server.ts';
import { WatchDesk } from '../../src/app/watch/watch-desk.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Problem } from '../../src/base/errors.ts';
import { err, ok } from '../../src/base/result.ts';
import { Counters, countersSize } from '../../src/metrics/counters.ts';
import type { AdminRole, AdminSettings, SafetySettings } from '../../src/model/admin.ts';
import type { HealthSettings } from '../../src/model/health.ts';
import { recordingLogger } from './mesh.ts';
import { ROOT } from './paths.ts';

/** No site of the demo has one. */
const NO_CAPACITY: Problem = { severity: 'error', code: 'ERR_CAPACITY', message: 'no site has a capacity' };
const CONFIG = `${ROOT}zones/meridian.yaml`;
const { loaded } = load(CONFIG);

const ROLES: readonly AdminRole[] = ['viewer', 'operator', 'admin'];
const made = ROLES.map((role) => ({ role, ...newToken() }));
export const TOKENS = Object.fromEntries(made.map(({ role, token }) => [role, token])) as Readonly<Record<AdminRole, string>>;

/** One for each role, named after it. */
export const SETTINGS: AdminSettings = {
  listen: [],
  tls: null,
  tokens: made.map(({ role, hash }) => ({ name: role, role, sha256: hash.slice('sha256:'.length) })),
  loopbackRole: 'operator',
  hosts: [],
  requestsPerSecond: 100_000,
  safety: { leastSites: 1, leastCapacityPercent: 0, mostMovedPercent: 100 },
};

export interface AdminStage {
  readonly app: Awaited<ReturnType<typeof buildApp>>;
  readonly plane: ControlPlane;
  readonly events: EventRing;
  readonly directory: string;
  readonly running: Running;
  /** Messages of the log. */
  readonly logged: readonly string[];
}

/** At `address`, with the given settings changed. Everything ends with the test. */
export async function adminStage(
  t: Pick<ExecutionContext, 'teardown'>,
  address: string,
  changed: Partial<AdminSettings> = {},
  safety?: SafetySettings,
  health: Partial<HealthSettings> = {},
  more: Partial<AppOptions> = {},
): Promise<AdminStage> {
  const settings = { ...SETTINGS, ...changed };
  const directory = mkdtempSync(join(tmpdir(), 'meridian-admin-'));
  const log = recordingLogger();
  const buffer = new SharedArrayBuffer(countersSize(1));
  const changedHealth = { ...loaded!.snapshot.health, ...health };
  const admin = { ...settings, safety: safety ?? settings.safety };
  const snapshot = { ...loaded!.snapshot, admin, health: changedHealth };
  const plane = await ControlPlane.open(
    { ...snapshot, server: { stateDirectory: directory } },
    { roles: ['dns', 'admin'], clock: systemClock, log, counters: new Counters(buffer).row(0) },
  );
  await plane.start();
  const running = runningOn(plane, { ...loaded!, snapshot }, buffer);
  const audit = await AuditLog.open({ directory, log });
  const events = new EventRing(1);
  const changes = new Changes({ audit, events, clock: systemClock, log, trialFile: null });
  const watch = new WatchDesk({ running, audit, events, clock: systemClock, log });
  const exposition = new Exposition();
  const app = await buildApp({
    port: new AdminDesk({ running, changes, audit, events, clock: systemClock, watch }),
    ...{ log, version: '1', address, tls: null, access: () => settings },
    requestsPerSecond: settings.requestsPerSecond,
    guesses: new Guesses(systemClock),
    idempotency: await Idempotency.open(null, log),
    exposition: () => Promise.resolve(exposition),
    listeners: { count: 0 },
    ...more,
  });
  t.teardown(async () => {
    await app.close();
    await plane.close();
    await audit.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { app, plane, events, directory, running, logged: log.lines };
}

function runningOn(plane: ControlPlane, served: NonNullable<typeof loaded>, buffer: SharedArrayBuffer): Running {
  const images = () => imagesOf(served, 1, plane.facts);
  const again = () => load(CONFIG, served);
  return {
    plane,
    summary: 'on a stage',
    snapshot: served.snapshot,
    get answering() {
      return { loaded: served, images: images(), facts: plane.facts, limits: undefined, lagMs: 0 };
    },
    // Texts are put in test/unit/app/orders/zone-changes.test.ts: the files of this stage are those of the checkout.
    fileDesk: {
      checkDraft: async (origin, text) => checkDraft(served, origin, text),
      reloadZone: async () => {
        throw new Error('nothing is written here');
      },
      restore: async () => undefined,
      serving: () => ({ serving: 5, configured: 5 }),
    },
    isReloadRefused: false,
    purge: async () => ok({ done: [{ site: 'london', listener: 'web', purged: 2, left: 1 }], isShared: false }),
    reload: async () => {
      const { problems, zonesKept } = again();
      return { done: true, problems, zonesRead: 0, zonesKept, geography: 'unchanged', tookMs: 0 };
    },
    tryLoad: async () => {
      const { loaded: found, problems, zonesKept } = again();
      return { snapshot: found!.snapshot, zones: found!.zones, problems, zonesKept, tookMs: 0 };
    },
    status: (version) => ({
      version,
      pid: 1,
      upSec: 1,
      endpoints: [{ address: '127.0.0.1', port: 5053 }],
      workers: { alive: 1, wanted: 1 },
      generation: 1,
      zones: [{ name: 'example.test.', serial: 1, records: 2 }],
      cells: served.geography.cells,
      counters: countersOf(buffer),
      health: plane.report(),
      capacity: null,
      loads: [],
      addresses: [],
      site: [],
      servers: [],
    }),
    vitals: () => ({ threads: { alive: 1, wanted: 1 }, counters: countersOf(buffer), capacity: [], agentSites: [] }),
    explain: async (request) => explainAnswer(served, images(), plane.facts, request),
    whatIf: () => err(NO_CAPACITY),
    reportLoad: () => err(NO_CAPACITY),
    settle: async () => undefined,
  };
}

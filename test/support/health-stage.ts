// Control planes on a stage: real desks and a real memory mesh that they share, checks that find what the test says, and a clock
// and timers that only the test moves.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { ControlPlane, type PlaneConfig } from '../../src/app/health/control-plane.ts';
import type { KernelSource } from '../../src/fleet/open.ts';
import type { HealthFacts } from '../../src/health/facts.ts';
import { MemoryHub } from '../../src/mesh/memory-hub.ts';
import { MemoryMesh } from '../../src/mesh/memory-mesh.ts';
import { Counters, countersSize } from '../../src/metrics/counters.ts';
import { DEFAULT_HEALTH, type HealthSettings } from '../../src/model/health.ts';
import type { Peer, Role } from '../../src/model/mesh.ts';
import { type Checker, type CheckResult, OUTCOME, type Target } from '../../src/model/probe.ts';
import type { ProberSettings } from '../../src/model/snapshot.ts';
import type { SteeringModel } from '../../src/model/steering.ts';
import { IN_THIS_THREAD } from './fleet-lab.ts';
import { ManualClock } from './manual-clock.ts';
import { ManualTimers } from './manual-timers.ts';
import { recordingLogger } from './mesh.ts';
import { modelOf, pool } from './steering.ts';
import { targetsOf } from './votes.ts';

export const MODEL = modelOf(
  { web: ['london', 'frankfurt', 'tokyo', 'sydney'].map((site) => ({ site, has: 'v4' }) as never) },
  { www: { root: pool(0) } },
);
export const [LONDON, FRANKFURT, TOKYO, SYDNEY] = [0, 1, 2, 3] as const;

const PROBER: ProberSettings = {
  id: null,
  region: 'eu',
  weight: 1,
  concurrency: 100,
  perSecond: 0,
  perHostPerSecond: 0,
  allow: [],
  deny: [],
};

const STEP_MS = 50;
/** Turns of the event loop in which timers, checks and deliveries of one moment come to their end. */
const TURNS = 6;

/** What checks find: success, unless the test has broken the target. */
export class World implements Checker {
  readonly broken = new Map<string, CheckResult>();
  readonly checked: string[] = [];

  check({ key }: Target): Promise<CheckResult> {
    this.checked.push(key);
    return Promise.resolve(this.broken.get(key) ?? { outcome: OUTCOME.OK, latencyUs: 1000, detail: 'fine' });
  }

  break(...keys: readonly string[]): void {
    for (const key of keys) this.broken.set(key, { outcome: OUTCOME.REFUSED, latencyUs: 500, detail: 'connection refused' });
  }

  mend(...keys: readonly string[]): void {
    for (const key of keys) this.broken.delete(key);
  }
}

export interface StagedPlane {
  readonly plane: ControlPlane;
  readonly counters: Float64Array;
  readonly lines: readonly string[];
  /** Each conclusion since the start. */
  readonly concluded: HealthFacts[];
}

export interface PlaneSetup {
  readonly id?: string;
  readonly region?: string;
  readonly roles?: readonly Role[];
  readonly world?: World;
  readonly health?: Partial<HealthSettings>;
  readonly vantagePoints?: number;
  readonly stateDirectory?: string;
  /** Over a memory mesh of its own, kept in the state directory, and not over the shared one. */
  readonly isAlone?: boolean;
}

export function configOf(model: SteeringModel, setup: PlaneSetup = {}): PlaneConfig {
  const { id, region = 'eu', health = {}, vantagePoints = 3 } = setup;
  return {
    steering: model,
    targets: targetsOf(model, () => [4]).map((target) => ({ ...target, probe: { ...target.probe, vantagePoints } })),
    health: { ...DEFAULT_HEALTH, ...health },
    prober: { ...PROBER, id: id ?? null, region },
  };
}

export class HealthStage {
  readonly clock = new ManualClock();
  readonly world = new World();
  readonly #timers: ManualTimers;
  readonly #hub: MemoryHub;
  readonly #t: ExecutionContext;

  /** Tests that use it run serially: timers are global. */
  constructor(t: ExecutionContext) {
    this.#t = t;
    this.#timers = new ManualTimers(t);
    this.#hub = new MemoryHub({ clock: this.clock, logger: recordingLogger(), stateDirectory: null });
  }

  directory(): string {
    const directory = mkdtempSync(join(tmpdir(), 'meridian-plane-'));
    this.#t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  }

  /** A started plane; `id` names the prober. */
  async plane(setup: PlaneSetup = {}): Promise<StagedPlane> {
    const { roles = ['dns', 'probe'], world = this.world, stateDirectory = this.directory(), isAlone = false } = setup;
    const log = recordingLogger();
    const counters = new Counters(new SharedArrayBuffer(countersSize(1))).row(0);
    const { clock } = this;
    const settings = { mesh: { kind: 'memory' } as const, fleet: { threads: 1, passMs: 250 }, server: { stateDirectory } };
    const config = { ...configOf(MODEL, setup), ...settings };
    const kernelsFor = (): KernelSource => IN_THIS_THREAD;
    const shared = isAlone ? {} : { meshFor: (self: Peer) => new MemoryMesh(this.#hub, self, clock, log) };
    const plane = await ControlPlane.open(config, {
      roles,
      clock,
      log,
      counters,
      checkerFor: () => world,
      kernelsFor,
      ...shared,
    });
    const concluded: HealthFacts[] = [];
    plane.follow((facts) => concluded.push(facts));
    this.#t.teardown(() => plane.close());
    await plane.start();
    return { plane, counters, lines: log.lines, concluded };
  }

  /** Lets so much time pass, and everything happen that comes with it. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(STEP_MS);
      this.#timers.advance(STEP_MS);
      for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets time pass until it is so, at most `ms`; how long it took. */
  async passUntil(isTrue: () => boolean, ms: number): Promise<number> {
    for (let passed = 0; passed <= ms; passed += STEP_MS) {
      if (isTrue()) return passed;
      await this.pass(STEP_MS);
    }
    throw new Error(`still not so after ${ms} ms: ${isTrue}`);
  }
}

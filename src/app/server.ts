// The running server, seen from the control thread: what is loaded, the workers that answer from it, and every change to either.
// Invariant: `loaded` and the workers' images change together and only to something that loaded without an error.

import { Current } from '../base/current.ts';
import type { Problem } from '../base/errors.ts';
import { hasErrors } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { err, ok, type Result } from '../base/result.ts';
import { COUNTER, type CounterName, Counters, countersSize } from '../metrics/counters.ts';
import { EVERYTHING_UP } from '../model/health.ts';
import type { Endpoint } from '../model/snapshot.ts';
import { buildSteering } from '../steering/build.ts';
import { SteeringImage } from '../steering/image.ts';
import { nameToText } from '../wire/name.ts';
import { ZoneImage } from '../zone/image.ts';
import { type ExplainReport, type ExplainRequest, explainAnswer } from './explain-answer.ts';
import type { ListeningPlan } from './listening-plan.ts';
import type { Loaded, LoadResult } from './load.ts';
import { loadGeographyInThread, loadInThread } from './loader.ts';
import type { Images } from './messages.ts';
import { Notifier } from './notify.ts';
import { Workers } from './workers.ts';

/** What a reload did, in the form that `meridian reload --json` prints. */
export interface ReloadReport {
  readonly done: boolean;
  readonly problems: readonly Problem[];
  readonly zonesRead: number;
  readonly zonesKept: number;
  readonly geography: 'compiled' | 'unchanged';
  readonly tookMs: number;
}

/** What `meridian status --json` prints. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly upSec: number;
  readonly endpoints: readonly Endpoint[];
  readonly workers: { readonly alive: number; readonly wanted: number };
  /** Counts the loads since the start. */
  readonly generation: number;
  readonly zones: readonly { readonly name: string; readonly serial: number; readonly records: number }[];
  readonly cells: number;
  readonly counters: Readonly<Record<CounterName, number>>;
}

export interface MeridianServerOptions {
  readonly configFile: string;
  readonly loaded: Loaded;
  readonly log: Logger;
  readonly plan: ListeningPlan;
}

export class MeridianServer {
  readonly #configFile: string;
  readonly #log: Logger;
  readonly #counters: SharedArrayBuffer;
  readonly #workers: Workers;
  readonly #notifier: Notifier;
  readonly #startedMs = performance.now();
  /** What is served; watchers are told after every worker has swapped. */
  readonly loaded: Current<Loaded>;
  #images: Images;
  /** Reloads run one after another. */
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(options: MeridianServerOptions) {
    const { loaded, log, plan } = options;
    this.#configFile = options.configFile;
    this.loaded = new Current(loaded);
    this.#log = log;
    this.#notifier = new Notifier({ log });
    this.#counters = new SharedArrayBuffer(countersSize(plan.workers));
    this.#images = imagesOf(loaded, 1);
    const { server: settings } = loaded.snapshot;
    this.#workers = new Workers({ settings, plan, counters: this.#counters, images: this.#images, log });
  }

  get endpoints(): readonly Endpoint[] {
    return this.#workers.endpoints;
  }

  /** Resolves when the server cannot go on answering. */
  get lost(): Promise<Problem> {
    return this.#workers.lost;
  }

  /** Starts the workers; resolves when all of them listen, or when `close` has ended the start. */
  async start(): Promise<Result<void, Problem>> {
    const problem = await this.#workers.start();
    if (problem === undefined) this.#announce();
    return problem === undefined ? ok(undefined) : err(problem);
  }

  /** Reads everything again. On any error nothing changes; otherwise resolves when every worker answers from the new images. */
  reload(): Promise<ReloadReport> {
    return this.#inTurn((before) => loadInThread(this.#configFile, before));
  }

  /** Reads databases and network maps again, nothing else: what an operator is editing waits for a reload. */
  reloadGeography(): Promise<ReloadReport> {
    return this.#inTurn((before) => loadGeographyInThread(this.#configFile, before));
  }

  #inTurn(loadFrom: (before: Loaded) => Promise<LoadResult>): Promise<ReloadReport> {
    const report = this.#reloading.then(() => this.#reload(loadFrom)).catch((error: unknown) => this.#failed(error));
    this.#reloading = report;
    return report;
  }

  /** A bug while loading costs the reload, not the server. */
  #failed(error: unknown): ReloadReport {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log.error({ message }, 'reload failed; serving what was served before');
    const problem: Problem = { severity: 'error', code: 'ERR_INTERNAL', message };
    return { done: false, problems: [problem], zonesRead: 0, zonesKept: 0, geography: 'unchanged', tookMs: 0 };
  }

  async #reload(loadFrom: (before: Loaded) => Promise<LoadResult>): Promise<ReloadReport> {
    const startMs = performance.now();
    const before = this.loaded.get();
    const { loaded, problems, zonesKept, isGeographyKept } = await loadFrom(before);
    const all = loaded === undefined ? problems : [...problems, ...restartWarnings(before, loaded)];
    for (const problem of all) this.#log[problem.severity === 'error' ? 'error' : 'warn']({ ...problem }, 'problem');
    if (loaded === undefined || hasErrors(problems)) {
      this.#log.error({ errors: all.length }, 'reload refused; serving what was served before');
      return { done: false, problems: all, zonesRead: 0, zonesKept: 0, geography: 'unchanged', tookMs: sinceMs(startMs) };
    }
    this.#images = imagesOf(loaded, this.#images.generation + 1, this.#images.steering);
    await this.#workers.install(this.#images);
    this.loaded.swap(loaded);
    this.#announce();
    const report: ReloadReport = {
      done: true,
      problems: all,
      zonesRead: loaded.zones.length - zonesKept,
      zonesKept,
      geography: isGeographyKept ? 'unchanged' : 'compiled',
      tookMs: sinceMs(startMs),
    };
    this.#log.info({ zonesRead: report.zonesRead, zonesKept, geography: report.geography, tookMs: report.tookMs }, 'reloaded');
    return report;
  }

  explain(request: ExplainRequest): Result<ExplainReport, Problem> {
    return explainAnswer(this.loaded.get(), this.#images, EVERYTHING_UP, request);
  }

  status(version: string): StatusReport {
    const counters = new Counters(this.#counters);
    const names = Object.keys(COUNTER) as CounterName[];
    return {
      version,
      pid: process.pid,
      upSec: Math.floor((performance.now() - this.#startedMs) / 1000),
      endpoints: this.#workers.endpoints,
      workers: { alive: this.#workers.alive, wanted: this.#workers.wanted },
      generation: this.#images.generation,
      zones: this.loaded.get().zones.map((zone) => {
        const image = new ZoneImage(zone.buffer);
        return { name: nameToText(zone.origin), serial: image.serial, records: image.recordCount };
      }),
      cells: this.loaded.get().geography.cells,
      counters: Object.fromEntries(names.map((name) => [name, counters.total(name)])) as Record<CounterName, number>,
    };
  }

  /** Secondaries ask for a zone at once when they hear of it, so this waits until the workers have it. */
  #announce(): void {
    const zones = this.#images.zones.map((buffer) => new ZoneImage(buffer));
    void this.#notifier.announce(zones, this.#images.transfer);
  }

  close(): Promise<void> {
    this.#notifier.close();
    return this.#workers.close();
  }
}

/** The three images of a load. The previous steering image, if any, is what `last-good` falls back on. */
export function imagesOf(loaded: Loaded, generation: number, previous?: SharedArrayBuffer): Images {
  return {
    generation,
    zones: loaded.zones.map((zone) => zone.buffer),
    usesEcs: loaded.snapshot.zones.map((zone) => zone.usesEcs), // zones are loaded in the order of the snapshot
    geo: loaded.geography.buffer,
    steering: buildSteering(
      loaded.snapshot.steering,
      loaded.geography.table,
      EVERYTHING_UP,
      previous && new SteeringImage(previous),
    ),
    cookieSecrets: loaded.cookieSecrets,
    transfer: loaded.snapshot.transfer,
  };
}

const sinceMs = (startMs: number): number => Math.round(performance.now() - startMs);

/** Settings that sockets and threads were made from: a reload reads them, but only a restart applies them. */
function restartWarnings(before: Loaded, after: Loaded): Problem[] {
  // Cookie secrets travel with the images.
  const fixed = (loaded: Loaded): string => JSON.stringify({ ...loaded.snapshot.server, cookies: null });
  if (fixed(before) === fixed(after)) return [];
  return [
    {
      severity: 'warning',
      code: 'ERR_CONFIG_RESTART',
      file: after.snapshot.file,
      message: 'settings under "server" have changed; they apply after a restart, everything else has been applied',
    },
  ];
}

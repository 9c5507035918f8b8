// The running server, seen from the control thread: what is loaded, what is known of health, the workers that answer from both,
// and every change. Invariant: `loaded` and the workers' images change together and only to something that loaded without an error.

import { systemClock } from '../../base/clock.ts';
import { Current } from '../../base/current.ts';
import type { ErrorCode, Problem } from '../../base/errors.ts';
import { hasErrors } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { list } from '../../config/suggest.ts';
import { servingUnder } from '../../health/safety.ts';
import { COUNTER, type CounterName, Counters, type CounterTotals } from '../../metrics/counters.ts';
import type { AgentReport } from '../../model/capacity.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { SteeringImage } from '../../steering/image.ts';
import { type WhatIf, whatIfWithout } from '../../steering/spill-whatif.ts';
import { nameToText } from '../../wire/name.ts';
import { ZoneImage } from '../../zone/image.ts';
import { HeapKeeper } from '../answering/heap-keeper.ts';
import { ImageFeed } from '../answering/image-feed.ts';
import type { ListeningPlan } from '../answering/listening-plan.ts';
import { Notifier } from '../answering/notify.ts';
import { Workers } from '../answering/workers.ts';
import { agentLoads } from '../capacity/agent-loads.ts';
import type { LoadRequest } from '../capacity/capacity-book.ts';
import { type CapacityReport, reportCapacity, siteCapacities } from '../capacity/capacity-report.ts';
import { SpillDesk } from '../capacity/spill-desk.ts';
import type { SpillMemory } from '../capacity/spill-memory.ts';
import type { ExplainReport, ExplainRequest } from '../commands/explain-answer.ts';
import type { ControlPlane } from '../health/control-plane.ts';
import type { Loaded, LoadResult } from '../loading/load.ts';
import { checkDraftInThread, loadGeographyInThread, loadInThread, loadZoneInThread } from '../loading/loader.ts';
import { restartWarnings } from '../loading/restart-warnings.ts';
import type { DraftResult } from '../loading/zone-draft.ts';
import type { FileDesk } from '../orders/file-desk.ts';
import type { PurgeReply, PurgeRequest, Purges } from '../site/purge.ts';
import { applySites, type SiteDesk } from '../site/site-desk.ts';
import { count } from '../text/plain-text.ts';
import type { ReloadReport, StatusReport } from './reports.ts';
import type { Answering, ProcessVitals, TriedLoad } from './running.ts';

export interface MeridianServerOptions {
  readonly configFile: string;
  readonly loaded: Loaded;
  readonly log: Logger;
  readonly plan: ListeningPlan;
  /** Started. */
  readonly plane: ControlPlane;
  /** Started; null = none of the process. */
  readonly agents: SiteDesk | null;
  readonly purges: Purges;
  /** Rows of metrics/counters: one for each worker and one for the control thread. */
  readonly counters: SharedArrayBuffer;
  /** Loaded. */
  readonly spillMemory: SpillMemory;
}

/** The row of metrics/counters that is the control thread's own, behind those of the workers. */
export const controlRow = (counters: SharedArrayBuffer, workers: number): Float64Array => new Counters(counters).row(workers);

export class MeridianServer {
  readonly #configFile: string;
  readonly #log: Logger;
  readonly #counters: SharedArrayBuffer;
  readonly #workers: Workers;
  readonly #notifier: Notifier;
  readonly plane: ControlPlane;
  readonly #agents: SiteDesk | null;
  readonly #purges: Purges;
  readonly #feed: ImageFeed;
  readonly #spill: SpillDesk;
  readonly #heapKeeper = new HeapKeeper();
  readonly #startedMs = performance.now();
  /** What is served; watchers are told after every worker has swapped. */
  readonly loaded: Current<Loaded>;
  /** Counts the loads since the start. */
  #loads = 1;
  isReloadRefused = false;
  /** Reloads run one after another. */
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(options: MeridianServerOptions) {
    const { loaded, log, plan, plane, counters } = options;
    this.#configFile = options.configFile;
    this.loaded = new Current(loaded);
    this.#log = log;
    this.#notifier = new Notifier({ log });
    this.#counters = counters;
    this.plane = plane;
    this.#agents = options.agents;
    this.#purges = options.purges;
    const { server: settings } = loaded.snapshot;
    const row = controlRow(counters, plan.workers);
    this.#spill = new SpillDesk(
      {
        book: plane.capacity,
        clock: systemClock,
        log,
        memory: options.spillMemory,
        onLimits: (limits) => this.#feed.spill(limits),
      },
      plane.facts,
    );
    const limits = this.#spill.adopt(loaded, plane.facts);
    const { trail } = plane;
    const feeding = { clock: systemClock, log, counters: row, workers: plan.workers, trail };
    this.#feed = new ImageFeed(feeding, loaded, plane.facts, limits);
    this.#countAnswers();
    this.#workers = new Workers({ settings, plan, counters, images: this.#feed.images, log });
  }

  get endpoints(): readonly Endpoint[] {
    return this.#workers.endpoints;
  }

  /** Resolves when the server cannot go on answering. */
  get lost(): Promise<Problem> {
    return this.#workers.lost;
  }

  get snapshot(): Snapshot {
    return this.loaded.get().snapshot;
  }

  get answering(): Answering {
    const { images, facts, limits, lagMs } = this.#feed;
    return { loaded: this.loaded.get(), images, facts, limits, lagMs };
  }

  get fileDesk(): FileDesk {
    return this;
  }

  get summary(): string {
    return `answering for ${count(this.loaded.get().zones.length, 'zone')}`;
  }

  /** Starts the workers; resolves when all of them listen, or when `close` has ended the start. */
  async start(): Promise<Result<void, Problem>> {
    this.plane.follow((facts) => {
      this.#feed.follow(facts);
      this.#spill.follow(facts);
    });
    this.#feed.follow(this.plane.facts);
    this.#feed.feed(this.#workers);
    const problem = await this.#workers.start();
    if (problem === undefined) {
      this.#heapKeeper.start();
      this.#announce();
      this.#spill.start();
    }
    return problem === undefined ? ok(undefined) : err(problem);
  }

  /** Reads everything again. On any error nothing changes; otherwise resolves when every worker answers from the new images. */
  reload(): Promise<ReloadReport> {
    return this.#inTurn((before) => loadInThread(this.#configFile, before));
  }

  async tryLoad(): Promise<TriedLoad> {
    const startMs = performance.now();
    const { loaded, problems, zonesKept } = await loadInThread(this.#configFile, this.loaded.get());
    const isGood = loaded !== undefined && !hasErrors(problems);
    return {
      snapshot: isGood ? loaded.snapshot : null,
      zones: isGood ? loaded.zones : null,
      problems: isGood ? [...problems, ...restartWarnings(this.snapshot, loaded.snapshot)] : problems,
      zonesKept,
      tookMs: sinceMs(startMs),
    };
  }

  /** Reads databases and network maps again, nothing else: what an operator is editing waits for a reload. */
  reloadGeography(): Promise<ReloadReport> {
    return this.#inTurn((before) => loadGeographyInThread(this.#configFile, before));
  }

  /** Reads one zone again, and nothing else. */
  reloadZone(origin: Uint8Array): Promise<ReloadReport> {
    return this.#inTurn((before) => loadZoneInThread(this.#configFile, before, origin));
  }

  /** What `text` in place of the zone's own file would change; nothing is changed. */
  checkDraft(origin: Uint8Array, text: Uint8Array): Promise<DraftResult> {
    return checkDraftInThread(this.loaded.get(), origin, text);
  }

  async restore(before: Loaded): Promise<void> {
    const zonesKept = before.zones.length;
    const report = await this.#inTurn(async () => ({ loaded: before, problems: [], zonesKept, isGeographyKept: true }));
    if (!report.done) throw new Error(report.problems.map(({ message }) => message).join('; '));
  }

  serving(): { readonly serving: number; readonly configured: number } {
    const { steering } = this.snapshot;
    // As if there were no orders: those are people's own.
    const serves = servingUnder(steering, this.#feed.facts, [], systemClock.wallMs());
    const serving = new Set(steering.members.filter(({ index }) => serves[index]).map(({ site }) => site));
    return { serving: serving.size, configured: steering.sites.length };
  }

  #inTurn(loadFrom: (before: Loaded) => Promise<LoadResult>): Promise<ReloadReport> {
    const report = this.#reloading
      .then(() => this.#reload(loadFrom))
      .catch((error: unknown) => this.#failed(error))
      .then((done) => {
        this.isReloadRefused = !done.done;
        return done;
      });
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
    const refused = loaded === undefined || hasErrors(problems) ? [] : await applySites(this.#agents, loaded.snapshot);
    const warnings = loaded === undefined ? [] : restartWarnings(before.snapshot, loaded.snapshot);
    const all = [...problems, ...refused, ...warnings];
    for (const problem of all) this.#log[problem.severity === 'error' ? 'error' : 'warn']({ ...problem }, 'problem');
    if (loaded === undefined || hasErrors(all)) {
      this.#log.error({ errors: all.length }, 'reload refused; serving what was served before');
      return { done: false, problems: all, zonesRead: 0, zonesKept: 0, geography: 'unchanged', tookMs: sinceMs(startMs) };
    }
    try {
      const facts = this.plane.adopt(loaded.snapshot);
      const installed = this.#feed.load(loaded, facts, this.#spill.adopt(loaded, facts));
      this.#countAnswers();
      await installed;
    } catch (bug) {
      const facts = this.plane.adopt(before.snapshot); // what is concluded must be about what is served
      this.#spill.adopt(before, facts);
      this.#countAnswers();
      await applySites(this.#agents, before.snapshot);
      throw bug;
    }
    this.#loads++;
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

  async explain(request: ExplainRequest): Promise<Result<ExplainReport, Problem>> {
    // Code that answers and opens databases, which this thread does for nobody else: a start does not wait for it.
    const { explainAnswer } = await import('../commands/explain-answer.ts');
    const { limits } = this.#feed;
    const changeOf = (target: string) => this.plane.trail.of(target);
    return explainAnswer(this.loaded.get(), this.#feed.images, this.#feed.facts, request, {
      limits,
      outlook: this.#spill.view?.outlook,
      nowMs: this.plane.capacity.mesh.nowMs(),
      changeOf,
    });
  }

  whatIf(site: string): Result<WhatIf, Problem> {
    const refuse = (code: ErrorCode, message: string): Result<WhatIf, Problem> => err({ severity: 'error', code, message });
    const { sites } = this.loaded.get().snapshot.steering;
    const index = sites.findIndex(({ id }) => id === site);
    if (index < 0) return refuse('ERR_USAGE', `there is no site "${site}"; sites are ${list(sites.map(({ id }) => id))}`);
    const { view } = this.#spill;
    if (view === null)
      return refuse(
        'ERR_CAPACITY',
        'no site that a policy with spill names has a capacity, so loads are not known; set sites.X.capacity',
      );
    return ok(whatIfWithout(view.atlas, this.#feed.facts, view.outlook, view.queries, index));
  }

  purge(request: PurgeRequest): Promise<Result<PurgeReply, Problem>> {
    return this.#purges.purge(request);
  }

  reportLoad(request: LoadRequest): Result<AgentReport, Problem> {
    return this.plane.capacity.report(request, this.loaded.get().snapshot);
  }

  /** Resolves when every worker answers from what health has concluded so far. */
  settle(): Promise<void> {
    return this.#feed.settle();
  }

  status(version: string): StatusReport {
    const health = this.plane.report();
    return {
      version,
      pid: process.pid,
      upSec: Math.floor((performance.now() - this.#startedMs) / 1000),
      endpoints: this.#workers.endpoints,
      workers: { alive: this.#workers.alive, wanted: this.#workers.wanted },
      generation: this.#loads,
      zones: this.loaded.get().zones.map((zone) => {
        const image = new ZoneImage(zone.buffer);
        return { name: nameToText(zone.origin), serial: image.serial, records: image.recordCount };
      }),
      cells: this.loaded.get().geography.cells,
      counters: countersOf(this.#counters),
      health,
      capacity: this.#capacity(),
      loads: agentLoads(this.loaded.get().snapshot, this.plane.capacity),
      site: this.#agents?.report() ?? [],
      addresses: this.#agents?.addresses() ?? [],
      servers: this.plane.servers,
    };
  }

  vitals(): ProcessVitals {
    const { view } = this.#spill;
    return {
      threads: { alive: this.#workers.alive, wanted: this.#workers.wanted },
      counters: countersOf(this.#counters),
      capacity: view === null ? [] : siteCapacities(view),
      agentSites: this.#agents?.sites ?? [],
    };
  }

  #capacity(): CapacityReport | null {
    const { view } = this.#spill;
    return view && reportCapacity(view, this.loaded.get().snapshot.loadUnit, this.plane.capacity.mesh.nowMs());
  }

  /** The classes of a load are counted where its images say. */
  #countAnswers(): void {
    const { asked, steering } = this.#feed.images;
    this.#spill.count(asked, new SteeringImage(steering).slotCount);
  }

  /** Secondaries ask for a zone at once when they hear of it, so this waits until the workers have it. */
  #announce(): void {
    const { images } = this.#feed;
    const zones = images.zones.map((buffer) => new ZoneImage(buffer));
    void this.#notifier.announce(zones, images.transfer);
  }

  /** Resolves when every thread that answers has shown that it lives. */
  pulse(): Promise<void> {
    return this.#workers.pulse();
  }

  /** A successor has the same sockets: answers what has come in, and on TCP connections until they end. */
  async retire(): Promise<void> {
    this.#heapKeeper.close();
    this.#notifier.close();
    this.#feed.close();
    await Promise.all([this.#spill.close(), this.#workers.retire()]);
  }

  async close(): Promise<void> {
    this.#heapKeeper.close();
    this.#notifier.close();
    this.#feed.close();
    await Promise.all([this.#spill.close(), this.#workers.close()]);
  }
}

const sinceMs = (startMs: number): number => Math.round(performance.now() - startMs);

/** Every counter, summed over all threads. */
export function countersOf(buffer: SharedArrayBuffer): CounterTotals {
  const counters = new Counters(buffer);
  const names = Object.keys(COUNTER) as CounterName[];
  return Object.fromEntries(names.map((name) => [name, counters.total(name)])) as CounterTotals;
}

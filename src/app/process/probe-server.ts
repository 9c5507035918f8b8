// A process that does not answer: it looks at its share of the targets, or judges what probers see, and tells the mesh. It opens no
// DNS socket and reads no zone and no database, so nothing that is wrong with those stops it.

import { hasErrors, type Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, type Result } from '../../base/result.ts';
import type { AgentReport } from '../../model/capacity.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { WhatIf } from '../../steering/spill-whatif.ts';
import { agentLoads } from '../capacity/agent-loads.ts';
import type { LoadRequest } from '../capacity/capacity-book.ts';
import type { ExplainReport } from '../commands/explain-answer.ts';
import type { ControlPlane } from '../health/control-plane.ts';
import { loadHealthInThread } from '../loading/loader.ts';
import { restartWarnings } from '../loading/restart-warnings.ts';
import type { PurgeReply, PurgeRequest, Purges } from '../site/purge.ts';
import { applySites, type SiteDesk } from '../site/site-desk.ts';
import { count } from '../text/plain-text.ts';
import type { ReloadReport, StatusReport } from './reports.ts';
import type { ProcessVitals, TriedLoad } from './running.ts';
import { countersOf } from './server.ts';

export interface ProbeServerOptions {
  readonly configFile: string;
  readonly snapshot: Snapshot;
  readonly log: Logger;
  /** Started. */
  readonly plane: ControlPlane;
  /** Started; null = none of the process. */
  readonly agents: SiteDesk | null;
  readonly purges: Purges;
  /** One row of metrics/counters. */
  readonly counters: SharedArrayBuffer;
}

const NOTHING_DONE = { done: false, zonesRead: 0, zonesKept: 0, geography: 'unchanged' } as const;

export class ProbeServer {
  readonly #options: ProbeServerOptions;
  readonly plane: ControlPlane;
  readonly #startedMs = performance.now();
  #snapshot: Snapshot;
  #loads = 1;
  isReloadRefused = false;
  /** Reloads run one after another. */
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(options: ProbeServerOptions) {
    this.#options = options;
    this.plane = options.plane;
    this.#snapshot = options.snapshot;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get answering(): null {
    return null;
  }

  get fileDesk(): null {
    return null;
  }

  get summary(): string {
    const { roles } = this.plane;
    if (!roles.includes('probe') && !roles.includes('fleet')) return 'showing what the others see';
    const does = [roles.includes('probe') ? 'probing its share' : '', roles.includes('fleet') ? 'judging results' : ''];
    const looks = does.filter((text) => text !== '').join(' and ');
    const balances = (this.#options.agents?.report() ?? []).map(({ site }) => site).join(', ');
    return [
      ...(looks === '' ? [] : [`${looks} of ${count(this.#snapshot.targets.length, 'target')}`]),
      ...(balances === '' ? [] : [`balancing at ${balances}`]),
    ].join('; ');
  }

  /** Reads the configuration again. On any error nothing changes. */
  reload(): Promise<ReloadReport> {
    const report = this.#reloading
      .then(() => this.#reload())
      .then((done) => {
        this.isReloadRefused = !done.done;
        return done;
      });
    this.#reloading = report.catch(() => undefined);
    return report;
  }

  async #reload(): Promise<ReloadReport> {
    const { configFile, log } = this.#options;
    const startMs = performance.now();
    const { snapshot, problems } = await loadHealthInThread(configFile);
    const tookMs = (): number => Math.round(performance.now() - startMs);
    const refused = snapshot === undefined ? [] : await applySites(this.#options.agents, snapshot);
    const warnings = snapshot === undefined ? [] : restartWarnings(this.#snapshot, snapshot);
    const all = [...problems, ...refused, ...warnings];
    for (const problem of all) log[problem.severity === 'error' ? 'error' : 'warn']({ ...problem }, 'problem');
    if (snapshot === undefined || hasErrors(refused)) {
      log.error({ errors: all.length }, 'reload refused; going on as before');
      return { ...NOTHING_DONE, problems: all, tookMs: tookMs() };
    }
    this.plane.adopt(snapshot);
    this.#snapshot = snapshot;
    this.#loads++;
    log.info({ targets: snapshot.targets.length, tookMs: tookMs() }, 'reloaded');
    return { ...NOTHING_DONE, done: true, problems: all, tookMs: tookMs() };
  }

  async tryLoad(): Promise<TriedLoad> {
    const startMs = performance.now();
    const { snapshot, problems } = await loadHealthInThread(this.#options.configFile);
    const all = snapshot === undefined ? problems : [...problems, ...restartWarnings(this.#snapshot, snapshot)];
    return {
      snapshot: snapshot ?? null,
      zones: null,
      problems: all,
      zonesKept: 0,
      tookMs: Math.round(performance.now() - startMs),
    };
  }

  async explain(): Promise<Result<ExplainReport, Problem>> {
    const message = 'this process answers no queries, so there is nothing to explain: ask one with the role dns';
    return err({ severity: 'error', code: 'ERR_ROLE', message });
  }

  whatIf(): Result<WhatIf, Problem> {
    const message = 'this process answers no queries, so it has no plans: ask one with the role dns';
    return err({ severity: 'error', code: 'ERR_ROLE', message });
  }

  purge(request: PurgeRequest): Promise<Result<PurgeReply, Problem>> {
    return this.#options.purges.purge(request);
  }

  reportLoad(request: LoadRequest): Result<AgentReport, Problem> {
    return this.plane.capacity.report(request, this.#snapshot);
  }

  /** There are no answers that could lag behind. */
  async settle(): Promise<void> {}

  vitals(): ProcessVitals {
    const { counters, agents } = this.#options;
    return { threads: null, counters: countersOf(counters), capacity: [], agentSites: agents?.sites ?? [] };
  }

  status(version: string): StatusReport {
    const health = this.plane.report();
    return {
      version,
      pid: process.pid,
      upSec: Math.floor((performance.now() - this.#startedMs) / 1000),
      endpoints: [],
      workers: { alive: 0, wanted: 0 },
      generation: this.#loads,
      zones: [],
      cells: 0,
      counters: countersOf(this.#options.counters),
      health,
      capacity: null,
      loads: agentLoads(this.#snapshot, this.plane.capacity),
      site: this.#options.agents?.report() ?? [],
      addresses: this.#options.agents?.addresses() ?? [],
      servers: this.plane.servers,
    };
  }
}

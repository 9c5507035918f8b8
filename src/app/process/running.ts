// A process with whatever roles, as those see it who ask it and change it: commands, the API, its own watch.

import type { Problem } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import type { HealthFacts } from '../../health/facts.ts';
import type { CounterTotals } from '../../metrics/counters.ts';
import type { AgentReport } from '../../model/capacity.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { SpillLimits } from '../../steering/spill-limits.ts';
import type { WhatIf } from '../../steering/spill-whatif.ts';
import type { Images } from '../answering/messages.ts';
import type { LoadRequest } from '../capacity/capacity-book.ts';
import type { SiteCapacity } from '../capacity/capacity-report.ts';
import type { ExplainReport, ExplainRequest } from '../commands/explain-answer.ts';
import type { ControlPlane } from '../health/control-plane.ts';
import type { Loaded, LoadedZone } from '../loading/load.ts';
import type { FileDesk } from '../orders/file-desk.ts';
import type { PurgeReply, PurgeRequest } from '../site/purge.ts';
import type { ReloadReport, StatusReport } from './reports.ts';

/** What answers come from. */
export interface Answering {
  readonly loaded: Loaded;
  readonly images: Images;
  /** What the steering image was made from. */
  readonly facts: HealthFacts;
  /** What spill has set, of which it was made too. */
  readonly limits: SpillLimits | undefined;
  /** Age of the oldest change of health or load that answers do not follow yet; 0 = they follow all. */
  readonly lagMs: number;
}

/** What is watched from second to second: cheap, other than a status. */
export interface ProcessVitals {
  /** null = it answers no queries. */
  readonly threads: { readonly alive: number; readonly wanted: number } | null;
  readonly counters: CounterTotals;
  /** Empty where no load can move. */
  readonly capacity: readonly SiteCapacity[];
  /** Sites whose agents are part of this process. */
  readonly agentSites: readonly string[];
}

/** What a reload would find. */
export interface TriedLoad {
  /** null = there are errors. */
  readonly snapshot: Snapshot | null;
  /** null = this process reads none. */
  readonly zones: readonly LoadedZone[] | null;
  readonly problems: readonly Problem[];
  readonly zonesKept: number;
  readonly tookMs: number;
}

/** A process with whatever roles, as commands see it. */
export interface Running {
  readonly plane: ControlPlane;
  /** What it does at the moment, in a few words. */
  readonly summary: string;
  /** The configuration in force. */
  readonly snapshot: Snapshot;
  /** null = it answers no queries. */
  readonly answering: Answering | null;
  /** null = it answers no queries. */
  readonly fileDesk: FileDesk | null;
  /** The last reload, by whatever way it came, changed nothing because of an error. */
  readonly isReloadRefused: boolean;
  reload(): Promise<ReloadReport>;
  /** Reads everything as a reload would, and changes nothing. */
  tryLoad(): Promise<TriedLoad>;
  status(version: string): StatusReport;
  vitals(): ProcessVitals;
  explain(request: ExplainRequest): Promise<Result<ExplainReport, Problem>>;
  /** What would happen without a site. */
  whatIf(site: string): Result<WhatIf, Problem>;
  /** Caches of agents, in this process and others. */
  purge(request: PurgeRequest): Promise<Result<PurgeReply, Problem>>;
  reportLoad(request: LoadRequest): Result<AgentReport, Problem>;
  /** Resolves when answers follow what health has concluded so far. */
  settle(): Promise<void>;
}

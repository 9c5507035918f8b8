// What a process tells of itself and of a reload, as the commands print it with --json.

import type { StagedState } from '../../admin/schemas/staged.ts';
import type { Problem } from '../../base/errors.ts';
import type { CounterTotals } from '../../metrics/counters.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { SiteReport } from '../../site/report.ts';
import type { AgentLoad } from '../capacity/agent-loads.ts';
import type { CapacityReport } from '../capacity/capacity-report.ts';
import type { HealthReport } from '../health/health-report.ts';
import type { AddressReport } from '../site/address-desk.ts';
import type { AlertReport } from '../watch/alert-desk.ts';

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
  readonly counters: CounterTotals;
  readonly health: HealthReport;
  /** Loads of sites and what is shed; null where no load can move. */
  readonly capacity: CapacityReport | null;
  /** What agents anywhere say of their sites. */
  readonly loads: readonly AgentLoad[];
  /** Of the sites whose agents are part of this process. */
  readonly site: readonly SiteReport[];
  /** A change on trial, or the last one that was. */
  readonly change?: StagedState | null;
  /** Virtual addresses of these sites. */
  readonly addresses: readonly AddressReport[];
  /** Names of all servers inside sites that the configuration knows: what orders may name. */
  readonly servers: readonly string[];
  /** What is wrong by the process's own eye; null or absent = it does not look yet. */
  readonly alerts?: AlertReport | null;
}

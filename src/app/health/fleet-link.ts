// What ties this process to the aggregators: who of them is believed, and, with the role `fleet`, the desk that is one of them. As
// long as nobody is one, this costs nothing.

import type { Logger } from '../../base/logger.ts';
import { type FleetConfig, FleetDesk, type FleetStatus } from '../../fleet/fleet-desk.ts';
import { FleetWatch } from '../../fleet/fleet-watch.ts';
import type { KernelSource } from '../../fleet/open.ts';
import { targetListHash } from '../../fleet/target-list.ts';
import type { FleetOwners } from '../../health/assignment.ts';
import type { Concluded } from '../../health/book.ts';
import type { FleetReport, Mesh, MeshSettings, Peer } from '../../model/mesh.ts';
import type { FleetSettings } from '../../model/snapshot.ts';
import type { Verdict, Vote } from '../../model/verdict.ts';

const REFRESH_MS = 250;
/** Without Redis, which has an expiry of its own. */
const SILENCE_MS = 5000;

export interface FleetLinkOptions {
  readonly self: Peer;
  readonly mesh: Pick<Mesh, 'nowMs' | 'reportFleet'>;
  readonly log: Logger;
  readonly settings: { readonly fleet: FleetSettings; readonly mesh: MeshSettings };
  readonly kernelsFor: (threads: number) => KernelSource;
  /** Others are believed than before. */
  readonly onOwners: (owners: FleetOwners) => void;
  /** They say something else than before. */
  readonly onConcluded: (concluded: ReadonlyMap<string, Concluded>) => void;
}

export class FleetLink {
  readonly #options: FleetLinkOptions;
  readonly #watch: FleetWatch;
  readonly #desk: FleetDesk | null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: FleetLinkOptions, config: FleetConfig) {
    const { self, mesh, log, settings } = options;
    this.#options = options;
    this.#watch = new FleetWatch(settings.mesh.kind === 'redis' ? settings.mesh.expiryMs : SILENCE_MS);
    this.#watch.setList(targetListHash(config.targets));
    this.#desk = null;
    if (!self.roles.includes('fleet')) return;
    const kernels = options.kernelsFor(settings.fleet.threads);
    this.#desk = new FleetDesk({ id: self.id, mesh, watch: this.#watch, kernels, log }, config);
  }

  /** The aggregators that are believed, by id. */
  get believed(): readonly string[] {
    return this.#watch.owners.ids;
  }

  /** Of our own desk; null without the role. */
  get status(): FleetStatus | null {
    return this.#desk?.status ?? null;
  }

  start(remembered: readonly Verdict[]): void {
    this.#desk?.remember(remembered);
    this.#desk?.start(this.#options.settings.fleet.passMs);
    this.#refresh();
  }

  adopt(config: FleetConfig): void {
    this.#watch.setList(targetListHash(config.targets));
    this.#desk?.adopt(config);
    this.#refresh();
  }

  takePeers(peers: readonly Peer[]): void {
    this.#watch.setPeers(peers);
    this.#desk?.takePeers(peers);
    this.#refresh();
    this.#keepLooking();
  }

  takeVotes(votes: readonly Vote[]): void {
    this.#desk?.takeVotes(votes);
  }

  takeWithdrawal(prober: string): void {
    this.#desk?.takeWithdrawal(prober);
  }

  takeResults(prober: string, epoch: number, batch: Uint8Array): void {
    this.#desk?.takeResults(prober, epoch, batch);
  }

  takeReport(report: FleetReport): void {
    this.#watch.hear(report);
    this.#desk?.takeReport(report);
    const hasNews = report.isWhole || report.verdicts.length > 0 || report.forgotten.length > 0;
    if (!this.#refresh() && hasNews) this.#options.onConcluded(this.#watch.concluded);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#desk?.close();
  }

  /** One that falls silent is believed no more: that is an event of which only the clock tells. */
  #keepLooking(): void {
    if (this.#isClosed || this.#timer !== null || !this.#watch.hasAggregators) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#refresh();
      this.#keepLooking();
    }, REFRESH_MS);
  }

  #refresh(): boolean {
    const { mesh, log, onOwners, onConcluded } = this.#options;
    const before = this.believed;
    if (!this.#watch.refresh(mesh.nowMs())) return false;
    const { owners, concluded } = this.#watch;
    log.info({ aggregators: owners.ids }, aggregatorsText(before, owners.ids));
    onOwners(owners);
    onConcluded(concluded);
    return true;
  }
}

function aggregatorsText(before: readonly string[], now: readonly string[]): string {
  if (now.length === 0) return 'no aggregator any more: votes decide';
  return before.length === 0 ? 'an aggregator judges in place of votes' : 'the aggregators are others than before';
}

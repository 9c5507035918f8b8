// Hands events to the one who started the mesh: gathered, at most once in GAP_MS, in the order in which they came, and never in the
// middle of the mesh's own work. What a handler throws is a bug of its own and stops nothing here.

import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { DemandReport, HeardReport } from '../model/capacity.ts';
import type { FleetReport, MeshEvents, MeshStatus, NoteSet, OverrideSet, Peer, SharedSpill } from '../model/mesh.ts';
import type { Vote } from '../model/verdict.ts';

/** Between two deliveries. */
const GAP_MS = 50;

type VoteEvent = { readonly votes: Vote[] } | { readonly prober: string; readonly epoch: number; readonly seq: number };

interface ResultsEvent {
  readonly prober: string;
  readonly epoch: number;
  readonly batch: Uint8Array;
}

export class EventBox {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #events: MeshEvents | null = null;
  #timer: NodeJS.Timeout | null = null;
  #deliveredMs = Number.NEGATIVE_INFINITY;
  #voteEvents: VoteEvent[] = [];
  #results: ResultsEvent[] = [];
  #reports: FleetReport[] = [];
  #peers: readonly Peer[] | null = null;
  #overrides: OverrideSet | null = null;
  #notes: NoteSet | null = null;
  #status: MeshStatus | null = null;
  #loads: readonly HeardReport[] | null = null;
  #demands: readonly DemandReport[] | null = null;
  #spill: SharedSpill | null = null;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** From now on events are handed over; what came before is handed over first. */
  open(events: MeshEvents): void {
    this.#events = events;
    this.#schedule();
  }

  close(): void {
    this.#events = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  votes(votes: readonly Vote[]): void {
    if (votes.length === 0) return;
    const last = this.#voteEvents.at(-1);
    if (last !== undefined && 'votes' in last) for (const vote of votes) last.votes.push(vote);
    else this.#voteEvents.push({ votes: [...votes] });
    this.#schedule();
  }

  withdrawn(prober: string, epoch: number, seq: number): void {
    this.#voteEvents.push({ prober, epoch, seq });
    this.#schedule();
  }

  results(prober: string, epoch: number, batch: Uint8Array): void {
    this.#results.push({ prober, epoch, batch });
    this.#schedule();
  }

  report(report: FleetReport): void {
    this.#reports.push(report);
    this.#schedule();
  }

  peers(peers: readonly Peer[]): void {
    this.#peers = peers;
    this.#schedule();
  }

  overrides(set: OverrideSet): void {
    this.#overrides = set;
    this.#schedule();
  }

  notes(set: NoteSet): void {
    this.#notes = set;
    this.#schedule();
  }

  status(status: MeshStatus): void {
    this.#status = status;
    this.#schedule();
  }

  loads(reports: readonly HeardReport[]): void {
    this.#loads = reports;
    this.#schedule();
  }

  demands(demands: readonly DemandReport[]): void {
    this.#demands = demands;
    this.#schedule();
  }

  spill(step: SharedSpill): void {
    this.#spill = step;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#events === null || this.#timer !== null) return;
    const waitMs = Math.max(0, this.#deliveredMs + GAP_MS - this.#clock.monotonicMs());
    this.#timer = setTimeout(() => this.#deliver(), waitMs);
  }

  #deliver(): void {
    this.#timer = null;
    this.#deliveredMs = this.#clock.monotonicMs();
    const taken = this.#takeAll();
    const { events, voteEvents, results, reports, peers, overrides, notes, status, loads, demands, spill } = taken;
    this.#call(() => peers !== null && events?.onPeers?.(peers));
    this.#call(() => overrides !== null && events?.onOverrides?.(overrides));
    this.#call(() => notes !== null && events?.onNotes?.(notes));
    for (const event of voteEvents) {
      if ('votes' in event) this.#call(() => events?.onVotes?.(event.votes));
      else this.#call(() => events?.onWithdrawn?.(event.prober, event.epoch, event.seq));
    }
    for (const { prober, epoch, batch } of results) this.#call(() => events?.onResults?.(prober, epoch, batch));
    for (const report of reports) this.#call(() => events?.onFleetReport?.(report));
    this.#call(() => loads !== null && events?.onLoads?.(loads));
    this.#call(() => demands !== null && events?.onDemands?.(demands));
    this.#call(() => spill !== null && events?.onSpill?.(spill));
    this.#call(() => status !== null && events?.onStatus?.(status));
  }

  #takeAll() {
    const taken = {
      events: this.#events,
      voteEvents: this.#voteEvents,
      results: this.#results,
      reports: this.#reports,
      peers: this.#peers,
      overrides: this.#overrides,
      notes: this.#notes,
      status: this.#status,
      loads: this.#loads,
      demands: this.#demands,
      spill: this.#spill,
    };
    this.#voteEvents = [];
    this.#results = [];
    this.#reports = [];
    this.#peers = null;
    this.#overrides = null;
    this.#notes = null;
    this.#status = null;
    this.#loads = null;
    this.#demands = null;
    this.#spill = null;
    return taken;
  }

  #call(handler: () => unknown): void {
    try {
      handler();
    } catch (error) {
      this.#logger.error({ code: 'ERR_INTERNAL', error: String(error) }, 'a handler of mesh events failed');
    }
  }
}

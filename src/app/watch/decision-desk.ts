// Answers that are told one by one: workers copy them into rings (responder/tap), here they are taken out, explained and given to
// whoever is to be told. All of it in the control thread, some time after the answer, at most as many as the configuration says.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Complaints } from '../../mesh/complaints.ts';
import type { TallyValue } from '../../metrics/gauges.ts';
import type { DecisionSettings } from '../../model/decisions.ts';
import { type Tapped, TapRing } from '../../responder/tap-ring.ts';
import { encodeDnstap } from '../../watch/dnstap.ts';
import type { TapPlan } from '../answering/messages.ts';
import type { Answering, Running } from '../process/running.ts';
import { VERSION } from '../version.ts';
import { type DecisionLine, decisionLine, told } from './decision-line.ts';
import { DecisionSinks, type SinkCounts, type SinkName } from './decision-sinks.ts';

const ROUND_MS = 250;

export interface DecisionDeskOptions {
  readonly running: Running;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The rings of one load. */
interface Rings {
  readonly plan: TapPlan;
  readonly rings: readonly TapRing[];
}

export class DecisionDesk {
  readonly #options: DecisionDeskOptions;
  readonly #complaints: Complaints;
  /** What ids of this process begin with. */
  readonly #boot = randomBytes(4).toString('hex');
  readonly #counts = new Map<SinkName, SinkCounts>();
  readonly #totals = { told: 0, held: 0, lost: 0, failed: 0 };
  #number = 0;
  #rings: Rings | null = null;
  /** Those of the load before: workers may have written to them until they had the new images. */
  #leaving: Rings | null = null;
  #settings = '';
  #sinks: DecisionSinks | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: DecisionDeskOptions) {
    this.#options = options;
    this.#complaints = new Complaints(options.clock, options.log);
  }

  /** Begins, goes on or ends, as the configuration in force says: to be called once in a while. */
  look(): void {
    const { answering } = this.#options.running;
    const isWanted = (answering?.images.tap ?? null) !== null || this.#rings !== null || this.#leaving !== null;
    if (isWanted && this.#timer === null) {
      this.#timer = setInterval(() => this.#round(), ROUND_MS);
      this.#round();
    } else if (!isWanted && this.#timer !== null) this.#stop();
  }

  measure(): TallyValue[] {
    if (this.#sinks === null) return [];
    const live = { ...this.#totals };
    for (const rings of [this.#rings, this.#leaving]) addTo(live, rings);
    return [
      ...Object.entries(live).map(([result, value]): TallyValue => ({ tally: 'DECISIONS', labels: [result], value })),
      ...[...this.#counts].flatMap(([to, { written, dropped }]): TallyValue[] => [
        { tally: 'DECISIONS_SENT', labels: [to, 'written'], value: written },
        { tally: 'DECISIONS_SENT', labels: [to, 'dropped'], value: dropped },
      ]),
    ];
  }

  /** Tells what is left. */
  async close(): Promise<void> {
    if (this.#timer !== null) this.#round();
    this.#stop();
    await this.#sinks?.close();
    this.#sinks = null;
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #round(): void {
    const { answering } = this.#options.running;
    if (answering === null) return;
    try {
      const { decisions } = answering.loaded.snapshot;
      this.#adopt(decisions);
      const lines: DecisionLine[] = [];
      this.#drain(this.#leaving, answering, decisions, lines);
      if (this.#leaving !== null) addTo(this.#totals, this.#leaving);
      this.#leaving = null;
      this.#drain(this.#rings, answering, decisions, lines);
      this.#sinks?.lines(lines);
      const plan = answering.images.tap;
      if (plan === (this.#rings?.plan ?? null)) return;
      this.#leaving = this.#rings;
      this.#rings = plan && { plan, rings: plan.rings.map((memory) => new TapRing(memory)) };
    } catch (bug) {
      this.#complaints.warn('ERR_INTERNAL', `answers cannot be told: ${(bug as Error).stack ?? String(bug)}`);
    }
  }

  #adopt(settings: DecisionSettings): void {
    const text = JSON.stringify([settings.log, settings.dnstap, settings.fileSize]);
    if (text === this.#settings && this.#sinks !== null) return;
    void this.#sinks?.close();
    this.#settings = text;
    this.#sinks = new DecisionSinks(settings, this.#counts, this.#options.clock, this.#options.log);
  }

  #drain(rings: Rings | null, answering: Answering, settings: DecisionSettings, lines: DecisionLine[]): void {
    for (const ring of rings?.rings ?? []) {
      for (let tapped = ring.read(); tapped !== undefined; tapped = ring.read()) {
        const line = this.#tell(tapped, answering, settings);
        if (line !== null) lines.push(line);
      }
    }
  }

  /** The line for one answer; null = none is wanted, or it cannot be made. */
  #tell(tapped: Tapped, answering: Answering, settings: DecisionSettings): DecisionLine | null {
    const { running, clock } = this.#options;
    const id = `${this.#boot}-${++this.#number}`;
    const wallMs = clock.wallMs() - (clock.monotonicMs() - tapped.atMs);
    const server = answering.loaded.snapshot.server.nsid ?? running.plane.id;
    this.#totals.told++;
    if (this.#sinks!.wantsFrames) this.#frames(tapped, id, wallMs, server, settings);
    if (!this.#sinks!.wantsLines) return null;
    const line = decisionLine(tapped, { id, server, wallMs, answering, settings });
    if (line.ok) return line.value;
    this.#totals.told--;
    this.#totals.failed++;
    this.#complaints.warn(line.error.code, `an answer cannot be explained: ${line.error.message}`);
    return null;
  }

  #frames(tapped: Tapped, id: string, wallMs: number, server: string, settings: DecisionSettings): void {
    const { family, isStream, query, reply, querySize, replySize } = tapped;
    const { octets: address, isWhole } = told({ family, octets: tapped.address, prefixLen: 8 * tapped.address.length }, settings);
    const source = { id, family, transport: isStream ? ('tcp' as const) : ('udp' as const), address, wallMs };
    const port = isWhole ? tapped.port : null;
    const identity = { identity: server, version: `meridian ${VERSION}` };
    for (const [kind, octets, size] of [
      ['query', query, querySize],
      ['response', reply, replySize],
    ] as const) {
      const message = { kind, ...source, port, octets: octets.length === size ? octets : null };
      this.#sinks!.frame(encodeDnstap(identity, message));
    }
  }
}

function addTo(totals: { held: number; lost: number }, rings: Rings | null): void {
  for (const { held, lost } of rings?.rings ?? []) {
    totals.held += held;
    totals.lost += lost;
  }
}

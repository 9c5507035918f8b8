// The server's eye on itself: looks once a second, in the control thread, at what others have counted and concluded; at files less
// often. What it sees is measured (/metrics), told (alerts) and kept (objectives).

import type { AuditLog } from '../../admin/audit-log.ts';
import type { EventRing } from '../../admin/event-ring.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type CounterTotals, REPLY_COUNTERS } from '../../metrics/counters.ts';
import type { GaugeName, GaugeValue, TallyName, TallyValue } from '../../metrics/gauges.ts';
import { ALERTS, type AlertName } from '../../watch/catalogue.ts';
import { conditionsOf } from '../../watch/conditions.ts';
import type { ObjectiveReport } from '../../watch/objectives.ts';
import { RateHistory } from '../../watch/rates.ts';
import type { ProcessVitals, Running } from '../process/running.ts';
import { AlertDesk } from './alert-desk.ts';
import { type CertificateEnd, certificateEnds, certificatesOf } from './certificates.ts';
import type { DecisionDesk } from './decision-desk.ts';
import { ObjectiveDesk } from './objective-desk.ts';
import { SiteTally } from './site-tally.ts';
import { tryState } from './state-trial.ts';
import { TraceDesk } from './trace-desk.ts';
import { healthOf, ProberCount, Pulse } from './vitals.ts';

const LOOK_MS = 1000;
/** Between two looks at files. */
const FILES_MS = 30_000;

export interface WatchDeskOptions {
  readonly running: Running;
  readonly audit: AuditLog;
  readonly events: EventRing;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Measures {
  readonly gauges: readonly GaugeValue[];
  readonly tallies: readonly TallyValue[];
}

export class WatchDesk {
  readonly alerts: AlertDesk;
  readonly rates = new RateHistory();
  readonly #options: WatchDeskOptions;
  readonly #objectives: ObjectiveDesk;
  /** Null until answers are to be told: most processes do without that code. */
  #decisions: DecisionDesk | null = null;
  #isOver = false;
  readonly #traces: TraceDesk;
  readonly #sites = new SiteTally();
  readonly #probers = new ProberCount();
  readonly #pulse = new Pulse();
  #timer: NodeJS.Timeout | null = null;
  #filesMs = Number.NEGATIVE_INFINITY;
  #files: Promise<void> = Promise.resolve();
  #certificates: readonly CertificateEnd[] = [];
  #stateTrouble: string | null = null;

  constructor(options: WatchDeskOptions) {
    const { running, clock, log, events } = options;
    const { stateDirectory } = running.snapshot.server;
    this.#options = options;
    this.#objectives = new ObjectiveDesk(stateDirectory, clock, log);
    const isWanted = () => running.snapshot.watch.traces.openTelemetry;
    this.#traces = new TraceDesk({ server: running.plane.id, log, isWanted });
    running.plane.trail.follow((step) => this.#traces.take(step));
    const settings = () => running.snapshot.watch.alerts;
    const { id: server, notes: mesh } = running.plane;
    this.alerts = new AlertDesk({ server, stateDirectory, settings, mesh, clock, log, events });
  }

  /** Reads what it kept, and looks from then on. Never fails. */
  async start(): Promise<void> {
    await Promise.all([this.#objectives.load(), this.#traces.look(), this.#lookAtAnswers()]);
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  objectives(): readonly ObjectiveReport[] {
    return this.#objectives.report(this.#options.running.snapshot.watch.objectives);
  }

  /** For /metrics. */
  measure(): Measures {
    const { running, audit } = this.#options;
    const gauges: GaugeValue[] = [];
    const set = (gauge: GaugeName, value: number, ...labels: string[]): void => {
      gauges.push({ gauge, labels, value });
    };
    const tallies: TallyValue[] = [];
    const tally = (name: TallyName, value: number, ...labels: string[]): void => {
      tallies.push({ tally: name, labels, value });
    };
    set('RELOAD_REFUSED', Number(running.isReloadRefused));
    set('STATE_WRITABLE', Number(this.#stateTrouble === null), 'state');
    set('STATE_WRITABLE', Number(audit.isWritable), 'audit');
    for (const { use, endsMs } of this.#certificates) set('CERTIFICATE_EXPIRY', endsMs / 1000, use);
    const { active, receivers } = this.alerts.report();
    for (const name of Object.keys(ALERTS) as AlertName[]) {
      const firing = active.filter((one) => one.name === name && one.state === 'firing');
      set('ALERTS_FIRING', firing.filter(({ silence }) => silence === null).length, name, 'no');
      set('ALERTS_FIRING', firing.filter(({ silence }) => silence !== null).length, name, 'yes');
    }
    for (const { receiver, waiting, delivered, failedAttempts, dead } of receivers) {
      set('ALERTS_WAITING', waiting, receiver);
      tally('ALERT_MESSAGES', delivered, receiver, 'delivered');
      tally('ALERT_MESSAGES', failedAttempts, receiver, 'failed-attempt');
      tally('ALERT_MESSAGES', dead, receiver, 'dead');
    }
    const { answering } = running;
    if (answering === null) return { gauges, tallies };
    set('STEERING_LAG', answering.lagMs / 1000);
    for (const { name, objective, windows } of this.objectives()) {
      set('OBJECTIVE', objective, name);
      for (const { window, burnRate } of windows) set('BURN_RATE', burnRate, name, window);
    }
    tallies.push(...(this.#decisions?.measure() ?? []));
    for (const [site, answers] of this.#sites.take(answering)) tally('SITE_ANSWERS', answers, site);
    return { gauges, tallies };
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#files;
    await Promise.all([this.alerts.close(), this.#options.running.answering === null ? null : this.#objectives.close()]);
  }

  /** Tells of the last answers. To be called once nobody answers any more, after `close`. */
  async farewell(): Promise<void> {
    this.#isOver = true;
    await this.#decisions?.close();
  }

  #look(): void {
    const { clock } = this.#options;
    try {
      this.#lookAtProcess();
      void this.#lookAtAnswers();
      void this.#traces.look();
    } catch (bug) {
      this.#failed(bug);
    }
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#filesMs < FILES_MS) return;
    this.#filesMs = nowMs;
    this.#files = this.#lookAtFiles();
  }

  async #lookAtAnswers(): Promise<void> {
    const { running, clock, log } = this.#options;
    try {
      if (this.#decisions === null && (running.answering?.images.tap ?? null) !== null) {
        const { DecisionDesk } = await import('./decision-desk.ts');
        if (!this.#isOver) this.#decisions ??= new DecisionDesk({ running, clock, log });
      }
      if (!this.#isOver) this.#decisions?.look();
    } catch (bug) {
      this.#failed(bug);
    }
  }

  /** Watching must never end what is watched. */
  #failed(bug: unknown): void {
    const error = (bug as Error).stack ?? String(bug);
    this.#options.log.error({ code: 'ERR_INTERNAL', error }, 'a look at the server itself failed');
  }

  #lookAtProcess(): void {
    const { running, audit, clock } = this.#options;
    const { plane, answering, snapshot } = running;
    const vitals = running.vitals();
    const nowMs = clock.monotonicMs();
    if (answering !== null) this.#count(vitals, answering);
    const model = answering === null ? snapshot.steering : answering.loaded.snapshot.steering;
    const facts = answering === null ? plane.facts : answering.facts;
    const probers = plane.peers.filter(({ roles }) => roles.includes('probe')).length;
    const objectives = answering === null ? [] : this.objectives();
    this.alerts.look(
      conditionsOf({
        ...healthOf(model, facts),
        nowMs: clock.wallMs(),
        threads: vitals.threads,
        rates: this.#pulse.take(vitals.counters, nowMs),
        mesh: plane.meshState,
        lagMs: answering?.lagMs ?? 0,
        probers: this.#probers.take(probers, nowMs),
        isWithdrawn: plane.isWithdrawn,
        isReloadRefused: running.isReloadRefused,
        capacity: vitals.capacity,
        certificates: this.#certificates,
        state: { directory: this.#stateTrouble, audit: audit.isWritable ? null : 'the log has the reason' },
        burning: objectives.flatMap(({ name, burning }) => (burning === null ? [] : [{ name, text: burning }])),
        unusual: answering === null ? null : this.#objectives.unusual,
      }),
    );
  }

  #count(vitals: ProcessVitals, answering: NonNullable<Running['answering']>): void {
    const { running, clock } = this.#options;
    const { steeringWithinMs } = running.snapshot.watch.objectives;
    this.#objectives.take(vitals.counters, answering.lagMs > steeringWithinMs || running.plane.meshState === 'stale');
    const bySite = Object.fromEntries(this.#sites.take(answering));
    this.rates.take({ byRcode: byRcode(vitals.counters), bySite }, clock.monotonicMs(), clock.wallMs());
  }

  async #lookAtFiles(): Promise<void> {
    const { running, log } = this.#options;
    const { snapshot } = running;
    this.#certificates = await certificateEnds(certificatesOf(snapshot, running.vitals().agentSites));
    const trouble = await tryState(snapshot.server.stateDirectory);
    if (trouble !== null && this.#stateTrouble === null) {
      log.error({ code: 'ERR_STATE', message: trouble }, 'the state directory cannot be written');
    }
    this.#stateTrouble = trouble;
  }
}

/** Replies by rcode, and what was left without one. */
const byRcode = (counters: CounterTotals): Record<string, number> => ({
  ...Object.fromEntries(REPLY_COUNTERS.map(([name, rcode]) => [rcode, counters[name]])),
  dropped: counters.DROPPED,
});

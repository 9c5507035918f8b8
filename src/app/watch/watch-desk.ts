// The server's eye on itself: what is measured besides health and counters. Looks once a second, in the control thread, at what
// others have counted and concluded; at files less often.

import type { AuditLog } from '../../admin/audit-log.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { GaugeName, GaugeValue, TallyValue } from '../../metrics/gauges.ts';
import type { Running } from '../process/requests.ts';
import { type CertificateEnd, certificateEnds, certificatesOf } from './certificates.ts';
import { SiteTally } from './site-tally.ts';
import { tryState } from './state-trial.ts';

const LOOK_MS = 1000;
/** Between two looks at files. */
const FILES_MS = 30_000;

export interface WatchDeskOptions {
  readonly running: Running;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Measures {
  readonly gauges: readonly GaugeValue[];
  readonly tallies: readonly TallyValue[];
}

export class WatchDesk {
  readonly #options: WatchDeskOptions;
  readonly #sites = new SiteTally();
  #timer: NodeJS.Timeout | null = null;
  #filesMs = Number.NEGATIVE_INFINITY;
  #files: Promise<void> = Promise.resolve();
  #certificates: readonly CertificateEnd[] = [];
  #stateTrouble: string | null = null;

  constructor(options: WatchDeskOptions) {
    this.#options = options;
  }

  /** Looks from now on. */
  start(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** For /metrics. */
  measure(): Measures {
    const { running, audit } = this.#options;
    const gauges: GaugeValue[] = [];
    const set = (gauge: GaugeName, value: number, ...labels: string[]): void => {
      gauges.push({ gauge, labels, value });
    };
    set('RELOAD_REFUSED', Number(running.isReloadRefused));
    set('STATE_WRITABLE', Number(this.#stateTrouble === null), 'state');
    set('STATE_WRITABLE', Number(audit.isWritable), 'audit');
    for (const { use, endsMs } of this.#certificates) set('CERTIFICATE_EXPIRY', endsMs / 1000, use);
    const { answering } = running;
    if (answering === null) return { gauges, tallies: [] };
    set('STEERING_LAG', answering.lagMs / 1000);
    const tallies = Array.from(this.#sites.take(answering), ([site, value]): TallyValue => {
      return { tally: 'SITE_ANSWERS', labels: [site], value };
    });
    return { gauges, tallies };
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#files;
  }

  #look(): void {
    const { running, clock } = this.#options;
    if (running.answering !== null) this.#sites.take(running.answering);
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#filesMs < FILES_MS) return;
    this.#filesMs = nowMs;
    this.#files = this.#lookAtFiles();
  }

  async #lookAtFiles(): Promise<void> {
    const { running, log } = this.#options;
    const { snapshot } = running;
    const sites = running.status('').site.map(({ site }) => site);
    this.#certificates = await certificateEnds(certificatesOf(snapshot, sites));
    const trouble = await tryState(snapshot.server.stateDirectory);
    if (trouble !== null && this.#stateTrouble === null) {
      log.error({ code: 'ERR_STATE', message: trouble }, 'the state directory cannot be written');
    }
    this.#stateTrouble = trouble;
  }
}

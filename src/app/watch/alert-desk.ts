// Alerts of this process: judged, told, silenced. Silences are of the whole mesh; alerts need not outlive a restart, a server that
// starts sees for itself.

import type { AdminEvent } from '../../admin/schemas/changes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Result } from '../../base/result.ts';
import type { AlertSettings } from '../../model/watch.ts';
import { type ActiveAlert, AlertBook, type Silence } from '../../watch/alert-book.ts';
import { AlertSender, type ReceiverCounts } from '../../watch/alert-sender.ts';
import type { Condition } from '../../watch/conditions.ts';
import type { NoteMesh } from '../orders/notes.ts';
import { type SilenceRequest, Silences } from './silences.ts';

export interface AlertReport {
  readonly active: readonly ActiveAlert[];
  readonly silences: readonly Silence[];
  readonly receivers: readonly ReceiverCounts[];
}

export interface AlertDeskOptions {
  readonly server: string;
  readonly stateDirectory: string;
  readonly settings: () => AlertSettings;
  readonly mesh: NoteMesh;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: { add(event: Omit<AdminEvent, 'id' | 'change'>): void };
}

export class AlertDesk {
  readonly #options: AlertDeskOptions;
  readonly #book: AlertBook;
  readonly #sender: AlertSender;
  readonly #silences: Silences;
  #settings: AlertSettings;

  constructor(options: AlertDeskOptions) {
    const { server, stateDirectory, settings, clock, log } = options;
    this.#options = options;
    this.#settings = settings();
    this.#book = new AlertBook(() => this.#settings.repeatMs);
    this.#sender = new AlertSender({ server, stateDirectory, clock, log }, this.#settings);
    this.#silences = new Silences(options.mesh);
  }

  /** Takes what is wrong now; tells what is news. */
  look(conditions: readonly Condition[]): void {
    const { settings, clock, log, events } = this.#options;
    if (settings() !== this.#settings) {
      this.#settings = settings();
      this.#sender.adopt(this.#settings);
    }
    const atMs = clock.wallMs();
    this.#book.setSilences(this.#silences.all);
    const news = this.#book.look(conditions, atMs, this.#silences.nowMs);
    for (const { name, subject, severity, state, text } of news) {
      const isOver = state === 'resolved';
      log[isOver ? 'info' : 'warn']({ alert: name, subject, severity, state }, text);
      const level = isOver ? 'info' : severity === 'critical' ? 'error' : 'warning';
      events.add({
        ...{ atMs, kind: 'alert', level, member: null, pool: null, site: null, isUp: null },
        text: isOver ? `over: ${text}` : text,
      });
    }
    this.#sender.tell(news);
  }

  report(): AlertReport {
    const { nowMs } = this.#silences;
    this.#book.setSilences(this.#silences.all);
    return {
      active: this.#book.active(nowMs),
      silences: this.#book.silences(nowMs),
      receivers: this.#sender.counts(),
    };
  }

  /** As Silences.make: when it is acknowledged it is kept, and this server heeds it. */
  silence(request: SilenceRequest): Promise<Result<Silence, Problem>> {
    return this.#silences.make(request);
  }

  /** By its id, or by what it silences. */
  endSilence(what: string): Promise<Result<readonly Silence[], Problem>> {
    return this.#silences.end(what);
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }
}

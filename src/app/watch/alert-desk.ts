// Alerts of this process: judged, told, silenced. Silences outlive a restart; alerts need not, a server that starts sees for itself.

import { randomUUID } from 'node:crypto';
import type { AdminEvent } from '../../admin/schemas/changes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { list } from '../../config/suggest.ts';
import { Complaints } from '../../mesh/complaints.ts';
import { StateFile } from '../../mesh/state-file.ts';
import type { AlertSettings } from '../../model/watch.ts';
import { type ActiveAlert, AlertBook, type Silence } from '../../watch/alert-book.ts';
import { AlertSender, type ReceiverCounts } from '../../watch/alert-sender.ts';
import { ALERTS } from '../../watch/catalogue.ts';
import type { Condition } from '../../watch/conditions.ts';

const MOST_SILENCES = 1000;

export interface SilenceRequest {
  /** Glob of an alert: `name` or `name/subject`. */
  readonly what: string;
  readonly reason: string;
  readonly author: string;
  readonly forMs: number;
}

export interface AlertReport {
  readonly active: readonly ActiveAlert[];
  readonly silences: readonly Silence[];
  readonly receivers: readonly ReceiverCounts[];
}

export interface AlertDeskOptions {
  readonly server: string;
  readonly stateDirectory: string;
  readonly settings: () => AlertSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: { add(event: Omit<AdminEvent, 'id' | 'change'>): void };
}

export class AlertDesk {
  readonly #options: AlertDeskOptions;
  readonly #book: AlertBook;
  readonly #sender: AlertSender;
  readonly #file: StateFile<readonly Silence[]>;
  #settings: AlertSettings;

  constructor(options: AlertDeskOptions) {
    const { server, stateDirectory, settings, clock, log } = options;
    this.#options = options;
    this.#settings = settings();
    this.#book = new AlertBook(() => this.#settings.repeatMs);
    this.#sender = new AlertSender({ server, stateDirectory, clock, log }, this.#settings);
    this.#file = new StateFile({
      directory: stateDirectory,
      name: 'silences',
      complaints: new Complaints(clock, log),
      encode: JSON.stringify,
      decode: decodeSilences,
      rank: (silences: readonly Silence[]) => silences.reduce((most, { createdMs }) => Math.max(most, createdMs), 0),
    });
  }

  /** Reads the silences that were in force. Never fails. */
  async load(): Promise<void> {
    this.#book.setSilences((await this.#file.load()) ?? []);
  }

  /** Takes what is wrong now; tells what is news. */
  look(conditions: readonly Condition[]): void {
    const { settings, clock, log, events } = this.#options;
    if (settings() !== this.#settings) {
      this.#settings = settings();
      this.#sender.adopt(this.#settings);
    }
    const atMs = clock.wallMs();
    const news = this.#book.look(conditions, atMs);
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
    const nowMs = this.#options.clock.wallMs();
    return {
      active: this.#book.active(nowMs),
      silences: this.#book.silences(nowMs),
      receivers: this.#sender.counts(),
    };
  }

  /** Resolves when it is on the disk. ERR_SILENCE if it names nothing that could ever fire. */
  async silence({ what, reason, author, forMs }: SilenceRequest): Promise<Result<Silence, Problem>> {
    const name = what.split('/', 1)[0]!;
    if (!/[*?]/.test(name) && !Object.hasOwn(ALERTS, name)) {
      return refuse(`there is no alert "${name}"; alerts are ${list(Object.keys(ALERTS))}`);
    }
    const createdMs = this.#options.clock.wallMs();
    const present = this.#book.silences(createdMs);
    if (present.length >= MOST_SILENCES) return refuse(`at most ${MOST_SILENCES} silences at a time; end some`);
    const silence: Silence = { id: randomUUID().slice(0, 8), what, reason, author, createdMs, expiresMs: createdMs + forMs };
    return this.#keep([...present, silence], silence);
  }

  /** By its id, or by what it silences. */
  async endSilence(what: string): Promise<Result<readonly Silence[], Problem>> {
    const present = this.#book.silences(this.#options.clock.wallMs());
    const ended = present.filter((one) => one.id === what || one.what === what);
    if (ended.length > 0)
      return this.#keep(
        present.filter((one) => !ended.includes(one)),
        ended,
      );
    const there = present.length === 0 ? 'there is none' : `there are ${list(present.map((one) => `${one.id} (${one.what})`))}`;
    return refuse(`no silence "${what}"; ${there}`);
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }

  async #keep<T>(silences: readonly Silence[], done: T): Promise<Result<T, Problem>> {
    try {
      await this.#file.save(silences);
    } catch (error) {
      return err({
        severity: 'error',
        code: 'ERR_STATE',
        message: `the silence cannot be kept: ${(error as Error).message}; nothing has changed`,
      });
    }
    this.#book.setSilences(silences);
    return ok(done);
  }
}

const refuse = (message: string): Result<never, Problem> => err({ severity: 'error', code: 'ERR_SILENCE', message });

function decodeSilences(text: string): readonly Silence[] | undefined {
  try {
    const silences = JSON.parse(text) as readonly Partial<Silence>[];
    const isGood = ({ id, what, reason, author, createdMs, expiresMs }: Partial<Silence>): boolean =>
      [id, what, reason, author].every((word) => typeof word === 'string') &&
      Number.isSafeInteger(createdMs) &&
      Number.isSafeInteger(expiresMs);
    return Array.isArray(silences) && silences.every(isGood) ? (silences as readonly Silence[]) : undefined;
  } catch {
    return undefined;
  }
}

// News of alerts to those who want them: gathered for a moment, so that what belongs together is one message, then one message for
// each receiver that is meant.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { AlertReceiver, AlertSettings } from '../model/watch.ts';
import { isMeant, type News } from './alert-book.ts';
import { exec } from './exec.ts';
import { JsonlFile } from './jsonl-file.ts';
import { type Message, Outbox, type OutboxCounts, type Send } from './outbox.ts';
import { webhook } from './webhook.ts';

const MOST_DEAD_OCTETS = 4 * 1024 * 1024;
const VERSION = 1;

export interface AlertSenderOptions {
  /** Name of this server for people. */
  readonly server: string;
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** 1 unless given: pauses between attempts are so many times as long. */
  readonly pace?: number;
}

export interface ReceiverCounts extends OutboxCounts {
  readonly receiver: string;
  readonly waiting: number;
}

interface Open {
  /** What it was opened with, as text. */
  readonly text: string;
  readonly outbox: Outbox;
}

export class AlertSender {
  readonly #options: AlertSenderOptions;
  readonly #dead: JsonlFile;
  readonly #open = new Map<string, Open>();
  readonly #closing = new Set<Promise<void>>();
  #settings: AlertSettings;
  #gathered: News[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AlertSenderOptions, settings: AlertSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#dead = new JsonlFile(join(options.stateDirectory, 'alerts-dead.jsonl'), MOST_DEAD_OCTETS);
    this.adopt(settings);
  }

  /** Receivers that stay as they were keep what waits for them; that of others becomes dead letters. */
  adopt(settings: AlertSettings): void {
    this.#settings = settings;
    const wanted = new Map(settings.receivers.map((receiver) => [receiver.id, JSON.stringify([receiver, settings.queue])]));
    for (const [id, { text, outbox }] of this.#open) {
      if (wanted.get(id) === text) continue;
      this.#open.delete(id);
      const closed = outbox.close().finally(() => this.#closing.delete(closed));
      this.#closing.add(closed);
    }
    for (const receiver of settings.receivers) {
      if (!this.#open.has(receiver.id)) {
        this.#open.set(receiver.id, { text: wanted.get(receiver.id)!, outbox: this.#outboxFor(receiver) });
      }
    }
  }

  tell(news: readonly News[]): void {
    if (news.length === 0 || this.#settings.receivers.length === 0) return;
    this.#gathered.push(...news);
    this.#timer ??= setTimeout(() => this.#send(), this.#settings.groupMs);
  }

  counts(): readonly ReceiverCounts[] {
    return Array.from(this.#open, ([receiver, { outbox }]) => ({ receiver, waiting: outbox.waiting, ...outbox.counts }));
  }

  /** What has not been delivered becomes dead letters. */
  async close(): Promise<void> {
    if (this.#timer !== null) this.#send();
    await Promise.all([...Array.from(this.#open.values(), ({ outbox }) => outbox.close()), ...this.#closing]);
    await this.#dead.settle();
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    // Of an alert that fired and was over within the time both are told: somebody may want to know that it flickers.
    const news = this.#gathered.splice(0);
    for (const receiver of this.#settings.receivers) {
      const meant = news.filter((one) => isFor(receiver, one));
      if (meant.length > 0) this.#open.get(receiver.id)!.outbox.post(this.#messageOf(receiver, meant));
    }
  }

  #messageOf({ id: receiver }: AlertReceiver, news: readonly News[]): Message {
    const { server, clock } = this.#options;
    const id = randomUUID();
    const alerts = news.map(({ name, subject, severity, state, sinceMs, text }) => {
      const section = `meridian${name.replaceAll('-', '')}`;
      return { name, subject, severity, state, sinceMs, text, runbook: `docs/handbook.md#${section}` };
    });
    return { id, body: JSON.stringify({ version: VERSION, id, server, receiver, atMs: clock.wallMs(), alerts }) };
  }

  #outboxFor(receiver: AlertReceiver): Outbox {
    const { clock, log, pace } = this.#options;
    return new Outbox({
      receiver: receiver.id,
      send: this.#senderOf(receiver),
      timeoutMs: receiver.timeoutMs,
      giveUpMs: receiver.giveUpMs,
      mostWaiting: this.#settings.queue,
      log,
      bury: (...letter) => this.#bury(...letter),
      nowMs: () => clock.monotonicMs(),
      ...(pace === undefined ? {} : { pace }),
    });
  }

  #senderOf({ route }: AlertReceiver): Send {
    const { clock } = this.#options;
    if (route.kind === 'exec') return exec(route.command);
    return webhook({ url: route.url, secretFile: route.secretFile, nowSec: () => Math.floor(clock.wallMs() / 1000) });
  }

  async #bury(receiver: string, { id, body }: Message, why: string): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await this.#dead.add({ atMs: clock.wallMs(), receiver, id, why, message: JSON.parse(body) });
    } catch (error) {
      log.error({ code: 'ERR_ALERT_DELIVERY', id, message: (error as Error).message }, 'a dead letter cannot be written');
    }
  }
}

const isFor = ({ only, leastSeverity }: AlertReceiver, news: News): boolean =>
  (leastSeverity === 'warning' || news.severity === 'critical') && only.some((glob) => isMeant(glob, news));

// One connection to Redis (with another for the nudges, as a subscribed connection takes no commands): opened as a whole or not at
// all, used for pipelines with a deadline, and given up as a whole at the first sign of trouble. It never mends itself.

import { Cluster, type Redis } from 'ioredis';
import { err, ok, type Result } from '../base/result.ts';
import type { RedisMeshSettings } from '../model/mesh.ts';
import { inTime } from './in-time.ts';
import { isUnknownScript, scriptCall } from './redis-call.ts';
import { createClient, SettingsTrouble, whereOf } from './redis-options.ts';
import type { Script } from './redis-scripts.ts';
import { type Trouble, troubleOf } from './redis-trouble.ts';

export type Argument = string | number | Buffer;

/** A command whose reply has octets (Buffer) where those of others have text. */
interface CommandForOctets {
  readonly forOctets: string;
}

/** A command by its name, or a script with keys first. */
export type Command = readonly [string | CommandForOctets | Script, ...Argument[]];

/** What became of a command. Values are as RESP2 has them: text (or octets), numbers, null, lists. */
export type Reply = Result<unknown, Error>;

export interface LinkEvents {
  onNudge(kind: string): void;
  /** Once, unless we closed it ourselves. */
  onLost(trouble: Trouble): void;
}

export class RedisLink {
  readonly #where: string;
  readonly #clients: readonly (Redis | Cluster)[];
  readonly #events: LinkEvents;
  #lastError: unknown = null;
  #isOpen = true;
  /** ioredis goes on after some errors, e.g. of SELECT; we do not. */
  #isRefused = false;

  private constructor(clients: readonly (Redis | Cluster)[], where: string, events: LinkEvents) {
    this.#clients = clients;
    this.#where = where;
    this.#events = events;
    for (const client of clients) {
      client.on('error', (error: unknown) => {
        this.#remember(error);
        this.#isRefused = true;
      });
      client.on('node error', (error: unknown) => this.#remember(error));
      client.on('sentinelError', (error: unknown) => this.#remember(error));
      client.on('close', () => this.#lost(this.#lastError ?? new Error('connection closed')));
      client.on('end', () => this.#lost(this.#lastError ?? new Error('connection closed')));
    }
  }

  /** Resolves when commands and nudges work. Never rejects. */
  static async open(settings: RedisMeshSettings, channel: string, events: LinkEvents): Promise<Result<RedisLink, Trouble>> {
    const where = whereOf(settings);
    let clients: readonly (Redis | Cluster)[];
    try {
      const commands = createClient(settings);
      clients = commands instanceof Cluster ? [commands] : [commands, createClient(settings)];
    } catch (error) {
      return err(error instanceof SettingsTrouble ? error.trouble : troubleOf(error, where));
    }
    let isOpening = true;
    const link = new RedisLink(clients, where, {
      onNudge: (kind) => events.onNudge(kind),
      onLost: (trouble) => {
        if (!isOpening) events.onLost(trouble);
      },
    });
    try {
      await within(2 * settings.connectTimeoutMs, 'no connection', link.#connect(channel));
      if (!link.#isOpen || link.#isRefused) throw new Error('connection closed');
      isOpening = false;
      return ok(link);
    } catch (error) {
      link.close();
      return err(troubleOf(link.#lastError ?? error, where));
    }
  }

  async #connect(channel: string): Promise<void> {
    for (const client of this.#clients) await client.connect();
    const subscriber = this.#clients.at(-1)!;
    subscriber.on('message', (_channel: string, kind: string) => this.#events.onNudge(kind));
    await subscriber.subscribe(channel);
  }

  /** Finds out whether nudges still come: subscribing once more does nothing but be answered. */
  async checkNudges(channel: string, deadlineMs: number): Promise<void> {
    try {
      await within(deadlineMs, `no nudges within ${deadlineMs} ms`, this.#clients.at(-1)!.subscribe(channel));
    } catch (error) {
      this.#lost(error);
    }
  }

  /** Sends all commands at once. After `deadlineMs` without all the replies the link is lost; the result is then undefined. */
  async send(commands: readonly Command[], deadlineMs: number): Promise<readonly Reply[] | undefined> {
    try {
      const replies = await within(deadlineMs, `no answer within ${deadlineMs} ms`, this.#exec(commands, false));
      if (!replies.some(isUnknownScript)) return replies;
      return await within(deadlineMs, `no answer within ${deadlineMs} ms`, this.#resend(commands, replies));
    } catch (error) {
      this.#lost(error);
      return undefined;
    }
  }

  async #exec(commands: readonly Command[], isWhole: boolean): Promise<readonly Reply[]> {
    const pipeline = this.#clients[0]!.pipeline();
    for (const [name, ...args] of commands) {
      if (typeof name === 'string') pipeline.call(name, ...args);
      else if ('forOctets' in name) pipeline.callBuffer(name.forOctets, ...args);
      else pipeline.call(...scriptCall(name, isWhole), ...args);
    }
    const results = (await pipeline.exec()) ?? [];
    return results.map(([error, value]) => (error === null ? ok(value) : err(error)));
  }

  /** Scripts that Redis did not know once more, as a whole; each has done nothing yet. */
  async #resend(commands: readonly Command[], replies: readonly Reply[]): Promise<readonly Reply[]> {
    const missing = commands.flatMap((command, i) => {
      const reply = replies[i];
      return reply !== undefined && isUnknownScript(reply) ? [{ command, i }] : [];
    });
    const again = await this.#exec(
      missing.map(({ command }) => command),
      true,
    );
    const mended = [...replies];
    for (const [nth, { i }] of missing.entries()) mended[i] = again[nth]!;
    return mended;
  }

  trouble(error: unknown, what?: string): Trouble {
    return troubleOf(error, this.#where, what);
  }

  /** Gives the connection up because of what a reply said. */
  fail(trouble: Trouble): void {
    if (!this.#isOpen) return;
    this.close();
    this.#events.onLost(trouble);
  }

  close(): void {
    this.#isOpen = false;
    for (const client of this.#clients) client.disconnect();
  }

  #remember(error: unknown): void {
    this.#lastError = error;
  }

  #lost(error: unknown): void {
    this.fail(troubleOf(error, this.#where));
  }
}

/** Rejects with the message if it takes longer. */
async function within<T>(ms: number, message: string, promise: Promise<T>): Promise<T> {
  const found = await inTime(
    promise.then((value) => ({ value })),
    ms,
  );
  if (found === undefined) throw new Error(message);
  return found.value;
}

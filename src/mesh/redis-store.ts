// What agents of a site share for single requests, over Redis: a connection of its own, so that requests wait neither for the rounds of
// the mesh nor the mesh for them. What must hold: nobody waits longer than was said; once an answer has been late nobody waits at all,
// until a PING comes back in that time; a connection that is lost is opened again, by itself and with growing pauses.

import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { ok, type Result } from '../base/result.ts';
import type { RedisMeshSettings } from '../model/mesh.ts';
import type { SharedCount, SharedStore, SharedStoreStatus } from '../model/site-store.ts';
import { Complaints } from './complaints.ts';
import { inTime } from './in-time.ts';
import { isUnknownScript, scriptCall } from './redis-call.ts';
import { keysOf } from './redis-keys.ts';
import { createClient, SettingsTrouble, whereOf } from './redis-options.ts';
import { COUNT, type Script, SETTLE } from './redis-scripts.ts';
import { formatTrouble, type Trouble, troubleOf } from './redis-trouble.ts';

/** Before another attempt to connect: doubled each time, and a random half of it is left out. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;
/** Between two looks whether an engine that was late is in time again. */
const LOOK_EVERY_MS = 200;

type Client = Redis | Cluster;
type Command = readonly [string, ...string[]] | readonly [Script, ...(string | number)[]];

/** Connects at once, and goes on trying. */
export class RedisStore implements SharedStore {
  readonly #settings: RedisMeshSettings;
  readonly #where: string;
  readonly #keyOf: (name: string) => string;
  readonly #complaints: Complaints;
  /** Connected, or about to be. */
  #client: Client | null = null;
  #isAnswering = false;
  #unanswered = 0;
  #trouble: string | null = null;
  #attempts = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(settings: RedisMeshSettings, clock: Clock, logger: Logger) {
    this.#settings = settings;
    this.#where = whereOf(settings);
    this.#keyOf = keysOf(settings.prefix).shared;
    this.#complaints = new Complaints(clock, logger);
    void this.#open();
  }

  get status(): SharedStoreStatus {
    return { isAnswering: this.#isAnswering, unanswered: this.#unanswered, trouble: this.#trouble };
  }

  async count(name: string, windowMs: number, patienceMs: number): Promise<SharedCount | undefined> {
    const reply = await this.#ask([COUNT, this.#keyOf(name), windowMs], patienceMs);
    const [count, leftMs] = Array.isArray(reply) ? reply.map(Number) : [];
    return Number.isSafeInteger(count) && Number.isSafeInteger(leftMs)
      ? { count: count!, leftMs: Math.max(1, leftMs!) }
      : undefined;
  }

  async recall(name: string, patienceMs: number): Promise<string | null | undefined> {
    const reply = await this.#ask(['GET', this.#keyOf(name)], patienceMs);
    return typeof reply === 'string' || reply === null ? reply : undefined;
  }

  async settle(
    name: string,
    text: string,
    former: string | null,
    ttlMs: number,
    patienceMs: number,
  ): Promise<string | undefined> {
    const reply = await this.#ask([SETTLE, this.#keyOf(name), text, ttlMs, ...(former === null ? [] : [former])], patienceMs);
    return typeof reply === 'string' ? reply : undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#isAnswering = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#client?.disconnect();
  }

  /** The reply; undefined = none in time, or an error. */
  async #ask(command: Command, patienceMs: number): Promise<unknown> {
    const client = this.#client;
    if (client === null || !this.#isAnswering) {
      this.#unanswered++;
      return undefined;
    }
    const reply = await inTime(send(client, command), patienceMs);
    if (reply?.ok === true) {
      if (client === this.#client && this.#isAnswering) this.#trouble = null; // it was about another key
      return reply.value;
    }
    this.#unanswered++;
    if (client !== this.#client) return undefined; // lost meanwhile
    if (reply === undefined) this.#late(client, patienceMs);
    else this.#refused(client, troubleOf(reply.error, this.#where, 'shared by the agents of a site'));
    return undefined;
  }

  /** An error in place of an answer. */
  #refused(client: Client, trouble: Trouble): void {
    if (trouble.isFatal) this.#lost(client, trouble);
    else this.#complain(trouble);
  }

  /** Nobody waits any more, until it is in time again. */
  #late(client: Client, patienceMs: number): void {
    if (!this.#isAnswering) return;
    this.#isAnswering = false;
    this.#complain({
      code: 'ERR_MESH_UNREACHABLE',
      text: `${this.#where}: no answer within ${patienceMs} ms; agents of a site limit and place clients alone`,
      isFatal: false,
    });
    this.#lookLater(client, patienceMs);
  }

  #lookLater(client: Client, patienceMs: number): void {
    this.#timer = setTimeout(() => void this.#look(client, patienceMs), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async #look(client: Client, patienceMs: number): Promise<void> {
    const answered = send(client, ['PING']);
    const reply =
      (await inTime(answered, patienceMs)) ?? ((await inTime(answered, this.#settings.commandTimeoutMs)) ? 'late' : 'none');
    if (client !== this.#client || this.#isClosed) return;
    if (reply === 'late') this.#lookLater(client, patienceMs);
    else if (reply === 'none') this.#lost(client, troubleOf(new Error('no answer'), this.#where));
    else if (reply.ok) this.#well();
    else this.#lost(client, troubleOf(reply.error, this.#where));
  }

  #well(): void {
    this.#isAnswering = true;
    this.#attempts = 0;
    if (this.#trouble !== null) this.#complaints.info(`${this.#where} is shared by the agents of the site again`);
    this.#trouble = null;
  }

  async #open(): Promise<void> {
    let client: Client;
    try {
      client = createClient(this.#settings);
    } catch (error) {
      this.#lost(null, error instanceof SettingsTrouble ? error.trouble : troubleOf(error, this.#where));
      return;
    }
    this.#client = client;
    let last: unknown = null;
    for (const event of ['error', 'node error', 'sentinelError']) {
      client.on(event, (error: unknown) => {
        last = error;
      });
    }
    const ended = (): void => this.#lost(client, troubleOf(last ?? new Error('connection closed'), this.#where));
    client.on('close', ended);
    client.on('end', ended);
    const connected = await inTime(result(client.connect()), 2 * this.#settings.connectTimeoutMs);
    const reply = connected?.ok === true ? await inTime(send(client, ['PING']), this.#settings.commandTimeoutMs) : connected;
    if (client !== this.#client || this.#isClosed) return;
    if (reply?.ok === true) this.#well();
    else this.#lost(client, troubleOf(last ?? (reply === undefined ? new Error('no connection') : reply.error), this.#where));
  }

  /** Another connection, after a while. */
  #lost(client: Client | null, trouble: Trouble): void {
    if (this.#isClosed || client !== this.#client) return;
    this.#client = null;
    this.#isAnswering = false;
    this.#complain(trouble);
    client?.disconnect();
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#attempts++, 16));
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#open(), waitMs * (0.5 + Math.random() / 2));
    this.#timer.unref();
  }

  #complain(trouble: Trouble): void {
    this.#trouble = formatTrouble(trouble);
    this.#complaints.warn(trouble.code, trouble.text);
  }
}

/** By its SHA-1, or whole if Redis does not know the script. */
async function send(client: Client, [what, ...args]: Command): Promise<Result<unknown, Error>> {
  if (typeof what === 'string') return result(client.call(what, ...args));
  const known = await result(client.call(...scriptCall(what, false), ...args));
  return isUnknownScript(known) ? result(client.call(...scriptCall(what, true), ...args)) : known;
}

const result = (promise: Promise<unknown>): Promise<Result<unknown, Error>> =>
  promise.then(ok, (error: unknown) => ({ ok: false, error: error instanceof Error ? error : new Error(String(error)) }));

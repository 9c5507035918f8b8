// Keeps a connection to Redis: opens one, and after its loss another, waiting longer and longer in between, with jitter so that
// a thousand processes do not come back at once.

import type { RedisMeshSettings } from '../model/mesh.ts';
import { type LinkEvents, RedisLink } from './redis-link.ts';
import type { Trouble } from './redis-trouble.ts';

/** Each attempt doubles the wait, and a random half of it is left out. */
const FIRST_WAIT_MS = 100;
/** The longest wait, as a part of the expiry: after an outage everybody is back before anybody is missed. */
const LONGEST_WAIT_EXPIRIES = 0.5;

export interface ConnectorOptions {
  readonly settings: RedisMeshSettings;
  readonly channel: string;
  onNudge(kind: string): void;
  onUp(): void;
  /** The connection has been lost, or an attempt has failed. */
  onDown(trouble: Trouble): void;
}

export class RedisConnector {
  readonly #options: ConnectorOptions;
  #link: RedisLink | null = null;
  #timer: NodeJS.Timeout | null = null;
  #attempts = 0;
  #isClosed = false;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  get link(): RedisLink | null {
    return this.#link;
  }

  async open(): Promise<void> {
    const { settings, channel } = this.#options;
    const events: LinkEvents = { onNudge: (kind) => this.#options.onNudge(kind), onLost: (trouble) => this.#lost(trouble) };
    const opened = await RedisLink.open(settings, channel, events);
    if (this.#isClosed) {
      if (opened.ok) opened.value.close();
    } else if (opened.ok) {
      this.#link = opened.value;
      this.#options.onUp();
    } else this.#lost(opened.error);
  }

  /** The connection has proved to be good: the next loss is a first one. */
  proved(): void {
    this.#attempts = 0;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#link?.close();
    this.#link = null;
  }

  #lost(trouble: Trouble): void {
    if (this.#isClosed) return;
    this.#link = null;
    const longestMs = LONGEST_WAIT_EXPIRIES * this.#options.settings.expiryMs;
    const waitMs = Math.min(longestMs, FIRST_WAIT_MS * 2 ** Math.min(this.#attempts++, 16));
    this.#timer = setTimeout(() => void this.open(), waitMs * (0.5 + Math.random() / 2));
    this.#options.onDown(trouble);
  }
}

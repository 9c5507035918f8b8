// What the page shows, kept up to date: everything is fetched when it opens, what may have changed again with every event, and all
// of it now and then besides, for ages and rates. What was fetched last stays on show, with its age, when nothing new comes.

import type { AdminEvent } from '../../../src/admin/schemas/changes.ts';
import type { RateSample } from '../../../src/admin/schemas/watch.ts';
import {
  fetchEvents,
  fetchRates,
  fetchSession,
  fetchStatus,
  fetchWorld,
  readEvent,
  readSample,
  type Session,
  type World,
} from './api.ts';
import { followEvents } from './event-stream.ts';
import { ApiError } from './http.ts';
import { addSamples } from './rates.ts';

const STATUS_INTERVAL_MS = 2000;
/** Of everything: what events tell at once changes seldom besides. */
const WORLD_INTERVAL_MS = 6000;
/** Events come in bunches: a site that fails takes several members along. */
const GATHER_MS = 80;
/** While event follows event, a look is followed by a pause of so many times its length: the page is not to keep a server busy. */
const PAUSE_PER_LOOK = 3;
const MOST_EVENTS = 200;
/** A look that is older counts as old: two intervals and a slow reply. */
const STALE_MS = 15_000;

export interface LiveState {
  /** null until the first look. */
  readonly world: World | null;
  /** When `world` was fetched. */
  readonly fetchedAtMs: number;
  /** Answers a second, the oldest first. */
  readonly samples: readonly RateSample[];
  /** Newest first. */
  readonly events: readonly AdminEvent[];
  readonly stream: 'opening' | 'open' | 'lost';
  /** The last look failed like this; null = it did not. */
  readonly trouble: ApiError | null;
  /** The server asks who we are. */
  readonly needsToken: boolean;
  /** Who the server takes us for; null = not yet known. */
  readonly session: Session | null;
  /** Grows with everything that may change who serves whom. */
  readonly revision: number;
}

const START: LiveState = {
  world: null,
  fetchedAtMs: 0,
  samples: [],
  events: [],
  stream: 'opening',
  trouble: null,
  needsToken: false,
  session: null,
  revision: 0,
};

export class Live {
  #state: LiveState = START;
  readonly #listeners = new Set<() => void>();
  #end = new AbortController();
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #lastLookMs = 0;
  /** One look at a time; another one asked for meanwhile follows it. */
  #looking: Promise<void> | undefined;
  #isLookWanted = false;

  get state(): LiveState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts, or starts again with another token. */
  start(): void {
    this.#end.abort();
    this.#end = new AbortController();
    const { signal } = this.#end;
    this.#set({ needsToken: false, trouble: null, session: null });
    void this.look();
    void followEvents(
      '/v1/events?rates=true',
      {
        onOpen: () => {
          this.#set({ stream: 'open' });
          // Whatever happened while nobody listened.
          void this.look();
          void this.#lookBack();
        },
        onEvent: (event) => {
          // The server no longer has what came after the last that we heard.
          if (event.type === 'reset') void this.#lookBack();
          else if (event.type === 'rates') this.#measure(readSample(event));
          else this.#hear(readEvent(event));
        },
        onLost: (error) => {
          this.#set({ stream: 'lost' });
          this.#refused(error);
        },
      },
      signal,
    );
    const status = setInterval(() => void this.#lookAtStatus(), STATUS_INTERVAL_MS);
    const world = setInterval(() => void this.look(), WORLD_INTERVAL_MS);
    signal.addEventListener('abort', () => {
      clearInterval(status);
      clearInterval(world);
    });
  }

  /** Fetches everything now; resolves when it has been shown. */
  look(): Promise<void> {
    this.#isLookWanted = true;
    this.#looking ??= this.#lookUntilQuiet().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookUntilQuiet(): Promise<void> {
    while (this.#isLookWanted) {
      this.#isLookWanted = false;
      const startMs = performance.now();
      try {
        const world = await fetchWorld();
        const session = this.#state.session ?? (await fetchSession());
        this.#set({
          world,
          session,
          fetchedAtMs: Date.now(),
          trouble: null,
          needsToken: false,
          revision: this.#state.revision + 1,
        });
        this.#lastLookMs = performance.now() - startMs;
      } catch (error) {
        this.#failed(error);
        return;
      }
    }
  }

  async #lookAtStatus(): Promise<void> {
    const { world, needsToken } = this.#state;
    if (world === null || needsToken || document.visibilityState === 'hidden') return;
    try {
      const status = await fetchStatus();
      const next = { ...(this.#state.world ?? world), status };
      this.#set({ world: next, trouble: null });
    } catch (error) {
      this.#failed(error);
    }
  }

  #measure(sample: RateSample | null): void {
    if (sample !== null) this.#set({ samples: addSamples(this.#state.samples, [sample]) });
  }

  #hear(event: AdminEvent | null): void {
    if (event === null) return;
    this.#remember([event]);
    this.#gathering ??= setTimeout(
      () => {
        this.#gathering = undefined;
        void this.look();
      },
      Math.max(GATHER_MS, Math.min(PAUSE_PER_LOOK * this.#lastLookMs, STATUS_INTERVAL_MS)),
    );
  }

  async #lookBack(): Promise<void> {
    try {
      const [events, samples] = await Promise.all([fetchEvents(MOST_EVENTS), fetchRates()]);
      this.#remember(events);
      this.#set({ samples });
    } catch (error) {
      this.#failed(error);
    }
  }

  #remember(events: readonly AdminEvent[]): void {
    const byId = new Map([...this.#state.events, ...events].map((event) => [event.id, event]));
    this.#set({ events: [...byId.values()].sort((a, b) => b.atMs - a.atMs).slice(0, MOST_EVENTS) });
  }

  #failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    this.#set({ trouble: error });
    this.#refused(error);
  }

  /** Without a valid token there is no sense in going on until somebody gives one. */
  #refused({ status }: ApiError): void {
    if (status !== 401) return;
    this.#set({ needsToken: true });
    this.#end.abort();
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** Whether what is shown may differ from what is. */
export const isStale = ({ stream, trouble, fetchedAtMs, world }: LiveState, nowMs: number): boolean =>
  world !== null && (stream === 'lost' || (trouble !== null && trouble.status !== 401) || nowMs - fetchedAtMs > STALE_MS);

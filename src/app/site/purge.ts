// Orders to purge caches: who is meant, whether the pattern is one, and how they reach the agents of other processes. Those read a short
// list in the store of the mesh every second, and do what they have not done yet. What must hold: an agent that could not read it for
// longer than an order stands there empties its caches, for it cannot know what it has missed.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Problem } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { SharedStore } from '../../model/site-store.ts';
import { readPurge } from '../../site/l7/cache/purge.ts';
import type { PurgeReport } from '../../site/report.ts';
import type { SiteDesk } from './site-desk.ts';

export interface PurgeRequest {
  readonly pattern: string;
  /** Null = all sites. */
  readonly site: string | null;
}

export interface PurgeReply {
  /** At the agents of this process. */
  readonly done: readonly PurgeReport[];
  /** Agents of other processes do it within seconds. */
  readonly isShared: boolean;
}

export interface PurgesOptions {
  /** Of this process. */
  readonly desks: () => readonly Pick<SiteDesk, 'sites' | 'purge'>[];
  /** Called when it is needed first; null = there is none to share through. */
  readonly openStore: () => SharedStore | null;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Entry extends PurgeRequest {
  readonly id: string;
  readonly atMs: number;
}

const NAME = 'purges';
const LOOK_EVERY_MS = 1000;
/** How long an order stands in the list; who has not read it for that long has missed some. */
const KEPT_MS = 600_000;
/** Orders in the list. One that is younger than the pause is not pushed out: not all may have read it. */
const MOST_ENTRIES = 256;
const PAUSE_MS = 10_000;
/** A person waits for it, not a client of the site. */
const PATIENCE_MS = 1000;
const CONNECT_MS = 3000;
const MOST_ATTEMPTS = 5;

export class Purges {
  readonly #options: PurgesOptions;
  #store: SharedStore | null | undefined;
  #timer: NodeJS.Timeout | null = null;
  /** Ids of the list that were done here; null = it was never read. */
  #seen: ReadonlySet<string> | null = null;
  #readMs: number;

  constructor(options: PurgesOptions) {
    this.#options = options;
    this.#readMs = options.clock.monotonicMs();
  }

  /** Does what others order, from now on. */
  follow(): void {
    if (this.#opened() === null) return;
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#store?.close();
    this.#store = null;
  }

  async purge({ pattern, site }: PurgeRequest): Promise<Result<PurgeReply, Problem>> {
    const parts = readPurge(pattern);
    if (parts === null)
      return usage(`"${pattern}" is no pattern; allowed is HOST/PATH of visible ASCII, with up to 8 stars, or * for everything`);
    const store = this.#opened();
    const own = this.#options.desks().flatMap(({ sites }) => sites);
    if (store === null) {
      if (own.length === 0) return usage('this process is the agent of no site, and without mesh.redis it can tell no other');
      if (site !== null && !own.includes(site))
        return usage(`this process is not the agent of the site "${site}", but of: ${own.join(', ')}`);
    }
    const done = this.#do(parts, site);
    if (store === null) return ok({ done, isShared: false });
    const problem = await this.#share(store, { id: randomUUID(), atMs: this.#options.clock.wallMs(), pattern, site });
    return problem === null ? ok({ done, isShared: true }) : err(problem);
  }

  /** Does what is new in the list. */
  async look(): Promise<void> {
    const store = this.#store;
    if (!store?.status.isAnswering) return;
    const text = await store.recall(NAME, PATIENCE_MS);
    if (text === undefined) return;
    const { clock, log } = this.#options;
    const entries = entriesOf(text);
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#readMs > KEPT_MS) {
      log.warn({}, 'orders to purge may have been missed: caches are emptied');
      this.#do(['', ''], null);
    } else if (this.#seen !== null) {
      for (const { id, pattern, site } of entries) {
        const parts = this.#seen.has(id) ? null : readPurge(pattern);
        if (parts !== null) this.#do(parts, site);
      }
    }
    this.#readMs = nowMs;
    this.#seen = new Set(entries.map(({ id }) => id));
  }

  #do(parts: readonly string[], site: string | null): readonly PurgeReport[] {
    return this.#options
      .desks()
      .filter(({ sites }) => site === null || sites.includes(site))
      .flatMap((desk) => desk.purge(parts, site));
  }

  #opened(): SharedStore | null {
    this.#store ??= this.#store === null ? null : this.#options.openStore();
    return this.#store;
  }

  async #share(store: SharedStore, entry: Entry): Promise<Problem | null> {
    const deadlineMs = this.#options.clock.monotonicMs() + CONNECT_MS;
    while (!store.status.isAnswering && this.#options.clock.monotonicMs() < deadlineMs) await pause();
    for (let i = 0; i < MOST_ATTEMPTS; i++) {
      const former = await store.recall(NAME, PATIENCE_MS);
      if (former === undefined) break;
      const kept = entriesOf(former).filter(({ atMs }) => entry.atMs - atMs < KEPT_MS);
      const first = kept[0];
      if (kept.length >= MOST_ENTRIES && entry.atMs - first!.atMs < PAUSE_MS)
        return problemOf(
          'ERR_MESH_CONFLICT',
          `${MOST_ENTRIES} purges were ordered within ${PAUSE_MS / 1000} s; order it again later`,
        );
      const text = JSON.stringify([...kept.slice(1 - MOST_ENTRIES), entry]);
      const stands = await store.settle(NAME, text, former, KEPT_MS, PATIENCE_MS);
      if (stands === undefined) break;
      if (stands !== text) continue; // others were faster
      if (this.#seen !== null) this.#seen = new Set([...this.#seen, entry.id]);
      return null;
    }
    const why = store.status.trouble ?? 'redis does not answer';
    return problemOf(
      'ERR_MESH_UNAVAILABLE',
      `the agents of other processes could not be told, those of this one have done it: ${why}`,
    );
  }
}

/** What is no entry was written by somebody else, or by another release. */
function entriesOf(text: string | null): readonly Entry[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list.filter(isEntry) : [];
  } catch {
    return [];
  }
}

const isEntry = (one: Partial<Entry> | null): one is Entry =>
  typeof one?.id === 'string' &&
  typeof one.atMs === 'number' &&
  typeof one.pattern === 'string' &&
  (one.site === null || typeof one.site === 'string');

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

const problemOf = (code: Problem['code'], message: string): Problem => ({ severity: 'error', code, message });
const usage = (message: string): Result<never, Problem> => err(problemOf('ERR_USAGE', message));

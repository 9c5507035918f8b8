// Loading off the control thread: a thread that lives for one load, so that signals and the control socket are served while
// millions of records are read, and the memory that reading took goes back to the system with it. What reads is loader-thread: the
// control thread does without its code.

import type { Problem } from '../../base/errors.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { threadNotStarted } from '../answering/thread-problem.ts';
import { type LoadStart, startLoad, takeBegun } from './early-load.ts';
import type { Loaded, LoadResult } from './load.ts';
import type { DraftResult } from './zone-draft.ts';

/** What a process needs that only probes. */
export interface HealthLoadResult {
  /** Absent if there is any error. Its zones are left out. */
  readonly snapshot?: Snapshot;
  readonly problems: readonly Problem[];
}

/** Does load() in a thread of its own. What it throws is a bug and rejects the promise. */
export const loadInThread = (configFile: string, previous?: Loaded): Promise<LoadResult> =>
  inThread({ what: 'everything', configFile, previous }, NOT_LOADED);

/** Likewise loadGeographyOnly(). */
export const loadGeographyInThread = (configFile: string, previous: Loaded): Promise<LoadResult> =>
  inThread({ what: 'geography', configFile, previous }, NOT_LOADED);

/** Likewise loadZoneOnly(). */
export const loadZoneInThread = (configFile: string, previous: Loaded, origin: Uint8Array): Promise<LoadResult> =>
  inThread({ what: 'zone', configFile, previous, origin }, NOT_LOADED);

/** Likewise checkDraft(). */
export const checkDraftInThread = (previous: Loaded, origin: Uint8Array, text: Uint8Array): Promise<DraftResult> =>
  inThread({ what: 'draft', configFile: '', previous, origin, text }, {});

/** Reads the configuration and no zone or database: whatever is wrong with those stops no prober. */
export const loadHealthInThread = (configFile: string): Promise<HealthLoadResult> =>
  inThread({ what: 'health', configFile, previous: undefined }, {});

const NOT_LOADED = { zonesKept: 0, isGeographyKept: false };

async function inThread<T extends object>(start: LoadStart, failed: T): Promise<T & { readonly problems: readonly Problem[] }> {
  const { what, configFile, previous } = start;
  const begun = previous === undefined ? takeBegun(what, configFile) : undefined;
  try {
    return (await (begun ?? startLoad(start))) as T & { readonly problems: readonly Problem[] };
  } catch (error) {
    const problem = threadNotStarted('the thread that loads', error as NodeJS.ErrnoException);
    if (problem === undefined) throw error;
    return { ...failed, problems: [problem] };
  }
}

// Loading off the control thread: a thread that lives for one load, so that signals and the control socket are served while
// millions of records are read, and the memory that reading took goes back to the system with it.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Problem } from '../../base/errors.ts';
import { loadConfig } from '../../config/load.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { yieldToAnswers } from '../answering/priority.ts';
import { threadNotStarted } from '../answering/thread-problem.ts';
import type { Loaded, LoadResult } from './load.ts';
import { load, loadGeographyOnly } from './load.ts';

interface LoaderStart {
  readonly what: 'everything' | 'geography' | 'health';
  readonly configFile: string;
  readonly previous: Loaded | undefined;
}

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

/** Reads the configuration and no zone or database: whatever is wrong with those stops no prober. */
export const loadHealthInThread = (configFile: string): Promise<HealthLoadResult> =>
  inThread({ what: 'health', configFile, previous: undefined }, {});

const NOT_LOADED = { zonesKept: 0, isGeographyKept: false };

function inThread<T extends object>(start: LoaderStart, failed: T): Promise<T & { readonly problems: readonly Problem[] }> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./loader.js', import.meta.url), { workerData: start, name: 'loader' });
    worker.once('message', resolve);
    worker.once('error', (error) => {
      const problem = threadNotStarted('the thread that loads', error);
      if (problem === undefined) reject(error);
      else resolve({ ...failed, problems: [problem] });
    });
    worker.once('exit', (code) => reject(new Error(`the loader ended with code ${code}`)));
  });
}

if (!isMainThread) {
  const { what, configFile, previous } = workerData as LoaderStart;
  // At the first load there are no answers to make way for.
  if (previous !== undefined) yieldToAnswers('load');
  if (what === 'health') {
    const { snapshot, problems } = loadConfig(configFile, 'health');
    parentPort!.postMessage({ problems, ...(snapshot === undefined ? {} : { snapshot }) });
  } else {
    const onlyGeography = what === 'geography' && previous !== undefined;
    parentPort!.postMessage(onlyGeography ? loadGeographyOnly(previous) : load(configFile, previous));
  }
}

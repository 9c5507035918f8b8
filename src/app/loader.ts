// Loading off the control thread: a thread that lives for one load, so that signals and the control socket are served while
// millions of records are read, and the memory that reading took goes back to the system with it.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Loaded, LoadResult } from './load.ts';
import { load, loadGeographyOnly } from './load.ts';
import { yieldToAnswers } from './priority.ts';
import { threadNotStarted } from './thread-problem.ts';

interface LoaderStart {
  readonly configFile: string;
  readonly previous: Loaded | undefined;
  readonly isGeographyOnly: boolean;
}

/** Does load() in a thread of its own. What it throws is a bug and rejects the promise. */
export const loadInThread = (configFile: string, previous?: Loaded): Promise<LoadResult> =>
  inThread({ configFile, previous, isGeographyOnly: false });

/** Likewise loadGeographyOnly(). */
export const loadGeographyInThread = (configFile: string, previous: Loaded): Promise<LoadResult> =>
  inThread({ configFile, previous, isGeographyOnly: true });

function inThread(start: LoaderStart): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./loader.js', import.meta.url), { workerData: start, name: 'loader' });
    worker.once('message', resolve);
    worker.once('error', (error) => {
      const problem = threadNotStarted('the thread that loads', error);
      if (problem === undefined) reject(error);
      else resolve({ problems: [problem], zonesKept: 0, isGeographyKept: false });
    });
    worker.once('exit', (code) => reject(new Error(`the loader ended with code ${code}`)));
  });
}

if (!isMainThread) {
  const { configFile, previous, isGeographyOnly } = workerData as LoaderStart;
  // At the first load there are no answers to make way for.
  if (previous !== undefined) yieldToAnswers();
  const onlyGeography = isGeographyOnly && previous !== undefined;
  parentPort!.postMessage(onlyGeography ? loadGeographyOnly(previous) : load(configFile, previous));
}

// The first load of `meridian serve`, begun before the code of the server has been read: on two cores they take as long together as
// the longer one alone. What is begun here is taken by the first load that asks for the same; if none does, it was for nothing.

import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { makeHelpersYield } from '../answering/priority.ts';
import { keepFreedMemory } from '../answering/v8-flags.ts';
import { DEFAULT_CONFIG } from '../commands/args.ts';
import type { Loaded } from './load.ts';

export type LoadKind = 'everything' | 'geography' | 'health' | 'zone' | 'draft';

export interface LoadStart {
  readonly what: LoadKind;
  readonly configFile: string;
  /** What is served; undefined = nothing yet. */
  readonly previous: Loaded | undefined;
  /** Of `zone` and `draft`: which one. */
  readonly origin?: Uint8Array;
  /** Of `draft`. */
  readonly text?: Uint8Array;
}

interface Load {
  readonly worker: Worker;
  readonly outcome: Promise<unknown>;
}

let begun: (Load & { readonly what: LoadKind; readonly configFile: string }) | undefined;

/** Begins to load what these arguments of `serve` ask for. What is wrong with them is for the command to say. */
export function beginFirstLoad(argv: readonly string[]): void {
  const options = {
    config: { type: 'string' },
    role: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true });
  if (values.help === true) return;
  const roles = values.role?.flatMap((word) => String(word).split(',')).map((word) => word.trim());
  const isAnswering = roles?.includes('dns') ?? true;
  const configFile = typeof values.config === 'string' ? values.config : DEFAULT_CONFIG;
  // Both want to be called before any thread is started.
  makeHelpersYield();
  if (isAnswering) keepFreedMemory();
  const what = isAnswering ? 'everything' : 'health';
  const load = startThread({ what, configFile, previous: undefined });
  load.outcome.catch(() => undefined); // told to whoever takes it
  load.worker.unref(); // a wrong command line ends the program at once
  begun = { ...load, what, configFile };
}

/** The outcome of a load that was begun; each is taken once. */
export function takeBegun(what: LoadKind, configFile: string): Promise<unknown> | undefined {
  if (begun?.what !== what || begun.configFile !== configFile) return undefined;
  const { worker, outcome } = begun;
  begun = undefined;
  worker.ref();
  return outcome;
}

/** What the thread of the loader says; rejects with what it throws, or if it ends without a word. */
export const startLoad = (start: LoadStart): Promise<unknown> => startThread(start).outcome;

function startThread(workerData: LoadStart): Load {
  const worker = new Worker(new URL('./loader-thread.js', import.meta.url), { workerData, name: 'loader' });
  const outcome = new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the loader ended with code ${code}`)));
  });
  return { worker, outcome };
}

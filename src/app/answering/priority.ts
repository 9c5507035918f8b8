// Who goes first when the cores are busy: the threads that answer. Loading, the admin API, and the helper threads on which V8
// compiles and collects garbage for them run at lower priority; with all at the same one, a reload delayed one answer in a hundred
// by several milliseconds (bench/reload), and so did 200 API requests a second (bench/admin). On Linux a niceness belongs to a
// thread, and its own heirs have it; elsewhere it would slow the answering threads too, so nothing is done there.

import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** V8's helpers still go before a load: an answering thread may wait for one of them. */
const HELPER_NICENESS = 15;
/** The API goes before a load, and has a quarter of a core that one other thread wants too: who drains a site waits for it. */
const NICENESS = { load: 19, api: 5 };

/** To be called by a thread that loads, or serves the API. */
export function yieldToAnswers(work: keyof typeof NICENESS): void {
  if (process.platform === 'linux') lower(0, NICENESS[work]);
}

/** To be called once, before any worker is started: the threads that exist besides the main one are V8's helpers then. */
export function makeHelpersYield(): void {
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task').map(Number)) if (thread !== process.pid) lower(thread, HELPER_NICENESS);
}

/** Never raises: a server that was started with a lower priority (`nice`, `Nice=` of a unit) may not, and is not meant to. */
function lower(thread: number, niceness: number): void {
  try {
    if (getPriority(thread) < niceness) setPriority(thread, niceness);
  } catch {
    // It has ended, or a sandbox forbids it: then it keeps its priority.
  }
}

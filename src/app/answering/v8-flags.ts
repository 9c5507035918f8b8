// Settings of V8 that the answering threads want otherwise than a program that now works and now rests. A V8 that does not know a
// flag says so and goes on.

import { setFlagsFromString } from 'node:v8';

/**
 * V8 merges functions into the one that calls them until so many octets of bytecode have been added; what is left over stays a
 * call. A query passes some thirty small functions, more than the default of 920 has room for: with 2000 a GSLB query costs 13 %
 * less (355 -> 308 ns, as in `bench:responder`). To be called before the first query. Holds for all threads of the process.
 */
export function inlineWholeQueries(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000');
}

/**
 * Eight seconds after a collection V8 makes another, and compacts, to give memory back while a program rests. A thread that answers
 * never rests: it stood still for 15 to 66 ms to win 0.6 MB (`npm run bench:heap`). To be called before any thread is started; a
 * heap that exists already, that of the control thread, keeps its reducer. That one begins with incremental marking, so without
 * marking in steps it never begins: it took 110 ms of a core that may be the only one, some ten seconds after the start. Full
 * collections, rare in a heap of a dozen megabytes, are then made in one go, about 20 ms.
 */
export function keepFreedMemory(): void {
  setFlagsFromString('--no-memory-reducer');
  setFlagsFromString('--no-incremental-marking');
}

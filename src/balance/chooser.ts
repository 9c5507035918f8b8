// What every algorithm is to the rest: it chooses one of its candidates, and is told when they have changed.

/** A number from 0 up to but not including 1, another one at each call. */
export type Random = () => number;

/** No server: there is none, or all of them have as much as they may have. */
export const NONE = -1;

export interface Chooser {
  /** The candidates have changed: their servers, their weights, or both. Called before the first choice too. */
  update(): void;
  /**
   * The slot of a server that may take one more, or NONE. `key` is an unsigned hash of 32 bits of what the client is known by
   * (key.ts); algorithms that do not hash ignore it, as those that hash ignore `random`. Counts nothing: see ServerTable.begin.
   */
  choose(key: number, nowMs: number, random: Random): number;
}

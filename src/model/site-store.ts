// What agents of one site share for single requests, beside the mesh: counts and short texts, each with an end. Whoever asks has a request
// in hand, so every answer has a time limit, and "not known" is one of the answers. Implementation: src/mesh/redis-store.ts.

export interface SharedCount {
  /** Of all agents, this one included: at least 1. */
  readonly count: number;
  /** Until it begins anew. */
  readonly leftMs: number;
}

export interface SharedStoreStatus {
  /** If not, nothing is asked and nobody waits, until it has answered in time again. */
  readonly isAnswering: boolean;
  /** Calls that had no answer in time, or were not made because it does not answer. */
  readonly unanswered: number;
  /** One line; null = all is well. */
  readonly trouble: string | null;
}

/** `patienceMs`: how long a call may take. Undefined = no answer by then. Nothing ever rejects. */
export interface SharedStore {
  readonly status: SharedStoreStatus;
  /** One more of this name. The first of a count sets its end, `windowMs` later. */
  count(name: string, windowMs: number, patienceMs: number): Promise<SharedCount | undefined>;
  /** Null = there is none. */
  recall(name: string, patienceMs: number): Promise<string | null | undefined>;
  /**
   * Writes `text` for `ttlMs` if nothing stands there, or `former`, or the same; what stands there afterwards. Of several who write at
   * once one wins, and all learn who.
   */
  settle(name: string, text: string, former: string | null, ttlMs: number, patienceMs: number): Promise<string | undefined>;
  close(): void;
}

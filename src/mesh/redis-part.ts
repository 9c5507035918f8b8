// A round is one pipeline: whatever the parts of the redis mesh have to ask at that moment, sent together and answered together.
// Each part is a small state machine that never waits by itself.

import type { Complaints } from './complaints.ts';
import type { EventBox } from './event-box.ts';
import type { MeshClock } from './mesh-clock.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { Command, Reply } from './redis-link.ts';

export interface Round {
  /** Whether a heartbeat is due. */
  readonly isBeat: boolean;
  /** Monotonic time at which the round was sent, and at which it was answered (0 until then). */
  readonly sentMs: number;
  readonly receivedMs: number;
}

export interface Part {
  /** Whether all that there is has been read since the connection was opened. */
  readonly isReady: boolean;
  /** Whether it has more to ask, without waiting for the next heartbeat. */
  readonly isHungry: boolean;
  ask(round: Round): readonly Command[];
  /** Replies to what was asked, in that order. */
  take(replies: readonly Reply[], round: Round): void;
  /** The connection is gone, with whatever had been asked. */
  lost(): void;
}

/** What the parts have in common. */
export interface Desk {
  readonly keys: RedisKeys;
  readonly clock: MeshClock;
  readonly complaints: Complaints;
  readonly box: EventBox;
  /** Something urgent has come up: a round soon. */
  kick(): void;
  /** The error of a reply about `what`, or null when it has gone well: shown in the status until then. */
  report(what: string, error: Error | null): void;
}

/** The value of a reply that must be a list; undefined if it is not. */
export const listOf = (reply: Reply | undefined): readonly unknown[] | undefined =>
  reply?.ok === true && Array.isArray(reply.value) ? reply.value : undefined;

export const errorOf = (reply: Reply | undefined): Error | null => (reply !== undefined && !reply.ok ? reply.error : null);

/** Pairs of a flat list, as HGETALL gives them. */
export function pairsOf(list: readonly unknown[]): readonly (readonly [unknown, unknown])[] {
  const pairs: (readonly [unknown, unknown])[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) pairs.push([list[i], list[i + 1]]);
  return pairs;
}

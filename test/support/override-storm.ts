// Many orders from several clients at once, until the server is killed in the middle of them. Each order has a glob of its own.

import type { AdminClient } from './admin-client.ts';

const CLIENTS = 4;
const NAME = 'johannesburg';

/** A glob that no other number gives, and that names web/johannesburg: which letters stand as `?` are the bits of the number. */
const globOf = (number: number): string => `web/${[...NAME].map((letter, i) => ((number >> i) & 1 ? '?' : letter)).join('')}`;

/**
 * Gives orders until `most` are acknowledged, then calls `kill` while others are under way, and goes on until nobody answers;
 * resolves to what was acknowledged. `first` is the number of the first glob, below 4096 in all.
 */
export async function stormUntilKilled(api: AdminClient, most: number, kill: () => void, first = 0): Promise<string[]> {
  const acknowledged: string[] = [];
  let next = first;
  const client = async (): Promise<void> => {
    for (;;) {
      const what = globOf(next++);
      const reply = await api.post('/v1/overrides', { action: 'up', what, reason: 'storm' }).catch(() => undefined);
      if (reply === undefined) return;
      if (reply.status !== 200) throw new Error(`order refused: ${JSON.stringify(reply.body)}`);
      acknowledged.push(what);
      if (acknowledged.length === most) kill();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return acknowledged;
}

// Reads the beginning of a connection, up to where somebody has seen enough. Bounded in time here, in octets by whoever looks at them.

import type { Socket } from 'node:net';

/** `ended`: the client had no more to say. */
export type HowItEnded = 'enough' | 'late' | 'ended';

/**
 * Shows `take` each piece that arrives until it returns octets: those go back, to be read by whoever comes next. Null = it needs more.
 * Then calls `done`, once, unless the client is gone first. The socket is paused before and after.
 */
export function readBeginning(
  client: Socket,
  timeoutMs: number,
  take: (chunk: Buffer) => Buffer | null,
  done: (how: HowItEnded) => void,
): void {
  const finish = (how: HowItEnded): void => {
    clearTimeout(timer);
    client.off('data', look);
    client.off('end', end);
    client.off('close', gone);
    client.pause();
    done(how);
  };
  const look = (chunk: Buffer): void => {
    const rest = take(chunk);
    if (rest === null) return;
    client.pause();
    if (rest.length > 0) client.unshift(rest);
    finish('enough');
  };
  const end = (): void => finish('ended');
  const gone = (): void => clearTimeout(timer);
  const timer = setTimeout(() => finish('late'), timeoutMs);
  client.on('data', look);
  client.once('end', end);
  client.once('close', gone);
  client.resume();
}

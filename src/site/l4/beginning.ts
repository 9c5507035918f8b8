// Reads the beginning of a connection, up to where somebody has seen enough. Bounded in time here, in octets by whoever looks at them.

import type { Line } from './line.ts';

/** `ended`: the client had no more to say. */
export type HowItEnded = 'enough' | 'late' | 'ended';

/**
 * Shows `take` each piece that arrives until it returns octets: those go back, to be read by whoever comes next. Null = it needs more.
 * Then calls `done`, once, unless the client is gone first.
 */
export function readBeginning(
  line: Line,
  timeoutMs: number,
  take: (chunk: Buffer) => Buffer | null,
  done: (how: HowItEnded) => void,
): void {
  const finish = (how: HowItEnded): void => {
    clearTimeout(timer);
    line.hear(null);
    done(how);
  };
  const timer = setTimeout(() => finish('late'), timeoutMs);
  line.hear({
    onOctets: (chunk) => {
      const rest = take(chunk);
      if (rest === null) return;
      line.giveBack(rest);
      finish('enough');
    },
    onEnd: () => finish('ended'),
    onGone: () => clearTimeout(timer),
  });
}

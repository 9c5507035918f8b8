// What the signals mean to a server: SIGHUP reads the files again, SIGUSR2 starts a successor, SIGTERM and SIGINT end it.

import type { Logger } from '../../base/logger.ts';

/** One request to stop may come as two signals: from the terminal and from npm, or from timeout(1) to us and to our group. */
const SAME_REQUEST_MS = 500;

export interface Hangup {
  /** From now on SIGHUP means `reload`, and if one came before it is called now. */
  call(reload: () => void): void;
}

/**
 * Follows SIGHUP from now on. A reload asked for while the server still starts happens once `call` says how: left to the
 * system, the signal would end the process.
 */
export function followHangups(): Hangup {
  let isAsked = false;
  let act = (): void => {
    isAsked = true;
  };
  process.on('SIGHUP', () => act());
  return {
    call: (reload) => {
      act = reload;
      if (isAsked) reload();
    },
  };
}

/** Resolves at the first SIGINT or SIGTERM. Another one later ends the process at once, as the system would. */
export function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let askedMs: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (askedMs === undefined) {
        askedMs = nowMs;
        log.info({ signal }, 'stopping');
        resolve();
      } else if (nowMs - askedMs > SAME_REQUEST_MS) {
        process.removeListener(signal, stop);
        process.kill(process.pid, signal);
      }
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

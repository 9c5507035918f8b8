// Tells the service manager how far the server is (sd_notify(3)): units that wait for it start when it answers, not when it was
// spawned. Node cannot write to a datagram Unix socket, so the command systemd-notify does; without NOTIFY_SOCKET nothing happens.

import { execFile } from 'node:child_process';
import type { Logger } from '../../base/logger.ts';

/** The manager acknowledges each message (BARRIER=1); one that does not must not hold up our end. */
const TIMEOUT_MS = 6000;

export class ServiceManager {
  readonly #log: Logger;
  /** Messages must arrive in order. */
  #last: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  #isUseless = process.env['NOTIFY_SOCKET'] === undefined;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Resolves when the manager knows that queries are answered. */
  ready(status: string): Promise<void> {
    return this.#tell('READY=1', `STATUS=${status}`);
  }

  /** Likewise, and that this process is now the one to look after. */
  readyAsMain(status: string): Promise<void> {
    return this.#tell(`MAINPID=${process.pid}`, 'READY=1', `STATUS=${status}`);
  }

  /**
   * Where the manager wants signs of life (WatchdogSec=): tells it twice in that time, each time once `pulse` has resolved. One that
   * never does is a server that hangs, which the manager then ends and starts again.
   */
  watch(pulse: () => Promise<void>): void {
    const intervalMs = watchdogIntervalMs(process.env, process.pid);
    if (intervalMs === undefined || this.#isUseless) return;
    let isWaiting = false;
    this.#watchdog = setInterval(() => {
      if (isWaiting) return;
      isWaiting = true;
      void pulse()
        .then(() => this.#tell('WATCHDOG=1'))
        .then(() => {
          isWaiting = false;
        });
    }, intervalMs).unref();
  }

  /** A successor tells from now on. */
  handOver(): void {
    clearInterval(this.#watchdog);
    this.#isUseless = true;
  }

  reloading(): Promise<void> {
    // systemd compares it with its own clock, CLOCK_MONOTONIC, which hrtime reads on Linux.
    return this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  /** Told once, however often it is called. */
  stopping(): Promise<void> {
    clearInterval(this.#watchdog);
    this.#stopping ??= this.#tell('STOPPING=1');
    return this.#stopping;
  }

  #tell(...assignments: readonly string[]): Promise<void> {
    if (!this.#isUseless) this.#last = this.#last.then(() => this.#send(assignments));
    return this.#last;
  }

  #send(assignments: readonly string[]): Promise<void> {
    if (this.#isUseless) return Promise.resolve();
    return new Promise((resolve) => {
      execFile('systemd-notify', [...assignments], { timeout: TIMEOUT_MS }, (error) => {
        // Whoever ends our process group ends the command too; that is not its failure.
        if (error !== null && error.signal !== 'SIGTERM' && error.signal !== 'SIGINT') {
          this.#isUseless = true;
          const reason = error.code === 'ENOENT' ? 'the command systemd-notify is missing' : error.message.trim();
          this.#log.warn({ reason }, 'the service manager cannot be told that the server is ready; use Type=exec in the unit');
        }
        resolve();
      });
    });
  }
}

/** Half of the time after which the manager takes us for dead (sd_watchdog_enabled(3)); undefined if it does not, or not this process. */
export function watchdogIntervalMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  const limitUs = /^\d{1,15}$/.test(WATCHDOG_USEC ?? '') ? Number(WATCHDOG_USEC) : 0;
  if (limitUs === 0 || (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid))) return undefined;
  return Math.max(1, Math.floor(limitUs / 2000));
}

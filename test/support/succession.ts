// A server that is replaced while a test runs: who answers now, and an end for whoever it is.

import { rmSync } from 'node:fs';
import type { UpgradeReport } from '../../src/app/process/handover.ts';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { meridian, type RunResult, type StartingServer } from './server.ts';

export class Succession {
  readonly #server: StartingServer;
  #pid: number;
  readonly #killLast = (): void => {
    try {
      process.kill(this.#pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  };

  constructor(server: StartingServer) {
    this.#server = server;
    this.#pid = server.pid;
    process.once('exit', this.#killLast);
  }

  /** Who answers now. */
  get pid(): number {
    return this.#pid;
  }

  /** Has the server replaced, by `meridian upgrade`. */
  async upgrade(...options: readonly string[]): Promise<{ readonly run: RunResult; readonly report: UpgradeReport }> {
    const run = await meridian(['upgrade', '--config', this.#server.config, '--json', ...options]);
    const report = JSON.parse(run.stdout) as UpgradeReport;
    this.#pid = report.pid;
    return { run, report };
  }

  /** After a signal: the process that the log names. */
  async takenOver(nth: number): Promise<void> {
    this.#pid = (await this.#server.logged('a successor has taken over; finishing what was begun', nth))['pid'] as number;
  }

  async status(): Promise<StatusReport> {
    return JSON.parse((await meridian(['status', '--config', this.#server.config, '--json'])).stdout);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.#pid, signal);
  }

  /** Ends whoever answers, and resolves when every process has ended. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.#server.ended; // the last of them to close standard output
    process.off('exit', this.#killLast);
    rmSync(this.#server.directory, { recursive: true, force: true });
  }
}

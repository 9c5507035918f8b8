// One Meridian process of a drill: the real program, which may be killed and started again where it was. What all of its lives
// have logged is kept.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { askControl, type ControlRequest } from '../../src/app/process/control.ts';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { beginServer, type StartingServer } from '../support/server.ts';

export interface LogLine {
  /** Wall clock. */
  readonly time: number;
  readonly msg: string;
  readonly target?: string;
}

export class MeridianProcess {
  readonly id: string;
  readonly directory: string;
  readonly #role: 'dns' | 'probe';
  readonly #wrapper: readonly string[];
  #now: StartingServer | null = null;
  #before = '';

  constructor(id: string, role: 'dns' | 'probe', directory: string, wrapper: readonly string[]) {
    this.id = id;
    this.directory = directory;
    this.#role = role;
    this.#wrapper = wrapper;
  }

  /** Resolves when it serves, or probes. */
  async start(): Promise<void> {
    this.#now = beginServer(this.directory, { args: ['--role', this.#role], wrapper: this.#wrapper });
    await this.#now.logged(this.#role === 'dns' ? 'listening' : 'probing');
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    const process = this.#now;
    if (process === null) return;
    this.#now = null;
    process.signal('SIGKILL');
    await process.ended;
    this.#before += process.log();
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Its answer to a command; throws if it gives none. */
  async ask<T>(request: ControlRequest): Promise<T> {
    const reply = await askControl<T>(join(this.directory, 'var/meridian.sock'), request);
    if (!reply.ok) throw new Error(`${this.id}: ${reply.error.message}`);
    return reply.value;
  }

  status(): Promise<StatusReport> {
    return this.ask<StatusReport>({ command: 'status' });
  }

  lines(): LogLine[] {
    const text = this.#before + (this.#now?.log() ?? '');
    return text.split('\n').flatMap((line) => {
      try {
        return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
      } catch {
        return []; // has no end yet
      }
    });
  }
}

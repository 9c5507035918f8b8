// Traces, where the configuration asks for them: opened when it does, and never waited for.

import type { Logger } from '../../base/logger.ts';
import type { Step, Tracer } from '../../model/trace.ts';
import { openTelemetry } from '../../watch/open-telemetry.ts';
import { VERSION } from '../version.ts';

export interface TraceDeskOptions {
  readonly server: string;
  readonly log: Logger;
  /** Whether traces are asked for. */
  readonly isWanted: () => boolean;
}

export class TraceDesk {
  readonly #options: TraceDeskOptions;
  #isOpen = false;
  #tracer: Tracer | null = null;

  constructor(options: TraceDeskOptions) {
    this.#options = options;
  }

  /** Follows the configuration; tells once if it cannot. */
  async look(): Promise<void> {
    const { server, log, isWanted } = this.#options;
    const isWantedNow = isWanted();
    if (isWantedNow === this.#isOpen) return;
    this.#isOpen = isWantedNow;
    this.#tracer = null;
    if (!isWantedNow) return;
    const opened = await openTelemetry(server, VERSION);
    if (!this.#isOpen) return; // the configuration has changed its mind meanwhile
    if (opened.ok) this.#tracer = opened.value;
    else log.warn({ ...opened.error }, 'problem');
  }

  take(step: Step): void {
    this.#tracer?.trace(step);
  }
}

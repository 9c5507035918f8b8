// What the mesh has to complain about goes to the log, but no line more than once a minute: an engine that is down or full of
// foreign records must not fill a disk.

import type { Clock } from '../base/clock.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';

const PERIOD_MS = 60_000;
/** Different lines remembered; more can only come from a bug or an attack. */
const MAX_LINES = 200;

export class Complaints {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #loggedMs = new Map<string, number>();
  #ignored = 0;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Records not understood since the start. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Counts a record that is not understood: `kind` is what it should have been, `where` its key. */
  ignore(kind: string, where: string): void {
    this.#ignored++;
    const message = `a ${kind} in ${where} is foreign, damaged or of another version; ignored, ${this.#ignored} records so far`;
    this.#log(kind, 'ERR_MESH_RECORD', message);
  }

  warn(code: ErrorCode, message: string): void {
    this.#log(`${code} ${message}`, code, message);
  }

  info(message: string): void {
    this.#logger.info({}, message);
  }

  #log(kind: string, code: ErrorCode, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    const lastMs = this.#loggedMs.get(kind);
    if (lastMs !== undefined && nowMs - lastMs < PERIOD_MS) return;
    if (this.#loggedMs.size >= MAX_LINES) this.#loggedMs.clear();
    this.#loggedMs.set(kind, nowMs);
    this.#logger.warn({ code }, message);
  }
}

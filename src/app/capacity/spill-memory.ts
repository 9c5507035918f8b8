// The last spill step in the state directory: a server that starts makes its first plans as the last ones were.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Complaints } from '../../mesh/complaints.ts';
import { StateFile } from '../../mesh/state-file.ts';
import { decodeSpill, encodeSpill } from '../../steering/spill-record.ts';
import type { SpillRecord } from '../../steering/spill-state.ts';
import { Pacer } from '../health/pacer.ts';

/** Between two writes: each is flushed to the disk. */
const SAVE_GAP_MS = 10_000;
/** What is older tells nothing of the load now. */
const BELIEVED_MS = 600_000;

export class SpillMemory {
  readonly #file: StateFile<SpillRecord>;
  readonly #complaints: Complaints;
  readonly #pacer: Pacer;
  /** What was known at the start. */
  record: SpillRecord | undefined;
  #unsaved: SpillRecord | null = null;
  #saving: Promise<void> = Promise.resolve();
  #isResting = false;

  constructor(stateDirectory: string, clock: Clock, log: Logger) {
    this.#complaints = new Complaints(clock, log);
    this.#pacer = new Pacer(clock, SAVE_GAP_MS, () => this.#save());
    this.#file = new StateFile({
      directory: stateDirectory,
      name: 'spill',
      complaints: this.#complaints,
      encode: encodeSpill,
      decode: decodeSpill,
      rank: ({ atMs }) => atMs,
    });
  }

  /** Never fails: what is damaged or old is left out. */
  async load(nowMs: number): Promise<void> {
    const record = await this.#file.load();
    this.record = record !== undefined && Math.abs(nowMs - record.atMs) < BELIEVED_MS ? record : undefined;
  }

  note(record: SpillRecord): void {
    this.#unsaved = record;
    this.#pacer.request();
  }

  /** Resolves when what was noted is written; nothing more is until `wake`, for another process writes now. */
  async rest(): Promise<void> {
    this.#save();
    this.#isResting = true;
    await this.#saving;
  }

  wake(): void {
    this.#isResting = false;
  }

  async close(): Promise<void> {
    this.#pacer.close();
    this.#save();
    await this.#saving;
  }

  #save(): void {
    if (this.#unsaved === null || this.#isResting) return;
    const record = this.#unsaved;
    this.#unsaved = null;
    this.#saving = this.#file.save(record).catch((error: Error) => {
      this.#complaints.warn('ERR_MESH_FILE', `the last spill step cannot be saved: ${error.message}`);
    });
  }
}

// What health remembers over a restart: verdicts, by way of the mesh (which keeps them in the state directory and shares them),
// and pools that are down by their watermarks, in a file beside them. Written when it changes, at most once a second.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Remembered } from '../../health/facts.ts';
import { Complaints } from '../../mesh/complaints.ts';
import { StateFile } from '../../mesh/state-file.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Verdict } from '../../model/verdict.ts';
import { Pacer } from './pacer.ts';

const SAVE_GAP_MS = 1000;
/** An engine that lost its verdicts (flushed, restarted) gets them back after so long although nothing has changed. */
const REPEAT_MS = 60_000;

interface PoolsDown {
  readonly atMs: number;
  readonly pools: readonly string[];
}

export interface HealthMemoryOptions {
  readonly mesh: Pick<Mesh, 'loadVerdicts' | 'saveVerdicts' | 'status' | 'nowMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stateDirectory: string;
}

export class HealthMemory {
  readonly #mesh: HealthMemoryOptions['mesh'];
  readonly #clock: Clock;
  readonly #complaints: Complaints;
  readonly #poolsFile: StateFile<PoolsDown>;
  readonly #pacer: Pacer;
  #seen: Remembered = { verdicts: [], poolsDown: [] };
  #saved: Remembered = this.#seen;
  #savedMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<unknown> = Promise.resolve();
  #isResting = false;

  constructor({ mesh, clock, log, stateDirectory }: HealthMemoryOptions) {
    this.#mesh = mesh;
    this.#clock = clock;
    this.#complaints = new Complaints(clock, log);
    this.#pacer = new Pacer(clock, SAVE_GAP_MS, () => this.#save());
    this.#poolsFile = new StateFile({
      directory: stateDirectory,
      name: 'pools-down',
      complaints: this.#complaints,
      encode: JSON.stringify,
      decode: decodePools,
      rank: ({ atMs }) => atMs,
    });
  }

  /** What was known last. Never fails: what is damaged is left out and complained about. */
  async load(): Promise<Remembered> {
    const [verdicts, pools] = await Promise.all([this.#mesh.loadVerdicts(), this.#poolsFile.load()]);
    this.#saved = { verdicts, poolsDown: pools?.pools ?? [] };
    return this.#saved;
  }

  /** Takes what is known now; writes it soon if it is news. */
  note(now: Remembered): void {
    this.#seen = now;
    if (this.#isResting) return;
    const isDue = this.#mesh.status.kind === 'redis' && this.#clock.monotonicMs() - this.#savedMs > REPEAT_MS;
    if (isDue || !isSame(now, this.#saved)) this.#pacer.request();
  }

  /** Resolves when everything that was noted is written; nothing more is until `wake`, for another process writes now. */
  async rest(): Promise<void> {
    if (!isSame(this.#seen, this.#saved)) this.#save();
    this.#isResting = true;
    await this.#saving;
  }

  wake(): void {
    this.#isResting = false;
    this.note(this.#seen);
  }

  /** Resolves when everything that was noted is written. */
  async close(): Promise<void> {
    this.#pacer.close();
    if (!isSame(this.#seen, this.#saved)) this.#save();
    await this.#saving;
  }

  #save(): void {
    if (this.#isResting) return;
    const now = this.#seen;
    const arePoolsNews = now.poolsDown.join() !== this.#saved.poolsDown.join();
    this.#saved = now;
    this.#savedMs = this.#clock.monotonicMs();
    const writes = [this.#mesh.saveVerdicts(now.verdicts)];
    if (arePoolsNews) writes.push(this.#savePools(now.poolsDown));
    this.#saving = Promise.all(writes);
  }

  #savePools(pools: readonly string[]): Promise<void> {
    return this.#poolsFile.save({ atMs: this.#mesh.nowMs(), pools }).catch((error: Error) => {
      this.#complaints.warn('ERR_MESH_FILE', `pools that are down cannot be saved: ${error.message}`);
    });
  }
}

/** The words of a verdict change with every vote; they are not worth a write. */
function isSame(a: Remembered, b: Remembered): boolean {
  if (a.verdicts.length !== b.verdicts.length || a.poolsDown.join() !== b.poolsDown.join()) return false;
  return a.verdicts.every((verdict, i) => isSameVerdict(verdict, b.verdicts[i]!));
}

const isSameVerdict = (a: Verdict, b: Verdict): boolean =>
  a === b || (a.target === b.target && a.state === b.state && a.isUp === b.isUp && a.sinceMs === b.sinceMs);

function decodePools(text: string): PoolsDown | undefined {
  try {
    const { atMs, pools } = JSON.parse(text) as Partial<PoolsDown>;
    const areNames = Array.isArray(pools) && pools.every((pool) => typeof pool === 'string');
    return Number.isSafeInteger(atMs) && areNames ? { atMs: atMs!, pools } : undefined;
  } catch {
    return undefined;
  }
}

// How often each class of each policy was answered, which is what demand is measured by, and how often each member was given. One row
// of 32-bit numbers for each worker in a shared array of either kind, made anew with each load, since a load numbers classes and
// members anew. Each number has one writer, which adds without locks; numbers wrap, so readers take differences.

/** Whole cache lines of 64 octets, so that two workers never write to the same one. */
const LINE_WORDS = 16;

const rowLength = (slots: number): number => Math.ceil(slots / LINE_WORDS) * LINE_WORDS;

/** `slots`: how many pairs of policy and class there are (SteeringImage.slotCount), or how many members. */
export const makeAsked = (workers: number, slots: number): SharedArrayBuffer =>
  new SharedArrayBuffer(workers * rowLength(slots) * Int32Array.BYTES_PER_ELEMENT);

/** The row that is a worker's own. */
export const askedRow = (buffer: SharedArrayBuffer, worker: number, slots: number): Int32Array =>
  new Int32Array(buffer, worker * rowLength(slots) * Int32Array.BYTES_PER_ELEMENT, slots);

/** Reads what all workers together have answered since the last look. */
export class AskedMeter {
  readonly #rows: readonly Int32Array[];
  readonly #seen: readonly Int32Array[];
  readonly #counts: Float64Array;

  /** Takes differences to what is counted now, or to nothing: a buffer is zero at first. */
  constructor(buffer: SharedArrayBuffer, slots: number, since: 'now' | 'from-zero' = 'now') {
    const workers = slots === 0 ? 0 : buffer.byteLength / Int32Array.BYTES_PER_ELEMENT / rowLength(slots);
    this.#rows = Array.from({ length: workers }, (_, worker) => askedRow(buffer, worker, slots));
    this.#seen = this.#rows.map((row) => (since === 'now' ? row.slice() : new Int32Array(slots)));
    this.#counts = new Float64Array(slots);
  }

  /** By slot: answers since the last call, or since the start. Overwritten by the next call. */
  take(): Float64Array {
    this.#counts.fill(0);
    for (const [worker, row] of this.#rows.entries()) {
      const seen = this.#seen[worker]!;
      for (let slot = 0; slot < row.length; slot++) {
        const now = row[slot]!;
        if (now === seen[slot]) continue;
        this.#counts[slot]! += (now - seen[slot]!) >>> 0;
        seen[slot] = now;
      }
    }
    return this.#counts;
  }
}

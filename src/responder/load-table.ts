// Loads that decay with time, of many things known by their hashes, in memory of constant size. A load is a number that falls
// by the factor 1/e in each time constant; it is worked out when it is next looked at, so an idle entry costs nothing.
//
// A line of 16 words is one cache line: the hashes of five entries, when each was last written, its load then, one word unused.
// A hash belongs to one line. When the line is full, a newcomer replaces the smallest load in it and starts from 0: what is
// busy stays, what is forgotten was small, and nobody inherits a load from somebody else. Only hashes that are equal in all
// 32 bits share an entry.

const LINE_WORDS = 16;
const ENTRIES = 5;
const TIMES = ENTRIES;
const LOADS = 2 * ENTRIES;
/** A load untouched for so many milliseconds counts as 0. */
const FORGOTTEN_MS = 0x10000;
/** Half a reply is not worth looking for a smaller load. */
const NEGLIGIBLE = 0.5;

export class LoadTable {
  /**
   * The load that find() met, decayed to now, 0 if the hash was not in the table; and the one that put() writes. In an array,
   * since a fraction that is handed to a function or put into a field may cost an object.
   */
  readonly load: Float64Array = new Float64Array(1);

  readonly #words: Int32Array;
  /** The same memory, for the loads. */
  readonly #loads: Float32Array;
  readonly #lineMask: number;
  /** exp(-t / time constant) for t of 0..255 ms, and of 0, 256, 512 ms and so on; their product is any decay. */
  readonly #decayByMs: Float64Array;
  readonly #decayBy256Ms: Float64Array;

  /** Has room for at least `entries`, rounded up to a power of two of lines. The time constant is in milliseconds. */
  constructor(entries: number, timeConstantMs: number) {
    const lines = 2 ** Math.max(0, Math.ceil(Math.log2(entries / ENTRIES)));
    this.#words = new Int32Array(lines * LINE_WORDS);
    this.#loads = new Float32Array(this.#words.buffer);
    this.#lineMask = lines - 1;
    this.#decayByMs = Float64Array.from({ length: 256 }, (_, i) => Math.exp(-i / timeConstantMs));
    this.#decayBy256Ms = Float64Array.from({ length: FORGOTTEN_MS / 256 }, (_, i) => Math.exp((-i * 256) / timeConstantMs));
  }

  /** Octets of memory. */
  get size(): number {
    return this.#words.byteLength;
  }

  /**
   * Looks an entry up by its hash. Both are signed 32-bit integers, which cost no object when they are passed on; `nowMs` may wrap.
   * Leaves the present load in `load` and returns where put() shall write it.
   */
  find(hash: number, nowMs: number): number {
    const words = this.#words;
    const line = (hash & this.#lineMask) * LINE_WORDS;
    for (let at = line; at < line + ENTRIES; at++) {
      if (words[at] === hash) {
        this.#read(at, nowMs);
        return at;
      }
    }
    const at = this.#smallest(line, nowMs);
    this.load[0] = 0;
    return at;
  }

  /** Writes `load` as that of `hash` at the place that find() has returned. */
  put(at: number, hash: number, nowMs: number): void {
    this.#words[at] = hash;
    this.#words[at + TIMES] = nowMs;
    this.#loads[at + LOADS] = this.load[0]!;
  }

  /** Where the smallest load of the line is, or the first one that is as good as none. */
  #smallest(line: number, nowMs: number): number {
    let smallest = line;
    let least = Number.POSITIVE_INFINITY;
    for (let at = line; at < line + ENTRIES && least >= NEGLIGIBLE; at++) {
      this.#read(at, nowMs);
      const load = this.load[0]!;
      if (load < least) {
        least = load;
        smallest = at;
      }
    }
    return smallest;
  }

  /** Puts the present load of an entry into `load`. */
  #read(at: number, nowMs: number): void {
    const elapsedMs = (nowMs - this.#words[at + TIMES]!) >>> 0;
    const decay = elapsedMs < FORGOTTEN_MS ? this.#decayByMs[elapsedMs & 255]! * this.#decayBy256Ms[elapsedMs >>> 8]! : 0;
    this.load[0] = this.#loads[at + LOADS]! * decay;
  }
}

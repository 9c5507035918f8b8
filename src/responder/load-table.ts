// Loads that decay with time, of many things known by their hashes, in memory of constant size. A load is a number that falls
// by the factor 1/e in each time constant; it is worked out when it is next looked at, so an idle entry costs nothing.
//
// A line of 16 words is one cache line: the hashes of five entries, when each was last written, its load then, one word unused.
// A hash belongs to one line. When the line is full, a newcomer replaces the smallest load in it and starts from 0: what is
// busy stays, what is forgotten was small, and nobody inherits a load from somebody else. Only hashes that are equal in all
// 32 bits share an entry.
//
// Threads share the memory with plain loads and stores. Two that add to one entry at once may lose one of the additions, and
// two that fill one place with different newcomers may leave the hash of one with the load of the other. Both take a meeting
// within nanoseconds, err by about one addition, and decay: locked instructions would cost every query more than that is worth.

const LINE_WORDS = 16;
const ENTRIES = 5;
const TIMES = ENTRIES;
const LOADS = 2 * ENTRIES;
/** A load untouched for so many milliseconds counts as 0. */
const FORGOTTEN_MS = 0x10000;
/** So far may the time of one thread be ahead of another's: each reads the clock once for several queries. */
const MAX_AHEAD_MS = 1000;
/** Loads below this are not worth looking for a smaller one. */
const NEGLIGIBLE = 1;

const linesFor = (entries: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(entries / ENTRIES)));

/** Octets of memory for at least `entries`, rounded up to a power of two of lines. */
export const loadTableSize = (entries: number): number => linesFor(entries) * LINE_WORDS * Int32Array.BYTES_PER_ELEMENT;

export class LoadTable {
  /**
   * The load that read() found, decayed to now; 0 if the hash is not in the table. In an array, since a fraction that is
   * returned or put into a field may cost an object.
   */
  readonly load: Float64Array = new Float64Array(1);

  readonly #words: Int32Array;
  /** The same memory, for the loads. */
  readonly #loads: Float32Array;
  readonly #lineMask: number;
  /** exp(-t / time constant) for t of 0..255 ms, and of 0, 256, 512 ms and so on; their product is any decay. */
  readonly #decayByMs: Float64Array;
  readonly #decayBy256Ms: Float64Array;

  /** Over loadTableSize(entries) octets of `memory` from `offset` on, zero at first. The time constant is in milliseconds. */
  constructor(memory: SharedArrayBuffer, offset: number, entries: number, timeConstantMs: number) {
    const lines = linesFor(entries);
    this.#words = new Int32Array(memory, offset, lines * LINE_WORDS);
    this.#loads = new Float32Array(memory, offset, lines * LINE_WORDS);
    this.#lineMask = lines - 1;
    this.#decayByMs = Float64Array.from({ length: 256 }, (_, i) => Math.exp(-i / timeConstantMs));
    this.#decayBy256Ms = Float64Array.from({ length: FORGOTTEN_MS / 256 }, (_, i) => Math.exp((-i * 256) / timeConstantMs));
  }

  /** Puts the present load of a hash into `load`. Both numbers are signed 32-bit integers; `nowMs` may wrap. */
  read(hash: number, nowMs: number): void {
    const at = this.#find(hash);
    if (at < 0) this.load[0] = 0;
    else this.#decayed(at, nowMs);
  }

  /** Adds to the load of a hash, a whole number. */
  add(hash: number, amount: number, nowMs: number): void {
    const words = this.#words;
    let at = this.#find(hash);
    let atMs = nowMs;
    if (at < 0) {
      at = this.#smallest(hash, nowMs);
      this.load[0] = 0;
    } else {
      this.#decayed(at, nowMs);
      // Time never goes back: or two threads, one ahead of the other, would let a load decay again with every turn they take.
      if (isAhead((nowMs - words[at + TIMES]!) | 0)) atMs = words[at + TIMES]!;
    }
    words[at] = hash;
    words[at + TIMES] = atMs;
    this.#loads[at + LOADS] = this.load[0]! + amount;
  }

  /** Where the entry of a hash is; -1 if there is none. */
  #find(hash: number): number {
    const words = this.#words;
    const line = (hash & this.#lineMask) * LINE_WORDS;
    for (let at = line; at < line + ENTRIES; at++) if (words[at] === hash) return at;
    return -1;
  }

  /** Where the smallest load of the hash's line is, or the first one that is as good as none. */
  #smallest(hash: number, nowMs: number): number {
    const line = (hash & this.#lineMask) * LINE_WORDS;
    let smallest = line;
    let least = Number.POSITIVE_INFINITY;
    for (let at = line; at < line + ENTRIES && least >= NEGLIGIBLE; at++) {
      this.#decayed(at, nowMs);
      const load = this.load[0]!;
      if (load < least) {
        least = load;
        smallest = at;
      }
    }
    return smallest;
  }

  /** Puts the present load of an entry into `load`. */
  #decayed(at: number, nowMs: number): void {
    const elapsedMs = (nowMs - this.#words[at + TIMES]!) | 0;
    let decay = 0;
    if (elapsedMs >= 0) {
      if (elapsedMs < FORGOTTEN_MS) decay = this.#decayByMs[elapsedMs & 255]! * this.#decayBy256Ms[elapsedMs >>> 8]!;
    } else if (isAhead(elapsedMs)) decay = 1;
    this.load[0] = this.#loads[at + LOADS]! * decay;
  }
}

/** Whether an entry was written by a thread that is ahead; otherwise it is from before the time wrapped. */
const isAhead = (elapsedMs: number): boolean => elapsedMs < 0 && elapsedMs > -MAX_AHEAD_MS;

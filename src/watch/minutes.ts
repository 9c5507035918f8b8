// What was answered, minute by minute, for the last days: the memory behind objectives and their error budgets. A ring by minute of the
// wall clock, so that a restart goes on in it. Pure.

export const COLUMN = {
  /** Queries that may be answered, lost ones among them. */
  RECEIVED: 0,
  /** Of those: lost, turned away or SERVFAIL. */
  FAILED: 1,
  /** Answers by a GSLB record. */
  STEERED: 2,
  /** Of those: given while something known for too long was not in them. */
  LATE: 3,
} as const;

const COLUMNS = 4;
const MINUTE_MS = 60_000;
/** Three days, and the same hour of the day before that. */
const MINUTES = 4 * 24 * 60;

export type Counts = readonly [received: number, failed: number, steered: number, late: number];

const minuteOf = (nowMs: number): number => Math.floor(nowMs / MINUTE_MS);
const placeOf = (minute: number): number => minute % MINUTES;

export class Minutes {
  /** Which minute each place of the ring is about. */
  readonly #minute = new Float64Array(MINUTES).fill(-1);
  readonly #counts = new Float64Array(MINUTES * COLUMNS);

  /** Adds to the minute of `nowMs`, milliseconds since 1970. */
  add(nowMs: number, counts: Counts): void {
    const minute = minuteOf(nowMs);
    const place = placeOf(minute);
    if (this.#minute[place] !== minute) {
      this.#minute[place] = minute;
      this.#counts.fill(0, place * COLUMNS, (place + 1) * COLUMNS);
    }
    for (const [column, count] of counts.entries()) this.#counts[place * COLUMNS + column]! += count;
  }

  /** What was counted in the `lengthMs` up to `endMs`, in whole minutes, that of `endMs` included. */
  sum(endMs: number, lengthMs: number): Counts {
    const sums: [number, number, number, number] = [0, 0, 0, 0];
    const last = minuteOf(endMs);
    for (let minute = last - Math.ceil(lengthMs / MINUTE_MS) + 1; minute <= last; minute++) {
      const place = placeOf(minute);
      if (minute < 0 || this.#minute[place] !== minute) continue;
      for (let column = 0; column < COLUMNS; column++) sums[column]! += this.#counts[place * COLUMNS + column]!;
    }
    return sums;
  }

  /** Minutes of which something is known, among those of `lengthMs` up to `endMs`. */
  known(endMs: number, lengthMs: number): number {
    let known = 0;
    const last = minuteOf(endMs);
    for (let minute = last - Math.ceil(lengthMs / MINUTE_MS) + 1; minute <= last; minute++) {
      if (minute >= 0 && this.#minute[placeOf(minute)] === minute) known++;
    }
    return known;
  }

  /** One line a minute, the oldest first. */
  encode(): string {
    const places = Array.from(this.#minute.keys()).filter((place) => this.#minute[place]! >= 0);
    return places
      .sort((a, b) => this.#minute[a]! - this.#minute[b]!)
      .map((place) => `${this.#minute[place]} ${this.#counts.subarray(place * COLUMNS, (place + 1) * COLUMNS).join(' ')}`)
      .join('\n');
  }

  /** Undefined if the text is not what `encode` makes. */
  static decode(text: string): Minutes | undefined {
    const minutes = new Minutes();
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const numbers = line.split(' ').map(Number);
      const isGood = numbers.length === COLUMNS + 1 && numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
      if (!isGood) return undefined;
      const [minute, ...counts] = numbers;
      minutes.add(minute! * MINUTE_MS, counts as unknown as Counts);
    }
    return minutes;
  }

  /** The newest minute of which something is known; -1 = none. */
  get newest(): number {
    return this.#minute.reduce((most, minute) => Math.max(most, minute), -1);
  }
}

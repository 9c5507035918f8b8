// What a drill tells: a timeline while it runs, and at its end a table of what was to be kept and whether it was.

export interface Objective {
  readonly title: string;
  readonly found: string;
  readonly allowed: string;
  readonly isMet: boolean;
}

export interface Event {
  readonly atMs: number;
  readonly text: string;
}

const SEC_MS = 1000;

export const seconds = (ms: number): string => `${(ms / SEC_MS).toFixed(ms < 10 * SEC_MS ? 2 : 1)} s`;

export class Ledger {
  readonly objectives: Objective[] = [];
  readonly timeline: Event[] = [];
  readonly #startMs = performance.now();
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  note(text: string): void {
    const atMs = Math.round(performance.now() - this.#startMs);
    this.timeline.push({ atMs, text });
    this.#print(`${(atMs / SEC_MS).toFixed(2).padStart(8)}  ${text}`);
  }

  judge(title: string, isMet: boolean, found: string, allowed: string): void {
    this.objectives.push({ title, found, allowed, isMet });
    if (!isMet) this.note(`MISSED: ${title}: ${found}, allowed: ${allowed}`);
  }

  /** A time with an upper bound. */
  within(title: string, ms: number, limitMs: number): void {
    this.judge(title, ms <= limitMs, ms < SEC_MS ? `${Math.round(ms)} ms` : seconds(ms), `<= ${time(limitMs)}`);
  }

  /** Something that must not happen. */
  none(title: string, count: number, what = ''): void {
    this.judge(title, count === 0, `${count}${what}`, '0');
  }

  get isMet(): boolean {
    return this.objectives.every(({ isMet }) => isMet);
  }

  printTable(): void {
    const rows = this.objectives.map(({ title, found, allowed, isMet }) => [title, found, allowed, isMet ? 'met' : 'MISSED']);
    this.#print('');
    this.#print('| objective | found | allowed | verdict |');
    this.#print('|---|---|---|---|');
    for (const row of rows) this.#print(`| ${row.join(' | ')} |`);
  }
}

const time = (ms: number): string => (ms < SEC_MS ? `${ms} ms` : `${Number((ms / SEC_MS).toFixed(1))} s`);

// What a drill tells: a timeline while it runs, and at its end what was to be kept and whether it was.

const SEC_MS = 1000;

export const seconds = (ms: number): string =>
  Number.isFinite(ms) ? `${(ms / SEC_MS).toFixed(ms < 10 * SEC_MS ? 2 : 1)} s` : 'never';

export interface Objective {
  readonly title: string;
  readonly found: string;
  readonly allowed: string;
  readonly isMet: boolean;
  /** Of one that is about time: what was measured, in milliseconds; null = it never came. */
  readonly foundMs?: number | null;
  readonly limitMs?: number;
}

/** `does` what was done, `answer` what a client was told, `verdict` an objective, `note` anything else. */
export type EventKind = 'does' | 'answer' | 'verdict' | 'note';

export interface Event {
  readonly atMs: number;
  readonly kind: EventKind;
  readonly text: string;
}

const MARKS: Readonly<Record<EventKind, string>> = { does: '>>', answer: '  ', verdict: '==', note: '--' };

export class Logbook {
  readonly objectives: Objective[] = [];
  readonly timeline: Event[] = [];
  readonly #startMs: number;
  readonly #now: () => number;
  readonly #print: (line: string) => void;

  /** `now` in milliseconds, as the times of answers. */
  constructor(print: (line: string) => void, now: () => number) {
    this.#print = print;
    this.#now = now;
    this.#startMs = now();
  }

  get isMet(): boolean {
    return this.objectives.length > 0 && this.objectives.every(({ isMet }) => isMet);
  }

  say(kind: EventKind, text: string): void {
    const atMs = this.#now() - this.#startMs;
    this.timeline.push({ atMs: Math.round(atMs), kind, text });
    this.#print(`${(atMs / SEC_MS).toFixed(1).padStart(7)} s  ${MARKS[kind]} ${text}`);
  }

  within(title: string, foundMs: number, limitMs: number): void {
    const isMet = foundMs <= limitMs;
    const times = { foundMs: Number.isFinite(foundMs) ? Math.round(foundMs) : null, limitMs };
    this.#judge({ title, found: seconds(foundMs), allowed: `at most ${seconds(limitMs)}`, isMet, ...times });
  }

  none(title: string, count: number, detail = ''): void {
    this.#judge({ title, found: `${count}${detail}`, allowed: '0', isMet: count === 0 });
  }

  judge(title: string, isMet: boolean, found: string, allowed: string): void {
    this.#judge({ title, found, allowed, isMet });
  }

  #judge(objective: Objective): void {
    this.objectives.push(objective);
    const { title, found, allowed, isMet } = objective;
    this.say('verdict', `${isMet ? 'kept' : 'MISSED'}: ${title}: ${found}${isMet ? '' : ` (allowed: ${allowed})`}`);
  }

  /** Lines: what was to be kept, what was found. */
  table(): readonly string[] {
    const width = Math.max(...this.objectives.map(({ title }) => title.length), 0);
    return this.objectives.map(
      ({ title, found, allowed, isMet }) => `  ${isMet ? 'kept  ' : 'MISSED'}  ${title.padEnd(width)}  ${found}  (${allowed})`,
    );
  }
}

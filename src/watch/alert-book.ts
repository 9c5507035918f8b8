// Which alerts there are, since when, and what of them is news to whom has been told so far. Pure: time and conditions come as
// arguments. An alert lasts `forMs` before it fires, and must be gone for a while before it counts as over, so that what flaps is one
// alert and not a hundred messages. A silenced alert is there for everybody to see, and told to nobody until the silence is over.

import { globMatcher } from '../base/glob.ts';
import type { AlertSeverity } from '../model/watch.ts';
import { ALERTS, type AlertName } from './catalogue.ts';
import type { Condition } from './conditions.ts';

/** Must be gone for so long. */
const GONE_MS = 15_000;

export interface Alert {
  readonly name: AlertName;
  readonly subject: string;
  readonly severity: AlertSeverity;
  readonly text: string;
  /** When the condition was seen first, milliseconds since 1970. */
  readonly sinceMs: number;
}

/** `firing` again and again while it lasts, `resolved` once. */
export interface News extends Alert {
  readonly state: 'firing' | 'resolved';
}

export interface ActiveAlert extends Alert {
  /** `pending`: it has not lasted long enough. */
  readonly state: 'pending' | 'firing';
  /** Id of the silence that keeps it from being told; null = none. */
  readonly silence: string | null;
}

export interface Silence {
  readonly id: string;
  /** Glob of `name` or `name/subject`. */
  readonly what: string;
  readonly reason: string;
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** `name`, or `name/subject`: what silences and receivers match. */
export const keyOf = ({ name, subject }: Pick<Alert, 'name' | 'subject'>): string =>
  subject === '' ? name : `${name}/${subject}`;

/** Whether a glob means this alert: by its whole key, or by its name alone. */
export const isMeant = (glob: string, alert: Pick<Alert, 'name' | 'subject'>): boolean => {
  const matches = globMatcher(glob);
  return matches(keyOf(alert)) || matches(alert.name);
};

interface Entry {
  alert: Alert;
  seenMs: number;
  isFiring: boolean;
  /** When it was told last; null = never. */
  toldMs: number | null;
}

export class AlertBook {
  readonly #entries = new Map<string, Entry>();
  #silences: readonly Silence[] = [];
  readonly #repeatMs: () => number;

  constructor(repeatMs: () => number) {
    this.#repeatMs = repeatMs;
  }

  /** Takes what is wrong now; what is to be told of it. `nowMs` since 1970, `meshMs` by the clock that silences go by. */
  look(conditions: readonly Condition[], nowMs: number, meshMs = nowMs): News[] {
    for (const condition of conditions) {
      const { severity, forMs } = ALERTS[condition.name];
      const key = keyOf(condition);
      const known = this.#entries.get(key);
      const sinceMs = known?.alert.sinceMs ?? nowMs;
      const alert = { ...condition, severity, sinceMs };
      const isFiring = known?.isFiring === true || nowMs - sinceMs >= forMs;
      if (known === undefined) this.#entries.set(key, { alert, seenMs: nowMs, isFiring, toldMs: null });
      else Object.assign(known, { alert, seenMs: nowMs, isFiring });
    }
    const news: News[] = [];
    for (const [key, entry] of this.#entries) {
      const { alert, seenMs, isFiring, toldMs } = entry;
      if (seenMs !== nowMs && (!isFiring || nowMs - seenMs >= GONE_MS)) {
        this.#entries.delete(key);
        if (toldMs !== null) news.push({ ...alert, state: 'resolved' });
      } else if (isFiring && this.silenceOf(alert, meshMs) === null && (toldMs === null || nowMs - toldMs >= this.#repeatMs())) {
        entry.toldMs = nowMs;
        news.push({ ...alert, state: 'firing' });
      }
    }
    return news;
  }

  /** `meshMs` by the clock that silences go by. */
  active(meshMs: number): ActiveAlert[] {
    return Array.from(this.#entries.values(), ({ alert, isFiring }) => ({
      ...alert,
      state: isFiring ? ('firing' as const) : ('pending' as const),
      silence: this.silenceOf(alert, meshMs)?.id ?? null,
    }));
  }

  /** In force. */
  silences(meshMs: number): readonly Silence[] {
    return this.#silences.filter(({ expiresMs }) => expiresMs > meshMs);
  }

  setSilences(silences: readonly Silence[]): void {
    this.#silences = silences;
  }

  silenceOf(alert: Pick<Alert, 'name' | 'subject'>, meshMs: number): Silence | null {
    return this.silences(meshMs).find(({ what }) => isMeant(what, alert)) ?? null;
  }
}

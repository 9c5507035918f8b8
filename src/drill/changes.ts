// The timeline's lines about answers: one when a client is first sent elsewhere by a server, and one when that has settled. While
// answers alternate (a site that comes back gets its share little by little) nothing more is said.

import type { Answer } from './model.ts';

/** Answers that were the same for so long have settled. */
const SETTLED_MS = 5000;

interface State {
  /** What the timeline says last. */
  said: string;
  /** The newest answer, and since when nothing else came. */
  newest: string;
  sinceMs: number;
  isMixed: boolean;
}

export class Changes {
  readonly #states = new Map<string, State>();
  readonly #label: (client: string) => string;
  readonly #say: (text: string) => void;

  constructor(label: (client: string) => string, say: (text: string) => void) {
    this.#label = label;
    this.#say = say;
  }

  take({ server, client, site, trouble, atMs }: Answer): void {
    const now = site ?? (trouble === 'lost' ? 'no reply' : 'no address');
    const key = `${server} ${client}`;
    const state = this.#states.get(key);
    if (state === undefined) {
      this.#states.set(key, { said: now, newest: now, sinceMs: atMs, isMixed: false });
      return;
    }
    const tell = (text: string): void => this.#say(`${server} to ${this.#label(client)}: ${text}`);
    if (now !== state.newest) {
      state.newest = now;
      state.sinceMs = atMs;
      if (!state.isMixed) {
        tell(`${state.said} -> ${now}`);
        state.said = now;
        state.isMixed = true;
      }
      return;
    }
    if (!state.isMixed || atMs - state.sinceMs < SETTLED_MS) return;
    state.isMixed = false;
    if (now !== state.said) tell(`only ${now} by now`);
    state.said = now;
  }
}

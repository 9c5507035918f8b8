// Which server a client has, written down and shared by the agents of a site: a client that comes back through another agent finds its
// server again, whatever algorithm chose it. While the others cannot be asked, this agent's own notes hold, and who is in none of them
// gets the server that a hash gives, at every agent the same.
// Bounded in number (clients share places) and in time (`ttlMs` after the last request).

import { textKey } from '../../balance/key.ts';
import type { HttpStickiness } from '../../model/site-http.ts';
import type { Service } from '../service.ts';
import type { Sharing } from '../sharing.ts';
import type { HttpFrontCounts } from './counts.ts';
import type { RequestHead } from './request-head.ts';
import { cookieOf, headerOf } from './routes.ts';

type Settings = Extract<HttpStickiness, { kind: 'table' }>;

/** A note so young is believed without asking: a page with its pictures asks once. */
const FRESH_MS = 2000;
/** An end is moved when so much of the time has passed: a client costs a write now and then, not with each request. */
const RENEWALS = 4;
/** Notes of one agent, about 150 octets each; the rest is in the store alone. */
const MOST_NOTES = 65_536;

interface Note {
  server: string;
  /** When all agents agreed on it, when it was written, and when it was last used. */
  agreedMs: number;
  writtenMs: number;
  usedMs: number;
}

export interface TableSurroundings {
  readonly sharing: Sharing;
  readonly counts: HttpFrontCounts;
  readonly nowMs: number;
}

export class StickyTable {
  readonly settings: Settings;
  /** By place; who was used longest ago is first. */
  readonly #notes = new Map<number, Note>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** Where a client is noted. `clientKey`: of its network, which stands in for a cookie or header that is not there. */
  placeOf(head: RequestHead, clientKey: number): number {
    const { by, places } = this.settings;
    const value = by.kind === 'client' ? null : by.kind === 'cookie' ? cookieOf(head.cookie, by.name) : headerOf(head, by.name);
    return (value === null ? clientKey : textKey(value)) % places;
  }

  /** Id of the server that the client has; null = it is new. A promise only where the store has to be asked. */
  serverOf(place: number, service: Service, around: TableSurroundings): string | null | Promise<string | null> {
    const note = this.#noteOf(place, around.nowMs);
    if (note !== null && around.nowMs - note.agreedMs < FRESH_MS) return note.server;
    if (!around.sharing.isThere) return this.#alone(place, note, service, around);
    return around.sharing.recall(this.#name(place)).then((found) => {
      const now = this.#noteOf(place, around.nowMs); // another request of this client may have been faster
      if (found === undefined) return this.#alone(place, now, service, around);
      if (found === null) {
        if (now !== null) now.agreedMs = Number.NEGATIVE_INFINITY; // it is to be written again
        return now?.server ?? null;
      }
      this.#write(place, {
        server: found,
        agreedMs: around.nowMs,
        writtenMs: now?.writtenMs ?? Number.NEGATIVE_INFINITY,
        usedMs: around.nowMs,
      });
      return found;
    });
  }

  /** The client is being sent to this server: others are told, unless they know. */
  took(place: number, server: string, { sharing, nowMs }: TableSurroundings): void {
    const { ttlMs } = this.settings;
    const note = this.#noteOf(place, nowMs);
    const isSame = note?.server === server;
    if (isSame && nowMs - note.writtenMs < ttlMs / RENEWALS && nowMs - note.agreedMs < ttlMs / RENEWALS) {
      note.usedMs = nowMs;
      this.#write(place, note);
      return;
    }
    const mine: Note = { server, agreedMs: note?.agreedMs ?? Number.NEGATIVE_INFINITY, writtenMs: nowMs, usedMs: nowMs };
    this.#write(place, mine);
    if (!sharing.isThere) return;
    void sharing.settle(this.#name(place), server, note?.server ?? null, ttlMs).then((holder) => {
      if (holder === undefined || this.#notes.get(place) !== mine) return;
      mine.server = holder; // somebody else was first
      mine.agreedMs = nowMs;
    });
  }

  /** The note of this agent, or where a hash puts the client. */
  #alone(place: number, note: Note | null, service: Service, { counts }: TableSurroundings): string | null {
    counts.placedAlone++;
    return note?.server ?? service.hashed(place);
  }

  #noteOf(place: number, nowMs: number): Note | null {
    const note = this.#notes.get(place);
    if (note === undefined) return null;
    if (nowMs - note.usedMs < this.settings.ttlMs) return note;
    this.#notes.delete(place);
    return null;
  }

  #write(place: number, note: Note): void {
    this.#notes.delete(place);
    this.#notes.set(place, note);
    if (this.#notes.size > MOST_NOTES) this.#notes.delete(this.#notes.keys().next().value!);
  }

  #name(place: number): string {
    return `client:${this.settings.name}:${place}`;
  }
}

// Silences: made at one server, in force at all of them, as notes of the mesh. They end by the clock of the mesh.

import { randomUUID } from 'node:crypto';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { list } from '../../config/suggest.ts';
import type { Silence } from '../../watch/alert-book.ts';
import { ALERTS } from '../../watch/catalogue.ts';
import { type NoteMesh, Notes } from '../orders/notes.ts';

const MOST_SILENCES = 1000;
const ID_LENGTH = 8;

export interface SilenceRequest {
  /** Glob of an alert: `name` or `name/subject`. */
  readonly what: string;
  readonly reason: string;
  readonly author: string;
  readonly forMs: number;
}

export class Silences {
  readonly #mesh: NoteMesh;
  readonly #notes: Notes<Silence>;

  constructor(mesh: NoteMesh) {
    this.#mesh = mesh;
    this.#notes = new Notes(mesh, 'silence', decodeSilence);
  }

  /** Also those that have ended and are not away yet. */
  get all(): readonly Silence[] {
    return this.#notes.items;
  }

  get nowMs(): number {
    return this.#mesh.nowMs();
  }

  /** ERR_SILENCE if it names nothing that could ever fire, or there are too many; else as changes of orders. */
  async make({ what, reason, author, forMs }: SilenceRequest): Promise<Result<Silence, Problem>> {
    const name = what.split('/', 1)[0]!;
    if (!/[*?]/.test(name) && !Object.hasOwn(ALERTS, name)) {
      return refuse(`there is no alert "${name}"; alerts are ${list(Object.keys(ALERTS))}`);
    }
    return this.#notes.change((items) => {
      const createdMs = this.#mesh.nowMs();
      const present = inForce(items, createdMs);
      if (present.length >= MOST_SILENCES) return refuse(`at most ${MOST_SILENCES} silences at a time; end some`);
      const id = randomUUID().slice(0, ID_LENGTH);
      const value: Silence = { id, what, reason, author, createdMs, expiresMs: createdMs + forMs };
      return ok({ items: [...present, value], value });
    });
  }

  /** By its id, or by what it silences. */
  async end(what: string): Promise<Result<readonly Silence[], Problem>> {
    return this.#notes.change((items) => {
      const present = inForce(items, this.#mesh.nowMs());
      const value = present.filter((one) => one.id === what || one.what === what);
      const there = present.length === 0 ? 'there is none' : `there are ${list(present.map((one) => `${one.id} (${one.what})`))}`;
      if (value.length === 0) return refuse(`no silence "${what}"; ${there}`);
      return ok({ items: present.filter((one) => !value.includes(one)), value });
    });
  }
}

const inForce = (silences: readonly Silence[], nowMs: number): readonly Silence[] =>
  silences.filter(({ expiresMs }) => expiresMs > nowMs);

const refuse = (message: string): Result<never, Problem> => err({ severity: 'error', code: 'ERR_SILENCE', message });

function decodeSilence(value: unknown): Silence | undefined {
  const { id, what, reason, author, createdMs, expiresMs } = (value ?? {}) as Partial<Silence>;
  const areWords = [id, what, reason, author].every((word) => typeof word === 'string');
  if (!areWords || !Number.isSafeInteger(createdMs) || !Number.isSafeInteger(expiresMs)) return undefined;
  return { id: id!, what: what!, reason: reason!, author: author!, createdMs: createdMs!, expiresMs: expiresMs! };
}

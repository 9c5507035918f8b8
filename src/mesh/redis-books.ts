// The sets that a mesh over Redis keeps: orders of people, and notes. Asked for in one place, so that nothing of it is forgotten.

import type { Problem } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import type { Note, NoteSet, OverrideSet, RedisMeshSettings } from '../model/mesh.ts';
import type { Override } from '../model/verdict.ts';
import type { MeshFiles } from './mesh-files.ts';
import { NOTES, toNotes } from './note-record.ts';
import { OVERRIDES, toSet } from './override-record.ts';
import { RedisBook } from './redis-book.ts';
import { NUDGE } from './redis-keys.ts';
import type { Desk, Part } from './redis-part.ts';

/** Between two looks at notes that no nudge told of. */
const NOTES_EVERY_BEATS = 10;

export class RedisBooks {
  readonly #overrides: RedisBook<Override>;
  readonly #notes: RedisBook<Note>;

  constructor(
    desk: Desk,
    { confirmingReplicas, confirmTimeoutMs }: Pick<RedisMeshSettings, 'confirmingReplicas' | 'confirmTimeoutMs'>,
    files: MeshFiles | null,
  ) {
    const confirming = { confirmingReplicas, confirmTimeoutMs };
    this.#overrides = new RedisBook(desk, {
      ...{ kind: OVERRIDES, key: desk.keys.overrides, nudge: NUDGE.OVERRIDES, everyBeats: 1, ...confirming },
      file: files?.overrides ?? null,
      onBook: (book) => desk.box.overrides(toSet(book)),
    });
    this.#notes = new RedisBook(desk, {
      ...{ kind: NOTES, key: desk.keys.notes, nudge: NUDGE.NOTES, everyBeats: NOTES_EVERY_BEATS, ...confirming },
      file: files?.notes ?? null,
      onBook: (book) => desk.box.notes(toNotes(book)),
    });
  }

  get parts(): readonly Part[] {
    return [this.#overrides, this.#notes];
  }

  get overrides(): OverrideSet {
    return toSet(this.#overrides.book);
  }

  get notes(): NoteSet {
    return toNotes(this.#notes.book);
  }

  async load(): Promise<void> {
    await Promise.all([this.#overrides.load(), this.#notes.load()]);
  }

  /** Others have changed one of them. */
  nudged(kind: typeof NUDGE.OVERRIDES | typeof NUDGE.NOTES): void {
    (kind === NUDGE.OVERRIDES ? this.#overrides : this.#notes).nudged();
  }

  async changeOverrides(expectedVersion: number, overrides: readonly Override[]): Promise<Result<OverrideSet, Problem>> {
    const changed = await this.#overrides.change(expectedVersion, overrides);
    return changed.ok ? ok(toSet(changed.value)) : changed;
  }

  async changeNotes(expectedVersion: number, notes: readonly Note[]): Promise<Result<NoteSet, Problem>> {
    const changed = await this.#notes.change(expectedVersion, notes);
    return changed.ok ? ok(toNotes(changed.value)) : changed;
  }
}

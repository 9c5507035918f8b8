// Notes of one kind, changed as orders are: read, altered, and put back if nobody was faster; then the same again with the newest.

import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Mesh, Note } from '../../model/mesh.ts';

export type NoteMesh = Pick<Mesh, 'notes' | 'changeNotes' | 'nowMs'>;

/** Changes of others that may come in between. */
const MAX_TRIES = 16;

/** What is to be there afterwards, and what to answer. */
export interface Edit<T, R> {
  readonly items: readonly T[];
  readonly value: R;
}

export class Notes<T extends { readonly id: string }> {
  readonly #mesh: NoteMesh;
  readonly #kind: string;
  readonly #decode: (value: unknown) => T | undefined;
  #known: { readonly version: number; readonly items: readonly T[] } | null = null;

  /** `decode` makes what it is of parsed JSON; undefined = it is none that this version understands. */
  constructor(mesh: NoteMesh, kind: string, decode: (value: unknown) => T | undefined) {
    this.#mesh = mesh;
    this.#kind = kind;
    this.#decode = decode;
  }

  /** As last heard; the same list as long as no note of any kind has changed. */
  get items(): readonly T[] {
    const { version, notes } = this.#mesh.notes;
    if (this.#known?.version !== version) this.#known = { version, items: notes.flatMap((note) => this.#read(note)) };
    return this.#known.items;
  }

  /** `edit` may be called again with newer items. As changeNotes of the mesh. */
  async change<R>(edit: (items: readonly T[]) => Result<Edit<T, R>, Problem>): Promise<Result<R, Problem>> {
    for (let tries = 1; ; tries++) {
      const { version, notes } = this.#mesh.notes;
      const edited = edit(notes.flatMap((note) => this.#read(note)));
      if (!edited.ok) return err(edited.error);
      const { items, value } = edited.value;
      // Of our kind, what we do not understand stays for those that do.
      const others = notes.filter((note) => note.kind !== this.#kind || this.#read(note).length === 0);
      const ours = items.map((item): Note => ({ id: item.id, kind: this.#kind, text: JSON.stringify(item) }));
      const changed = await this.#mesh.changeNotes(version, [...others, ...ours]);
      if (changed.ok) return ok(value);
      if (changed.error.code !== 'ERR_MESH_CONFLICT' || tries === MAX_TRIES) return err(changed.error);
      // Whoever was faster is known a moment later.
      if (this.#mesh.notes.version === version) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #read({ id, kind, text }: Note): T[] {
    if (kind !== this.#kind) return [];
    try {
      const item = this.#decode(JSON.parse(text));
      return item === undefined || item.id !== id ? [] : [item];
    } catch {
      return [];
    }
  }
}

const RETRY_MS = 20;

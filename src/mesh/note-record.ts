// Notes as they stand in a set of them. What a note says is the affair of who writes it; kinds that nobody here knows are kept for
// those that do.

import { NOTE_MAX_LENGTH, NOTES_MAX, type Note, type NoteSet } from '../model/mesh.ts';
import { type Book, type BookKind, itemsOf } from './book.ts';
import { isText, MAX_NAME_LENGTH, objectWith } from './decode.ts';

export type NoteBook = Book<Note>;

function checkNote(value: unknown): Note | undefined {
  const record = objectWith(value, ['id', 'kind', 'text']);
  if (record === undefined) return undefined;
  const { id, kind, text } = record;
  if (!isText(id, MAX_NAME_LENGTH) || !isText(kind, MAX_NAME_LENGTH) || !isText(text, NOTE_MAX_LENGTH, 0)) return undefined;
  return { id, kind, text };
}

export const NOTES: BookKind<Note> = { name: 'notes', most: NOTES_MAX, check: checkNote };

export const toNotes = (book: NoteBook): NoteSet => ({ version: book.version, notes: itemsOf(book) });

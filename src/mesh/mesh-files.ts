// The files of a mesh in the state directory, and marks for revisions.

import { createHash, randomBytes } from 'node:crypto';
import type { Note } from '../model/mesh.ts';
import type { Override, Verdict } from '../model/verdict.ts';
import type { Complaints } from './complaints.ts';
import { Journal } from './journal.ts';
import { NOTES } from './note-record.ts';
import { OVERRIDES } from './override-record.ts';
import { StateFile } from './state-file.ts';
import { decodeVerdicts, encodeVerdicts } from './verdict-record.ts';

export interface MeshFiles {
  readonly overrides: Journal<Override>;
  readonly notes: Journal<Note>;
  readonly verdicts: StateFile<readonly Verdict[]>;
}

const MARK_DIGITS = 16;

/** A mark that no other change has. */
export const newMark = (): string => randomBytes(MARK_DIGITS / 2).toString('hex');

/** The same mark for the same text. */
export const markOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, MARK_DIGITS);

/** `mesh` tells the files of one mesh from those of another in the same directory. */
export function meshFiles(directory: string, mesh: string, complaints: Complaints): MeshFiles {
  const name = (what: string): string => `mesh-${what}-${markOf(mesh).slice(0, 8)}`;
  return {
    overrides: new Journal({ directory, name: name('overrides'), kind: OVERRIDES, complaints }),
    notes: new Journal({ directory, name: name('notes'), kind: NOTES, complaints }),
    verdicts: new StateFile({
      directory,
      name: name('verdicts'),
      complaints,
      encode: encodeVerdicts,
      decode: decodeVerdicts,
      rank: (verdicts) => verdicts.reduce((newestMs, { sinceMs }) => Math.max(newestMs, sinceMs), 0),
    }),
  };
}

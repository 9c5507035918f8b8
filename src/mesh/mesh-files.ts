// The two files of a mesh in the state directory, and marks for revisions.

import { createHash, randomBytes } from 'node:crypto';
import type { Verdict } from '../model/verdict.ts';
import type { Complaints } from './complaints.ts';
import { decodeBook, encodeBook, type OverrideBook } from './override-record.ts';
import { StateFile } from './state-file.ts';
import { decodeVerdicts, encodeVerdicts } from './verdict-record.ts';

export interface MeshFiles {
  readonly overrides: StateFile<OverrideBook>;
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
    overrides: new StateFile({
      directory,
      name: name('overrides'),
      complaints,
      encode: encodeBook,
      decode: decodeBook,
      rank: ({ version }) => version,
    }),
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

// Reading files that an operator names: whole, bounded, regular files only, and with a stamp by which a reload sees whether
// anything changed. Failures are sentences in the house's style.

import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Problem } from '../base/errors.ts';
import { reasonOf } from '../base/file-reason.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Path, pathText, type YamlSource } from './yaml.ts';

/** What a file looked like when it was read. */
export interface FileStamp {
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface FileText {
  readonly octets: Uint8Array;
  readonly stamp: FileStamp;
}

export function readRegularFile(file: string, maxOctets: number): Result<FileText, string> {
  let handle: number | undefined;
  try {
    // Asked before opening: opening a pipe would wait for its writer.
    if (!statSync(file).isFile()) return err('it is not a regular file');
    handle = openSync(file, 'r');
    const { size, mtimeMs } = fstatSync(handle);
    if (size > maxOctets) return err(`it has ${size} octets; at most ${maxOctets} are allowed`);
    return ok({ octets: readFileSync(handle), stamp: { file, size, mtimeMs } });
  } catch (error) {
    return err(reasonOf(error));
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Whether each file still looks as it did; a file that cannot be looked at has changed. */
export function areUnchanged(stamps: readonly FileStamp[]): boolean {
  try {
    return stamps.every(({ file, size, mtimeMs }) => {
      const now = statSync(file);
      return now.size === size && now.mtimeMs === mtimeMs;
    });
  } catch {
    return false;
  }
}

/** A problem at `path` of the configuration unless the file it names, made absolute, is one that can be read. */
export function missingFile(source: YamlSource, path: Path, file: string): Problem[] {
  const complain = (reason: string): Problem[] => [
    source.problem(path, 'value', 'ERR_CONFIG_REFERENCE', `${pathText(path)} names ${file}, which cannot be read: ${reason}`),
  ];
  try {
    return statSync(file).isFile() ? [] : complain('it is not a regular file');
  } catch (error) {
    return complain(reasonOf(error));
  }
}

// Whether a program can be started by its name: the demo shows only commands that the newcomer has, benchmarks say what they lack.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** `path`: directories as in the environment variable PATH. */
export function hasProgram(name: string, path: string = process.env['PATH'] ?? ''): boolean {
  return path.split(delimiter).some((directory) => directory !== '' && canExecute(join(directory, name)));
}

function canExecute(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Paths as short as can be: in what people read, and where the system takes no long ones.

import { relative } from 'node:path';

/** The path relative to the working directory if that is shorter, else as it is. */
export function shorterPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere !== '' && fromHere.length < path.length ? fromHere : path;
}

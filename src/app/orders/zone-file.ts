// The file of a zone, replaced whole or not at all: the new text is on the disk under another name before it takes the name of the
// old one, which stays beside it. Invariant: at every moment there is a whole file under the name. The path comes from the
// configuration, never from a request.

import { createHash } from 'node:crypto';
import { link, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Behind the name of the file that was replaced last. */
const PREVIOUS = '.previous';
/** Behind the name of what was put and taken back last. */
const REFUSED = '.refused';
const MODE_BITS = 0o777;
const TAG_LENGTH = 32;

/** Of the content of a file. */
export const tagOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex').slice(0, TAG_LENGTH);

export interface Replaced {
  /** Puts the former file back as it was, its time of change too; the new one stays beside it. */
  undo(): Promise<void>;
}

/** Rejects with what the system says; then the file is as it was. */
export async function replaceFile(path: string, octets: Uint8Array): Promise<Replaced> {
  const file = await realpath(path); // the file itself, where the name is a symbolic link
  const directory = dirname(file);
  const beside = (suffix: string): string => join(directory, `.${basename(file)}${suffix}`);
  const fresh = beside('.new');
  const previous = `${file}${PREVIOUS}`;
  const { mode } = await stat(file);
  await rm(fresh, { force: true });
  try {
    const handle = await open(fresh, 'wx', mode & MODE_BITS);
    try {
      await handle.writeFile(octets);
      await handle.chmod(mode & MODE_BITS);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const kept = beside('.kept');
    await rm(kept, { force: true });
    await link(file, kept);
    await rename(kept, previous);
    await rename(fresh, file);
    await syncDirectory(directory);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  return {
    undo: async () => {
      await rm(`${file}${REFUSED}`, { force: true });
      await link(file, `${file}${REFUSED}`);
      await rename(previous, file);
      await syncDirectory(directory);
    },
  };
}

/** Puts the file that was replaced last back, if it has this tag; rejects if it has not, or cannot be put back. */
export async function restorePrevious(path: string, tag: string): Promise<void> {
  const file = await realpath(path);
  const previous = `${file}${PREVIOUS}`;
  const found = tagOf(await readFile(previous));
  if (found !== tag) throw new Error(`${previous} is at "${found}", not at "${tag}"`);
  await rm(`${file}${REFUSED}`, { force: true });
  await link(file, `${file}${REFUSED}`);
  await rename(previous, file);
  await syncDirectory(dirname(file));
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

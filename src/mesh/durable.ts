// Files of the state directory that must outlive a crash: replaced whole, so that there is always the former or the new one; kept aside
// for people to look at when they are damaged; and written one after another, of which only the newest waits its turn.

import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Complaints } from './complaints.ts';
import { scrapOf } from './scraps.ts';

/** Writes aside, flushes to the disk and renames. Resolves with the inode of the file that is there now. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<number> {
  const aside = scrapOf(path);
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const file = await open(aside, 'w', 0o600);
  let inode: number;
  try {
    await file.writeFile(content);
    await file.sync();
    inode = (await file.stat()).ino;
  } finally {
    await file.close();
  }
  await rename(aside, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync(); // the rename itself
  } finally {
    await directory.close();
  }
  return inode;
}

/** The text of a file; undefined if there is none, or if it cannot be read, which is complained of. */
export async function readIfThere(path: string, complaints: Complaints): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') complaints.warn('ERR_MESH_FILE', `${path} cannot be read: ${message}`);
    return undefined;
  }
}

/** Renames a damaged file and complains; `use`: what is made of what was in it. */
export async function putAside(path: string, use: string, complaints: Complaints): Promise<void> {
  const kept = `${path}.damaged`;
  const isKept = await rename(path, kept).then(
    () => true,
    () => false,
  );
  complaints.warn('ERR_MESH_FILE', `${path} is damaged and ${use}; ${isKept ? `kept as ${kept}` : 'left where it is'}`);
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** Writes one value at a time. Who comes while one is being written waits for the newest of those that came meanwhile. */
export class NewestWriter<T> {
  readonly #write: (value: T) => Promise<void>;
  #next: { value: T; waiters: Waiter[] } | null = null;
  #isWriting = false;

  constructor(write: (value: T) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when the value is written, or a later one; rejects with what `write` throws. */
  save(value: T): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#next?.waiters ?? [];
      waiters.push({ resolve, reject });
      this.#next = { value, waiters };
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#next !== null) {
      const { value, waiters } = this.#next;
      this.#next = null;
      try {
        await this.#write(value);
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        for (const waiter of waiters) waiter.reject(error as Error);
      }
    }
    this.#isWriting = false;
  }
}

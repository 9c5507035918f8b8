// One value in the state directory that must outlive a crash: two copies, each replaced whole (written aside, flushed to the disk,
// renamed), the second only once the first is safe. A header with a checksum tells a damaged copy; it is kept aside for people to
// look at, and the other copy is used.

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Complaints } from './complaints.ts';
import { removeScraps, scrapOf } from './scraps.ts';

const HEADER = /^meridian 1 ([0-9a-f]{64})\n/;
const MAX_FILE_SIZE = 64 * 1024 * 1024;

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export interface StateFileOptions<T> {
  readonly directory: string;
  /** Base name, without an ending. */
  readonly name: string;
  readonly complaints: Complaints;
  encode(value: T): string;
  decode(text: string): T | undefined;
  /** Of two good copies the greater counts. */
  rank(value: T): number;
}

export class StateFile<T> {
  readonly #options: StateFileOptions<T>;
  #next: { value: T; waiters: Waiter[] } | null = null;
  #isWriting = false;

  constructor(options: StateFileOptions<T>) {
    this.#options = options;
  }

  /** The newest good copy; undefined if there is none. Never fails. */
  async load(): Promise<T | undefined> {
    await removeScraps(this.#options.directory, this.#options.name);
    const found = [await this.#read('json'), await this.#read('copy.json')].filter((value) => value !== undefined);
    return found.sort((a, b) => this.#options.rank(b) - this.#options.rank(a))[0];
  }

  /**
   * Resolves when both copies hold the value, or a later one: while one is being written, only the newest waits its turn. Rejects
   * if the first copy could not be written; what was there before is then still there.
   */
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
        const text = this.#options.encode(value);
        await this.#write('json', text);
        await this.#write('copy.json', text);
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        for (const waiter of waiters) waiter.reject(error as Error);
      }
    }
    this.#isWriting = false;
  }

  #path(ending: string): string {
    return join(this.#options.directory, `${this.#options.name}.${ending}`);
  }

  async #write(ending: string, text: string): Promise<void> {
    const path = this.#path(ending);
    const aside = scrapOf(path);
    await mkdir(this.#options.directory, { recursive: true });
    const file = await open(aside, 'w', 0o600);
    try {
      await file.writeFile(`meridian 1 ${checksum(text)}\n${text}`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    const directory = await open(this.#options.directory, 'r');
    try {
      await directory.sync(); // the rename itself
    } finally {
      await directory.close();
    }
  }

  async #read(ending: string): Promise<T | undefined> {
    const path = this.#path(ending);
    let content: string;
    try {
      content = await readFile(path, 'utf8');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#options.complaints.warn('ERR_MESH_FILE', `${path} cannot be read: ${message}`);
      return undefined;
    }
    const header = HEADER.exec(content.length <= MAX_FILE_SIZE ? content : '');
    const text = content.slice(header?.[0].length ?? 0);
    const value = header !== null && header[1] === checksum(text) ? this.#options.decode(text) : undefined;
    if (value === undefined) await this.#putAside(path);
    return value;
  }

  async #putAside(path: string): Promise<void> {
    const kept = `${path}.damaged`;
    const isKept = await rename(path, kept).then(
      () => true,
      () => false,
    );
    this.#options.complaints.warn(
      'ERR_MESH_FILE',
      `${path} is damaged and not used; ${isKept ? `kept as ${kept}` : 'left where it is'}`,
    );
  }
}

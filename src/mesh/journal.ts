// A set in the state directory that must outlive a crash: two journals, each the whole set and then one line for each change, flushed
// to the disk before the change is acknowledged. Both are written at once; one that is damaged is kept aside for people to look at, and
// the other is used. When a journal has grown it is replaced by the whole set, written aside and renamed.

import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Book, BookKind, Item } from './book.ts';
import { decodeBook, encodeBook } from './book.ts';
import type { Complaints } from './complaints.ts';
import { changeLine, readLines, wholeLine } from './journal-lines.ts';
import { removeScraps, scrapOf } from './scraps.ts';
import { StateFile } from './state-file.ts';

/** A journal is replaced by the whole set once it is larger than this, and than so many whole sets. */
const LEAST_SIZE = 256 * 1024;
const MOST_SETS = 3;
const MAX_FILE_SIZE = 256 * 1024 * 1024;
const ENDINGS = ['journal', 'copy.journal'] as const;

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** A journal as we left it: who else has written it, or put another in its place, must not be added to. */
interface Left {
  readonly inode: number;
  readonly size: number;
}

export interface JournalOptions<T extends Item> {
  readonly directory: string;
  /** Base name, without an ending. */
  readonly name: string;
  readonly kind: BookKind<T>;
  readonly complaints: Complaints;
}

export class Journal<T extends Item> {
  readonly #options: JournalOptions<T>;
  #next: { book: Book<T>; waiters: Waiter[] } | null = null;
  #isWriting = false;
  /** What both journals hold; null = not known, the next one is written whole. */
  #written: Book<T> | null = null;
  #left: readonly Left[] = [];
  #wholeSize = 0;

  constructor(options: JournalOptions<T>) {
    this.#options = options;
  }

  /** The newest good copy; undefined if there is none. Never fails. */
  async load(): Promise<Book<T> | undefined> {
    const { directory, name } = this.#options;
    await removeScraps(directory, name);
    const journals = await Promise.all(ENDINGS.map((ending) => this.#read(ending)));
    const found = [...journals, await this.#formerFile.load()].filter((book) => book !== undefined);
    return found.sort((a, b) => b.version - a.version)[0];
  }

  /**
   * Resolves when both journals hold the set, or a later one. Rejects if one could not be written; then it may be on the disk or not,
   * and the next one is written whole.
   */
  save(book: Book<T>): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#next?.waiters ?? [];
      waiters.push({ resolve, reject });
      this.#next = { book, waiters };
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#next !== null) {
      const { book, waiters } = this.#next;
      this.#next = null;
      try {
        await this.#write(book);
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        this.#written = null;
        for (const waiter of waiters) waiter.reject(error as Error);
      }
    }
    this.#isWriting = false;
  }

  async #write(book: Book<T>): Promise<void> {
    const before = this.#written;
    const isShort = this.#left.every(({ size }) => size < Math.max(LEAST_SIZE, MOST_SETS * this.#wholeSize));
    const line = before === null || !isShort ? undefined : changeLine(before, book);
    if (line === undefined || !(await this.#append(line))) await this.#replace(book);
    this.#written = book;
  }

  /** False if a journal is not as we left it. */
  async #append(line: string): Promise<boolean> {
    const octets = Buffer.from(line);
    const files = await Promise.all(ENDINGS.map((ending) => open(this.#path(ending), 'a')));
    try {
      const stats = await Promise.all(files.map((file) => file.stat()));
      if (!stats.every(({ ino, size }, i) => ino === this.#left[i]!.inode && size === this.#left[i]!.size)) return false;
      await Promise.all(
        files.map(async (file) => {
          await file.appendFile(octets);
          await file.datasync();
        }),
      );
    } finally {
      await Promise.all(files.map((file) => file.close()));
    }
    this.#left = this.#left.map(({ inode, size }) => ({ inode, size: size + octets.length }));
    return true;
  }

  /** The second only once the first is safe. */
  async #replace(book: Book<T>): Promise<void> {
    const octets = Buffer.from(wholeLine(book, this.#options.kind));
    const { directory, name } = this.#options;
    await mkdir(directory, { recursive: true });
    const left: Left[] = [];
    for (const ending of ENDINGS) left.push({ inode: await this.#replaceOne(this.#path(ending), octets), size: octets.length });
    this.#left = left;
    this.#wholeSize = octets.length;
    // What an earlier version of Meridian kept is in the journals now.
    for (const ending of ['json', 'copy.json']) await rm(join(directory, `${name}.${ending}`), { force: true });
  }

  async #replaceOne(path: string, octets: Buffer): Promise<number> {
    const aside = scrapOf(path);
    const file = await open(aside, 'w', 0o600);
    let inode: number;
    try {
      await file.writeFile(octets);
      await file.sync();
      inode = (await file.stat()).ino;
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
    return inode;
  }

  async #read(ending: string): Promise<Book<T> | undefined> {
    const { complaints, kind } = this.#options;
    const path = this.#path(ending);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') complaints.warn('ERR_MESH_FILE', `${path} cannot be read: ${message}`);
      return undefined;
    }
    const { book, isDamaged } = text.length > MAX_FILE_SIZE ? { book: undefined, isDamaged: true } : readLines(text, kind);
    if (!isDamaged) return book;
    const kept = `${path}.damaged`;
    const isKept = await rename(path, kept).then(
      () => true,
      () => false,
    );
    const used = book === undefined ? 'not used' : `used up to version ${book.version}`;
    complaints.warn('ERR_MESH_FILE', `${path} is damaged and ${used}; ${isKept ? `kept as ${kept}` : 'left where it is'}`);
    return book;
  }

  /** Two whole copies: how the set was kept before there were journals. */
  get #formerFile(): StateFile<Book<T>> {
    const { directory, name, kind, complaints } = this.#options;
    return new StateFile({
      ...{ directory, name, complaints },
      encode: (book) => encodeBook(book, kind),
      decode: (text) => decodeBook(text, kind),
      rank: ({ version }) => version,
    });
  }

  #path(ending: string): string {
    return join(this.#options.directory, `${this.#options.name}.${ending}`);
  }
}

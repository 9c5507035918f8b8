// A set in the state directory that must outlive a crash: two journals, each the whole set and then one line for each change, flushed
// to the disk before the change is acknowledged. Both are written at once; one that is damaged is kept aside for people to look at, and
// the other is used. When a journal has grown it is replaced by the whole set, written aside and renamed.

import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Book, BookKind, Item } from './book.ts';
import { decodeBook, encodeBook } from './book.ts';
import type { Complaints } from './complaints.ts';
import { NewestWriter, putAside, readIfThere, replaceFile } from './durable.ts';
import { changeLine, readLines, wholeLine } from './journal-lines.ts';
import { removeScraps } from './scraps.ts';
import { StateFile } from './state-file.ts';

/** A journal is replaced by the whole set once it is larger than this, and than so many whole sets. */
const LEAST_SIZE = 256 * 1024;
const MOST_SETS = 3;
const MAX_FILE_SIZE = 256 * 1024 * 1024;
const ENDINGS = ['journal', 'copy.journal'] as const;

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
  readonly #writer: NewestWriter<Book<T>> = new NewestWriter((book) => this.#write(book));
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
    return this.#writer.save(book);
  }

  async #write(book: Book<T>): Promise<void> {
    const before = this.#written;
    this.#written = null;
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
    const left: Left[] = [];
    for (const ending of ENDINGS) left.push({ inode: await replaceFile(this.#path(ending), octets), size: octets.length });
    this.#left = left;
    this.#wholeSize = octets.length;
    // What an earlier version of Meridian kept is in the journals now.
    for (const ending of ['json', 'copy.json']) await rm(join(directory, `${name}.${ending}`), { force: true });
  }

  async #read(ending: string): Promise<Book<T> | undefined> {
    const { complaints, kind } = this.#options;
    const path = this.#path(ending);
    const text = await readIfThere(path, complaints);
    if (text === undefined) return undefined;
    const { book, isDamaged } = text.length > MAX_FILE_SIZE ? { book: undefined, isDamaged: true } : readLines(text, kind);
    if (isDamaged) {
      const use = book === undefined ? 'not used' : `used up to version ${book.version}`;
      await putAside(path, use, complaints);
    }
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

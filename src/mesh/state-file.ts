// One value in the state directory that must outlive a crash: two copies, each replaced whole (written aside, flushed to the disk,
// renamed), the second only once the first is safe. A header with a checksum tells a damaged copy; it is kept aside for people to
// look at, and the other copy is used.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Complaints } from './complaints.ts';
import { NewestWriter, putAside, readIfThere, replaceFile } from './durable.ts';
import { removeScraps } from './scraps.ts';

const HEADER = /^meridian 1 ([0-9a-f]{64})\n/;
const MAX_FILE_SIZE = 64 * 1024 * 1024;

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex');

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
  readonly #writer: NewestWriter<T> = new NewestWriter((value) => this.#write(value));

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
    return this.#writer.save(value);
  }

  async #write(value: T): Promise<void> {
    const text = this.#options.encode(value);
    const content = `meridian 1 ${checksum(text)}\n${text}`;
    await replaceFile(this.#path('json'), content);
    await replaceFile(this.#path('copy.json'), content);
  }

  #path(ending: string): string {
    return join(this.#options.directory, `${this.#options.name}.${ending}`);
  }

  async #read(ending: string): Promise<T | undefined> {
    const path = this.#path(ending);
    const content = await readIfThere(path, this.#options.complaints);
    if (content === undefined) return undefined;
    const header = HEADER.exec(content.length <= MAX_FILE_SIZE ? content : '');
    const text = content.slice(header?.[0].length ?? 0);
    const value = header !== null && header[1] === checksum(text) ? this.#options.decode(text) : undefined;
    if (value === undefined) await putAside(path, 'not used', this.#options.complaints);
    return value;
  }
}

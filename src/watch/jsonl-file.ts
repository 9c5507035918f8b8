// A file of JSON lines that is only added to and cannot fill a disk: at its size it is put aside as FILE.1, and the one before goes.

import { appendFile, rename, stat } from 'node:fs/promises';

export class JsonlFile {
  readonly #path: string;
  readonly #mostOctets: number;
  #size = -1;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, mostOctets: number) {
    this.#path = path;
    this.#mostOctets = mostOctets;
  }

  /** Resolves when a line for each value is written; rejects if it cannot be. Lines stay in order. */
  add(...values: readonly unknown[]): Promise<void> {
    const line = values.map((value) => `${JSON.stringify(value)}\n`).join('');
    const written = this.#writing.then(() => this.#write(line));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /** Resolves when all that was added is written. */
  settle(): Promise<void> {
    return this.#writing;
  }

  async #write(line: string): Promise<void> {
    if (this.#size < 0) this.#size = await sizeOf(this.#path);
    if (this.#size >= this.#mostOctets) {
      await rename(this.#path, `${this.#path}.1`);
      this.#size = 0;
    }
    await appendFile(this.#path, line, { mode: 0o600 });
    this.#size += Buffer.byteLength(line);
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

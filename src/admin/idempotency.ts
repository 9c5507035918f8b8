// Replies to requests with an Idempotency-Key: who did not hear the reply asks again with the same key and gets it, and nothing is
// done twice, not even over a restart: a reply is on the disk before it is given. What was under way when the process ended has no
// reply, and is done again. A full file is put aside as the older half, and replaces the one before.

import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import { refusal } from './problems.ts';

const KEPT = 1000;
/** Of one file; there are two. */
const MOST_OCTETS = 2 * 1024 * 1024;
/** Larger replies are kept in memory alone: they say what has changed at length, not whether. */
const MOST_LINE = 64 * 1024;
const FILE = 'idempotency.log';

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A line of the file. */
interface Line {
  readonly key: string;
  /** Hash of the request. */
  readonly request: string;
  readonly reply: Reply;
}

export class Idempotency {
  readonly #known = new Map<string, { readonly request: string; reply: Reply | null }>();
  /** null = kept in memory. */
  readonly #path: string | null;
  readonly #log: Logger;
  readonly #mostOctets: number;
  #file: FileHandle | null = null;
  #size = 0;
  /** Lines are written one after another. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(directory: string | null, log: Logger, mostOctets: number) {
    this.#path = directory === null ? null : join(directory, FILE);
    this.#log = log;
    this.#mostOctets = mostOctets;
  }

  /** With what an earlier process has kept in `directory`; null = nothing is kept beyond this one. Damaged lines are left out. */
  static async open(directory: string | null, log: Logger, mostOctets: number = MOST_OCTETS): Promise<Idempotency> {
    const made = new Idempotency(directory, log, mostOctets);
    if (made.#path === null) return made;
    for (const path of [`${made.#path}.1`, made.#path]) {
      const text = await readFile(path, 'utf8').catch(() => '');
      for (const line of text.split('\n')) made.#take(line);
      made.#size = Buffer.byteLength(text);
    }
    return made;
  }

  /** The reply that was given to this request before; undefined if it is new, and then it is under way. Throws a Refusal. */
  begin(key: string, request: readonly string[]): Reply | undefined {
    const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#remember(key, hash, null);
      return undefined;
    }
    if (known.request !== hash) {
      throw refusal('ERR_API_REPEATED', 'the Idempotency-Key was used for another request; take a new one');
    }
    if (known.reply === null) throw refusal('ERR_API_REPEATED', 'the request with this Idempotency-Key is still under way');
    return known.reply;
  }

  /** Resolves when the reply may be given. Failures of the server are not kept: the next try may succeed. */
  async end(key: string, reply: Reply): Promise<void> {
    const known = this.#known.get(key);
    if (known === undefined) return;
    if (reply.status >= 500 || reply.status === 429) {
      this.#known.delete(key);
      return;
    }
    known.reply = reply;
    const line = `${JSON.stringify({ key, request: known.request, reply } satisfies Line)}\n`;
    if (this.#path === null || line.length > MOST_LINE) return;
    const written = this.#writing.then(() => this.#write(line));
    // The change is done and will be told so: a disk that is full costs the promise for after a restart, no more.
    this.#writing = written.catch((error: Error) => {
      this.#log.warn(
        { code: 'ERR_STATE', message: error.message },
        'a reply to a request with an Idempotency-Key cannot be kept',
      );
    });
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = null;
  }

  #take(line: string): void {
    try {
      const { key, request, reply } = JSON.parse(line) as Line;
      const isWhole = typeof key === 'string' && typeof request === 'string' && typeof reply.body === 'string';
      if (isWhole && Number.isInteger(reply.status)) this.#remember(key, request, reply);
    } catch {
      // What a crash left half written: nobody was told of it.
    }
  }

  #remember(key: string, request: string, reply: Reply | null): void {
    this.#known.delete(key);
    if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, { request, reply });
  }

  async #write(line: string): Promise<void> {
    const path = this.#path!;
    if (this.#size >= this.#mostOctets) {
      await this.#file?.close();
      this.#file = null;
      await rename(path, `${path}.1`);
      this.#size = 0;
    }
    if (this.#file === null) {
      this.#file = await open(path, 'a', 0o600);
      await this.#file.appendFile('\n'); // ends what a crash may have left
    }
    await this.#file.appendFile(line);
    await this.#file.datasync();
    this.#size += Buffer.byteLength(line);
  }
}

// Who changed what: a file of lines to which is only added. Each line is a checksum over the line before and its own text, so that
// a line that was altered or taken out is noticed, and is on the disk before the change is acknowledged. What a crash left half
// written at the end is cut off: nobody was told of it. A full file is put aside as the older half, and replaces the one before.

import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { AuditEntry } from './schemas/changes.ts';

const MOST_OCTETS = 4 * 1024 * 1024;
const LINE = /^([0-9a-f]{32}) (\{.*\})$/;
const FIRST_SUM = '0'.repeat(32);

const sumOf = (before: string, text: string): string =>
  createHash('sha256').update(`${before} ${text}`).digest('hex').slice(0, FIRST_SUM.length);

export interface AuditLogOptions {
  readonly directory: string;
  readonly log: Logger;
  readonly mostOctets?: number;
}

interface Waiting {
  readonly entry: Omit<AuditEntry, 'seq'>;
  resolve(): void;
  reject(error: Error): void;
}

interface Read {
  readonly entries: readonly AuditEntry[];
  readonly sum: string;
  /** Octets up to the end of the last good line. */
  readonly size: number;
  readonly isWhole: boolean;
}

export class AuditLog {
  readonly #path: string;
  readonly #log: Logger;
  readonly #mostOctets: number;
  #file: FileHandle | null = null;
  #entries: AuditEntry[] = [];
  #older: readonly AuditEntry[] = [];
  #sum = FIRST_SUM;
  #size = 0;
  #seq = 0;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  /** The last entry got to the disk. */
  isWritable = true;

  private constructor({ directory, log, mostOctets = MOST_OCTETS }: AuditLogOptions) {
    this.#path = join(directory, 'audit.log');
    this.#log = log;
    this.#mostOctets = mostOctets;
  }

  /** Reads what there is. Damage is logged, and costs only what is behind it in its file, which is kept aside. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const audit = new AuditLog(options);
    await audit.#load();
    return audit;
  }

  /** Resolves when the entry is on the disk; rejects if it cannot be written. Entries that come together are flushed together. */
  add(entry: Omit<AuditEntry, 'seq'>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** At most `limit` entries before `before` (a seq; null = the newest), the newest first. */
  read(before: number | null, limit: number): readonly AuditEntry[] {
    const all = [...this.#older, ...this.#entries];
    const end = before === null ? all.length : all.findLastIndex(({ seq }) => seq < before) + 1;
    return all.slice(Math.max(0, end - limit), end).reverse();
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = null;
  }

  async #load(): Promise<void> {
    const older = await this.#read(`${this.#path}.1`, FIRST_SUM);
    this.#older = older.entries;
    const read = await this.#read(this.#path, older.sum);
    this.#entries = [...read.entries];
    this.#sum = read.sum;
    this.#size = read.size;
    this.#seq = (this.#entries.at(-1) ?? this.#older.at(-1))?.seq ?? 0;
    if (!read.isWhole) await this.#repair();
  }

  /** Begins a file anew with what is good of it; the damaged one is kept for people to look at. */
  async #repair(): Promise<void> {
    const octets = await readFile(this.#path);
    const kept = `${this.#path}.damaged`;
    try {
      await rename(this.#path, kept);
      const file = await open(this.#path, 'wx', 0o600);
      await file.writeFile(octets.subarray(0, this.#size));
      await file.sync();
      await file.close();
      this.#log.warn(
        { code: 'ERR_AUDIT', path: this.#path, kept, entries: this.#entries.length },
        'the end of the audit was damaged',
      );
    } catch (error) {
      this.#log.error({ code: 'ERR_AUDIT', message: (error as Error).message }, 'the audit cannot be repaired');
    }
  }

  async #read(path: string, sumBefore: string): Promise<Read> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#log.error({ code: 'ERR_AUDIT', path, message }, 'the audit cannot be read');
      return { entries: [], sum: sumBefore, size: 0, isWhole: true };
    }
    const entries: AuditEntry[] = [];
    let sum = sumBefore;
    let size = 0;
    for (const line of text.split('\n').slice(0, -1)) {
      const [, found, json] = LINE.exec(line) ?? [];
      // The file before the first one that is kept is gone: its last sum is believed.
      const isGood = json !== undefined && (found === sumOf(sum, json) || (size === 0 && sum === FIRST_SUM));
      if (!isGood) break;
      entries.push(JSON.parse(json) as AuditEntry);
      sum = found!;
      size += Buffer.byteLength(line) + 1;
    }
    return { entries, sum, size, isWhole: size === Buffer.byteLength(text) };
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.map(({ entry }) => entry));
        this.isWritable = true;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.isWritable = false;
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#writing = null; // in the same turn in which nothing waits any more
  }

  async #write(entries: readonly Omit<AuditEntry, 'seq'>[]): Promise<void> {
    if (this.#size >= this.#mostOctets) await this.#turnOver();
    this.#file ??= await open(this.#path, 'a', 0o600);
    const added: AuditEntry[] = [];
    let sum = this.#sum;
    let text = '';
    for (const entry of entries) {
      const whole = { seq: this.#seq + added.length + 1, ...entry };
      const json = JSON.stringify(whole);
      sum = sumOf(sum, json);
      text += `${sum} ${json}\n`;
      added.push(whole);
    }
    try {
      await this.#file.appendFile(text);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => undefined); // half a line would spoil those behind it
      throw error;
    }
    this.#entries.push(...added);
    this.#seq += added.length;
    this.#sum = sum;
    this.#size += Buffer.byteLength(text);
  }

  async #turnOver(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
    await rename(this.#path, `${this.#path}.1`);
    this.#older = this.#entries;
    this.#entries = [];
    this.#size = 0;
  }
}

// dnstap in a file, for dnstap-read and its like: START, frames, STOP. A stream cannot be gone on with, so a file that is there, of
// another run or grown too large, is put aside as FILE.1; one that a crash ended lacks its STOP, which readers forgive.

import { type FileHandle, open, rename } from 'node:fs/promises';
import type { FrameSink } from './dnstap-socket.ts';
import { CONTROL, controlFrame, DNSTAP_CONTENT } from './frame-streams.ts';

/** Octets that may wait for a slow disk. */
const MOST_WAITING = 1024 * 1024;

export class DnstapFile implements FrameSink {
  readonly #path: string;
  readonly #mostOctets: number;
  readonly #complain: (message: string) => void;
  #handle: FileHandle | null = null;
  #size = 0;
  #waiting: Uint8Array[] = [];
  #waitingSize = 0;
  #writing: Promise<void> | null = null;

  /** `complain` may be told the same again and again. */
  constructor(path: string, mostOctets: number, complain: (message: string) => void) {
    this.#path = path;
    this.#mostOctets = mostOctets;
    this.#complain = complain;
  }

  add(frame: Uint8Array): boolean {
    if (this.#waitingSize > MOST_WAITING) return false;
    this.#waiting.push(frame);
    this.#waitingSize += frame.length;
    this.#writing ??= this.#write();
    return true;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#end().catch(() => undefined);
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const octets = Buffer.concat(this.#waiting);
        this.#waiting = [];
        this.#waitingSize = 0;
        if (this.#size >= this.#mostOctets) await this.#end();
        this.#handle ??= await this.#begin();
        await this.#handle.appendFile(octets);
        this.#size += octets.length;
      }
    } catch (error) {
      this.#complain(`${this.#path}: ${(error as Error).message}`);
      await this.#handle?.close().catch(() => undefined);
      this.#handle = null;
    }
    this.#writing = null;
  }

  async #begin(): Promise<FileHandle> {
    await rename(this.#path, `${this.#path}.1`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const handle = await open(this.#path, 'w', 0o600);
    await handle.appendFile(controlFrame(CONTROL.START, DNSTAP_CONTENT));
    this.#size = 0;
    return handle;
  }

  async #end(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    if (handle === null) return;
    try {
      await handle.appendFile(controlFrame(CONTROL.STOP));
    } finally {
      await handle.close();
    }
  }
}

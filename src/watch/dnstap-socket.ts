// dnstap over a Unix socket. Somebody listens there (fstrm_capture, dnstap -u, a collector); we connect, agree on what is sent, and try
// again when nobody is there. Frames are never waited for: what a slow reader or nobody takes is dropped and counted.

import { connect, type Socket } from 'node:net';
import { CONTROL, ControlReader, controlFrame, DNSTAP_CONTENT } from './frame-streams.ts';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** For the other side to accept, and to finish. */
const ANSWER_MS = 5000;
const FINISH_MS = 1000;
/** Octets that may wait for a slow reader. */
const MOST_WAITING = 1024 * 1024;

export interface FrameSink {
  /** False = dropped: nobody is there, or too much waits. */
  add(frame: Uint8Array): boolean;
  /** Ends the stream as it should be ended; resolves when that is done or has taken too long. */
  close(): Promise<void>;
}

export class DnstapSocket implements FrameSink {
  readonly #path: string;
  readonly #complain: (message: string) => void;
  #socket: Socket | null = null;
  #isOpen = false;
  #isClosed = false;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | null = null;
  #finished: () => void = () => undefined;

  /** `complain` may be told the same again and again. */
  constructor(path: string, complain: (message: string) => void) {
    this.#path = path;
    this.#complain = complain;
    this.#connect();
  }

  add(frame: Uint8Array): boolean {
    const socket = this.#socket;
    if (!this.#isOpen || socket === null || socket.writableLength > MOST_WAITING) return false;
    socket.write(frame);
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket !== null && this.#isOpen) {
      this.#isOpen = false;
      await new Promise<void>((resolve) => {
        this.#finished = resolve;
        setTimeout(resolve, FINISH_MS).unref();
        socket.once('close', () => resolve());
        socket.write(controlFrame(CONTROL.STOP));
      });
    }
    socket?.destroy();
  }

  #connect(): void {
    const socket = connect(this.#path);
    const reader = new ControlReader();
    let reason = 'the reader has gone';
    this.#socket = socket;
    const hurry = setTimeout(() => {
      reason = 'the reader does not accept the stream';
      socket.destroy();
    }, ANSWER_MS);
    hurry.unref();
    socket.unref(); // a reader never keeps a process alive
    socket.on('connect', () => socket.write(controlFrame(CONTROL.READY, DNSTAP_CONTENT)));
    socket.on('data', (chunk) => {
      for (const { type, contentTypes } of reader.take(chunk) ?? [GARBAGE]) {
        if (type === CONTROL.FINISH) this.#finished();
        else if (type === CONTROL.ACCEPT && !this.#isOpen && accepts(contentTypes)) {
          clearTimeout(hurry);
          socket.write(controlFrame(CONTROL.START, DNSTAP_CONTENT));
          this.#isOpen = true;
          this.#pauseMs = FIRST_PAUSE_MS;
        } else {
          reason = 'the reader does not take dnstap';
          socket.destroy();
        }
      }
    });
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', () => {
      clearTimeout(hurry);
      this.#isOpen = false;
      this.#socket = null;
      if (this.#isClosed) return;
      this.#complain(`no frames go to ${this.#path}: ${reason}`);
      this.#timer = setTimeout(() => this.#connect(), this.#pauseMs);
      this.#timer.unref();
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    });
  }
}

const GARBAGE = { type: 0, contentTypes: [] };

const accepts = (contentTypes: readonly Uint8Array[]): boolean =>
  contentTypes.length === 0 || contentTypes.some((one) => Buffer.compare(one, DNSTAP_CONTENT) === 0);

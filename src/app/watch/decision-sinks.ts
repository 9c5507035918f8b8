// Where told answers go: lines into the log or a file, messages as dnstap to a socket or a file. Nothing here waits for anybody; what
// cannot be written now is dropped and counted.

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Complaints } from '../../mesh/complaints.ts';
import type { DecisionSettings } from '../../model/decisions.ts';
import { DnstapFile } from '../../watch/dnstap-file.ts';
import { DnstapSocket, type FrameSink } from '../../watch/dnstap-socket.ts';
import { dataFrame } from '../../watch/frame-streams.ts';
import { JsonlFile } from '../../watch/jsonl-file.ts';
import type { DecisionLine } from './decision-line.ts';

/** Sinks by the names that the metrics have. */
export type SinkName = 'log' | 'dnstap-socket' | 'dnstap-file';

export interface SinkCounts {
  written: number;
  dropped: number;
}

export class DecisionSinks {
  readonly #log: Logger;
  readonly #counts: Map<SinkName, SinkCounts>;
  readonly #complaints: Complaints;
  readonly #toStdout: boolean;
  readonly #file: JsonlFile | null;
  readonly #frames: readonly (readonly [SinkName, FrameSink])[];
  /** Lines are being written; what comes meanwhile is dropped. */
  #isWriting = false;

  /** Counts go on from those that are given. */
  constructor(settings: DecisionSettings, counts: Map<SinkName, SinkCounts>, clock: Clock, log: Logger) {
    const { log: to, dnstap, fileSize } = settings;
    this.#log = log;
    this.#counts = counts;
    this.#complaints = new Complaints(clock, log);
    this.#toStdout = to?.kind === 'stdout';
    this.#file = to?.kind === 'file' ? new JsonlFile(to.file, fileSize) : null;
    const complain = (message: string): void => this.#complaints.warn('ERR_DECISIONS', message);
    this.#frames = [
      ...(dnstap.socket === null ? [] : [['dnstap-socket', new DnstapSocket(dnstap.socket, complain)] as const]),
      ...(dnstap.file === null ? [] : [['dnstap-file', new DnstapFile(dnstap.file, fileSize, complain)] as const]),
    ];
  }

  get wantsLines(): boolean {
    return this.#toStdout || this.#file !== null;
  }

  get wantsFrames(): boolean {
    return this.#frames.length > 0;
  }

  lines(lines: readonly DecisionLine[]): void {
    if (lines.length === 0) return;
    if (this.#toStdout) {
      for (const line of lines) this.#log.info({ ...line }, 'decision');
      this.#count('log', lines.length, 0);
    }
    const file = this.#file;
    if (file === null) return;
    if (this.#isWriting) {
      this.#count('log', 0, lines.length);
      return;
    }
    this.#isWriting = true;
    const written = file.add(...lines).then(
      () => this.#count('log', lines.length, 0),
      (error: Error) => {
        this.#count('log', 0, lines.length);
        this.#complaints.warn('ERR_DECISIONS', error.message);
      },
    );
    void written.then(() => {
      this.#isWriting = false;
    });
  }

  /** The payload of one dnstap frame. */
  frame(payload: Uint8Array): void {
    const frame = dataFrame(payload);
    for (const [name, sink] of this.#frames) {
      const isTaken = sink.add(frame);
      this.#count(name, Number(isTaken), Number(!isTaken));
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#file?.settle(), ...this.#frames.map(([, sink]) => sink.close())]);
  }

  #count(name: SinkName, written: number, dropped: number): void {
    const counts = this.#counts.get(name) ?? { written: 0, dropped: 0 };
    this.#counts.set(name, { written: counts.written + written, dropped: counts.dropped + dropped });
  }
}

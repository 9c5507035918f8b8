// Server-sent events over fetch: EventSource cannot send a token. Comes back by itself with growing pauses, tells the server what
// it heard last, and counts a stream in which nothing comes, not even a sign of life, as lost.

import { ApiError, open } from './http.ts';

/** Longer than two signs of life of the server. */
const SILENCE_MS = 40_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

export interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export interface StreamListener {
  onOpen(): void;
  onEvent(event: StreamEvent): void;
  /** The stream is lost; it is tried again until the end, unless the server refuses us. */
  onLost(error: ApiError): void;
}

/** Follows the events at `path` until `signal` ends it. */
export async function followEvents(path: string, listener: StreamListener, signal: AbortSignal): Promise<void> {
  let lastId = '';
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      await readOnce(path, lastId, signal, {
        ...listener,
        onOpen: () => {
          pauseMs = FIRST_PAUSE_MS;
          listener.onOpen();
        },
        onEvent: (event) => {
          if (event.id !== '') lastId = event.id;
          listener.onEvent(event);
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      listener.onLost(error instanceof ApiError ? error : new ApiError(0, 'ERR_STREAM', 'the stream of events broke off'));
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

async function readOnce(path: string, lastId: string, signal: AbortSignal, listener: StreamListener): Promise<never> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const reply = await open(path, {
      headers: { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    listener.onOpen();
    const parser = new EventParser();
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new ApiError(0, 'ERR_STREAM', 'the server ended the stream of events');
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      for (const event of parser.feed(value)) listener.onEvent(event);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Text in pieces to events, as the HTML standard says (section 9.2.6). */
class EventParser {
  #rest = '';
  #id = '';
  #type = '';
  #data: string[] = [];

  feed(text: string): StreamEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === '') {
      const event = { id: this.#id, type: this.#type === '' ? 'message' : this.#type, data: this.#data.join('\n') };
      const isEmpty = this.#data.length === 0;
      this.#type = '';
      this.#data = [];
      return isEmpty ? [] : [event];
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (field === 'data') this.#data.push(value!);
    else if (field === 'event') this.#type = value!;
    else if (field === 'id') this.#id = value!;
    return [];
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

// DNS messages out of a TCP byte stream: each is preceded by its length in two octets (RFC 1035 section 4.2.2, RFC 7766
// section 8). Messages that lie whole in one chunk are read in place; only one cut by a chunk's end is copied, into a buffer
// that is made when first needed and holds one message, so a silent connection costs nothing and a slow one 4 KiB.

/** Octets of a DNS header; anything shorter is no message. */
const MIN_MESSAGE_SIZE = 12;
/** A query has one question and a few options: longer ones are not for us, and must not make us wait or keep memory. */
export const MAX_QUERY_SIZE = 4096;
const PREFIX_SIZE = 2;

export const FRAME = {
  /** `message`, `offset`, `length` tell where it is, until the next call. */
  MESSAGE: 0,
  /** The chunk is used up. */
  MORE: 1,
  /** The length cannot be that of a query; the stream cannot be trusted any further. */
  BAD: 2,
} as const;

type Frame = (typeof FRAME)[keyof typeof FRAME];

export class FrameReader {
  message: Uint8Array = new Uint8Array(0);
  offset = 0;
  length = 0;
  #chunk: Uint8Array = this.message;
  #position = 0;
  #held: Uint8Array | undefined;
  #heldSize = 0;

  /** Whether a message has begun and is not whole yet. */
  get isPartial(): boolean {
    return this.#heldSize > 0;
  }

  /** Takes the next octets of the stream. The chunk before must be used up (`next` said MORE). */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  /** Finds the next message. */
  next(): Frame {
    if (this.#heldSize > 0) return this.#completeHeld();
    const chunk = this.#chunk;
    const at = this.#position;
    const available = chunk.length - at;
    if (available < PREFIX_SIZE) return this.#hold(available);
    const length = (chunk[at]! << 8) | chunk[at + 1]!;
    if (length < MIN_MESSAGE_SIZE || length > MAX_QUERY_SIZE) return FRAME.BAD;
    if (available < PREFIX_SIZE + length) return this.#hold(available);
    this.#position = at + PREFIX_SIZE + length;
    return this.#found(chunk, at + PREFIX_SIZE, length);
  }

  #completeHeld(): Frame {
    const held = this.#held!;
    if (this.#heldSize < PREFIX_SIZE) this.#hold(Math.min(1, this.#chunk.length - this.#position));
    if (this.#heldSize < PREFIX_SIZE) return FRAME.MORE;
    const length = (held[0]! << 8) | held[1]!;
    if (length < MIN_MESSAGE_SIZE || length > MAX_QUERY_SIZE) return FRAME.BAD;
    const missing = PREFIX_SIZE + length - this.#heldSize;
    const available = this.#chunk.length - this.#position;
    this.#hold(Math.min(missing, available));
    if (available < missing) return FRAME.MORE;
    this.#heldSize = 0;
    return this.#found(held, PREFIX_SIZE, length);
  }

  /** Copies `count` octets of the chunk behind those held. */
  #hold(count: number): Frame {
    if (count > 0) {
      this.#held ??= new Uint8Array(PREFIX_SIZE + MAX_QUERY_SIZE);
      this.#held.set(this.#chunk.subarray(this.#position, this.#position + count), this.#heldSize);
      this.#heldSize += count;
      this.#position += count;
    }
    return FRAME.MORE;
  }

  #found(message: Uint8Array, offset: number, length: number): Frame {
    this.message = message;
    this.offset = offset;
    this.length = length;
    return FRAME.MESSAGE;
  }
}

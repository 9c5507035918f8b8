// Frame Streams, which carries dnstap (the fstrm library's specification): each frame is its length in 32 bits, big-endian, and its
// payload. A length of 0 announces a control frame: its own length, its type, and fields of type, length and value. A stream begins
// with START and ends with STOP; over a socket that is agreed upon, with READY and ACCEPT before and FINISH after.

export const CONTROL = { ACCEPT: 1, START: 2, STOP: 3, READY: 4, FINISH: 5 } as const;
const FIELD_CONTENT_TYPE = 1;
/** Largest control frame that the specification allows, in octets. */
const MOST_CONTROL = 512;

export const DNSTAP_CONTENT: Uint8Array = new TextEncoder().encode('protobuf:dnstap.Dnstap');

/** A data frame. */
export function dataFrame(payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(4 + payload.length);
  frame.writeUInt32BE(payload.length);
  frame.set(payload, 4);
  return frame;
}

/** A control frame; READY, ACCEPT and START name what the stream holds. */
export function controlFrame(type: number, contentType?: Uint8Array): Uint8Array {
  const fieldSize = contentType === undefined ? 0 : 8 + contentType.length;
  const frame = Buffer.alloc(12 + fieldSize);
  frame.writeUInt32BE(4 + fieldSize, 4);
  frame.writeUInt32BE(type, 8);
  if (contentType !== undefined) {
    frame.writeUInt32BE(FIELD_CONTENT_TYPE, 12);
    frame.writeUInt32BE(contentType.length, 16);
    frame.set(contentType, 20);
  }
  return frame;
}

export interface ControlFrame {
  readonly type: number;
  readonly contentTypes: readonly Uint8Array[];
}

/** Reads the control frames of the other side, which sends nothing else. */
export class ControlReader {
  #held: Buffer = Buffer.alloc(0);

  /** The frames that are now complete; null = this is not Frame Streams. */
  take(chunk: Uint8Array): ControlFrame[] | null {
    this.#held = Buffer.concat([this.#held, chunk]);
    const frames: ControlFrame[] = [];
    while (this.#held.length >= 8) {
      const size = this.#held.readUInt32BE(4);
      if (this.#held.readUInt32BE(0) !== 0 || size < 4 || size > MOST_CONTROL) return null;
      if (this.#held.length < 8 + size) break;
      const frame = readControl(this.#held.subarray(8, 8 + size));
      if (frame === null) return null;
      frames.push(frame);
      this.#held = this.#held.subarray(8 + size);
    }
    return frames;
  }
}

function readControl(octets: Buffer): ControlFrame | null {
  const contentTypes: Uint8Array[] = [];
  for (let at = 4; at < octets.length; ) {
    if (at + 8 > octets.length) return null;
    const size = octets.readUInt32BE(at + 4);
    if (at + 8 + size > octets.length) return null;
    if (octets.readUInt32BE(at) === FIELD_CONTENT_TYPE)
      contentTypes.push(Uint8Array.from(octets.subarray(at + 8, at + 8 + size)));
    at += 8 + size;
  }
  return { type: octets.readUInt32BE(0), contentTypes };
}

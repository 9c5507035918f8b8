// A reader of dnstap by the specifications alone: Frame Streams (control frames, data frames) and the encoding of Protocol Buffers.

const TYPES: Readonly<Record<number, string>> = { 1: 'ACCEPT', 2: 'START', 3: 'STOP', 4: 'READY', 5: 'FINISH' };

/** A control frame, with a content type or without. */
export function control(type: number, contentType?: string): Buffer {
  const words = (...values: number[]): Buffer => {
    const octets = Buffer.alloc(4 * values.length);
    for (const [i, value] of values.entries()) octets.writeUInt32BE(value, 4 * i);
    return octets;
  };
  if (contentType === undefined) return words(0, 4, type);
  const field = Buffer.concat([words(1, contentType.length), Buffer.from(contentType)]);
  return Buffer.concat([words(0, 4 + field.length, type), field]);
}

export class FrameReader {
  /** What came, in order: `START protobuf:dnstap.Dnstap`, `data ...`, `STOP`. */
  readonly heard: string[] = [];
  readonly payloads: Buffer[] = [];
  #held = Buffer.alloc(0);

  /** Types of the control frames that are now complete. */
  take(chunk: Uint8Array): string[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const types: string[] = [];
    for (;;) {
      if (this.#held.length < 4) return types;
      const size = this.#held.readUInt32BE(0);
      if (size > 0) {
        if (this.#held.length < 4 + size) return types;
        const payload = Buffer.from(this.#held.subarray(4, 4 + size));
        this.payloads.push(payload);
        this.heard.push(`data ${payload.toString('latin1')}`);
        this.#held = this.#held.subarray(4 + size);
        continue;
      }
      if (this.#held.length < 8) return types;
      const controlSize = this.#held.readUInt32BE(4);
      if (this.#held.length < 8 + controlSize) return types;
      const type = TYPES[this.#held.readUInt32BE(8)] ?? 'UNKNOWN';
      const contentType = controlSize > 4 ? ` ${this.#held.subarray(20, 8 + controlSize).toString()}` : '';
      types.push(type);
      this.heard.push(`${type}${contentType}`);
      this.#held = this.#held.subarray(8 + controlSize);
    }
  }
}

/** The fields of a message of Protocol Buffers, each at most once: numbers, and octets. */
export function fieldsOf(octets: Uint8Array): Map<number, number | Uint8Array> {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const octet = octets[at++]!;
      value += (octet & 127) * factor;
      if (octet < 128) return value;
    }
  };
  while (at < octets.length) {
    const key = varint();
    const [field, wireType] = [Math.floor(key / 8), key % 8];
    if (fields.has(field)) throw new Error(`field ${field} twice`);
    if (wireType === 0) fields.set(field, varint());
    else if (wireType === 5) {
      fields.set(field, Buffer.from(octets).readUInt32LE(at));
      at += 4;
    } else if (wireType === 2) {
      const size = varint();
      fields.set(field, Uint8Array.from(octets.subarray(at, at + size)));
      at += size;
    } else throw new Error(`wire type ${wireType}`);
  }
  return fields;
}

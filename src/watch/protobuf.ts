// Messages of Protocol Buffers, written by hand: the few kinds of fields that dnstap needs (protobuf.dev, "Encoding"). A field is its
// number and wire type as a varint, then its value.

const WIRE_TYPE = { VARINT: 0, LENGTH: 2, FIXED32: 5 } as const;

export class ProtobufWriter {
  readonly #octets: number[] = [];

  /** A whole number that is exact in a double; not negative. */
  varint(field: number, value: number): this {
    this.#key(field, WIRE_TYPE.VARINT);
    this.#varint(value);
    return this;
  }

  /** 32 bits, little-endian. */
  fixed32(field: number, value: number): this {
    this.#key(field, WIRE_TYPE.FIXED32);
    for (let shift = 0; shift < 32; shift += 8) this.#octets.push((value >>> shift) & 0xff);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#key(field, WIRE_TYPE.LENGTH);
    this.#varint(value.length);
    for (const octet of value) this.#octets.push(octet);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#octets);
  }

  #key(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  /** Seven bits an octet, the lowest first; times in seconds take more than 32 bits one day. */
  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#octets.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#octets.push(rest);
  }
}

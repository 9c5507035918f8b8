// The shape that every record type has: text to octets, octets to text. One file a type; registry.ts lists them all.
// The lexer that stands behind RdataText lives in zone/, so that wire/ knows nothing of files and lines.

/** A growable run of octets; integers in network order. */
export class OctetWriter {
  octets: Uint8Array = new Uint8Array(512);
  length = 0;

  #reserve(more: number): void {
    if (this.length + more <= this.octets.length) return;
    const grown = new Uint8Array(Math.max(this.octets.length * 2, this.length + more));
    grown.set(this.octets.subarray(0, this.length));
    this.octets = grown;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.octets[this.length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.octets[this.length++] = value >>> 8;
    this.octets[this.length++] = value;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    this.#reserve(end - start);
    this.octets.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length);
    this.length += end - start;
  }
}

/** Thrown by RdataText and by codecs on malformed text; the parser turns it into a Problem at the token's place. */
export class RdataSyntaxError extends Error {
  /** `message`: lower case, what is wrong, what is allowed, what was found. `code` overrides ERR_ZONE_RDATA. */
  readonly code: 'ERR_ZONE_RDATA' | 'ERR_ZONE_NAME' | 'ERR_ZONE_TTL' | 'ERR_ZONE_TYPE';
  constructor(message: string, code: RdataSyntaxError['code'] = 'ERR_ZONE_RDATA') {
    super(message);
    this.code = code;
  }
}

/** The fields of one record's data, in order, as a codec reads them. Every method consumes one field or throws RdataSyntaxError. */
export interface RdataText {
  /** Whether another field follows on this record. */
  more(): boolean;
  /** The next field as written, escapes kept; refuses quoted strings. `what` names the field for the error message. */
  word(what: string): string;
  /**
   * The next field as a parameter of SVCB (RFC 9460 section 2.1): `key`, `key=value` or `key="quoted value"`, one field even
   * if the quoted part holds blanks; as written, escapes and quotes kept.
   */
  param(what: string): string;
  /** A <character-string> (quoted or not) with escapes resolved; any length: the codec checks the limit. */
  string(what: string): Uint8Array;
  /** A domain name, made absolute with the current origin, as wire octets. */
  name(what: string): Uint8Array;
  /** An unsigned integer of at most `max`. */
  uint(what: string, max: number): number;
  /** A time in seconds, BIND units allowed (`1h30m`), of at least 0 and at most MAX_TTL_SEC. */
  timeSec(what: string): number;
  /** All remaining fields joined without blanks, as base64 / hexadecimal / octets. */
  base64(what: string): Uint8Array;
  hex(what: string): Uint8Array;
}

export interface RdataCodec {
  readonly type: number;
  /**
   * Reads the fields of the record and appends its RDATA (uncompressed), which is then valid by check().
   * What follows the last field is left to the caller.
   */
  parse(text: RdataText, out: OctetWriter): void;
  /** RDATA as presentation text on one line, such that parse() of it gives the same octets. RDATA is valid. */
  print(octets: Uint8Array, offset: number, length: number): string;
  /**
   * A sentence on what is wrong with RDATA that came as octets (RFC 3597 `\#` for a known type), or undefined.
   * Must never throw and never read outside [offset, offset + length).
   */
  check(octets: Uint8Array, offset: number, length: number): string | undefined;
}

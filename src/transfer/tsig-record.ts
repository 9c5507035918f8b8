// The TSIG record (RFC 8945 section 4.2): read from the end of a message, written to the end of one.

import { readCompressedName } from '../wire/compressed-name.ts';
import { LOWER } from '../wire/name.ts';
import { readU16, readU32 } from '../wire/octets.ts';
import { TYPE } from '../wire/rrtype.ts';

export const CLASS_ANY = 255;
/** Type, class, TTL and RDLENGTH. */
const HEAD_SIZE = 10;
/** RDATA without the algorithm name, the MAC and the other data. */
const FIXED_SIZE = 16;

export interface TsigRecord {
  /** Wire names in lower case, as they are digested (section 4.3.3). */
  readonly keyName: Uint8Array;
  readonly algorithmName: Uint8Array;
  /** Seconds since 1970, 48 bits. */
  readonly timeSignedSec: number;
  readonly fudgeSec: number;
  readonly mac: Uint8Array;
  /** ID of the message when it was signed. */
  readonly originalId: number;
  readonly error: number;
  readonly other: Uint8Array;
}

const lower = (name: Uint8Array): Uint8Array => name.map((octet) => LOWER[octet]!);

/** The TSIG record at `at`, which must end the message; undefined if it does not or is malformed. */
export function readTsig(message: Uint8Array, at: number): TsigRecord | undefined {
  const keyName = readCompressedName(message, at, message.length);
  if (typeof keyName === 'string') return undefined;
  const head = keyName.next;
  const dataAt = head + HEAD_SIZE;
  if (dataAt > message.length || readU16(message, head) !== TYPE.TSIG || readU16(message, head + 2) !== CLASS_ANY)
    return undefined;
  if (readU32(message, head + 4) !== 0 || dataAt + readU16(message, head + 8) !== message.length) return undefined;
  const algorithm = readCompressedName(message, dataAt, message.length);
  if (typeof algorithm === 'string' || algorithm.next - dataAt !== algorithm.name.length) return undefined;
  const timeAt = algorithm.next;
  if (timeAt + FIXED_SIZE > message.length) return undefined;
  const macAt = timeAt + 10;
  const macEnd = macAt + readU16(message, timeAt + 8);
  if (macEnd + 6 > message.length) return undefined;
  const otherAt = macEnd + 6;
  if (otherAt + readU16(message, macEnd + 4) !== message.length) return undefined;
  return {
    keyName: lower(keyName.name),
    algorithmName: lower(algorithm.name),
    timeSignedSec: readU16(message, timeAt) * 2 ** 32 + readU32(message, timeAt + 2),
    fudgeSec: readU16(message, timeAt + 6),
    mac: message.slice(macAt, macEnd),
    originalId: readU16(message, macEnd),
    error: readU16(message, macEnd + 2),
    other: message.slice(otherAt),
  };
}

/** Octets of a TSIG record with these parts. */
export const tsigSize = (keyName: Uint8Array, algorithmName: Uint8Array, macSize: number, otherSize: number): number =>
  keyName.length + HEAD_SIZE + algorithmName.length + FIXED_SIZE + macSize + otherSize;

/** Writes the record at `out[at..]` and returns the offset behind it. */
export function writeTsig(out: Uint8Array, at: number, record: TsigRecord): number {
  const { keyName, algorithmName, mac, other } = record;
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  out.set(keyName, at);
  const head = at + keyName.length;
  view.setUint16(head, TYPE.TSIG);
  view.setUint16(head + 2, CLASS_ANY);
  view.setUint32(head + 4, 0);
  view.setUint16(head + 8, algorithmName.length + FIXED_SIZE + mac.length + other.length);
  out.set(algorithmName, head + HEAD_SIZE);
  const timeAt = head + HEAD_SIZE + algorithmName.length;
  out.set(timeOctets(record.timeSignedSec), timeAt);
  view.setUint16(timeAt + 6, record.fudgeSec);
  view.setUint16(timeAt + 8, mac.length);
  out.set(mac, timeAt + 10);
  const idAt = timeAt + 10 + mac.length;
  view.setUint16(idAt, record.originalId);
  view.setUint16(idAt + 2, record.error);
  view.setUint16(idAt + 4, other.length);
  out.set(other, idAt + 6);
  return idAt + 6 + other.length;
}

/** Seconds since 1970 as six octets. */
export function timeOctets(timeSec: number): Uint8Array {
  const out = new Uint8Array(6);
  const view = new DataView(out.buffer);
  view.setUint16(0, Math.floor(timeSec / 2 ** 32));
  view.setUint32(2, timeSec % 2 ** 32);
  return out;
}

// Transaction signatures (RFC 8945): the check of a signed query and the signing of everything that answers it.
// Order of the checks (section 5.2): form, key, MAC, time. Nothing is said about time to whoever does not have the key.
// Answers to a query whose key or MAC is wrong carry a TSIG record that says so and is not signed (section 5.3.2).

import type { Hmac, TsigAlgorithm, TsigKey } from '../model/transfer.ts';
import { namesEqual } from '../wire/name.ts';
import { readU16 } from '../wire/octets.ts';
import { CLASS_ANY, readTsig, type TsigRecord, timeOctets, tsigSize, writeTsig } from './tsig-record.ts';

/** Values of the error field (section 3; IANA registry "DNS RCODEs"). */
export const TSIG_ERROR = { NONE: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** By how many seconds clocks may differ (section 10 recommends 300). */
const FUDGE_SEC = 300;
/** No MAC may be shorter, nor shorter than half the hash (section 5.2.2.1). */
const MIN_MAC_SIZE = 10;
const NONE = new Uint8Array(0);

const text = (name: string): Uint8Array => Uint8Array.of(name.length, ...[...name].map((c) => c.charCodeAt(0)), 0);

/** Wire name and octets of the MAC of each algorithm (section 6). */
export const ALGORITHMS: { readonly [name in TsigAlgorithm]: { readonly wireName: Uint8Array; readonly macSize: number } } = {
  'hmac-sha256': { wireName: text('hmac-sha256'), macSize: 32 },
  'hmac-sha384': { wireName: text('hmac-sha384'), macSize: 48 },
  'hmac-sha512': { wireName: text('hmac-sha512'), macSize: 64 },
};

/** A query whose TSIG record could be read. */
export interface Checked {
  /** One of TSIG_ERROR. */
  readonly error: number;
  /** Index of the key, -1 if the query is not signed by any. */
  readonly key: number;
  /** Signs, or marks as refused, the reply. */
  readonly signer: Signer;
}

/**
 * Checks a query whose TSIG record begins at `tsigAt`; undefined if that is malformed, which makes the query so.
 * `nowSec` is seconds since 1970.
 */
export function checkQuery(
  message: Uint8Array,
  tsigAt: number,
  keys: readonly TsigKey[],
  hmac: Hmac,
  nowSec: number,
): Checked | undefined {
  const record = readTsig(message, tsigAt);
  if (record === undefined) return undefined;
  const refused = (error: number): Checked => ({
    error,
    key: -1,
    signer: new Signer({ hmac, key: null, nowSec, record, error }),
  });
  const index = keys.findIndex(
    ({ name, algorithm }) =>
      namesEqual(name, 0, record.keyName, 0) && namesEqual(ALGORITHMS[algorithm].wireName, 0, record.algorithmName, 0),
  );
  if (index < 0) return refused(TSIG_ERROR.BADKEY);
  const key = keys[index]!;
  const { macSize } = ALGORITHMS[key.algorithm];
  if (record.mac.length > macSize || record.mac.length < Math.max(MIN_MAC_SIZE, macSize / 2)) return undefined;
  if (record.mac.length < macSize) return refused(TSIG_ERROR.BADTRUNC);
  if (!isEqual(hmac(key, [...unsigned(message, tsigAt, record.originalId), variables(record)]), record.mac)) {
    return refused(TSIG_ERROR.BADSIG);
  }
  const isTimely = Math.abs(nowSec - record.timeSignedSec) <= record.fudgeSec;
  const error = isTimely ? TSIG_ERROR.NONE : TSIG_ERROR.BADTIME;
  return { error, key: isTimely ? index : -1, signer: new Signer({ hmac, key, nowSec, record, error }) };
}

/** The message as it was before it was signed (section 4.3.2): without the record, its count and any new id. */
function unsigned(message: Uint8Array, tsigAt: number, originalId: number): Uint8Array[] {
  const header = message.slice(0, 12);
  header[0] = originalId >>> 8;
  header[1] = originalId;
  const additionals = readU16(message, 10) - 1;
  header[10] = additionals >>> 8;
  header[11] = additionals;
  return [header, message.subarray(12, tsigAt)];
}

/** The TSIG variables (section 4.3.3). */
function variables(record: TsigRecord): Uint8Array {
  const { keyName, algorithmName, other, error } = record;
  const head = [...keyName, 0, CLASS_ANY, 0, 0, 0, 0, ...algorithmName, ...timers(record)];
  return Uint8Array.of(...head, error >>> 8, error, other.length >>> 8, other.length, ...other);
}

/** What of them is digested from the second message of a reply on (section 5.3.1). */
const timers = ({ timeSignedSec, fudgeSec }: TsigRecord): number[] => [...timeOctets(timeSignedSec), fudgeSec >>> 8, fudgeSec];

/** Equal or not, in a time that does not tell where the difference is. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

interface SignerOptions {
  readonly hmac: Hmac;
  /** Null: there is no key to sign with, the record only says what is wrong. */
  readonly key: TsigKey | null;
  readonly nowSec: number;
  /** Of the query. */
  readonly record: TsigRecord;
  readonly error: number;
}

/** Signs the messages of one reply, each MAC taking in the one before (section 5.3.1). */
export class Signer {
  readonly #options: SignerOptions;
  readonly #other: Uint8Array;
  /** Of the query, then of the message before. */
  #priorMac: Uint8Array;
  #isFirst = true;
  /** Octets that the record adds to a message. */
  readonly size: number;

  constructor(options: SignerOptions) {
    const { key, record, error, nowSec } = options;
    this.#options = options;
    this.#priorMac = record.mac;
    this.#other = error === TSIG_ERROR.BADTIME ? timeOctets(nowSec) : NONE;
    const macSize = key === null ? 0 : ALGORITHMS[key.algorithm].macSize;
    this.size = tsigSize(record.keyName, record.algorithmName, macSize, this.#other.length);
  }

  /** Appends the record to the message in `out[start..start+size)` and returns the new size. */
  sign(out: Uint8Array, start: number, size: number, nowSec: number): number {
    const { hmac, key, record, error } = this.#options;
    const message = out.subarray(start, start + size);
    const signed: TsigRecord = {
      keyName: record.keyName,
      algorithmName: record.algorithmName,
      // The client's own clock is told to be wrong by echoing it (section 5.2.3).
      timeSignedSec: error === TSIG_ERROR.BADTIME ? record.timeSignedSec : nowSec,
      fudgeSec: FUDGE_SEC,
      mac: NONE,
      originalId: readU16(message, 0),
      error,
      other: this.#other,
    };
    let mac: Uint8Array = NONE;
    if (key !== null) {
      const prior = this.#priorMac;
      const tail = this.#isFirst ? variables(signed) : Uint8Array.from(timers(signed));
      mac = hmac(key, [Uint8Array.of(prior.length >>> 8, prior.length), prior, message, tail]);
      this.#priorMac = mac;
      this.#isFirst = false;
    }
    return append(out, start, size, { ...signed, mac });
  }
}

/** Signs a message that answers no other: a NOTIFY. Returns it with its TSIG record. */
export function signRequest(message: Uint8Array, key: TsigKey, hmac: Hmac, nowSec: number): Uint8Array {
  const { wireName, macSize } = ALGORITHMS[key.algorithm];
  const record: TsigRecord = {
    keyName: key.name,
    algorithmName: wireName,
    timeSignedSec: nowSec,
    fudgeSec: FUDGE_SEC,
    mac: NONE,
    originalId: readU16(message, 0),
    error: TSIG_ERROR.NONE,
    other: NONE,
  };
  const out = new Uint8Array(message.length + tsigSize(key.name, wireName, macSize, 0));
  out.set(message);
  append(out, 0, message.length, { ...record, mac: hmac(key, [message, variables(record)]) });
  return out;
}

function append(out: Uint8Array, start: number, size: number, record: TsigRecord): number {
  const end = writeTsig(out, start + size, record);
  const additionals = readU16(out, start + 10) + 1;
  out[start + 10] = additionals >>> 8;
  out[start + 11] = additionals;
  return end - start;
}

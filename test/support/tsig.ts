// Transaction signatures written a second time, from RFC 8945 and node:crypto alone, to hold src/transfer/ against.

import { createHmac } from 'node:crypto';
import type { TsigKey } from '../../src/model/transfer.ts';
import { u16, wireName } from './query-octets.ts';

export const KEY: TsigKey = {
  name: wireName('key.example.test'),
  algorithm: 'hmac-sha256',
  secret: Uint8Array.from({ length: 32 }, (_, i) => i + 1),
};

export const NOW_SEC = 1_800_000_000;

const u48 = (value: number): number[] => [
  ...u16(Math.floor(value / 2 ** 32)),
  ...u16((value >>> 16) & 0xffff),
  ...u16(value & 0xffff),
];

const macOf = (key: TsigKey, octets: readonly number[]): Uint8Array =>
  createHmac(key.algorithm.replace('hmac-', ''), key.secret).update(Uint8Array.from(octets)).digest();

export interface SignOptions {
  readonly key?: TsigKey;
  readonly timeSec?: number;
  readonly fudgeSec?: number;
  /** Octets of the MAC that are sent. */
  readonly macSize?: number;
  readonly error?: number;
  readonly other?: readonly number[];
  /** Wire name in the record in place of the key's. */
  readonly keyName?: Uint8Array;
  readonly algorithmName?: Uint8Array;
  readonly originalId?: number;
  readonly recordClass?: number;
  readonly ttl?: number;
  /** Octets behind the record. */
  readonly trailing?: readonly number[];
}

/** The message with a TSIG record, and its MAC. */
export function signed(message: Uint8Array, options: SignOptions = {}): { message: Uint8Array; mac: Uint8Array } {
  const { key = KEY, timeSec = NOW_SEC, fudgeSec = 300, error = 0, other = [] } = options;
  const keyName = options.keyName ?? key.name;
  const algorithm = options.algorithmName ?? wireName(key.algorithm);
  const id = options.originalId ?? (message[0]! << 8) | message[1]!;
  const lower = (name: Uint8Array): number[] =>
    [...Buffer.from(name).toString('latin1').toLowerCase()].map((c) => c.charCodeAt(0));
  const digested = [...u16(id), ...message.subarray(2), ...lower(keyName), 0, 255, 0, 0, 0, 0, ...lower(algorithm)];
  digested.push(...u48(timeSec), ...u16(fudgeSec), ...u16(error), ...u16(other.length), ...other);
  const mac = macOf(key, digested);
  const sent = mac.subarray(0, options.macSize ?? mac.length);
  const rdata = [...algorithm, ...u48(timeSec), ...u16(fudgeSec), ...u16(sent.length), ...sent, ...u16(id), ...u16(error)];
  rdata.push(...u16(other.length), ...other);
  const record = [
    ...keyName,
    0,
    250,
    ...u16(options.recordClass ?? 255),
    0,
    0,
    ...u16(options.ttl ?? 0),
    ...u16(rdata.length),
    ...rdata,
  ];
  const out = Uint8Array.of(...message, ...record, ...(options.trailing ?? []));
  out[11]!++;
  return { message: out, mac };
}

export interface ReplySignature {
  readonly keyName: string;
  readonly timeSec: number;
  readonly fudgeSec: number;
  readonly mac: Uint8Array;
  readonly error: number;
  readonly other: readonly number[];
  /** The message as it was before it was signed. */
  readonly unsigned: Uint8Array;
}

/** The TSIG record at the end of a reply; the reply must have one of `key` (or as if of it, unsigned). */
export function signatureOf(reply: Uint8Array, key: TsigKey = KEY): ReplySignature {
  const start = Buffer.from(reply).lastIndexOf(Buffer.from([...key.name, 0, 250, 0, 255, 0, 0, 0, 0]));
  if (start < 0) throw new Error('the reply has no TSIG record of this key');
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length);
  const dataAt = start + key.name.length + 10;
  const timeAt = dataAt + key.algorithm.length + 2;
  const macAt = timeAt + 10;
  const macEnd = macAt + view.getUint16(timeAt + 8);
  const end = macEnd + 6 + view.getUint16(macEnd + 4);
  if (end !== reply.length || dataAt + view.getUint16(dataAt - 2) !== end)
    throw new Error('the TSIG record does not end the reply');
  const unsigned = reply.slice(0, start);
  unsigned[11]!--;
  return {
    keyName: Buffer.from(key.name).toString('latin1'),
    timeSec: view.getUint16(timeAt) * 2 ** 32 + view.getUint32(timeAt + 2),
    fudgeSec: view.getUint16(timeAt + 6),
    mac: reply.slice(macAt, macEnd),
    error: view.getUint16(macEnd + 2),
    other: [...reply.subarray(macEnd + 6)],
    unsigned,
  };
}

/** Whether each message of a reply is signed, the first on the MAC of the query, each other on the MAC before it. */
export function areSigned(replies: readonly Uint8Array[], requestMac: Uint8Array, key: TsigKey = KEY): boolean {
  let prior: Uint8Array = requestMac;
  for (const [index, reply] of replies.entries()) {
    const { unsigned, timeSec, fudgeSec, mac, error, other } = signatureOf(reply, key);
    const timers = [...u48(timeSec), ...u16(fudgeSec)];
    const head = [...key.name, 0, 255, 0, 0, 0, 0, ...wireName(key.algorithm)];
    const tail = index === 0 ? [...head, ...timers, ...u16(error), ...u16(other.length), ...other] : timers;
    if (!Buffer.from(mac).equals(macOf(key, [...u16(prior.length), ...prior, ...unsigned, ...tail]))) return false;
    prior = mac;
  }
  return replies.length > 0;
}

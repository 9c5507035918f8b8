// A DNS message as dnstap tells of it (https://dnstap.info, dnstap.proto): Dnstap { identity, version, extra, message, type }, where
// the message is the query that an authoritative server got (AUTH_QUERY) or the response that it gave (AUTH_RESPONSE).

import { ProtobufWriter } from './protobuf.ts';

const DNSTAP = { IDENTITY: 1, VERSION: 2, EXTRA: 3, MESSAGE: 14, TYPE: 15 } as const;
const TYPE_MESSAGE = 1;
const MESSAGE = {
  TYPE: 1,
  SOCKET_FAMILY: 2,
  SOCKET_PROTOCOL: 3,
  QUERY_ADDRESS: 4,
  QUERY_PORT: 6,
  QUERY_TIME_SEC: 8,
  QUERY_TIME_NSEC: 9,
  QUERY_MESSAGE: 10,
  RESPONSE_TIME_SEC: 12,
  RESPONSE_TIME_NSEC: 13,
  RESPONSE_MESSAGE: 14,
} as const;
const AUTH = { query: 1, response: 2 } as const;
const FAMILY = { 4: 1, 6: 2 } as const;
const PROTOCOL = { udp: 1, tcp: 2 } as const;

export interface DnstapIdentity {
  /** Name of this server, and of its software. */
  readonly identity: string;
  readonly version: string;
}

export interface DnstapMessage {
  readonly kind: 'query' | 'response';
  /** Tells which line of the decision log is about the same answer. */
  readonly id: string;
  readonly family: 4 | 6;
  readonly transport: 'udp' | 'tcp';
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  /** null = not told. */
  readonly port: number | null;
  /** When the query came, in milliseconds since 1970; fractions count. */
  readonly wallMs: number;
  /** The message as it was on the wire; null = it is not known whole. */
  readonly octets: Uint8Array | null;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The payload of a frame. */
export function encodeDnstap({ identity, version }: DnstapIdentity, message: DnstapMessage): Uint8Array {
  const { kind, id, family, transport, address, port, wallMs, octets } = message;
  const sec = Math.floor(wallMs / 1000);
  const nsec = Math.floor((wallMs - 1000 * sec) * 1e6);
  const inner = new ProtobufWriter()
    .varint(MESSAGE.TYPE, AUTH[kind])
    .varint(MESSAGE.SOCKET_FAMILY, FAMILY[family])
    .varint(MESSAGE.SOCKET_PROTOCOL, PROTOCOL[transport])
    .bytes(MESSAGE.QUERY_ADDRESS, address);
  if (port !== null) inner.varint(MESSAGE.QUERY_PORT, port);
  inner.varint(MESSAGE.QUERY_TIME_SEC, sec).fixed32(MESSAGE.QUERY_TIME_NSEC, nsec);
  if (kind === 'response') inner.varint(MESSAGE.RESPONSE_TIME_SEC, sec).fixed32(MESSAGE.RESPONSE_TIME_NSEC, nsec);
  if (octets !== null) inner.bytes(kind === 'query' ? MESSAGE.QUERY_MESSAGE : MESSAGE.RESPONSE_MESSAGE, octets);
  return new ProtobufWriter()
    .bytes(DNSTAP.IDENTITY, text(identity))
    .bytes(DNSTAP.VERSION, text(version))
    .bytes(DNSTAP.EXTRA, text(id))
    .bytes(DNSTAP.MESSAGE, inner.finish())
    .varint(DNSTAP.TYPE, TYPE_MESSAGE)
    .finish();
}

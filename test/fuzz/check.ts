// What must hold of every reply, whatever was asked. Two decoders read it; the query is judged by hand, with none of the
// server's code.

import dnsPacket from 'dns-packet';
import { decodeMessage } from '../../src/wire/message.ts';

const HEADER_SIZE = 12;
const PLAIN_UDP_SIZE = 512;
/** `server.udpPayloadSize` of the demo. */
const UDP_PAYLOAD_SIZE = 1232;
const STREAM_SIZE = 65535;
const OPCODE_MASK = 0x78;

const u16 = (octets: Uint8Array, at: number): number => (octets[at]! << 8) | octets[at + 1]!;

/** Whether a reply is owed: to every message with a header that is not itself a response. */
export const deservesReply = (query: Uint8Array): boolean => query.length >= HEADER_SIZE && (query[2]! & 0x80) === 0;

/** The largest reply that the sender of `query` can take over UDP, as far as a lenient reader can tell. */
function udpLimit(query: Uint8Array): number {
  try {
    const { additionals = [] } = dnsPacket.decode(Buffer.from(query));
    const sizes = additionals.map((record) => (record.type === 'OPT' ? record.udpPayloadSize : 0));
    return Math.min(UDP_PAYLOAD_SIZE, Math.max(PLAIN_UDP_SIZE, ...sizes));
  } catch {
    return UDP_PAYLOAD_SIZE; // it may have an OPT record that this reader does not reach
  }
}

/** What is wrong with `reply`, or undefined. */
export function faultIn(query: Uint8Array, reply: Uint8Array, transport: 'udp' | 'tcp'): string | undefined {
  if (!deservesReply(query)) return 'a reply to what may not be answered';
  if (reply.length < HEADER_SIZE) return `a reply of ${reply.length} octets`;
  const limit = transport === 'udp' ? udpLimit(query) : STREAM_SIZE;
  if (reply.length > limit) return `a reply of ${reply.length} octets, allowed are ${limit}`;
  if (u16(reply, 0) !== u16(query, 0)) return 'another id';
  if ((reply[2]! & 0x80) === 0) return 'QR is not set';
  if (((reply[2]! ^ query[2]!) & OPCODE_MASK) !== 0) return 'another opcode';
  if ((reply[3]! & 0xc0) !== 0) return 'RA or Z is set';
  const questions = u16(reply, 4);
  if (questions > 1) return `${questions} questions`;
  const ours = decodeMessage(reply);
  if (typeof ours === 'string') return `our decoder: ${ours}`;
  try {
    dnsPacket.decode(Buffer.from(reply));
  } catch (error) {
    return `dns-packet: ${(error as Error).message}`;
  }
  if (dnsPacket.decode.bytes !== reply.length) return `dns-packet read ${dnsPacket.decode.bytes} of ${reply.length} octets`;
  if (questions === 1) {
    const end = questionEnd(reply);
    if (Buffer.compare(reply.subarray(HEADER_SIZE, end), query.subarray(HEADER_SIZE, end)) !== 0) return 'another question';
  }
  return undefined;
}

function questionEnd(message: Uint8Array): number {
  let at = HEADER_SIZE;
  while (message[at]! !== 0) at += message[at]! + 1;
  return at + 5;
}

/** The messages in a TCP stream up to the first length that no query has, and how it ends. */
export function unframe(stream: Uint8Array, maxSize: number): { messages: Uint8Array[]; end: 'clean' | 'partial' | 'bad' } {
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at < stream.length) {
    if (at + 2 > stream.length) return { messages, end: 'partial' };
    const length = u16(stream, at);
    if (length < HEADER_SIZE || length > maxSize) return { messages, end: 'bad' };
    if (at + 2 + length > stream.length) return { messages, end: 'partial' };
    const message = stream.subarray(at + 2, at + 2 + length);
    if (!deservesReply(message)) return { messages, end: 'bad' };
    messages.push(message);
    at += 2 + length;
  }
  return { messages, end: 'clean' };
}

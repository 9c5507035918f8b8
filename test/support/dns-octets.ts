// The smallest DNS messages that the transports' tests need, and a responder that turns them round.

import type { Client, Respond } from '../../src/model/client.ts';

/** A query for `example. A` with the given id; further octets may follow the question. */
export function query(id: number, padding = 0): Uint8Array {
  const octets = new Uint8Array(25 + padding);
  octets.set([id >> 8, id & 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0, 0, 1, 0, 1]);
  return octets;
}

/** The message as a response. */
export function reply(message: Uint8Array): Uint8Array {
  const octets = Uint8Array.from(message);
  octets[2]! |= 0x80;
  return octets;
}

/** Length prefix and message. */
export const frame = (message: Uint8Array): Uint8Array => Uint8Array.of(message.length >> 8, message.length & 0xff, ...message);

export const idOf = (message: Uint8Array): number => (message[0]! << 8) | message[1]!;

/**
 * Answers a query by itself with QR=1, grown to `size` octets if given, and a response not at all.
 * `seen` gets the client of each query.
 */
export function turnRound(options: { size?: number; seen?: (client: Client) => void } = {}): Respond {
  return (input, offset, length, client, output, outputOffset) => {
    options.seen?.(client);
    if ((input[offset + 2]! & 0x80) !== 0) return 0;
    const size = options.size ?? length;
    output.fill(0, outputOffset, outputOffset + size);
    output.set(input.subarray(offset, offset + Math.min(length, size)), outputOffset);
    output[outputOffset + 2]! |= 0x80;
    return size;
  };
}

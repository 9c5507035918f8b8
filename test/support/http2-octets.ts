// A client of HTTP/2 (RFC 9113) that says whatever it is told to: frames and header blocks by hand, so that fields which no honest
// client would send can be sent. It reads no more than what tells how its one stream ended.

import { connect as connectTls } from 'node:tls';

export const DATA = 0;
export const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
export const CONTINUATION = 9;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const FRAME_HEADER_SIZE = 9;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** HPACK: the static table's entry for `:status: 200` (RFC 7541 appendix A). */
const INDEXED_200 = 0x88;

/** Names and values, latin1, in their order; pseudo fields are not put first. */
export type Block = readonly (readonly [name: string, value: string])[];

export function frame(type: number, flags: number, payload: Buffer, stream = 1): Buffer {
  const head = Buffer.alloc(FRAME_HEADER_SIZE);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literal fields without indexing and without Huffman coding (RFC 7541 section 6.2.2). */
export const blockOf = (block: Block): Buffer =>
  Buffer.concat(block.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));

function literal(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1');
  if (octets.length < 127) return Buffer.concat([Buffer.of(octets.length), octets]);
  const size: number[] = [127];
  let left = octets.length - 127;
  for (; left >= 128; left = Math.floor(left / 128)) size.push(128 + (left % 128));
  return Buffer.concat([Buffer.of(...size, left), octets]);
}

export const GET_BLOCK: Block = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'a'],
];

export const POST_BLOCK: Block = [[':method', 'POST'], ...GET_BLOCK.slice(1)];

/** What a client says first, with frames of its own after it. */
export const opening = (frames: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, Buffer.alloc(0), 0), ...frames]);

/** How the stream ended. `refused`: it was reset, the connection was closed, or the status was another one than 200. */
export type Outcome = 'served' | 'refused';

/** Sends frames on stream 1 and waits for its end. */
export function converse(port: number, frames: readonly Buffer[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connectTls({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false });
    let left: Buffer = Buffer.alloc(0);
    let outcome: Outcome = 'refused';
    const end = (): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.on('secureConnect', () => socket.write(opening(frames)));
    socket.on('data', (octets) => {
      left = Buffer.concat([left, octets]);
      while (left.length >= FRAME_HEADER_SIZE && left.length >= FRAME_HEADER_SIZE + left.readUIntBE(0, 3)) {
        const size = FRAME_HEADER_SIZE + left.readUIntBE(0, 3);
        const [type, flags, first] = [left[3]!, left[4]!, left[FRAME_HEADER_SIZE]];
        left = left.subarray(size);
        if (type === HEADERS && first === INDEXED_200) outcome = 'served';
        const isEnd = (type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0;
        if (isEnd || type === RST_STREAM || type === GOAWAY) {
          end();
          return;
        }
      }
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}

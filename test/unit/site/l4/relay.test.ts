// What the memory that relays share must never do: mix up the octets of two connections, or change them while they wait.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { testBothRelays } from '../../../support/both-relays.ts';
import { eventually } from '../../../support/patience.ts';
import { Backend, Client } from '../../../support/site.ts';

const why = (what: string) => (): string => `never: ${what}`;
const hashOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

/** Octets that differ from place to place and from one `seed` to the next. */
function contentOf(seed: number, size: number): Buffer {
  const content = Buffer.alloc(size);
  let state = seed + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    content[i] = state >>> 16;
  }
  return content;
}

testBothRelays(
  'what servers send to many clients at once arrives unchanged, though every other client takes it in pieces',
  async (t, stageOf) => {
    const contents = Array.from({ length: 16 }, (_, i) => contentOf(i, i % 3 === 0 ? 3_000_000 : 300_000));
    const backend = await Backend.open(t, 'a', (socket) => {
      // Small and large writes in turn: both ways of reading, and the change from one to the other.
      socket.once('data', (first: Buffer) => {
        const content = contents[first[0]!]!;
        for (let at = 0, size = 100; at < content.length; at += size, size = size === 100 ? 150_000 : 100) {
          socket.write(content.subarray(at, at + size));
        }
        socket.end();
      });
    });
    const { front, service } = await stageOf(t, [backend.server]);
    const heard = await Promise.all(
      contents.map(async (_, i) => {
        const client = new Client(t, front.port);
        const pieces: Buffer[] = [];
        client.socket.removeAllListeners('data');
        client.socket.on('data', (piece: Buffer) => {
          pieces.push(piece);
          if (i % 2 === 0) return;
          client.socket.pause();
          setImmediate(() => client.socket.resume());
        });
        client.socket.end(Buffer.of(i));
        await client.ended;
        return hashOf(Buffer.concat(pieces));
      }),
    );
    t.deepEqual(heard, contents.map(hashOf));
    await eventually(() => service.active === 0, why('all given back'));
  },
);

const PATTERN = contentOf(1, 999_983);

/** Sends the pattern over and over, for the system may keep any number of octets, until nothing moves any more; then it ends. */
class Sender {
  readonly #socket: Socket;
  readonly #pieceSize: number;
  #sent = 0;
  #isOver = false;

  constructor(socket: Socket, pieceSize: number) {
    this.#socket = socket;
    this.#pieceSize = pieceSize;
    this.#send();
  }

  /** What it has sent when it had to stop. */
  async stopped(): Promise<Buffer> {
    let before = -1;
    await eventually(() => {
      const isStill = this.#socket.writableLength > 0 && this.#sent === before;
      before = this.#sent;
      return isStill;
    }, why('it has to wait'));
    this.#isOver = true;
    return Buffer.alloc(this.#sent, PATTERN);
  }

  /** A piece a turn: the relay reads each by itself, and what it reads next would come to lie where a piece that waits is. */
  #send(): void {
    if (this.#isOver) {
      this.#socket.end();
      return;
    }
    const at = this.#sent % PATTERN.length;
    const piece = PATTERN.subarray(at, at + this.#pieceSize);
    this.#sent += piece.length;
    this.#socket.write(piece, () => setImmediate(() => this.#send()));
  }
}

for (const pieceSize of [10_000, 30_000]) {
  testBothRelays(
    `pieces of ${pieceSize} octets that wait for a client that stands still are not written over by what others are sent`,
    async (t, stageOf) => {
      const senders: Sender[] = [];
      const backend = await Backend.open(t, 'a', (socket) => {
        socket.once('data', (first: Buffer) => {
          if (first.toString() === 'much') senders.push(new Sender(socket, pieceSize));
          else socket.end(contentOf(2, 1000));
        });
      });
      const { front } = await stageOf(t, [backend.server]);
      const slow = new Client(t, front.port);
      slow.socket.pause();
      slow.socket.end('much');
      await eventually(() => senders.length === 1, why('asked'));
      const content = await senders[0]!.stopped();
      for (let i = 0; i < 20; i++) {
        const other = new Client(t, front.port);
        other.socket.end('little');
        await other.ended;
        t.deepEqual(other.received, contentOf(2, 1000));
      }
      const pieces: Buffer[] = [];
      slow.socket.removeAllListeners('data');
      slow.socket.on('data', (piece: Buffer) => pieces.push(piece));
      slow.socket.resume();
      await slow.ended;
      t.is(hashOf(Buffer.concat(pieces)), hashOf(content));
    },
  );
}

testBothRelays('what clients send to a server that takes it slowly waits for it, and arrives unchanged', async (t, stageOf) => {
  const pieces: Buffer[] = [];
  const backend = await Backend.open(t, 'a', (socket) => {
    socket.pause();
    socket.on('end', () => socket.end('all of it'));
  });
  const { front, service } = await stageOf(t, [backend.server]);
  const client = new Client(t, front.port);
  const sender = new Sender(client.socket, 30_000);
  await backend.arrivals(1);
  const content = await sender.stopped();
  const socket = backend.sockets[0]!;
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.resume();
  await once(socket, 'end');
  t.is(hashOf(Buffer.concat(pieces)), hashOf(content));
  await client.ended;
  t.is(client.received.toString(), 'all of it');
  await eventually(() => service.active === 0, why('given back'));
});

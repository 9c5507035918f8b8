// Many queries to one server over one UDP socket, with a bounded number under way and lost ones sent again.

import { createSocket } from 'node:dgram';
import { readU16 } from '../../src/wire/octets.ts';
import { questionEnd } from './question-set.ts';

const WINDOW = 64;
const RESEND_MS = 1000;
const SENDS = 300;

/** Replies in the order of the queries; each query has one question, and gets an id here. Rejects if one has no reply. */
export function askAll(port: number, queries: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  const replies = new Array<Uint8Array>(queries.length);
  /** Index of the query under way by its id, and how often it has been sent. */
  const pending = new Map<number, { readonly index: number; sends: number; sentAtMs: number }>();
  let next = 0;
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      clearInterval(timer);
      socket.close();
      if (error === undefined) resolve(replies);
      else reject(error);
    };
    const fill = (): void => {
      for (; pending.size < WINDOW && next < queries.length; next++) {
        const id = next & 0xffff;
        pending.set(id, { index: next, sends: 1, sentAtMs: performance.now() });
        send(id, next);
      }
      if (pending.size === 0) finish();
    };
    const send = (id: number, index: number): void => {
      const query = queries[index]!;
      query[0] = id >> 8;
      query[1] = id;
      socket.send(query);
    };
    const timer = setInterval(() => {
      for (const [id, entry] of pending) {
        if (performance.now() - entry.sentAtMs < RESEND_MS) continue;
        if (entry.sends === SENDS) return finish(new Error(`no reply from port ${port} to query ${entry.index}`));
        entry.sends++;
        entry.sentAtMs = performance.now();
        send(id, entry.index);
      }
    }, RESEND_MS / 4);
    socket.on('message', (octets) => {
      const id = readU16(octets, 0);
      const entry = pending.get(id);
      if (entry === undefined || !hasQuestionOf(octets, queries[entry.index]!)) return;
      replies[entry.index] = octets;
      pending.delete(id);
      fill();
    });
    socket.once('error', finish);
    socket.connect(port, '127.0.0.1', fill);
  });
}

function hasQuestionOf(reply: Uint8Array, query: Uint8Array): boolean {
  const end = questionEnd(query);
  if (reply.length < end || readU16(reply, 4) !== 1) return false;
  for (let i = 12; i < end; i++) if (reply[i] !== query[i]) return false;
  return true;
}

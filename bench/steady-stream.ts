// A stream of queries at a fixed rate, sent whether or not answers come (so a stalled server cannot slow down its own
// measurement), and the latency of each answer.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryFor } from './support.ts';

const IDS = 65_536;
/** Time for the last answers to arrive. */
const TAIL_MS = 500;
/** Holds some seconds of replies, so that a stall of the sender loses none of them. */
const RECEIVE_BUFFER_SIZE = 4 * 1024 * 1024;

export interface Latencies {
  /** Of each answered query, ascending, in milliseconds. */
  readonly sortedMs: Float64Array;
  readonly sent: number;
}

/** Asks for one of `names` after the other at `perSecond` until `isOver`; at most `maxMs`. */
export async function stream(
  port: number,
  names: readonly string[],
  perSecond: number,
  maxMs: number,
  isOver: () => boolean,
): Promise<Latencies> {
  const queries = names.map((name) => queryFor(name, 0));
  const socket: Socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_SIZE });
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const sentAt = new Float64Array(IDS).fill(Number.NaN);
  const latencies: number[] = [];
  socket.on('message', (message) => {
    const now = performance.now();
    const id = (message[0]! << 8) | message[1]!;
    const latency = now - sentAt[id]!;
    if (Number.isNaN(latency)) return;
    sentAt[id] = Number.NaN;
    latencies.push(latency);
  });
  const startedAt = performance.now();
  let sent = 0;
  for (;;) {
    const elapsed = performance.now() - startedAt;
    if (elapsed >= maxMs || isOver()) break;
    for (; sent < (elapsed * perSecond) / 1000; sent++) {
      const query = Buffer.from(queries[sent % queries.length]!);
      query.writeUInt16BE(sent % IDS);
      sentAt[sent % IDS] = performance.now();
      socket.send(query);
    }
    await sleep(1);
  }
  await sleep(TAIL_MS);
  socket.close();
  return { sortedMs: Float64Array.from(latencies).sort(), sent };
}

/** The least latency that the given share of the queries did not exceed; a query without an answer counts as endless. */
export function percentile({ sortedMs, sent }: Latencies, share: number): number {
  const index = Math.ceil(sent * share) - 1;
  return index < sortedMs.length ? sortedMs[index]! : Number.POSITIVE_INFINITY;
}

// DNS as a client: one query to one server, whole octets both ways, under one deadline that covers connecting, resending and
// fetching a truncated answer again over TCP. A UDP socket is connected, so the kernel passes only what the server's own address
// and port sent; a datagram with another id or question is ignored (RFC 5452 section 9.1) and the wait goes on.

import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { HEADER_SIZE, MAX_LABEL_SIZE } from '../wire/constants.ts';
import { LOWER } from '../wire/name.ts';
import { readU16 } from '../wire/octets.ts';

type Transport = 'udp' | 'tcp';

export interface Ask {
  /** Numeric address. */
  readonly server: string;
  readonly port: number;
  /** A DNS message with at most one question. */
  readonly query: Uint8Array;
  readonly transport: Transport;
  /** For everything together. UDP sends a second time when half of it has passed. */
  readonly timeoutMs: number;
  /** Ask again over TCP if the UDP reply has TC=1; otherwise the truncated reply is the result. */
  readonly retryTruncated?: boolean;
  /** Gives up when it fires. */
  readonly signal?: AbortSignal;
}

/** An ERR_QUERY problem, and what is to blame, for programs. */
export interface AskProblem extends Problem {
  /** An errno code such as ECONNREFUSED; or TIMEOUT, CLOSED, FOREIGN, MALFORMED, USAGE (a bug of the caller), ABORTED. */
  readonly cause: string;
}

interface Reply {
  readonly octets: Uint8Array;
  /** What the reply came over. */
  readonly transport: Transport;
}

/** Sends a query and waits for its reply; an ERR_QUERY problem says why there is none. Never throws. */
export async function ask(options: Ask): Promise<Result<Reply, AskProblem>> {
  const { server, port, query, transport, timeoutMs } = options;
  if (isIP(server) === 0) return failed(options, `"${server}" is not an IP address`, 'USAGE');
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) return failed(options, 'a port is a number from 1 to 65535', 'USAGE');
  if (query.length < HEADER_SIZE || query.length > 0xffff) {
    return failed(options, `a query has ${HEADER_SIZE} to 65535 octets, this one ${query.length}`, 'USAGE');
  }
  if (options.signal?.aborted) return failed(options, 'given up', 'ABORTED');
  const deadline = performance.now() + timeoutMs;
  if (transport === 'tcp') return askTcp(options, timeoutMs);
  const reply = await askUdp(options);
  if (!reply.ok || !options.retryTruncated || !isTruncated(reply.value.octets)) return reply;
  return askTcp(options, Math.max(1, deadline - performance.now()));
}

function askUdp(options: Ask): Promise<Result<Reply, AskProblem>> {
  const { server, port, query, timeoutMs } = options;
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    let ignored = 0;
    let isOver = false;
    const send = (): void => {
      if (!isOver) socket.send(query);
    };
    const resend = setTimeout(send, timeoutMs / 2);
    const stopClock = startClock(timeoutMs, () => {
      const others = ignored === 0 ? '' : `; ${ignored} datagrams were not replies to this query`;
      finish(failed(options, `no reply within ${timeoutMs} ms${others}`, 'TIMEOUT'));
    });
    const finish = (result: Result<Reply, AskProblem>): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(resend);
      stopClock();
      options.signal?.removeEventListener('abort', abort);
      socket.removeAllListeners('message');
      socket.close();
      resolve(result);
    };
    socket.on('message', (octets) => {
      if (isReplyTo(query, octets)) finish(ok({ octets, transport: 'udp' }));
      else ignored++;
    });
    // Node reports ECONNREFUSED here, for a send without a callback.
    socket.on('error', (error: NodeJS.ErrnoException) => finish(failed(options, reason(error), error.code ?? 'FOREIGN')));
    const abort = (): void => finish(failed(options, 'given up', 'ABORTED'));
    options.signal?.addEventListener('abort', abort);
    socket.once('connect', send);
    socket.connect(port, server);
  });
}

function askTcp(options: Ask, timeoutMs: number): Promise<Result<Reply, AskProblem>> {
  const { server, port, query } = options;
  return new Promise((resolve) => {
    const socket = connect({ host: server, port, noDelay: true });
    let received: Uint8Array = new Uint8Array(0);
    const progress = (): string =>
      received.length < 2 ? 'before a reply' : `after ${received.length - 2} of ${readU16(received, 0)} octets`;
    const stopClock = startClock(timeoutMs, () =>
      finish(failed(options, `no whole reply within ${options.timeoutMs} ms, given up ${progress()}`, 'TIMEOUT')),
    );
    const finish = (result: Result<Reply, AskProblem>): void => {
      stopClock();
      options.signal?.removeEventListener('abort', abort);
      socket.destroy();
      resolve(result);
    };
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + readU16(received, 0)) return;
      const octets = received.subarray(2, 2 + readU16(received, 0));
      if (isReplyTo(query, octets)) finish(ok({ octets, transport: 'tcp' }));
      else finish(failed(options, 'what came back is not a reply to this query', 'FOREIGN'));
    });
    socket.once('end', () => finish(failed(options, `the connection was closed ${progress()}`, 'CLOSED')));
    // A second failure of a socket that has been given up must not go unheard.
    socket.on('error', (error: NodeJS.ErrnoException) => finish(failed(options, reason(error), error.code ?? 'FOREIGN')));
    const abort = (): void => finish(failed(options, 'given up', 'ABORTED'));
    options.signal?.addEventListener('abort', abort);
    const frame = Buffer.allocUnsafe(2 + query.length);
    frame.writeUInt16BE(query.length);
    frame.set(query, 2);
    socket.write(frame);
  });
}

/**
 * Calls `expire` when the time has passed and what had come by then has been read: a reply in the kernel is not late because this
 * process was busy. The returned function calls it off.
 */
function startClock(timeoutMs: number, expire: () => void): () => void {
  let lastTurn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    lastTurn = setImmediate(expire);
  }, timeoutMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(lastTurn);
  };
}

const isTruncated = (octets: Uint8Array): boolean => (octets[2]! & 0x02) !== 0;

/** Whether `reply` is a response with the id and question of `query`. Errors may come without the question. */
function isReplyTo(query: Uint8Array, reply: Uint8Array): boolean {
  if (reply.length < HEADER_SIZE || (reply[2]! & 0x80) === 0 || readU16(reply, 0) !== readU16(query, 0)) return false;
  const rcode = reply[3]! & 0x0f;
  if (readU16(reply, 4) === 0 && rcode !== 0) return true;
  if (readU16(query, 4) !== readU16(reply, 4)) return false;
  const end = questionEnd(query);
  if (end === undefined) return true;
  if (reply.length < end) return false;
  const nameEnd = end - 4;
  for (let i = HEADER_SIZE; i < nameEnd; i++) if (LOWER[query[i]!] !== LOWER[reply[i]!]) return false;
  for (let i = nameEnd; i < end; i++) if (query[i] !== reply[i]) return false;
  return true;
}

/** Offset behind the question; undefined if there is not exactly one, or it is malformed (a drill may ask such things). */
function questionEnd(query: Uint8Array): number | undefined {
  if (readU16(query, 4) !== 1) return undefined;
  let at = HEADER_SIZE;
  while (at < query.length && query[at] !== 0) {
    if (query[at]! > MAX_LABEL_SIZE) return undefined;
    at += query[at]! + 1;
  }
  return at + 5 <= query.length ? at + 5 : undefined;
}

const reason = (error: NodeJS.ErrnoException): string =>
  error.code === 'ECONNREFUSED' ? 'nothing listens there (connection refused)' : error.message;

/** The words in which this client complains. */
export function failed(
  { server, port, transport }: Pick<Ask, 'server' | 'port' | 'transport'>,
  why: string,
  cause: string,
): { readonly ok: false; readonly error: AskProblem } {
  return err({ severity: 'error', code: 'ERR_QUERY', message: `${transport} query to ${server} port ${port}: ${why}`, cause });
}

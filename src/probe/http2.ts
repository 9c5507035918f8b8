// One HTTP/2 request (RFC 9113) on a connection of its own: by ALPN over TLS, with prior knowledge without.

import { connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { OUTCOME } from '../model/probe.ts';
import type { Attempt } from './attempt.ts';
import { finding, findingOfErrno, messageOf } from './finding.ts';
import type { HttpReply, HttpRequest } from './http-exchange.ts';
import { MAX_HEADER_OCTETS, readBody } from './http-reply.ts';
import { openTcp, openTls } from './stream.ts';

/** Header lines of a reply, as many as HTTP/1 would hold. */
const MAX_HEADER_LINES = 128;
/** Connection-specific headers, which HTTP/2 forbids (section 8.2.2). */
const FORBIDDEN = new Set(['connection', 'host', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

export function requestHttp2(frame: Attempt, request: HttpRequest, done: (reply: HttpReply) => void): void {
  const { check, place, url, serverName } = request;
  if (url.protocol !== 'https:') {
    openTcp(frame, place, (socket) => send(frame, request, socket, null, done));
    return;
  }
  openTls(frame, place, { ...check, serverName, alpn: ['h2'] }, (socket, daysLeft) => {
    if (socket.alpnProtocol === 'h2') send(frame, request, socket, daysLeft, done);
    else frame.finish(OUTCOME.PROTOCOL, 'the server does not offer HTTP/2 (ALPN)');
  });
}

function send(
  frame: Attempt,
  { check, place, url }: HttpRequest,
  socket: Socket,
  daysLeft: number | null,
  done: (reply: HttpReply) => void,
): void {
  frame.stage('waiting for the status');
  let isLeft = false;
  const fail = (error: unknown): void => {
    if (isLeft) return;
    frame.end(findingOfErrno(error, place.family) ?? finding(OUTCOME.PROTOCOL, `HTTP/2: ${messageOf(error)}`));
  };
  const session = connect(url.origin, {
    createConnection: () => socket,
    maxHeaderListPairs: MAX_HEADER_LINES,
    settings: { enablePush: false, maxHeaderListSize: MAX_HEADER_OCTETS },
  });
  session.on('error', fail);
  frame.onEnd(() => session.destroy());
  session.once('goaway', () => {
    // What is under way may still be answered; the end of the stream tells.
    frame.stage('the server says goodbye');
  });
  const own: OutgoingHttpHeaders = { 'user-agent': 'meridian-probe', accept: '*/*' };
  for (const [name, value] of Object.entries(check.headers)) {
    if (!FORBIDDEN.has(name.toLowerCase())) own[name.toLowerCase()] = value;
  }
  const path = `${url.pathname}${url.search}`;
  const scheme = url.protocol.slice(0, -1);
  const stream = session.request({ ...own, ':method': check.method, ':scheme': scheme, ':authority': url.host, ':path': path });
  stream.on('error', fail);
  stream.once('close', () => {
    if (!isLeft) frame.finish(OUTCOME.RESET, 'connection closed before a whole reply');
  });
  stream.once('response', (headers) => {
    const { location } = headers;
    const leave = (): void => {
      isLeft = true;
      session.destroy();
      socket.destroy();
    };
    done({ status: headers[':status'] ?? 0, location, daysLeft, judge: (judged) => readBody(stream, check, judged), leave });
  });
  stream.end();
}

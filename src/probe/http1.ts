// One HTTP/1.1 request (RFC 9112) on a connection of its own.

import { type IncomingMessage, request as sendRequest } from 'node:http';
import type { Socket } from 'node:net';
import { OUTCOME } from '../model/probe.ts';
import type { Attempt } from './attempt.ts';
import { codeOf, finding, findingOfErrno, messageOf } from './finding.ts';
import type { HttpReply, HttpRequest } from './http-exchange.ts';
import { MAX_HEADER_OCTETS, readBody } from './http-reply.ts';
import { openTcp, openTls } from './stream.ts';

export function requestHttp1(frame: Attempt, request: HttpRequest, done: (reply: HttpReply) => void): void {
  const { check, place, url, serverName } = request;
  if (url.protocol === 'https:') {
    openTls(frame, place, { ...check, serverName }, (socket, daysLeft) => send(frame, request, socket, daysLeft, done));
  } else openTcp(frame, place, (socket) => send(frame, request, socket, null, done));
}

function send(
  frame: Attempt,
  { check, place, url }: HttpRequest,
  socket: Socket,
  daysLeft: number | null,
  done: (reply: HttpReply) => void,
): void {
  frame.stage('waiting for the status');
  // What goes wrong from here on is reported by the request, which knows whether it is a fault of HTTP.
  socket.removeAllListeners('error');
  const request = sendRequest({
    createConnection: () => socket,
    method: check.method,
    path: `${url.pathname}${url.search}`,
    headers: { 'User-Agent': 'meridian-probe', Accept: '*/*', ...check.headers, Host: url.host, Connection: 'close' },
    maxHeaderSize: MAX_HEADER_OCTETS,
  });
  frame.onEnd(() => request.destroy());
  request.on('error', (error) => {
    const code = codeOf(error);
    const isSize = code === 'HPE_HEADER_OVERFLOW';
    const what = isSize ? `a header of more than ${MAX_HEADER_OCTETS} octets` : 'what came back is not HTTP/1';
    if (code.startsWith('HPE_')) frame.finish(OUTCOME.PROTOCOL, isSize ? what : `${what}: ${messageOf(error)}`);
    else frame.end(findingOfErrno(error, place.family) ?? finding(OUTCOME.PROTOCOL, messageOf(error)));
  });
  const hand = (response: IncomingMessage): void => {
    response.on('error', () => {}); // the socket's end is judged by whoever reads the body
    const { location } = response.headers;
    const leave = (): void => {
      request.removeAllListeners('error');
      request.on('error', () => {});
      request.destroy();
    };
    const status = response.statusCode ?? 0;
    done({ status, location, daysLeft, judge: (judged) => readBody(response, check, judged), leave });
  };
  request.on('response', hand);
  request.on('upgrade', hand);
  request.end();
}

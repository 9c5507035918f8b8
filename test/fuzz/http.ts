// The HTTP/1.1 parser of the site agent against that of Node (llhttp, strict): damaged requests go to a front of layer 7 with a server of
// Node's behind it, and straight to another one. What comes through the front must be what the other one reads, request for request,
// until the front refuses: whoever accepts more than the next reader, or something else, can be made to smuggle. A request that the front
// answers itself and goes on after (a path that servers read differently) is one that the other one reads, too: the responses tell which.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { serverOf } from '../support/balance.ts';
import { httpStage } from '../support/site-http.ts';
import { httpStream, LAST_TARGET } from './http-mutate.ts';

/** For one stream: only what has failed ever waits so long. */
const PATIENCE_MS = 120_000;
/** Turns of the event loop in which a parser without sockets has read what it was given. */
const TURNS = 12;
const MANY_TURNS = 1000;
/** Of the responses of the server behind, so that those of the front can be told from them. */
const MARK = 'x-behind';

export interface HttpFuzzOptions {
  readonly seed: number;
  /** So many streams, or as many as fit. */
  readonly amount: { readonly streams: number } | { readonly seconds: number };
  /** Nothing but the stream of this number. */
  readonly only?: number;
}

export interface HttpFuzzReport {
  readonly streams: number;
  /** That came through the front. */
  readonly requests: number;
  /** Streams that the front refused, at whichever request. */
  readonly refused: number;
}

export class HttpFuzzFailure extends Error {}

export async function fuzzHttp({ seed, amount, only }: HttpFuzzOptions): Promise<HttpFuzzReport> {
  const closers: (() => unknown)[] = [];
  const through: string[] = [];
  const straight: string[] = [];
  const behind = serverThatTells(through, { [MARK]: '1' });
  behind.on('clientError', (_, socket) => socket.destroy());
  const judge = serverThatTells(straight);
  // What it read before the octets that it refuses it has not told yet.
  judge.on('clientError', (error: NodeJS.ErrnoException, socket) => socket.emit('refused', error.code));
  behind.listen(0, '127.0.0.1');
  await once(behind, 'listening');
  const server = serverOf('a', { port: (behind.address() as AddressInfo).port });
  const { front, service } = await httpStage({ teardown: (close) => closers.push(close) }, [server]);
  let requests = 0;
  let refused = 0;
  let index = only ?? 0;
  const endMs = performance.now() + ('seconds' in amount ? 1000 * amount.seconds : Number.POSITIVE_INFINITY);
  const last = only === undefined ? ('streams' in amount ? amount.streams : Number.POSITIVE_INFINITY) : only + 1;
  try {
    for (; index < last && performance.now() < endMs; index++) {
      const { octets, cuts } = httpStream(seed, index);
      const fail = (what: string): HttpFuzzFailure =>
        new HttpFuzzFailure(
          `stream ${index} of seed ${seed}: ${what}\nsent: ${shortened(JSON.stringify(octets))}, cut at ${cuts.join()}`,
        );
      through.length = 0;
      straight.length = 0;
      let end = await readStraight(judge, octets, straight, TURNS);
      const responses = await send(front.port, octets, cuts, end !== null);
      if (responses === null) throw fail(`the front neither answers nor refuses; it let pass ${JSON.stringify(through)}`);
      const places = placesOf(responses, through.length);
      if ((places.at(-1) ?? -1) >= straight.length) {
        straight.length = 0;
        end = await readStraight(judge, plainly(octets), straight, MANY_TURNS);
      }
      for (const [i, request] of through.entries()) {
        const place = places[i]!;
        // llhttp knows a list of methods; a method is any token (RFC 9110 section 9.1).
        if (place >= straight.length && end === 'HPE_INVALID_METHOD') break;
        if (request !== straight[place])
          throw fail(`request ${place} became ${shortened(request)}, and llhttp reads ${shortened(straight[place] ?? 'none')}`);
      }
      if (service.active !== 0) throw fail(`${service.active} requests are still counted`);
      requests += through.length;
      if (!through.at(-1)?.startsWith(`GET ${LAST_TARGET} `)) refused++;
    }
  } finally {
    for (const close of closers) await close();
    for (const one of [behind, judge]) {
      one.close();
      one.closeAllConnections();
    }
  }
  return { streams: index - (only ?? 0), requests, refused };
}

/**
 * The same requests in words that llhttp reads as the standard says. It refuses a length or a coding that a tab follows, though white
 * space after a value is no part of it, be it a space or a tab (RFC 9110 section 5.5); and obeys `Connection` among trailers, where it is not allowed
 * and means nothing (section 6.5.1). No octet more or less.
 */
const plainly = (octets: string): string =>
  octets
    .replace(/^(?:content-length:[ \t]*\d+|transfer-encoding:[ \t]*chunked)[ \t]+(?=\r$)/gim, (line) =>
      line.replaceAll('\t', ' '),
    )
    .replace(/(?<=\n0+(?:;[^\r\n]*)?\r\n)(?:[^\r\n]+\r\n)+/g, (trailers) =>
      trailers.replace(/^connection(?=:)/gim, 'x-onnection'),
    );

/** Which of the requests sent came through: all but those that the front answered itself and read on after. */
function placesOf(responses: string, through: number): number[] {
  const heads = [...responses.matchAll(/HTTP\/1\.1 [2-5]\d\d [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/g)];
  const isOfServer = heads.map(([head]) => head.includes(`\r\n${MARK}: `));
  const places: number[] = [];
  for (let place = 0; places.length < through; place++) if (isOfServer[place] ?? true) places.push(place);
  return places;
}

const shortened = (text: string): string => (text.length > 2000 ? `${text.slice(0, 2000)}...` : text);

/** Notes each whole request as `METHOD target host <body>`. */
function serverThatTells(requests: string[], fields: Readonly<Record<string, string>> = {}): Server {
  const tell: RequestListener = (request: IncomingMessage, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url} ${request.headers.host ?? ''} <${JSON.stringify(body)}>`);
      response.writeHead(200, fields).end();
    });
  };
  const server = createServer({ insecureHTTPParser: false, keepAliveTimeout: 600_000 }, tell);
  return server;
}

/** Gives a server octets without a socket between. Why it refused them, `read` if it has read all, or null if it waits for more. */
async function readStraight(judge: Server, octets: string, requests: readonly string[], turns: number): Promise<string | null> {
  const socket = new Duplex({ read: () => {}, write: (_piece, _encoding, done) => done() });
  judge.emit('connection', socket);
  socket.push(Buffer.from(octets, 'latin1'));
  let refusal: string | null = null;
  socket.once('refused', (code: string) => {
    refusal = code;
  });
  const isLast = (): boolean => requests.at(-1)?.startsWith(`GET ${LAST_TARGET} `) === true;
  for (let turn = 0; turn < turns && !isLast(); turn++) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  return isLast() ? 'read' : refusal;
}

/**
 * Sends pieces, and reads until the front ends the connection; where nobody can answer, because the last request `isWhole` not, the client
 * ends it. What it answered, latin1; null = nobody ends it.
 */
function send(port: number, octets: string, cuts: readonly number[], isWhole: boolean): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(null);
    }, PATIENCE_MS);
    let responses = '';
    socket.on('data', (piece: Buffer) => {
      responses += piece.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(responses);
    });
    const pieces = [...cuts, octets.length].map((to, i) => octets.slice(cuts[i - 1] ?? 0, to));
    const next = (): void => {
      const piece = pieces.shift();
      if (socket.destroyed) return;
      if (piece !== undefined) socket.write(piece, 'latin1', () => setImmediate(next));
      else if (!isWhole) socket.end();
    };
    next();
  });
}

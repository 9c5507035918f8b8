// Requests that two readers may take for different ones, written from public descriptions: RFC 9112 section 11.2, Linhart and others,
// "HTTP Request Smuggling" (2005), Kettle, "HTTP Desync Attacks" (2019) and "HTTP/2: The Sequel is Always Worse" (2021), and the
// advisories on NUL, bare line feeds, underscores and chunk extensions since then. For each: what one request may become of it.

import {
  type Block,
  blockOf,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GET_BLOCK,
  HEADERS,
  POST_BLOCK,
} from './http2-octets.ts';

export interface SmugglingCase {
  readonly what: string;
  readonly octets: string;
  /** Of the responses, in their order. */
  readonly statuses: readonly number[];
  /** What the server may see: `METHOD target host <body>`. */
  readonly seen: readonly string[];
}

const POST = 'POST /first HTTP/1.1\r\nhost: a\r\n';
const GET = 'GET /first HTTP/1.1\r\nhost: a\r\n';
const CHUNKED = `${POST}transfer-encoding: chunked\r\n\r\n`;
/** The request that must not come out. */
const EVIL = 'GET /evil HTTP/1.1\r\nhost: a\r\n\r\n';
const AS_CHUNK = `0\r\n\r\n${EVIL}`;
const LAST = 'GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

const refused = (what: string, octets: string, status = 400): SmugglingCase => ({ what, octets, statuses: [status], seen: [] });
const becomes = (what: string, octets: string, ...seen: string[]): SmugglingCase => ({
  what,
  octets: octets + LAST,
  statuses: [...seen.map(() => 200), 200],
  seen: [...seen, 'GET /last a <>'],
});

/** Both say where the body ends, and the second one is spelled so that only some readers know it. */
const hidden = (field: string, status = 400): SmugglingCase =>
  refused(
    `length and ${JSON.stringify(field)}`,
    `${POST}content-length: ${AS_CHUNK.length}\r\n${field}\r\n\r\n${AS_CHUNK}`,
    status,
  );

export const SMUGGLING: readonly SmugglingCase[] = [
  refused('CL.TE', `${POST}content-length: ${AS_CHUNK.length}\r\ntransfer-encoding: chunked\r\n\r\n${AS_CHUNK}`),
  refused('TE.CL', `${POST}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n5c\r\n${EVIL}\r\n0\r\n\r\n`),
  refused('CL.TE in HTTP/1.0', `POST / HTTP/1.0\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n${AS_CHUNK}`),
  hidden('transfer-encoding: xchunked', 501),
  hidden('transfer-encoding : chunked'),
  hidden('transfer-encoding: chunked, identity'),
  hidden('transfer-encoding: identity, chunked'),
  hidden('transfer-encoding: identity', 501),
  hidden('transfer-encoding:\tchunked'),
  hidden('transfer-encoding:\x0bchunked'),
  hidden('transfer-encoding: chunked\x0b'),
  hidden('transfer-encoding: chunked\x00'),
  hidden('transfer-encoding: "chunked"'),
  hidden('transfer-encoding: ,chunked'),
  hidden('transfer-encoding: chunked;q=1'),
  hidden('transfer-encoding: chunked\r\ntransfer-encoding: chunked'),
  hidden('transfer-encoding: chunked\r\ntransfer-encoding: x'),
  hidden(' transfer-encoding: chunked'),
  hidden('\ttransfer-encoding: chunked'),
  hidden('x: y\ntransfer-encoding: chunked'),
  hidden('x: y\rtransfer-encoding: chunked'),
  hidden('x: y\r\n\ttransfer-encoding: chunked'),
  hidden('transfer-encoding\r\n : chunked'),
  hidden('transfer-encoding\x00: chunked'),
  hidden('transfer-encoding\xa0: chunked'),
  hidden('transfer-encoding:'),
  hidden('TRANSFER-ENCODING: CHUNKED'),
  refused('length with a space before the colon', `${POST}content-length : ${EVIL.length}\r\n\r\n${EVIL}`),
  refused('length on a folded line', `${POST}x: y\r\n content-length: ${EVIL.length}\r\n\r\n${EVIL}`),
  refused('length whose value is folded', `${POST}content-length:\r\n ${EVIL.length}\r\n\r\n${EVIL}`),
  refused('two lengths', `${POST}content-length: 0\r\ncontent-length: ${EVIL.length}\r\n\r\n${EVIL}`),
  refused('two equal lengths', `${POST}content-length: 3\r\ncontent-length: 3\r\n\r\nabc`),
  refused('a list of lengths', `${POST}content-length: 0, ${EVIL.length}\r\n\r\n${EVIL}`),
  ...['+3', '-3', '0x3', '3 3', '3;', '3.0', '3e0', ' ', '\x0b3', '3\x00', '00000000000000003', '18446744073709551619'].map(
    (length) => refused(`length ${JSON.stringify(length)}`, `${POST}content-length: ${length}\r\n\r\nabc${EVIL}`),
  ),
  refused('a head that ends with line feeds', `POST / HTTP/1.1\nhost: a\ncontent-length: ${EVIL.length}\n\n${EVIL}`),
  refused('a head with one line feed', `${POST}x: y\ncontent-length: ${EVIL.length}\r\n\r\n${EVIL}`),
  refused('a blank line of a line feed', `${POST}x: y\r\n\n${EVIL}`),
  refused('a carriage return in a name', `${POST}x\r: y\r\n\r\n${EVIL}`),
  refused('a NUL in a value', `${POST}x: a\x00b\r\n\r\n`),
  refused('a NUL in a target', 'GET /\x00 HTTP/1.1\r\nhost: a\r\n\r\n'),
  refused('a target with a line feed', 'GET /\nHTTP/1.1 HTTP/1.1\r\nhost: a\r\n\r\n'),
  refused('a request within the request line', `GET / HTTP/1.1 x\r\nhost: a\r\n\r\n${EVIL}`),
  refused('a version of its own', `GET / HTTP/1.1;x\r\nhost: a\r\n\r\n${EVIL}`),
  refused('HTTP/0.9', 'GET /\r\n\r\n'),
  refused('a method that is none', `G{T / HTTP/1.1\r\nhost: a\r\n\r\n${EVIL}`),
  refused('two hosts', `${GET}host: b\r\n\r\n`),
  refused('two hosts, one behind a space', 'GET / HTTP/1.1\r\nhost: a\r\nhost : b\r\n\r\n'),
  refused('a host with a path', 'GET / HTTP/1.1\r\nhost: a/../b\r\n\r\n'),
  refused('a host with a user', 'GET / HTTP/1.1\r\nhost: a@b\r\n\r\n'),
  refused('a URI without a host', 'GET http:///x HTTP/1.1\r\nhost: a\r\n\r\n'),
  refused('a URI with a user', 'GET http://u@b/x HTTP/1.1\r\nhost: a\r\n\r\n'),
  refused('a URI of another scheme', 'GET ftp://b/x HTTP/1.1\r\nhost: a\r\n\r\n'),
  refused('CONNECT', 'CONNECT b:80 HTTP/1.1\r\nhost: b:80\r\n\r\n', 501),
  refused('HTTP/2 with prior knowledge', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${EVIL}`, 505),
  ...['g', '-1', '+1', ' 1', '0x1', '1 ', '1 x', '1,', '1\x00', '', ';x', '_1', '10000000000000001', 'fffffffffffffffff'].map(
    (size) => refused(`a chunk of size ${JSON.stringify(size)}`, `${CHUNKED}${size}\r\nx\r\n0\r\n\r\n${EVIL}`),
  ),
  refused('a chunk line that ends with a line feed', `${CHUNKED}1\nx\r\n0\r\n\r\n${EVIL}`),
  refused('a chunk line that ends with a carriage return', `${CHUNKED}1\rx\r\n0\r\n\r\n${EVIL}`),
  refused('a chunk extension with a line feed', `${CHUNKED}1;a\nx\r\n0\r\n\r\n${EVIL}`),
  refused('a chunk extension with a carriage return', `${CHUNKED}1;a\rb\r\nx\r\n0\r\n\r\n${EVIL}`),
  refused('a chunk extension without end', `${CHUNKED}1;${'a'.repeat(5000)}`),
  refused('a chunk longer than its size', `${CHUNKED}1\r\nxy\r\n0\r\n\r\n${EVIL}`),
  refused('a chunk that ends with a line feed', `${CHUNKED}1\r\nx\n0\r\n\r\n${EVIL}`),
  refused('a trailer section that ends with line feeds', `${CHUNKED}0\n\n${EVIL}`),
  refused('a trailer that is folded', `${CHUNKED}0\r\nx: y\r\n z\r\n\r\n${EVIL}`),
  refused('a length in the trailers', `${CHUNKED}0\r\ncontent-length: 9\r\n\r\n${EVIL}`),
  refused('a coding in the trailers', `${CHUNKED}0\r\ntransfer-encoding: chunked\r\n\r\n${AS_CHUNK}`),
  refused('a trailer without a colon', `${CHUNKED}0\r\n${EVIL}`),
  becomes('lengths and chunks in different spellings of one word', `${POST}content_length: 3\r\n\r\n`, 'POST /first a <>'),
  becomes(
    'a coding with an underscore',
    `${POST}transfer_encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`,
    'POST /first a <0\r\n\r\n>',
  ),
  becomes('a host with an underscore for a dash', `${GET}x_host: b\r\n\r\n`, 'GET /first a <>'),
  becomes(
    'the length named by Connection',
    `${POST}connection: content-length\r\ncontent-length: 3\r\n\r\nabc`,
    'POST /first a <abc>',
  ),
  becomes('the host named by Connection', `${GET}connection: host\r\n\r\n`, 'GET /first a <>'),
  becomes('an extension and a trailer', `${CHUNKED}3;a="b"\r\nabc\r\n0\r\nx: y\r\n\r\n`, 'POST /first a <abc> x: y'),
  becomes(
    'trailers that would change the message',
    `${CHUNKED}0\r\ncontent_length: 9\r\nhost: b\r\ncookie: x\r\n\r\n`,
    'POST /first a <>',
  ),
  becomes('a size with zeros in front', `${CHUNKED}0003\r\nabc\r\n000\r\n\r\n`, 'POST /first a <abc>'),
  becomes('a body that looks like a request', `${POST}content-length: ${EVIL.length}\r\n\r\n${EVIL}`, `POST /first a <${EVIL}>`),
  becomes('a body on a GET', `${GET}content-length: ${EVIL.length}\r\n\r\n${EVIL}`, `GET /first a <${EVIL}>`),
  becomes('a whole URI and another host', 'GET http://b/x HTTP/1.1\r\nhost: a\r\n\r\n', 'GET /x b <>'),
  becomes(
    'an Upgrade to HTTP/2',
    `${GET}connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n`,
    'GET /first a <>',
  ),
  becomes('a tab around a value', `${POST}content-length:\t3\t\r\n\r\nabc`, 'POST /first a <abc>'),
  becomes('empty lines between requests', `${GET}\r\n\r\n`, 'GET /first a <>'),
];

export interface DowngradeCase {
  readonly what: string;
  readonly frames: readonly Buffer[];
  /** null = it is refused. */
  readonly seen: string | null;
}

const END = END_HEADERS | END_STREAM;
const get = (...more: Block): Buffer[] => [frame(HEADERS, END, blockOf([...GET_BLOCK, ...more]))];
const post = (body: string, ...more: Block): Buffer[] => [
  frame(HEADERS, END_HEADERS, blockOf([...POST_BLOCK, ...more])),
  frame(DATA, END_STREAM, Buffer.from(body)),
];
/** A GET with other pseudo fields. */
const withPseudo = (name: string, value: string): Buffer[] => [
  frame(HEADERS, END, blockOf(GET_BLOCK.map(([known, usual]) => [known, known === name ? value : usual] as const))),
];
const withTrailers = (...trailers: Block): Buffer[] => [
  ...post('').slice(0, 1),
  frame(DATA, 0, Buffer.from('abc')),
  frame(HEADERS, END, blockOf(trailers)),
];
const bad = (what: string, frames: readonly Buffer[]): DowngradeCase => ({ what, frames, seen: null });
/** A field that is none is left out by nghttp2, and the request goes on without it. */
const dropped = (what: string, frames: readonly Buffer[]): DowngradeCase => ({ what, frames, seen: 'GET / a <>' });

/** Requests of HTTP/2 that would be others as HTTP/1.1. */
export const DOWNGRADES: readonly DowngradeCase[] = [
  bad('transfer-encoding', post(AS_CHUNK, ['transfer-encoding', 'chunked'])),
  bad(
    'transfer-encoding and a length',
    post(AS_CHUNK, ['transfer-encoding', 'chunked'], ['content-length', String(AS_CHUNK.length)]),
  ),
  bad('connection', get(['connection', 'keep-alive'])),
  bad('keep-alive', get(['keep-alive', 'timeout=5'])),
  bad('proxy-connection', get(['proxy-connection', 'keep-alive'])),
  bad('upgrade', get(['upgrade', 'websocket'])),
  bad('te other than trailers', get(['te', 'chunked'])),
  bad('a length shorter than the body', post(EVIL, ['content-length', '0'])),
  bad('a length longer than the body', post('abc', ['content-length', '100'])),
  bad('two lengths', post('abc', ['content-length', '3'], ['content-length', '3'])),
  bad('a length that is no number', post('abc', ['content-length', '+3'])),
  dropped('a length with an underscore and a line end', get(['content_length', '0\r\nx: y'])),
  dropped('CR LF in a value', get(['x', `y\r\n\r\n${EVIL}`])),
  dropped('a line feed in a value', get(['x', 'y\ntransfer-encoding: chunked'])),
  dropped('a carriage return in a value', get(['x', 'y\rz'])),
  dropped('NUL in a value', get(['x', 'y\x00z'])),
  dropped('CR LF in a cookie', get(['cookie', 'a=b\r\nx: y'])),
  dropped('CR LF in a name', get(['x: y\r\ntransfer-encoding', 'chunked'])),
  dropped('a colon in a name', get(['transfer-encoding: chunked', ''])),
  dropped('a space in a name', get(['transfer-encoding ', 'chunked'])),
  bad('an upper case name', get(['Transfer-Encoding', 'chunked'])),
  dropped('an empty name', get(['', 'x'])),
  bad('CR LF in the path', withPseudo(':path', `/ HTTP/1.1\r\nhost: a\r\n\r\n${EVIL}`)),
  bad('a space in the path', withPseudo(':path', '/ HTTP/1.1')),
  bad('a path that is none', withPseudo(':path', 'evil')),
  bad('an empty path', withPseudo(':path', '')),
  bad('a line in the method', withPseudo(':method', `GET /evil HTTP/1.1\r\nhost: a\r\n\r\nGET`)),
  bad('a space in the method', withPseudo(':method', 'GET /evil')),
  bad('an empty method', withPseudo(':method', '')),
  bad('CR LF in the authority', withPseudo(':authority', 'a\r\nx: y')),
  bad('a path in the authority', withPseudo(':authority', 'a/evil')),
  bad('a user in the authority', withPseudo(':authority', 'b@a')),
  bad('a host that differs from the authority', get(['host', 'b'])),
  bad('two hosts', [frame(HEADERS, END, blockOf([...GET_BLOCK.slice(0, 3), ['host', 'a'], ['host', 'b']]))]),
  bad('no authority and no host', [frame(HEADERS, END, blockOf(GET_BLOCK.slice(0, 3)))]),
  bad('no path', [frame(HEADERS, END, blockOf(GET_BLOCK.filter(([name]) => name !== ':path')))]),
  bad('no scheme', [frame(HEADERS, END, blockOf(GET_BLOCK.filter(([name]) => name !== ':scheme')))]),
  bad('a scheme that is none', withPseudo(':scheme', 'http://evil/?')),
  bad('a pseudo field twice', get([':path', '/evil'])),
  bad('a pseudo field after others', [frame(HEADERS, END, blockOf([['x', 'y'], ...GET_BLOCK]))]),
  bad('an unknown pseudo field', [frame(HEADERS, END, blockOf([...GET_BLOCK, [':evil', 'x']]))]),
  bad('a pseudo field of responses', [frame(HEADERS, END, blockOf([...GET_BLOCK, [':status', '200']]))]),
  bad('extended CONNECT that was not offered', [
    frame(HEADERS, END, blockOf([[':method', 'CONNECT'], ...GET_BLOCK.slice(1), [':protocol', 'websocket']])),
  ]),
  bad('CONNECT', [
    frame(
      HEADERS,
      END,
      blockOf([
        [':method', 'CONNECT'],
        [':authority', 'b:80'],
      ]),
    ),
  ]),
  bad('a pseudo field in the trailers', withTrailers([':path', '/evil'])),
  bad('frames of another stream within a head', [
    frame(HEADERS, END_STREAM, blockOf(GET_BLOCK)),
    frame(DATA, 0, Buffer.from('x'), 3),
    frame(CONTINUATION, END_HEADERS, Buffer.alloc(0)),
  ]),
  { what: 'a body that looks like a request', frames: post(EVIL), seen: `POST / a <${EVIL}>` },
  { what: 'a body with its length', frames: post(EVIL, ['content-length', String(EVIL.length)]), seen: `POST / a <${EVIL}>` },
  {
    what: 'a coding with an underscore',
    frames: post(AS_CHUNK, ['transfer_encoding', 'chunked'], ['content-length', String(AS_CHUNK.length)]),
    seen: `POST / a <${AS_CHUNK}>`,
  },
  { what: 'te: trailers', frames: get(['te', 'trailers']), seen: 'GET / a <>' },
  bad('a length in the trailers', withTrailers(['content-length', '9'])),
  {
    what: 'trailers that would change the message',
    frames: withTrailers(['host', 'b'], ['cookie', 'x'], ['content_type', 'z'], ['x', 'y']),
    seen: 'POST / a <abc> x: y',
  },
];

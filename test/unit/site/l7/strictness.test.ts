import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { readRequestHead } from '../../../../src/site/l7/request-head.ts';
import { readResponseHead } from '../../../../src/site/l7/response-head.ts';
import { Random } from '../../../support/random.ts';
import { Backend } from '../../../support/site.ts';
import { exchange, httpStage, LIMITS, named, RawClient, statusOf, WebServer } from '../../../support/site-http.ts';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n';
const POST = 'POST / HTTP/1.1\r\nhost: a\r\n';
const CHUNKED = `${POST}transfer-encoding: chunked\r\n\r\n`;

/** what it is -> the octets, and the status that refuses them. */
const REFUSED: Record<string, readonly [string, number]> = {
  'length and chunks (CL.TE)': [`${POST}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  'chunks and length (TE.CL)': [`${POST}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n`, 400],
  'two codings (TE.TE)': [`${POST}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n`, 400],
  'a list of codings': [`${POST}transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n`, 400],
  'a coding that is hidden by a tab': [`${POST}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, 400],
  'another coding': [`${POST}transfer-encoding: gzip\r\n\r\n`, 501],
  'chunks in HTTP/1.0': ['POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  'two lengths that differ': [`${POST}content-length: 4\r\ncontent-length: 5\r\n\r\nabcd`, 400],
  'two lengths that are equal': [`${POST}content-length: 4\r\ncontent-length: 4\r\n\r\nabcd`, 400],
  'a list of lengths': [`${POST}content-length: 4, 4\r\n\r\nabcd`, 400],
  'a signed length': [`${POST}content-length: +4\r\n\r\nabcd`, 400],
  'a hexadecimal length': [`${POST}content-length: 0x4\r\n\r\nabcd`, 400],
  'an empty length': [`${POST}content-length: \r\n\r\n`, 400],
  'a length beyond exact numbers': [`${POST}content-length: 9007199254740993\r\n\r\n`, 400],
  'a line feed for a line end': ['GET / HTTP/1.1\nhost: a\n\n', 400],
  'a line feed between fields': ['GET / HTTP/1.1\r\nhost: a\nx: y\r\n\r\n', 400],
  'a carriage return in a value': [`${GET}x: a\rb\r\n\r\n`, 400],
  'a NUL in a value': [`${GET}x: a\0b\r\n\r\n`, 400],
  'a folded line': [`${GET}x: a\r\n b\r\n\r\n`, 400],
  'a folded first line': ['GET / HTTP/1.1\r\n host: a\r\n\r\n', 400],
  'a space before the colon': [`${GET}content-length : 4\r\n\r\nabcd`, 400],
  'a field without a name': [`${GET}: x\r\n\r\n`, 400],
  'a field without a colon': [`${GET}nothing\r\n\r\n`, 400],
  'a name that is no token': [`${GET}x(y): z\r\n\r\n`, 400],
  'no host': ['GET / HTTP/1.1\r\n\r\n', 400],
  'two hosts': [`${GET}host: b\r\n\r\n`, 400],
  'a host with a path': ['GET / HTTP/1.1\r\nhost: a/b\r\n\r\n', 400],
  'a host with a user': ['GET / HTTP/1.1\r\nhost: u@a\r\n\r\n', 400],
  'a list of hosts': ['GET / HTTP/1.1\r\nhost: a, b\r\n\r\n', 400],
  'a target that is no path': ['GET x HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  'a target with a fragment': ['GET /x#y HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  'a target above ASCII': ['GET /\xe9 HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  'two spaces in the request line': ['GET  / HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  'a tab in the request line': ['GET\t/ HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  'no version': ['GET /\r\nhost: a\r\n\r\n', 400],
  'another version': ['GET / HTTP/1.2\r\nhost: a\r\n\r\n', 505],
  'the preface of HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  CONNECT: ['CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n', 501],
  'a path above the root': ['GET /../etc HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 400],
  'an encoded slash in dots': ['GET /a%2f..%2fb HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 400],
  'another expectation': [`${POST}expect: something\r\ncontent-length: 1\r\n\r\nx`, 417],
  'a target that is too long': [`GET /${'x'.repeat(9000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 414],
  'a target without end': [`GET /${'x'.repeat(17_000)}`, 414],
  'a head that is too long': [`${GET}x: ${'y'.repeat(17_000)}\r\n\r\n`, 431],
  'too many fields': [`${GET}${'x: y\r\n'.repeat(200)}\r\n`, 431],
  'a chunk size that is none': [`${CHUNKED}x\r\nabc\r\n0\r\n\r\n`, 400],
  'an empty chunk size': [`${CHUNKED}\r\nabc\r\n0\r\n\r\n`, 400],
  'a signed chunk size': [`${CHUNKED}+3\r\nabc\r\n0\r\n\r\n`, 400],
  'a chunk size with a prefix': [`${CHUNKED}0x3\r\nabc\r\n0\r\n\r\n`, 400],
  'a chunk size that overflows': [`${CHUNKED}ffffffffffffffff0\r\nabc\r\n0\r\n\r\n`, 400],
  'a chunk size before a line feed': [`${CHUNKED}3\nabc\r\n0\r\n\r\n`, 400],
  'a chunk that is longer than its size': [`${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`, 400],
  'a chunk that ends with a line feed': [`${CHUNKED}3\r\nabc\n0\r\n\r\n`, 400],
  'a chunk extension without end': [`${CHUNKED}3;${'x'.repeat(1000)}`, 400],
  'a line feed in a chunk extension': [`${CHUNKED}3;x\nabc\r\n0\r\n\r\n`, 400],
  'a trailer that is no field': [`${CHUNKED}0\r\nno trailer\r\n\r\n`, 400],
};

for (const [what, [octets, status]] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, async (t) => {
    const server = await WebServer.open(t, 'a', (got, response) => got.resume().on('end', () => response.end('heard')));
    const { front, service } = await httpStage(t, [server.server]);
    const got = await exchange(t, front.port, octets);
    t.is(statusOf(got), status);
    t.false(got.includes('heard'));
    t.is(got.match(/HTTP\/1\.1/g)!.length, 1, 'and nothing after it is taken for a request');
    t.is(service.active, 0);
  });
}

const ACCEPTED: Record<string, string> = {
  'an empty line before the request': `\r\n${GET}`,
  'a whole URI, whose host counts': 'GET http://b.example/x HTTP/1.1\r\nhost: a\r\n',
  'OPTIONS for the server itself': 'OPTIONS * HTTP/1.1\r\nhost: a\r\n',
  'an IPv6 host with a port': 'GET / HTTP/1.1\r\nhost: [::1]:80\r\n',
  'octets above ASCII in a value': `${GET}x: \xe9\xff\r\n`,
  'an empty value': `${GET}x:\r\n`,
};

for (const [what, octets] of Object.entries(ACCEPTED)) {
  test(`accepted, in one piece and octet by octet: ${what}`, async (t) => {
    const server = await WebServer.open(t, 'a', (got, response) => response.end(`${got.headers.host} ${got.url}`));
    const { front } = await httpStage(t, [server.server]);
    const whole = await exchange(t, front.port, `${octets}connection: close\r\n\r\n`);
    t.is(statusOf(whole), 200);
    const client = new RawClient(t, front.port);
    client.socket.setNoDelay(true);
    for (const octet of `${octets}connection: close\r\n\r\n`)
      await new Promise((sent) => client.socket.write(octet, 'latin1', sent));
    t.is((await client.all()).split('\r\n\r\n')[1], whole.split('\r\n\r\n')[1]);
  });
}

test('the host of a whole URI replaces that of the field', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => response.end(`${got.headers.host} ${got.url}`));
  const { front } = await httpStage(t, [server.server]);
  const got = await exchange(t, front.port, 'GET http://b.example?q HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  t.true(got.includes('b.example /?q'), got);
});

test('chunks are passed on octet by octet as well as at once', async (t) => {
  const server = await WebServer.open(t, 'a', async (got, response) => response.end(`<${await text(got)}>`));
  const { front } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  client.socket.setNoDelay(true);
  const octets = `${POST}connection: close\r\ntransfer-encoding: chunked\r\n\r\n3;a="b"\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n`;
  for (const octet of octets) await new Promise((sent) => client.socket.write(octet, 'latin1', sent));
  const got = await client.all();
  t.true(got.includes('<abc0123456789>'), got);
});

test('what this reads as a request, llhttp reads as the same request', async (t) => {
  // Requests made of pieces that readers differ about. Whoever accepts more than the next one can be fooled; less is no harm.
  const random = new Random(7230);
  const any = <T>(of: readonly T[]): T => of[random.uint32() % of.length]!;
  const make = (): string => {
    const end = (): string => any(['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r\r\n']);
    let made = `${any(['GET', 'POST', 'PUT', 'G(T'])} ${any(['/', '/a?b', '*', '/a b', 'http://h/x'])} HTTP/1.1${end()}host: a\r\n`;
    for (let i = random.uint32() % 4; i > 0; i--) {
      const name = any(['content-length', 'Transfer-Encoding', 'x', 'content-length ', ' x', 'x_y', 'connection']);
      made += `${name}:${any(['', ' ', '\t'])}${any(['4', '04', '4,4', 'chunked', 'Chunked', 'chunked, identity', 'a\x00', 'b', '+4', ''])}${end()}`;
    }
    return `${made}\r\n`;
  };
  const accepted: { method: string; url: string; length: string | undefined; coding: string | undefined }[] = [];
  const judge = createServer({ insecureHTTPParser: false }, (got, response) => {
    const { 'content-length': length, 'transfer-encoding': coding } = got.headers;
    accepted.push({ method: got.method!, url: got.url!, length, coding });
    response.end();
    got.socket.destroy();
  });
  judge.on('clientError', (_, socket) => socket.destroy());
  judge.listen(0, '127.0.0.1');
  await once(judge, 'listening');
  t.teardown(() => judge.close());
  let count = 0;
  for (let i = 0; i < 20_000; i++) {
    const asked = make();
    const ours = readRequestHead(asked, LIMITS);
    if (typeof ours === 'number') continue;
    if (++count > 150) break;
    accepted.length = 0;
    const socket = connect((judge.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    socket.resume().end(asked, 'latin1');
    await once(socket, 'close');
    t.is(accepted.length, 1, JSON.stringify(asked));
    const [theirs] = accepted;
    t.is(ours.method, theirs!.method);
    t.is(ours.bodySize, theirs!.coding === undefined ? Number(theirs!.length ?? 0) : -1, JSON.stringify(asked));
  }
  t.true(count > 100, String(count));
});

const RESPONSES: Record<string, string> = {
  'length and chunks': 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc',
  'another coding': 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'a folded line': 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n',
  'a line feed in the reason': 'HTTP/1.1 200 O\nK\r\ncontent-length: 0\r\n\r\n',
  'no status': 'HTTP/1.1 OK\r\n\r\n',
  'another protocol': 'ICY 200 OK\r\n\r\n',
  'a change of protocol nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n',
};

for (const [what, octets] of Object.entries(RESPONSES)) {
  test(`a server that answers with ${what} is answered for with 502`, async (t) => {
    const backend = await Backend.open(t, 'a', (socket) => socket.on('data', () => socket.write(octets, 'latin1')));
    const { front, service } = await httpStage(t, [backend.server]);
    const got = await exchange(t, front.port, `${POST}connection: close\r\n\r\n`);
    t.is(statusOf(got), 502);
    t.is(service.active, 0);
  });
}

test('what a server sends after its response is never the response to another request', async (t) => {
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n';
  const backend = await Backend.open(t, 'a', (socket) => {
    let count = 0;
    socket.on('data', () => socket.write(count++ === 0 ? `${answer}good${answer}evil` : `${answer}evil`));
  });
  const { front } = await httpStage(t, [backend.server]);
  const client = new RawClient(t, front.port);
  for (let i = 1; i <= 3; i++) {
    client.write(`${GET}\r\n`);
    await client.until((got) => got.split('good').length > i);
  }
  t.is(client.text.split('good').length, 4);
  t.false(client.text.includes('evil'));
});

test('white space around a length, be it tabs, stays here: the server gets the digits alone', async (t) => {
  const server = await WebServer.open(t, 'a', async (got, response) => response.end(`<${await text(got)}>`));
  const { front } = await httpStage(t, [server.server]);
  const got = await exchange(t, front.port, `${POST}connection: close\r\ncontent-length: \t3 \t\r\n\r\nabc`);
  t.true(got.includes('<abc>'), got);
  const { rawHeaders } = server.requests[0]!;
  t.is(rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === 'content-length') + 1], '3');
});

test('a path that is refused costs its request and no other: what comes after it on the connection is served', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front } = await httpStage(t, [server.server]);
  const got = await exchange(
    t,
    front.port,
    `HEAD /%1 HTTP/1.1\r\nhost: a\r\n\r\nGET /b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
  );
  t.deepEqual(got.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400', 'HTTP/1.1 200']);
  t.deepEqual(
    server.requests.map(({ url }) => url),
    ['/b'],
  );
});

test('a status line may lack its reason', (t) => {
  t.is(readResponseHead('HTTP/1.1 200\r\n\r\n', false)?.status, 200);
  t.is(readResponseHead('HTTP/1.1 200 \r\n\r\n', false)?.reason, '');
});

test('fields that servers may take for those of a proxy are not passed on from clients', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front } = await httpStage(t, [server.server]);
  const lies = 'x_forwarded_for: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\nx-forwarded_proto: https\r\nForwarded: for=6.6.6.6\r\n';
  await exchange(t, front.port, `${GET}${lies}connection: close\r\n\r\n`);
  t.false(JSON.stringify(server.requests[0]!.rawHeaders).includes('6.6.6.6'));
  t.false(JSON.stringify(server.requests[0]!.rawHeaders).includes('https'));
});

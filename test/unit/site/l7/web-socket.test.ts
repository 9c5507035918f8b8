// WebSocket over HTTP/2 (RFC 8441) by node's client, to servers that speak it over HTTP/1.1.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Stream, connect } from 'node:http2';
import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { eventually } from '../../../support/patience.ts';
import { selfSigned } from '../../../support/self-signed.ts';
import { httpStage, named, routeOf, WebServer } from '../../../support/site-http.ts';

const tls = selfSigned(test);
const UPGRADING = [routeOf({ upgrade: true })];
const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** A server that changes to another protocol and then sends back what it gets, up to the end. */
async function echoServer(t: ExecutionContext, accept: (key: string) => string = acceptOf): Promise<WebServer> {
  const server = await WebServer.open(t, 'a', named('a'));
  server.http.on('upgrade', (request, socket: Socket) => {
    server.requests.push(request);
    const key = request.headers['sec-websocket-key']!;
    socket.on('error', () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept(key)}\r\nsec-websocket-protocol: chat\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  return server;
}

/** Asks for a WebSocket on a connection of its own. */
async function open(t: ExecutionContext, url: string, headers: Record<string, string> = {}): Promise<ClientHttp2Stream> {
  const session = connect(url, { rejectUnauthorized: false });
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  const [settings] = await once(session, 'remoteSettings');
  t.true(settings.enableConnectProtocol);
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat?a=b', ...headers });
  stream.on('error', () => {});
  return stream;
}

const statusOf = async (stream: ClientHttp2Stream): Promise<number> => (await once(stream, 'response'))[0][':status'];

test('a stream is a tunnel to a server of HTTP/1.1, both ways, until one side ends', async (t) => {
  const server = await echoServer(t);
  const { url, front, service } = await httpStage(t, [server.server], { tls, routes: UPGRADING });
  const stream = await open(t, url, { 'sec-websocket-version': '13', 'sec-websocket-key': 'made up', origin: 'https://a' });
  const [response] = await once(stream, 'response');
  t.like(response, { ':status': 200, 'sec-websocket-protocol': 'chat' });
  t.is(response['sec-websocket-accept'], undefined);
  const { method, url: target, headers } = server.requests[0]!;
  t.deepEqual([method, target], ['GET', '/chat?a=b']);
  t.like(headers, { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', origin: 'https://a' });
  t.is(Buffer.from(String(headers['sec-websocket-key']), 'base64').length, 16);

  const large = Buffer.alloc(1_000_000, 'x');
  let got = 0;
  stream.on('data', (octets: Buffer) => {
    got += octets.length;
  });
  stream.write(large);
  await eventually(
    () => got === large.length,
    () => `${got} octets came back`,
  );
  t.like(front.counts, { tunnels: 1 });
  t.is(service.active, 1);
  stream.end();
  await once(stream, 'close');
  await eventually(
    () => front.active === 0 && service.active === 0,
    () => 'never given back',
  );
});

test('a server that ends the tunnel ends the stream, a client that vanishes is told to the server', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const sockets: Socket[] = [];
  server.http.on('upgrade', (request, socket: Socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.write(
      `HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${acceptOf(request.headers['sec-websocket-key']!)}\r\n\r\nbye`,
    );
  });
  const { url, front } = await httpStage(t, [server.server], { tls, routes: UPGRADING });
  const first = await open(t, url);
  t.is(await statusOf(first), 200);
  const ended = once(first, 'end');
  t.is(String((await once(first, 'data'))[0]), 'bye');
  sockets[0]!.end();
  await ended;
  const second = await open(t, url);
  t.is(await statusOf(second), 200);
  const isTold = once(sockets[1]!, 'end');
  sockets[1]!.resume();
  second.session!.destroy();
  await isTold;
  sockets[1]!.end();
  await eventually(
    () => front.active === 0,
    () => 'never given back',
  );
});

for (const { what, status, routes = UPGRADING, headers = {}, accept } of [
  { what: 'a route that passes no Upgrade on', status: 501, routes: [routeOf({ upgrade: false })] },
  { what: 'another protocol', status: 501, headers: { ':protocol': 'connect-udp' } },
  { what: 'a server that does not know the key', status: 502, accept: () => 'x' },
])
  test(`no tunnel: ${what}`, async (t) => {
    const server = await echoServer(t, accept);
    const { url, front } = await httpStage(t, [server.server], { tls, routes });
    t.is(await statusOf(await open(t, url, headers)), status);
    await eventually(
      () => front.active === 0,
      () => 'never given back',
    );
  });

test('a server that serves a page instead is no open tunnel, and one that refuses is heard', async (t) => {
  const server = await WebServer.open(t, 'a', (request, response) => {
    response.writeHead(request.url === '/chat?a=b' ? 200 : 403).end('a page');
  });
  const { url, front } = await httpStage(t, [server.server], { tls, routes: UPGRADING });
  t.is(await statusOf(await open(t, url)), 502);
  t.is(await statusOf(await open(t, url, { ':path': '/other' })), 403);
  await eventually(
    () => front.active === 0,
    () => 'never given back',
  );
});

test('a request of HTTP/1.1 or a plain CONNECT is no tunnel', async (t) => {
  const server = await echoServer(t);
  const { url } = await httpStage(t, [server.server], { tls, routes: UPGRADING });
  const session = connect(url, { rejectUnauthorized: false });
  t.teardown(() => session.destroy());
  const plain = session.request({ ':method': 'CONNECT', ':authority': 'a:1' });
  t.is(await statusOf(plain), 501);
});

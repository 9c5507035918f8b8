// What hostile clients and servers do on purpose, by hand-made frames and texts: each is told so or sent away at a bounded cost, and an
// honest client is served all the while.

import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import {
  blockOf,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GET_BLOCK,
  HEADERS,
  opening,
  POST_BLOCK,
} from '../../../support/http2-octets.ts';
import { eventually } from '../../../support/patience.ts';
import { selfSigned } from '../../../support/self-signed.ts';
import { type HttpStage, httpStage, LIMITS, named, TIMEOUTS, WebServer } from '../../../support/site-http.ts';

const tls = selfSigned(test);
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const [SETTING_WINDOW, SETTING_HEADER_TABLE] = [4, 1];

const setting = (id: number, value: number): Buffer => {
  const octets = Buffer.alloc(6);
  octets.writeUInt16BE(id, 0);
  octets.writeUInt32BE(value, 2);
  return octets;
};

/** A connection that says whatever it is told to; what comes back is kept. */
async function http2(t: ExecutionContext, port: number): Promise<{ readonly socket: TLSSocket; heard(): Buffer }> {
  const socket = connectTls({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false });
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  const heard: Buffer[] = [];
  socket.on('data', (octets: Buffer) => heard.push(octets));
  await once(socket, 'secureConnect');
  return { socket, heard: () => Buffer.concat(heard) };
}

/** Whether it ends well or badly. */
const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

/** Sends it again and again, as fast as it is taken, until the connection is closed or `most` octets have gone. True if it was closed. */
async function flood(socket: Socket, octets: Buffer, most: number): Promise<boolean> {
  const closed = closeOf(socket).then(() => true);
  for (let sent = 0; sent < most && !socket.destroyed; sent += octets.length) {
    if (!socket.write(octets)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
  }
  if (socket.destroyed) return true;
  return Promise.race([closed, new Promise<false>((resolve) => setTimeout(() => resolve(false), 1000))]);
}

const isServed = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = httpsRequest({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });

const stageOf = async (t: ExecutionContext, differs: Parameters<typeof httpStage>[2] = {}): Promise<HttpStage> => {
  const server = await WebServer.open(t, 'a', (request, response) => {
    request.resume().on('end', () => response.end(request.url === '/large' ? Buffer.alloc(1_000_000) : 'a'));
  });
  return httpStage(t, [server.server], { tls, ...differs });
};

const given = (stage: HttpStage): Promise<void> =>
  eventually(
    () => stage.front.active === 0 && stage.service.active === 0,
    () => 'never given back',
  );

const MiB = 1_048_576;
const HEADERS_BEGUN = frame(HEADERS, 0, blockOf(GET_BLOCK));
const LONG_FIELD = blockOf([['x-long', 'x'.repeat(8000)]]);
const GET_LARGE = blockOf(GET_BLOCK.map(([name, value]) => (name === ':path' ? [name, '/large'] : [name, value])));

for (const { what, begin, octets, most } of [
  {
    what: 'a header block that never ends (CVE-2024-27316)',
    begin: HEADERS_BEGUN,
    octets: frame(CONTINUATION, 0, LONG_FIELD),
    most: 64 * MiB,
  },
  {
    what: 'a header block of empty continuations',
    begin: HEADERS_BEGUN,
    octets: Buffer.concat(Array<Buffer>(100).fill(frame(CONTINUATION, 0, Buffer.alloc(0)))),
    most: 16 * MiB,
  },
  {
    what: 'settings without an end (CVE-2019-9515)',
    begin: Buffer.alloc(0),
    octets: Buffer.concat(Array<Buffer>(100).fill(frame(SETTINGS, 0, setting(SETTING_HEADER_TABLE, 4096), 0))),
    most: 16 * MiB,
  },
])
  test(`HTTP/2: ${what} ends the connection, and others are served`, async (t) => {
    const stage = await stageOf(t);
    const { socket } = await http2(t, stage.front.port);
    socket.write(opening([begin]));
    t.true(await flood(socket, octets, most));
    t.true(await isServed(stage.front.port));
    await given(stage);
  });

test('HTTP/2: pings that nobody reads the answers of do not pile up', async (t) => {
  const stage = await stageOf(t);
  const { socket } = await http2(t, stage.front.port);
  socket.write(opening([]));
  socket.pause();
  const before = process.memoryUsage().rss;
  await flood(socket, Buffer.concat(Array<Buffer>(1000).fill(frame(PING, 0, Buffer.alloc(8), 0))), 16 * MiB);
  t.true(process.memoryUsage().rss - before < 200 * MiB);
  t.true(await isServed(stage.front.port));
});

test('HTTP/2: empty pieces of a body are no progress: the request is refused in time (CVE-2019-9518)', async (t) => {
  const limits = { ...LIMITS, bodyPieceSize: 1024 };
  const stage = await stageOf(t, { limits, timeouts: { ...TIMEOUTS, bodyIdleMs: 500 } });
  const { socket } = await http2(t, stage.front.port);
  socket.write(opening([frame(HEADERS, END_HEADERS, blockOf(POST_BLOCK))]));
  const timer = setInterval(() => socket.write(frame(DATA, 0, Buffer.alloc(0))), 20);
  t.teardown(() => clearInterval(timer));
  await eventually(
    () => stage.front.counts.requests === 1,
    () => 'never asked',
  );
  await given(stage);
  t.is(stage.front.counts.responses[4], 1);
  t.true(await isServed(stage.front.port));
});

for (const { what, window, update } of [
  { what: 'no window at all', window: 0, update: 0 },
  { what: 'a window of one octet at a time (CVE-2019-9511)', window: 0, update: 1 },
])
  test(`HTTP/2: who gives a response ${what} does not hold it for ever`, async (t) => {
    const stage = await stageOf(t, { timeouts: { ...TIMEOUTS, responseIdleMs: 500 } });
    const { socket } = await http2(t, stage.front.port);
    const ask = frame(HEADERS, END_HEADERS | END_STREAM, GET_LARGE);
    socket.write(opening([frame(SETTINGS, 0, setting(SETTING_WINDOW, window), 0), ask]));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(update, 0);
    const timer = setInterval(() => update > 0 && socket.write(frame(WINDOW_UPDATE, 0, size)), 20);
    t.teardown(() => clearInterval(timer));
    await eventually(
      () => stage.front.counts.requests === 1,
      () => 'never asked',
    );
    await given(stage);
    t.true(await isServed(stage.front.port));
  });

test('HTTP/2: a list of header fields beyond the limit is refused, and the connection is good for others', async (t) => {
  const stage = await stageOf(t);
  const { socket, heard } = await http2(t, stage.front.port);
  const many = Array.from({ length: 150 }, (_, i) => [`x-${i}`, 'a'] as const);
  socket.write(opening([frame(HEADERS, END_HEADERS | END_STREAM, blockOf([...GET_BLOCK, ...many]))]));
  socket.write(frame(HEADERS, END_HEADERS | END_STREAM, blockOf(GET_BLOCK), 3));
  await eventually(
    () => stage.front.counts.requests === 1,
    () => `${heard().length} octets heard`,
  );
  await given(stage);
  t.false(socket.destroyed);
});

test('who begins TLS and says no more is sent away in time, and others are served meanwhile', async (t) => {
  const stage = await stageOf(t, { timeouts: { ...TIMEOUTS, headMs: 500 } });
  const sockets = Array.from({ length: 50 }, () => connectTcp(stage.front.port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => sockets.map((socket) => socket.destroy()));
  const closed = Promise.all(sockets.map((socket) => closeOf(socket.resume())));
  for (const socket of sockets) socket.write(Buffer.from('160301020001', 'hex'));
  t.true(await isServed(stage.front.port));
  await closed;
});

test('HTTP/1.1: a thousand requests sent ahead are answered in their order', async (t) => {
  const server = await WebServer.open(t, 'a', (request, response) => void response.end(request.url));
  const { front } = await httpStage(t, [server.server]);
  const socket = connectTcp(front.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  socket.write(Array.from({ length: 1000 }, (_, i) => `GET /${i} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
  await eventually(
    () => heard.endsWith('\r\n\r\n/999'),
    () => heard.slice(-200),
  );
  t.deepEqual(
    [...heard.matchAll(/\r\n\r\n\/(\d+)/g)].map(([, i]) => Number(i)),
    Array.from({ length: 1000 }, (_, i) => i),
  );
});

for (const { what, text } of [
  { what: 'an extension of a chunk', text: `1;${'x'.repeat(2 * MiB)}` },
  { what: 'a trailer', text: `0\r\nx: ${'x'.repeat(2 * MiB)}` },
  { what: 'zeros before the size of a chunk', text: '0'.repeat(2 * MiB) },
])
  test(`HTTP/1.1: ${what} without an end is refused`, async (t) => {
    const server = await WebServer.open(t, 'a', named('a'));
    const stage = await httpStage(t, [server.server]);
    const socket = connectTcp(stage.front.port, '127.0.0.1').on('error', () => {});
    t.teardown(() => socket.destroy());
    const closed = closeOf(socket.resume());
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${text}`);
    await closed;
    t.is(stage.front.counts.malformed, 1);
    await given(stage);
  });

/** A server that answers each connection with these octets, and goes on as `more` says. */
async function serverOf(t: ExecutionContext, answer: string, more: (socket: Socket) => void = () => {}): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(answer, 'latin1');
      more(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

test('a server that says "later" for ever is given up, and its client is not drowned in it', async (t) => {
  const port = await serverOf(t, '', (socket) => {
    const interim = `HTTP/1.1 103 Early Hints\r\nlink: </${'x'.repeat(500)}>\r\n\r\n`.repeat(100);
    const go = (): void => {
      while (!socket.destroyed && socket.write(interim));
    };
    socket.on('drain', go);
    go();
  });
  const server = await WebServer.open(t, 'a', named('a'));
  const stage = await httpStage(t, [{ ...server.server, port }]);
  const socket = connectTcp(stage.front.port, '127.0.0.1').on('error', () => {});
  t.teardown(() => socket.destroy());
  let size = 0;
  let last = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    size += text.length;
    last = (last + text).slice(-1000);
  });
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually(
    () => /HTTP\/1\.1 502 /.test(last),
    () => `${size} octets came: ${last}`,
  );
  t.true(size < MiB, String(size));
  await given(stage);
});

for (const [what, method, head] of [
  ['HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 35'],
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 35'],
  ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 35'],
] as const)
  test(`a body after a response to ${what} is never another response`, async (t) => {
    const evil = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil';
    const port = await serverOf(t, `${head}\r\n\r\n${evil}`);
    const server = await WebServer.open(t, 'a', named('a'));
    const { front } = await httpStage(t, [{ ...server.server, port }]);
    const socket = connectTcp(front.port, '127.0.0.1').on('error', () => {});
    t.teardown(() => socket.destroy());
    let heard = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
    });
    const ask = `${method} / HTTP/1.1\r\nhost: a\r\n\r\n`;
    socket.write(ask);
    await eventually(
      () => heard.includes('\r\n\r\n'),
      () => heard,
    );
    socket.write(ask);
    await eventually(
      () => heard.split('HTTP/1.1 ').length === 3,
      () => heard,
    );
    t.false(heard.includes('evil'), heard);
  });

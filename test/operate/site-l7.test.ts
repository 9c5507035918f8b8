// Layer 7 of the agent with real clients before it and real servers behind it: curl, h2load, wrk and `ws`; large bodies in flat memory;
// clients that are slow on purpose, that never read, and that leave without a word.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { WebSocket } from 'ws';
import { eventually } from '../support/patience.ts';
import { run } from '../support/server.ts';
import { type L7Stage, startL7 } from '../support/site-l7.ts';

const LARGE_SIZE = 100 * 2 ** 20;
/** What a relay holds at once is some pieces of 64 kB; the rest is what the collector of garbage has not come to yet. */
const MOST_GROWTH_MIB = 60;
/** Slow clients are given up soon, others have the time of the configuration's defaults. */
const HASTY = '{ head: 1s, bodyIdle: 1s, responseIdle: 1s, keepAlive: 1s }';

let stage: L7Stage;
let directory: string;

test.before(async () => {
  stage = await startL7(HASTY);
  directory = mkdtempSync(join(tmpdir(), 'meridian-l7-clients-'));
  writeFileSync(join(directory, 'large'), Buffer.alloc(LARGE_SIZE, 'x'));
});
test.after.always(async () => {
  await stage?.close();
  rmSync(directory, { recursive: true, force: true });
});

const url = (path: string): string => `http://127.0.0.1:${stage.ports.plain}${path}`;
const secureUrl = (path: string): string => `https://127.0.0.1:${stage.ports.secure}${path}`;

/** What curl prints with these arguments. */
async function curl(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run('curl', ['-sS', '-k', '--max-time', '250', ...args]);
  return code === 0 ? stdout : `curl ${code}: ${stderr}`;
}

const FORMAT = '%{http_version} %{http_code} %{size_download}';

for (const [version, path] of [
  ['1.1', url],
  ['2', secureUrl],
] as const) {
  test.serial(`curl over HTTP/${version}: 100 MB each way, in flat memory`, async (t) => {
    const up = ['-T', join(directory, 'large'), '-X', 'POST', path('/files/')];
    const down = ['-o', '/dev/null', path(`/files/${LARGE_SIZE}`)];
    const transfer = (args: readonly string[]): Promise<string> => curl(`--http${version}`, '-w', FORMAT, ...args);
    await transfer(down); // the first one fills what is kept
    for (const [what, args, expected] of [
      ['down', down, `${version} 200 ${LARGE_SIZE}`],
      ['down, in chunks', ['-H', 'x-chunked: 1', ...down], `${version} 200 ${LARGE_SIZE}`],
      ['up', up, `${LARGE_SIZE}${version} 200 9`],
      ['up, in chunks', ['-H', 'transfer-encoding: chunked', ...up], `${LARGE_SIZE}${version} 200 9`],
    ] as const) {
      const before = stage.memoryMib('VmRSS');
      stage.resetPeak();
      t.is(await transfer(args), expected, what);
      const grown = stage.memoryMib('VmHWM') - before;
      t.log(`${what}: ${grown.toFixed(0)} MiB`);
      t.true(grown < MOST_GROWTH_MIB, `${what}: ${grown} MiB`);
    }
  });
}

test.serial('curl: a HEAD, an empty POST, a range of URLs on one connection, and an expectation', async (t) => {
  t.is(await curl('-I', '-w', FORMAT, '-o', '/dev/null', url('/files/1000')), '1.1 200 0');
  t.is(await curl('-X', 'POST', '-d', '', url('/files/')), '0');
  t.is(await curl('-w', ' %{num_connects};', url('/files/[1-3]')), 'x 1;xx 0;xxx 0;');
  t.is(await curl('-H', 'expect: 100-continue', '-d', 'abc', url('/files/')), '3');
  t.regex(await curl('--http2', '-D', '-', '-o', '/dev/null', secureUrl('/a')), /^HTTP\/2 200/);
});

test.serial('wrk and h2load: no request fails, over HTTP/1.1 and HTTP/2', async (t) => {
  const wrk = await run('wrk', ['-t1', '-c20', '-d1s', url('/files/100')]);
  t.regex(wrk.stdout, /[1-9]\d* requests in/);
  t.notRegex(wrk.stdout, /Non-2xx|Socket errors/);
  for (const args of [['--h1', url('/files/100')], [secureUrl('/files/100')], ['--h1', secureUrl('/files/3000000')]]) {
    const count = args.at(-1)!.endsWith('00000') ? '20' : '1000';
    const { stdout } = await run('h2load', ['-n', count, '-c', '5', '-m', '10', ...args]);
    t.regex(stdout, new RegExp(`${count} succeeded, 0 failed, 0 errored, 0 timeout`), stdout);
  }
  await stage.idle();
});

test.serial('a WebSocket echoes texts and large binaries, with and without TLS, and closes with its code', async (t) => {
  const large = Buffer.alloc(5_000_000, 'y');
  for (const place of [`ws://127.0.0.1:${stage.ports.plain}/files/`, `wss://127.0.0.1:${stage.ports.secure}/files/`]) {
    const socket = new WebSocket(place, { rejectUnauthorized: false });
    await once(socket, 'open');
    socket.send('text');
    t.is(String((await once(socket, 'message'))[0]), 'text');
    socket.send(large);
    t.true(large.equals((await once(socket, 'message'))[0] as Buffer));
    socket.close(4001, 'enough');
    t.deepEqual([...(await once(socket, 'close'))].map(String), ['4001', 'enough']);
  }
  const { counts } = (await stage.status()).listeners[0]!;
  t.is(counts['tunnels'], 1);
  await stage.idle();
});

/** A client that sends a beginning, and then one more piece every so often, until the agent ends it. What it was told. */
async function dribble(beginning: string, piece: string, everyMs: number): Promise<string> {
  const socket = connect({ port: stage.ports.hasty, host: '127.0.0.1', noDelay: true });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (octets: string) => {
    text += octets;
  });
  socket.on('error', () => {});
  socket.write(beginning, 'latin1');
  const timer = setInterval(() => socket.write(piece, 'latin1'), everyMs);
  await once(socket, 'close');
  clearInterval(timer);
  return text.slice(0, 12);
}

const POST = 'POST /files/ HTTP/1.1\r\nhost: a\r\n';
/** What comes slowly -> how it begins, one more piece, how it ends. */
const SLOW: Record<string, readonly [string, string, string]> = {
  'a head, octet by octet': ['GET / HTTP/1.1\r\nhost: a\r\nx: ', 'y', 'HTTP/1.1 408'],
  'a head, field by field': ['GET / HTTP/1.1\r\nhost: a\r\n', 'x: y\r\n', 'HTTP/1.1 408'],
  'a request line': ['GET /', 'x', 'HTTP/1.1 408'],
  'a body, octet by octet': [`${POST}content-length: 100000\r\n\r\n`, 'x', 'HTTP/1.1 408'],
  'chunks of one octet': [`${POST}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n', 'HTTP/1.1 408'],
  'a chunk size': [`${POST}transfer-encoding: chunked\r\n\r\n`, '0', 'HTTP/1.1 408'],
  'a chunk extension': [`${POST}transfer-encoding: chunked\r\n\r\n1;`, 'x', 'HTTP/1.1 408'],
  trailers: [`${POST}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x: y\r\n', 'HTTP/1.1 408'],
};

test.serial('who sends slowly on purpose is sent away, and others are served meanwhile', async (t) => {
  const slow = Object.entries(SLOW).flatMap(([what, [beginning, piece, end]]) =>
    Array.from({ length: 5 }, async () => t.is(await dribble(beginning, piece, 100), end, what)),
  );
  for (let i = 0; i < 5; i++) t.is(await curl(`http://127.0.0.1:${stage.ports.hasty}/files/3`), 'xxx');
  await Promise.all(slow);
  await stage.idle();
});

test.serial('a body that comes slowly but steadily is taken', async (t) => {
  const client = request({ port: stage.ports.hasty, host: '127.0.0.1', path: '/files/', method: 'POST' });
  for (let i = 0; i < 15; i++) {
    client.write('x'.repeat(2000));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  client.end();
  const [response] = await once(client, 'response');
  response.setEncoding('utf8');
  t.is((await once(response, 'data'))[0], '30000');
});

test.serial('who never reads is sent away with what it holds', async (t) => {
  const before = stage.memoryMib('VmRSS');
  const sockets: Socket[] = [];
  for (let i = 0; i < 10; i++) {
    const socket = connect({ port: stage.ports.hasty, host: '127.0.0.1' }).pause();
    socket.on('error', () => {});
    socket.write(`GET /files/${LARGE_SIZE} HTTP/1.1\r\nhost: a\r\n\r\n`);
    sockets.push(socket);
  }
  await eventually(
    async () => (await stage.status()).services.every(({ active }) => active === 0),
    () => stage.agent.log(),
  );
  t.true(stage.memoryMib('VmRSS') - before < MOST_GROWTH_MIB);
  for (const socket of sockets) socket.destroy();
  await stage.idle();
});

/** Streams that were asked for and get no window to answer in. */
async function withoutWindow(paths: readonly string[]): Promise<{ session: ClientHttp2Session; streams: ClientHttp2Stream[] }> {
  const session = connectHttp2(`https://127.0.0.1:${stage.ports.hastySecure}`, {
    rejectUnauthorized: false,
    settings: { initialWindowSize: 0 },
  });
  session.on('error', () => {});
  await once(session, 'connect');
  const streams = paths.map((path) => {
    const stream = session.request({ ':path': path });
    stream.on('error', () => {});
    return stream;
  });
  await Promise.all(streams.map((stream) => once(stream, 'response')));
  return { session, streams };
}

test.serial('a stream of HTTP/2 that is given no window is broken off, whether its response is large or small', async (t) => {
  const { session, streams } = await withoutWindow(['/files/10', '/files/5000000']);
  await Promise.all(streams.map((stream) => new Promise((over) => (stream.closed ? over(0) : stream.once('close', over)))));
  t.deepEqual(
    streams.map(({ rstCode }) => rstCode !== 0),
    [true, true],
  );
  session.destroy();
  await stage.idle();
});

test.serial('clients and servers that vanish leave nothing behind', async (t) => {
  for (const [octets, wait] of [
    ['GET /files/hold HTTP/1.1\r\nhost: a\r\n\r\n', 'request'],
    [`GET /files/${LARGE_SIZE} HTTP/1.1\r\nhost: a\r\n\r\n`, 'response'],
    [`${POST}content-length: 1000000\r\n\r\nabc`, 'request'],
    [`${POST}transfer-encoding: chunked\r\n\r\n5\r\nab`, 'request'],
    ['GET /files/3 HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(50), 'response'],
    ['GET /fil', 'nothing'],
  ] as const) {
    for (let i = 0; i < 10; i++) {
      const socket = connect({ port: stage.ports.plain, host: '127.0.0.1' });
      socket.on('error', () => {});
      const arrived = wait === 'request' ? once(stage.files, 'request') : Promise.resolve();
      socket.write(octets);
      await once(socket, 'connect');
      if (wait === 'response') await once(socket, 'readable');
      await arrived;
      socket.resetAndDestroy();
    }
  }
  await stage.idle();
  const client = request(`${url('/files/hold')}`).on('error', () => {});
  const arrived = once(stage.files, 'request');
  client.end();
  await arrived;
  stage.files.closeAllConnections();
  const [response] = await once(client, 'response');
  t.is(response.statusCode, 502);
  response.resume();
  client.destroy();
  await stage.idle();
  t.is(await curl(url('/files/3')), 'xxx');
});

import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { eventually } from '../../../support/patience.ts';
import { exchange, httpStage, named, RawClient, statusOf, WebServer } from '../../../support/site-http.ts';

const why = (what: string) => (): string => `never: ${what}`;

test('requests are spread over the servers on connections that stay, and everything is given back', async (t) => {
  const servers = await Promise.all(['a', 'b'].map((id) => WebServer.open(t, id, named(id))));
  const { front, service, url } = await httpStage(
    t,
    servers.map(({ server }) => server),
  );
  const heard: string[] = [];
  for (let i = 0; i < 10; i++) heard.push(await (await fetch(url)).text());
  t.deepEqual([heard.filter((name) => name === 'a').length, heard.filter((name) => name === 'b').length], [5, 5]);
  t.is(front.serverConnections, 2);
  t.is(service.active, 0);
  t.is(front.active, 0);
  t.is(front.counts.responses[2], 10);
});

test('a server gets method, target and fields as they were sent, and none that are of the connection', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { front } = await httpStage(t, [server.server]);
  await exchange(
    t,
    front.port,
    'GET /x%20y?q=1&q=2 HTTP/1.1\r\nHost: Www.Example.org\r\nX-One: 1\r\nx-two:  \t two words \r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Hop: 1\r\nProxy-Connection: close\r\nConnection: close, X-Hop\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n',
  );
  const [got] = server.requests;
  t.is(got!.url, '/x%20y?q=1&q=2');
  t.deepEqual(got!.headers, {
    host: 'Www.Example.org',
    'x-one': '1',
    'x-two': 'two words',
    cookie: 'a=1; b=2',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'Www.Example.org',
  });
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a hundred megabytes pass both ways unchanged, and memory stays flat', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    got.pipe(response);
  });
  const { url } = await httpStage(t, [server.server]);
  const piece = randomFillSync(Buffer.alloc(1_000_000));
  const sent = createHash('sha256');
  const client = request(url, { method: 'POST' });
  const received = createHash('sha256');
  let most = 0;
  const isDone = new Promise<void>((resolve) => {
    client.on('response', (response) => {
      response.on('data', (octets) => received.update(octets));
      response.on('end', resolve);
    });
  });
  for (let i = 0; i < 100; i++) {
    sent.update(piece);
    if (!client.write(Buffer.from(piece))) await once(client, 'drain');
    if (i % 10 !== 9) continue;
    collect(); // what is only garbage says nothing of what is held
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  client.end();
  await isDone;
  t.is(received.digest('hex'), sent.digest('hex'));
  t.true(most < 60_000_000, `${most} octets of buffers`);
});

test('a client that does not read stops the server', async (t) => {
  let written = 0;
  let isStopped = (): boolean => false;
  const server = await WebServer.open(t, 'a', (_, response) => {
    isStopped = () => response.writableNeedDrain;
    const write = (): void => {
      do written += 65_536;
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', write);
    write();
  });
  const { front } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  client.socket.pause();
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  let before = -1;
  await eventually(() => {
    const isStill = written === before && isStopped();
    before = written;
    return isStill;
  }, why('the server stops'));
  t.true(written < 100_000_000, String(written));
});

test('a client that leaves ends its request at the server, and the server is given back', async (t) => {
  let isClosed = false;
  const server = await WebServer.open(t, 'a', (_, response) => {
    response.on('close', () => {
      isClosed = true;
    });
    response.write('some');
  });
  const { front, service } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await client.until((got) => got.includes('some'));
  client.socket.destroy();
  await eventually(() => isClosed && service.active === 0 && front.active === 0, why('the end'));
  t.is(front.counts.aborted, 1);
});

test('a response that breaks off does not look complete', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    response.writeHead(200, got.url === '/sized' ? { 'content-length': 1000 } : {});
    response.write('half of it', () => response.destroy());
  });
  const { url, service } = await httpStage(t, [server.server]);
  for (const path of ['/sized', '/chunked']) {
    await t.throwsAsync(async () => (await fetch(url + path)).text());
  }
  t.is(service.active, 0);
});

test('HEAD, 204 and 304 have no body, and the connection goes on', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    const status = Number(got.url!.slice(1));
    response.writeHead(status, got.method === 'HEAD' ? { 'content-length': 12 } : {});
    response.end(got.method === 'GET' && status === 200 ? 'last' : undefined);
  });
  const { front } = await httpStage(t, [server.server]);
  const asked = ['HEAD /200', 'GET /204', 'GET /304'].map((line) => `${line} HTTP/1.1\r\nhost: a\r\n\r\n`).join('');
  const got = await exchange(t, front.port, `${asked}GET /200 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  t.deepEqual(got.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200']);
  t.regex(got, /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*content-length: 12\r\n/);
  t.true(got.endsWith('last') || got.endsWith('4\r\nlast\r\n0\r\n\r\n'), got);
});

test('requests that are sent ahead are answered in their order', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    setImmediate(() => response.end(got.url));
  });
  const { front } = await httpStage(t, [server.server]);
  const asked = Array.from(
    { length: 50 },
    (_, i) => `GET /${i} HTTP/1.1\r\nhost: a\r\n${i === 49 ? 'connection: close\r\n' : ''}\r\n`,
  );
  const got = await exchange(t, front.port, asked.join(''));
  t.deepEqual(
    got.match(/^\/\d+/gm) ?? [],
    asked.map((_, i) => `/${i}`),
  );
});

test('trailers of a response are passed on', async (t) => {
  const server = await WebServer.open(t, 'a', (_, response) => {
    response.writeHead(200, { trailer: 'x-sum' });
    response.write('text');
    response.addTrailers({ 'x-sum': '42', 'content-length': '3' });
    response.end();
  });
  const { front } = await httpStage(t, [server.server]);
  const got = await exchange(t, front.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  t.true(got.endsWith('4\r\ntext\r\n0\r\nx-sum: 42\r\n\r\n'), got);
});

test('trailers of a request are passed on', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    got.resume().on('end', () => response.end(JSON.stringify(got.trailers)));
  });
  const { front } = await httpStage(t, [server.server]);
  const got = await exchange(
    t,
    front.port,
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3;x=y\r\nabc\r\n0\r\nx-sum: 1\r\nhost: b\r\n\r\n',
  );
  t.true(got.includes('{"x-sum":"1"}'), got);
});

test('a client that expects 100 gets it from the server before it sends its body', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    got.pipe(response);
  });
  const { url } = await httpStage(t, [server.server]);
  const client = request(url, { method: 'PUT', headers: { expect: '100-continue', 'content-length': 4 } });
  client.flushHeaders();
  await once(client, 'continue');
  client.end('body');
  const [response] = await once(client, 'response');
  t.is(await text(response), 'body');
});

test('a client of HTTP/1.0 gets a body that ends with the connection, and never chunks', async (t) => {
  const server = await WebServer.open(t, 'a', (_, response) => {
    response.write('one ');
    response.end('two');
  });
  const { front } = await httpStage(t, [server.server]);
  const got = await exchange(t, front.port, 'GET / HTTP/1.0\r\n\r\n');
  t.true(got.endsWith('\r\n\r\none two'), got);
  t.notRegex(got, /transfer-encoding/i);
});

test('a response that comes before the end of the request ends the connection after it', async (t) => {
  const server = await WebServer.open(t, 'a', (_, response) => {
    response.writeHead(403, { 'content-length': 2 });
    response.end('no');
  });
  const { front, service } = await httpStage(t, [server.server]);
  const client = new RawClient(t, front.port);
  client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nabc');
  const got = await client.all();
  t.is(statusOf(got), 403);
  t.true(got.endsWith('no'), got);
  t.regex(got, /connection: close/);
  t.is(service.active, 0);
});

test('a hundred clients at once share the servers without mixing up their responses', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    setImmediate(() => response.end(got.url));
  });
  const { url } = await httpStage(t, [server.server]);
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  t.teardown(() => agent.destroy());
  const ask = async (path: string): Promise<string> => {
    const client = request(url + path, { agent }).end();
    const [response] = await once(client, 'response');
    return text(response);
  };
  const paths = Array.from({ length: 1000 }, (_, i) => `/${i}`);
  t.deepEqual(await Promise.all(paths.map(ask)), paths);
});

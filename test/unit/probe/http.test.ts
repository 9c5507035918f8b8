import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttp2, createSecureServer as createSecureHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Server } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { OUTCOME } from '../../../src/model/probe.ts';
import { closedTcpPort } from '../../support/closed-port.ts';
import { checkPort, countEstablished, HTTP, type Listening, listen, makeCertificate, tcpServer } from '../../support/probing.ts';
import { until } from '../../support/until.ts';

const certificate = makeCertificate('www.example.test', 100);
const { cert, key, certFile: caFile } = certificate;
const HTTPS = { ...HTTP, scheme: 'https', host: 'www.example.test', caFile } as const;

const listeners: Record<string, (serve: RequestListener) => Server> = {
  'HTTP/1.1': (serve) => createServer(serve),
  'HTTP/1.1 over TLS': (serve) => createHttps({ cert, key }, serve),
  'HTTP/2': (serve) => createHttp2(serve as never),
  'HTTP/2 over TLS': (serve) => createSecureHttp2({ cert, key }, serve as never),
};
const checks: Record<string, typeof HTTP> = {
  'HTTP/1.1': HTTP,
  'HTTP/1.1 over TLS': HTTPS,
  'HTTP/2': { ...HTTP, version: '2' },
  'HTTP/2 over TLS': { ...HTTPS, version: '2' },
};

for (const [kind, base] of Object.entries(checks)) {
  const serve = (t: ExecutionContext, answer: RequestListener): Promise<Listening> => listen(t, listeners[kind]!(answer));

  test(`${kind}: a good status is up, and the connection is closed at once`, async (t) => {
    const { port, open } = await serve(t, (_, response) => response.end('fine'));
    const { outcome, detail } = await checkPort(base, port);
    t.deepEqual([outcome, detail], [OUTCOME.OK, 'status 200']);
    await until(() => open.size === 0);
  });

  test(`${kind}: the request has the method, path, host and headers asked for`, async (t) => {
    let seen: IncomingMessage | undefined;
    const { port } = await serve(t, (request, response) => {
      seen = request;
      response.end();
    });
    const check = { ...base, method: 'HEAD', path: '/a?b=c', host: 'www.example.test', headers: { 'X-Probe': 'yes' } } as const;
    t.is((await checkPort(check, port)).outcome, OUTCOME.OK);
    const host = seen!.headers.host ?? seen!.headers[':authority'];
    t.deepEqual([seen!.method, seen!.url, host, seen!.headers['x-probe']], ['HEAD', '/a?b=c', 'www.example.test', 'yes']);
  });

  test(`${kind}: another status is a bad one, unless it is in a range`, async (t) => {
    const { port } = await serve(t, (_, response) => response.writeHead(503).end());
    const { outcome, detail } = await checkPort(base, port);
    t.deepEqual([outcome, detail], [OUTCOME.BAD_STATUS, 'status 503']);
    const statuses = [[404, 404] as const, [500, 503] as const];
    t.is((await checkPort({ ...base, statuses }, port)).outcome, OUTCOME.OK);
  });

  test(`${kind}: text and pattern are looked for in the body`, async (t) => {
    const { port } = await serve(t, (_, response) => response.end('state: ready'));
    t.is((await checkPort({ ...base, body: { text: 'ready' } }, port)).outcome, OUTCOME.OK);
    t.is((await checkPort({ ...base, body: { pattern: '^state: (ready|busy)$' } }, port)).outcome, OUTCOME.OK);
    t.is((await checkPort({ ...base, body: { text: 'broken' } }, port)).outcome, OUTCOME.BAD_CONTENT);
    t.is((await checkPort({ ...base, body: { pattern: '^ready' } }, port)).outcome, OUTCOME.BAD_CONTENT);
  });

  test(`${kind}: of a body without end the first 5120 octets are read`, async (t) => {
    const { port } = await serve(t, (_, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1000)));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    t.is((await checkPort({ ...base, body: { text: 'y' } }, port)).outcome, OUTCOME.BAD_CONTENT);
    // Asked of the kernel: a server of Node's that is writing HTTP/2 over TLS does not tell that its peer is gone.
    await until(() => countEstablished(port) === 0);
  });

  test(`${kind}: a body that stops coming meets the time limit`, async (t) => {
    const { port } = await serve(t, (_, response) => response.write('a'));
    const result = await checkPort({ ...base, body: { text: 'b' } }, port, {}, { timeoutMs: 700 });
    t.is(result.outcome, OUTCOME.TIMEOUT);
  });

  test(`${kind}: a request that is never answered meets the time limit, and the server is left`, async (t) => {
    const { port, open } = await serve(t, () => {});
    const { outcome, detail } = await checkPort(base, port, {}, { timeoutMs: 700 });
    t.is(outcome, OUTCOME.TIMEOUT, detail);
    await until(() => open.size === 0);
  });

  test(`${kind}: a server that hangs up instead of answering is a reset`, async (t) => {
    const { port, open } = await serve(t, () => {
      for (const socket of open) socket.destroy();
    });
    t.is((await checkPort(base, port)).outcome, OUTCOME.RESET);
  });

  test(`${kind}: a closed port is refused`, async (t) => {
    t.is((await checkPort(base, await closedTcpPort(t))).outcome, OUTCOME.REFUSED);
  });

  test(`${kind}: a redirect is a status like any other unless it is to be followed`, async (t) => {
    const { port } = await serve(t, ({ url }, response) => {
      if (url === '/healthz') response.writeHead(302, { location: '/other' }).end();
      else response.end();
    });
    t.is((await checkPort(base, port)).outcome, OUTCOME.BAD_STATUS);
    const host = base.host === null ? null : `${base.host}:${port}`;
    t.is((await checkPort({ ...base, host, followRedirects: 1 }, port)).outcome, OUTCOME.OK);
  });
}

test('redirects in a circle end at their bound', async (t) => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.writeHead(301, { location: '/healthz' }).end();
  });
  const { port } = await listen(t, server);
  t.is((await checkPort({ ...HTTP, followRedirects: 3 }, port)).outcome, OUTCOME.BAD_STATUS);
  t.is(requests, 4);
});

test('a redirect to another host is not followed', async (t) => {
  const server = createServer((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end());
  const { port } = await listen(t, server);
  const { outcome, detail } = await checkPort({ ...HTTP, followRedirects: 5 }, port);
  t.is(outcome, OUTCOME.BAD_STATUS);
  t.regex(detail, /another host, 169\.254\.169\.254/);
});

test('what is not HTTP is another protocol', async (t) => {
  const { port } = await tcpServer(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  t.is((await checkPort(HTTP, port)).outcome, OUTCOME.PROTOCOL);
  t.is((await checkPort({ ...HTTP, version: '2' }, port)).outcome, OUTCOME.PROTOCOL);
});

test('a header without end is cut off', async (t) => {
  const { port } = await tcpServer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const write = (): void => {
      while (!socket.destroyed && socket.write(`X-A: ${'a'.repeat(500)}\r\n`));
      if (!socket.destroyed) socket.once('drain', write);
    };
    write();
  });
  const { outcome, detail } = await checkPort(HTTP, port);
  t.is(outcome, OUTCOME.PROTOCOL);
  t.regex(detail, /header of more than 16384 octets/);
});

test('a server without HTTP/2 is told from one that is down', async (t) => {
  const { port } = await listen(
    t,
    createHttps({ cert, key }, (_, response) => response.end()),
  );
  const { outcome } = await checkPort({ ...HTTPS, version: '2' }, port);
  t.true(outcome === OUTCOME.PROTOCOL || outcome === OUTCOME.TLS);
});

test('a certificate for another name fails', async (t) => {
  const { port } = await listen(
    t,
    createHttps({ cert, key }, (_, response) => response.end()),
  );
  t.is((await checkPort({ ...HTTPS, host: 'other.example.test' }, port)).outcome, OUTCOME.TLS);
});

test('a pattern that backtracks for ever is stopped, and is no fault of the target', async (t) => {
  const { port } = await listen(
    t,
    createServer((_, response) => response.end('a'.repeat(60))),
  );
  const { outcome, detail } = await checkPort({ ...HTTP, body: { pattern: '^(a+)+$b' } }, port);
  t.is(outcome, OUTCOME.NOT_CHECKED);
  t.regex(detail, /pattern takes longer/);
});

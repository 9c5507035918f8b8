import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import type { Problem } from '../../../../src/base/errors.ts';
import type { HttpTls } from '../../../../src/model/site-http.ts';
import { Certificates } from '../../../../src/site/l7/certificates.ts';
import { blockOf, END_HEADERS, END_STREAM, frame, GET_BLOCK, HEADERS, opening } from '../../../support/http2-octets.ts';
import { eventually } from '../../../support/patience.ts';
import { httpStage, LIMITS, named, settingsOf, WebServer } from '../../../support/site-http.ts';

const directory = mkdtempSync(join(tmpdir(), 'meridian-tls-'));
const fileOf = (name: string): string => join(directory, name);
test.after.always(() => rmSync(directory, { recursive: true }));

/** Makes NAME.pem and NAME.key for these host names. */
function makeCertificate(name: string, hosts: readonly string[]): HttpTls['certificates'][number] {
  const files = { certificateFile: fileOf(`${name}.pem`), keyFile: fileOf(`${name}.key`) };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.keyFile];
  const san = `subjectAltName=${hosts.map((host) => `DNS:${host}`).join()}`;
  const rest = ['-out', files.certificateFile, '-days', '30', '-subj', `/CN=${name}`, '-addext', san];
  execFileSync('openssl', ['req', '-x509', ...key, ...rest], { stdio: 'ignore' });
  return files;
}

const FIRST = makeCertificate('first', ['first.test']);
const SECOND = makeCertificate('second', ['second.test', '*.wild.test']);
const TLS: HttpTls = { certificates: [FIRST, SECOND], minVersion: 'TLSv1.2', http2: true };

async function nameSeen(port: number, servername?: string): Promise<string> {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket: TLSSocket = connectTls(servername === undefined ? options : { ...options, servername });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

function http2Client(t: ExecutionContext, url: string): ClientHttp2Session {
  const session = connect(url, { rejectUnauthorized: false });
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  return session;
}

async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string,
): Promise<{ headers: IncomingHttpHeaders & { ':status'?: number }; body: string; trailers: IncomingHttpHeaders | null }> {
  const stream = session.request(headers, { endStream: body === undefined });
  let trailers: IncomingHttpHeaders | null = null;
  stream.on('trailers', (got) => {
    trailers = got;
  });
  if (body !== undefined) stream.end(body);
  const [got] = await once(stream, 'response');
  return { headers: got, body: await text(stream), trailers };
}

test('a client gets the certificate of the host it names, or the first one', async (t) => {
  const { front } = await httpStage(t, [], { tls: TLS });
  t.is(await nameSeen(front.port, 'second.test'), 'second');
  t.is(await nameSeen(front.port, 'a.wild.test'), 'second');
  t.is(await nameSeen(front.port, 'a.b.wild.test'), 'first');
  t.is(await nameSeen(front.port, 'unknown.test'), 'first');
  t.is(await nameSeen(front.port), 'first');
});

test('HTTP/1.1 over TLS: the server learns that it was https', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => response.end(String(got.headers['x-forwarded-proto'])));
  const { url } = await httpStage(t, [server.server], { tls: TLS });
  const client = request(url, { rejectUnauthorized: false }).end();
  const [response] = await once(client, 'response');
  t.is(response.httpVersion, '1.1');
  t.is(await text(response), 'https');
});

test('new files are taken without a restart, and bad ones are reported and change nothing', async (t) => {
  const files = { certificateFile: fileOf('live.pem'), keyFile: fileOf('live.key') };
  const install = ({ certificateFile, keyFile }: typeof files): void => {
    copyFileSync(certificateFile, files.certificateFile);
    copyFileSync(keyFile, files.keyFile);
  };
  install(FIRST);
  const problems: Problem[] = [];
  const opened = await Certificates.open({ ...TLS, certificates: [files] }, (problem) => problems.push(problem));
  if (!opened.ok) throw new Error(opened.error[0]!.message);
  const certificates = opened.value;
  t.teardown(() => certificates.close());
  let changes = 0;
  certificates.onChange = () => changes++;
  const before = certificates.contextFor('x');
  await certificates.look();
  t.is(changes, 0, 'the same files');
  install(SECOND);
  await certificates.look();
  t.is(changes, 1);
  t.not(certificates.contextFor('x'), before);
  writeFileSync(files.keyFile, 'no key');
  const kept = certificates.contextFor('x');
  await certificates.look();
  t.is(certificates.contextFor('x'), kept);
  t.is(problems[0]?.code, 'ERR_SITE_CERTIFICATE');
});

test('a front does not open with files that cannot be used, and a reload with such files changes nothing', async (t) => {
  const { front, service } = await httpStage(t, [], { tls: TLS });
  const bad = { ...TLS, certificates: [{ certificateFile: FIRST.certificateFile, keyFile: SECOND.keyFile }] };
  const services = new Map([['web', service]]);
  t.is((await front.replace(settingsOf({ tls: bad }), services))[0]?.code, 'ERR_SITE_CERTIFICATE');
  t.is(await nameSeen(front.port), 'first');
  t.deepEqual(await front.replace(settingsOf({ tls: { ...TLS, certificates: [SECOND] } }), services), []);
  t.is(await nameSeen(front.port), 'second');
});

test('HTTP/2: many requests at once on one connection, over HTTP/1.1 to the servers', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end(`${got.httpVersion} ${got.method} ${got.url} ${got.headers.host} ${got.headers.cookie}`);
  });
  const { url, service, front } = await httpStage(t, [server.server], { tls: TLS });
  const session = http2Client(t, url);
  const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
  const heard = await Promise.all(
    paths.map((path) => ask(session, { ':path': path, ':authority': 'first.test', cookie: 'x=1' })),
  );
  t.deepEqual(
    heard.map(({ body }) => body),
    paths.map((path) => `1.1 GET ${path} first.test x=1`),
  );
  t.deepEqual(heard[0]!.headers['set-cookie'], ['a=1', 'b=2']);
  t.is(service.active, 0);
  t.is(front.active, 0);
});

test('HTTP/2: bodies of known and unknown size pass both ways, and trailers', async (t) => {
  const server = await WebServer.open(t, 'a', async (got, response) => {
    const body = await text(got);
    response.writeHead(200, { trailer: 'x-sum' });
    response.write(`${body.length} `);
    response.addTrailers({ 'x-sum': String(got.headers['content-length'] ?? got.headers['transfer-encoding']) });
    response.end();
  });
  const { url } = await httpStage(t, [server.server], { tls: TLS });
  const session = http2Client(t, url);
  const large = 'x'.repeat(1_000_000);
  const chunked = await ask(session, { ':method': 'POST' }, large);
  t.is(chunked.body, '1000000 ');
  t.is(chunked.trailers?.['x-sum'], 'chunked');
  const sized = await ask(session, { ':method': 'POST', 'content-length': '3' }, 'abc');
  t.is(sized.trailers?.['x-sum'], '3');
});

test('HTTP/2: pages of our own, HEAD, and a response without a body', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) =>
    response.writeHead(got.url === '/204' ? 204 : 200, got.method === 'HEAD' ? { 'content-length': 5 } : {}).end(),
  );
  const { url } = await httpStage(t, [server.server], { tls: TLS, limits: { ...LIMITS, targetSize: 100 } });
  const session = http2Client(t, url);
  t.is((await ask(session, { ':path': `/${'x'.repeat(200)}` })).headers[':status'], 414);
  t.is((await ask(session, { ':path': '/204' })).headers[':status'], 204);
  const head = await ask(session, { ':method': 'HEAD' });
  t.deepEqual([head.headers['content-length'], head.body], ['5', '']);
  t.is((await ask(session, { ':path': '/', ':authority': 'first.test', host: 'other.test' })).headers[':status'], 400);
});

test('HTTP/2: a response that breaks off resets its stream and no other', async (t) => {
  const server = await WebServer.open(t, 'a', (got, response) => {
    if (got.url === '/good') response.end('good');
    else response.write('half', () => response.destroy());
  });
  const { url } = await httpStage(t, [server.server], { tls: TLS });
  const session = http2Client(t, url);
  await t.throwsAsync(ask(session, { ':path': '/bad' }));
  t.is((await ask(session, { ':path': '/good' })).body, 'good');
});

test('HTTP/2: a client that opens and resets streams again and again is sent away', async (t) => {
  const server = await WebServer.open(t, 'a', () => {});
  const { url, front, service } = await httpStage(t, [server.server], { tls: TLS, limits: { ...LIMITS, mostResets: 20 } });
  const session = http2Client(t, url);
  let complaint = '';
  session.on('error', (error) => {
    complaint = error.message;
  });
  const isClosed = new Promise((resolve) => session.once('close', resolve));
  for (let i = 0; i < 100; i++) {
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    stream.close(constants.NGHTTP2_CANCEL);
  }
  await isClosed;
  t.regex(complaint, /11/, 'ENHANCE_YOUR_CALM');
  t.is(front.counts.malformed, 1);
  await eventually(
    () => front.active === 0 && service.active === 0,
    () => 'never given back',
  );
});

test('HTTP/2: draining lets a request end and closes the connection', async (t) => {
  let answer = (): void => {};
  const server = await WebServer.open(t, 'a', (_, response) => {
    answer = () => response.end('late');
  });
  const { url, front } = await httpStage(t, [server.server], { tls: TLS });
  const session = http2Client(t, url);
  const asked = ask(session, { ':path': '/' });
  await eventually(
    () => server.requests.length === 1,
    () => 'never asked',
  );
  const drained = front.drain(300_000);
  answer();
  t.is((await asked).body, 'late');
  await drained;
});

test('HTTP/2: a patient drain serves what is still asked, and says goodbye when nothing has come for a while', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { url, front } = await httpStage(t, [server.server], { tls: TLS });
  const session = http2Client(t, url);
  t.is((await ask(session, { ':path': '/' })).body, 'a');
  const told = once(session, 'goaway');
  const drained = front.drain(300_000, 3000);
  t.is((await ask(session, { ':path': '/' })).body, 'a');
  t.is((await told)[0], 0);
  await drained;
});

test('who speaks no TLS is closed, and others are served', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const { url } = await httpStage(t, [server.server], { tls: TLS });
  await t.throwsAsync(fetch(url.replace('https', 'http')));
  t.is((await ask(http2Client(t, url), { ':path': '/' })).body, 'a');
});

test('a client of HTTP/2 that ends its connection is gone at once, with what it asked for', async (t) => {
  const server = await WebServer.open(t, 'a', () => {});
  const { front, service } = await httpStage(t, [server.server], { tls: TLS });
  const socket = connectTls({ port: front.port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.write(opening([frame(HEADERS, END_HEADERS | END_STREAM, blockOf(GET_BLOCK))]));
  await eventually(
    () => service.active === 1,
    () => 'the request never came',
  );
  socket.end();
  await eventually(
    () => front.connections === 0 && service.active === 0,
    () => 'it is still there',
  );
  t.is(front.counts.aborted, 1);
});

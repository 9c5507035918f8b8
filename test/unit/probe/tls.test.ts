import { createServer } from 'node:tls';
import test from 'ava';
import { type CheckKind, OUTCOME } from '../../../src/model/probe.ts';
import { checkPort, listen, makeCertificate, tcpServer } from '../../support/probing.ts';
import { until } from '../../support/until.ts';

const fresh = makeCertificate('www.example.test', 100);
const expired = makeCertificate('www.example.test', -3);

const TLS: Extract<CheckKind, { kind: 'tls' }> = {
  kind: 'tls',
  serverName: 'www.example.test',
  verify: true,
  expiryWarningDays: 14,
  caFile: fresh.certFile,
  certificateFile: null,
  keyFile: null,
};

test('a certificate that holds is up, and the connection is closed at once', async (t) => {
  const { port, open } = await listen(t, createServer({ cert: fresh.cert, key: fresh.key }));
  const { outcome, detail } = await checkPort(TLS, port);
  t.deepEqual([outcome, detail], [OUTCOME.OK, 'TLSv1.3']);
  await until(() => open.size === 0);
});

test('without a server name the certificate must name the address', async (t) => {
  const { port } = await listen(t, createServer({ cert: fresh.cert, key: fresh.key }));
  t.is((await checkPort({ ...TLS, serverName: null }, port)).outcome, OUTCOME.OK);
});

test('a certificate that is about to expire is up with a warning', async (t) => {
  const { port } = await listen(t, createServer({ cert: fresh.cert, key: fresh.key }));
  const { outcome, detail } = await checkPort({ ...TLS, expiryWarningDays: 365 }, port);
  t.is(outcome, OUTCOME.OK);
  t.regex(detail, /; certificate expires in (99|100) days$/);
});

test('a certificate for another name fails', async (t) => {
  const { port } = await listen(t, createServer({ cert: fresh.cert, key: fresh.key }));
  const { outcome, detail } = await checkPort({ ...TLS, serverName: 'other.example.test' }, port);
  t.is(outcome, OUTCOME.TLS);
  t.regex(detail, /wrong name/);
});

test('an unknown authority fails, unless the certificate is not looked at', async (t) => {
  const { port } = await listen(t, createServer({ cert: fresh.cert, key: fresh.key }));
  t.is((await checkPort({ ...TLS, caFile: null }, port)).outcome, OUTCOME.TLS);
  t.is((await checkPort({ ...TLS, caFile: null, verify: false }, port)).outcome, OUTCOME.OK);
});

test('an expired certificate fails', async (t) => {
  const { port } = await listen(t, createServer({ cert: expired.cert, key: expired.key }));
  const { outcome, detail } = await checkPort({ ...TLS, caFile: expired.certFile }, port);
  t.is(outcome, OUTCOME.TLS);
  t.regex(detail, /expired/);
});

test('a server that asks for a certificate of ours gets it', async (t) => {
  const options = { cert: fresh.cert, key: fresh.key, ca: fresh.cert, requestCert: true, rejectUnauthorized: true };
  const { port } = await listen(t, createServer({ ...options, maxVersion: 'TLSv1.2' }));
  t.is((await checkPort(TLS, port)).outcome, OUTCOME.TLS);
  t.is((await checkPort({ ...TLS, certificateFile: fresh.certFile, keyFile: fresh.keyFile }, port)).outcome, OUTCOME.OK);
});

test('something that is not TLS is another protocol', async (t) => {
  const { port } = await tcpServer(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.is((await checkPort(TLS, port)).outcome, OUTCOME.PROTOCOL);
});

test('a server that hangs up in the handshake is a reset', async (t) => {
  const { port } = await tcpServer(t, (socket) => socket.once('data', () => socket.end()));
  t.is((await checkPort(TLS, port)).outcome, OUTCOME.RESET);
});

test('a server that never answers the handshake meets the time limit, and is left', async (t) => {
  const { port, open } = await tcpServer(t, (socket) => socket.resume());
  const { outcome, detail } = await checkPort(TLS, port, {}, { timeoutMs: 300 });
  t.is(outcome, OUTCOME.TIMEOUT);
  t.regex(detail, /^TLS handshake: nothing within \d+ ms$/);
  await until(() => open.size === 0);
});

test('an authority file that cannot be read is no fault of the target', async (t) => {
  const { outcome, detail } = await checkPort({ ...TLS, caFile: '/nowhere/ca.pem' }, 1);
  t.is(outcome, OUTCOME.NOT_CHECKED);
  t.regex(detail, /\/nowhere\/ca\.pem cannot be used: ENOENT/);
});

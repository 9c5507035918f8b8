// Checks against real local servers: a target for a port, a checker that may look at loopback, and servers that misbehave.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCidr } from '../../src/base/address.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Cadence, CheckKind, CheckResult, Target } from '../../src/model/probe.ts';
import { AddressRules } from '../../src/probe/address-rules.ts';
import { TargetChecker } from '../../src/probe/checker.ts';
import { Resolver } from '../../src/probe/resolver.ts';
import { PATIENCE_MS } from './patience.ts';

const CADENCE: Cadence = {
  intervalMs: 30_000,
  transitionIntervalMs: 30_000,
  // Generous: only what never answers is to meet it, and such tests set their own.
  timeoutMs: PATIENCE_MS,
  connectTimeoutMs: PATIENCE_MS,
  rise: 2,
  fall: 3,
};

export const HTTP: Extract<CheckKind, { kind: 'http' }> = {
  kind: 'http',
  scheme: 'http',
  version: '1.1',
  method: 'GET',
  path: '/healthz',
  host: null,
  headers: {},
  statuses: [[200, 299]],
  body: null,
  followRedirects: 0,
  verify: true,
  expiryWarningDays: 14,
  caFile: null,
  certificateFile: null,
  keyFile: null,
};

export function targetOf(
  check: CheckKind,
  port: number | null,
  more: Partial<Target> = {},
  cadence: Partial<Cadence> = {},
): Target {
  const probe = { id: check.kind, index: 0, check, cadence: { ...CADENCE, ...cadence }, port: null, vantagePoints: 1 };
  return { key: 'web/lon#4', index: 0, member: 0, family: 4, probe, host: '127.0.0.1', port, ...more };
}

export const loopbackRules = new AddressRules([parseCidr('127.0.0.0/8')!, parseCidr('::1/128')!], []);

/** Checks a loopback port once. */
export function checkPort(
  check: CheckKind,
  port: number | null,
  more: Partial<Target> = {},
  cadence: Partial<Cadence> = {},
): Promise<CheckResult> {
  const checker = new TargetChecker(loopbackRules, new Resolver(systemClock), systemClock);
  return checker.check(targetOf(check, port, more, cadence), new AbortController().signal);
}

interface Closable {
  teardown(close: () => void): void;
}

export interface Listening {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: ReadonlySet<Socket>;
}

/** Listens on a free port of loopback; every connection is closed at the end of the test. */
export function listen(t: Closable, server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
  });
  t.teardown(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port, open }));
  });
}

/** A TCP server that does with each connection what it is told. */
export const tcpServer = (t: Closable, serve: (socket: Socket) => void): Promise<Listening> => listen(t, createServer(serve));

const ESTABLISHED = '01';

/** Connections over IPv4 with this port at either end, as the kernel (Linux) sees them. */
export function countEstablished(port: number): number {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return rows.filter(([, local, remote, state]) => state === ESTABLISHED && (local?.endsWith(end) || remote?.endsWith(end)))
    .length;
}

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A self-signed certificate for a name and 127.0.0.1, valid from now for so many days; long expired if that is negative. */
export function makeCertificate(name: string, days: number): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-certificate-'));
  process.once('exit', () => rmSync(directory, { recursive: true }));
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`];
  const names = ['-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
  const files = ['-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', [...request, ...names, '-days', String(Math.max(1, days)), ...files], { stdio: 'ignore' });
  if (days < 0) expire(directory, certFile, keyFile);
  return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** Signs a certificate anew with dates that have passed; `openssl req` sets no dates before version 3.4. */
function expire(directory: string, certFile: string, keyFile: string): void {
  const config = join(directory, 'ca.cnf');
  const paths = `database=${directory}/index\nserial=${directory}/serial\nnew_certs_dir=${directory}`;
  writeFileSync(
    config,
    `[ca]\ndefault_ca=a\n[a]\n${paths}\ndefault_md=sha256\npolicy=p\ncopy_extensions=copyall\n[p]\ncommonName=supplied\n`,
  );
  writeFileSync(join(directory, 'index'), '');
  writeFileSync(join(directory, 'serial'), '01\n');
  const request = join(directory, 'request.pem');
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('x509', '-x509toreq', '-copy_extensions', 'copyall', '-in', certFile, '-signkey', keyFile, '-out', request);
  const dates = ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z'];
  openssl(
    'ca',
    '-selfsign',
    '-batch',
    '-notext',
    '-config',
    config,
    '-keyfile',
    keyFile,
    ...dates,
    '-in',
    request,
    '-out',
    certFile,
  );
}

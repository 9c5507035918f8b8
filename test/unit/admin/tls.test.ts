// The API over HTTPS, on real sockets: which certificate a client sees, before and after it was renewed.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { EventRing } from '../../../src/admin/event-ring.ts';
import type { AdminPort } from '../../../src/admin/ports.ts';
import { openAdmin } from '../../../src/admin/server.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { SETTINGS } from '../../support/admin.ts';
import { recordingLogger } from '../../support/mesh.ts';

const ADDRESS = '127.0.0.1';

async function stage(t: ExecutionContext, wanted = 0) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-https-'));
  const fileOf = (name: string): string => join(directory, name);
  for (const name of ['first', 'second']) {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', fileOf(`${name}.key`)];
    const rest = ['-out', fileOf(`${name}.pem`), '-days', '30', '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', '-x509', ...key, ...rest], { stdio: 'ignore' });
  }
  const use = (name: string): void => {
    copyFileSync(fileOf(`${name}.pem`), fileOf('used.pem'));
    copyFileSync(fileOf(`${name}.key`), fileOf('used.key'));
  };
  use('first');
  const log = recordingLogger();
  const tls = { certificateFile: fileOf('used.pem'), keyFile: fileOf('used.key') };
  const admin = await openAdmin({
    settings: () => ({ ...SETTINGS, tokens: [], listen: [{ address: ADDRESS, port: wanted }], tls }),
    port: { events: new EventRing(1) } as unknown as AdminPort, // nothing is asked of it here
    ...{ clock: systemClock, log, version: '1', stateDirectory: directory },
  });
  t.teardown(async () => {
    await admin.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const port = admin.endpoints[0]?.port ?? 0;
  const nameSeen = async (): Promise<string> => {
    const socket = connect({ port, host: ADDRESS, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return String(name);
  };
  return { admin, log, port, use, fileOf, nameSeen };
}

test('the API answers over HTTPS, and not over plain HTTP', async (t) => {
  const { port } = await stage(t);
  const asked = request({ port, host: ADDRESS, path: '/healthz', rejectUnauthorized: false }).end();
  const [reply] = await once(asked, 'response');
  t.is(reply.statusCode, 200);
  reply.resume();
  await t.throwsAsync(fetch(`http://${ADDRESS}:${port}/healthz`));
});

test('a port that another program has is told, and how to find that program', async (t) => {
  const { port } = await stage(t);
  const { admin } = await stage(t, port);
  t.is(admin.endpoints.length, 0);
  t.deepEqual(
    admin.problems.map(({ code, message }) => `${code} ${message}`),
    [
      `ERR_API_LISTEN the admin API cannot listen on ${ADDRESS} port ${port}: another program has the port; ` +
        `'sudo ss -lntp sport = :${port}' names it; stop it, or change admin.listen`,
    ],
  );
});

test('headers that are too large, and too many, are refused', async (t) => {
  const { port } = await stage(t);
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const asked = request({ port, host: ADDRESS, path: '/healthz', headers, rejectUnauthorized: false }).end();
    const [reply] = await once(asked, 'response');
    reply.resume();
    return reply.statusCode;
  };
  t.is(await ask({ 'x-large': 'x'.repeat(20_000) }), 431);
  t.is(await ask(Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`x-${i}`, '1'.repeat(8)]))), 431);
  t.is(await ask({ 'x-fits': 'x'.repeat(8000) }), 200);
});

test('a client that speaks no TLS newer than 1.1 is turned away', async (t) => {
  const { port } = await stage(t);
  const options = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
    rejectUnauthorized: false,
  } as const;
  const socket = connect({ port, host: ADDRESS, ...options });
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  t.regex(String(error.code), /PROTOCOL|VERSION|ALERT/);
});

test('a renewed certificate is shown to who comes after it was read', async (t) => {
  const { admin, use, nameSeen } = await stage(t);
  t.is(await nameSeen(), 'first');
  use('second');
  t.is(await nameSeen(), 'first');
  admin.renew();
  t.is(await nameSeen(), 'second');
});

test('a certificate that cannot be used is told, and the one before stays', async (t) => {
  const { admin, log, fileOf, nameSeen, use } = await stage(t);
  writeFileSync(fileOf('used.pem'), 'no certificate');
  admin.renew();
  t.is(await nameSeen(), 'first');
  t.deepEqual(log.lines, ['ERR_API_LISTEN problem']);
  copyFileSync(fileOf('second.key'), fileOf('used.key'));
  copyFileSync(fileOf('first.pem'), fileOf('used.pem'));
  admin.renew();
  t.is(await nameSeen(), 'first', 'a key of another certificate');
  use('second');
  admin.renew();
  t.is(await nameSeen(), 'second');
});

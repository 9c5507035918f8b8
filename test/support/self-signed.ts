// A certificate for a test file, made by openssl, and taken away at the end.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import type { HttpTls } from '../../src/model/site-http.ts';

/** With HTTP/2. */
export function selfSigned(test: TestFn): HttpTls {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-certificate-'));
  test.after.always(() => rmSync(directory, { recursive: true }));
  const [certificateFile, keyFile] = [join(directory, 'own.pem'), join(directory, 'own.key')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certificateFile, '-days', '30', '-subj', '/CN=own.test'], {
    stdio: 'ignore',
  });
  return { certificates: [{ certificateFile, keyFile }], minVersion: 'TLSv1.2', http2: true };
}

// Certificates for the sites of a drill, by openssl: Node can read certificates and cannot make them.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { DrillError } from '../../drill/play.ts';
import type { Place } from './region-link.ts';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A good one, one of another name, and the files that are shown: copies of one of them. */
export interface Certificates {
  readonly good: CertificateFiles;
  readonly other: CertificateFiles;
  readonly shown: CertificateFiles;
}

const DAYS = 2;
const HANDSHAKE_LIMIT_MS = 5000;

/** A certificate that signs itself, for one name; throws a DrillError if there is no openssl. */
export function makeCertificate(directory: string, name: string): CertificateFiles {
  const certificate = join(directory, `${name}.crt`);
  const key = join(directory, `${name}.key`);
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(DAYS)];
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const { status } = spawnSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  if (status !== 0)
    throw new DrillError('openssl is not on this machine, or cannot make a certificate: install it (Debian package openssl)');
  return { certificate, key };
}

/** The name in the certificate that is shown there; undefined if none is. */
export function shownName({ host, port }: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: HANDSHAKE_LIMIT_MS });
    const done = (name: string | undefined): void => {
      socket.destroy();
      resolve(name);
    };
    socket.once('secureConnect', () => {
      const { CN } = socket.getPeerCertificate().subject ?? {};
      done(typeof CN === 'string' ? CN : undefined);
    });
    socket.once('timeout', () => done(undefined));
    socket.on('error', () => done(undefined));
  });
}

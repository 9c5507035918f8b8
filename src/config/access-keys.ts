// The files that decide who may use a route: hashes of API keys, or the key that tokens are verified with. A complaint never quotes
// a file: it may hold a secret with a slip in it.

import { createPublicKey } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import { readRegularFile } from './files.ts';

const MAX_FILE_OCTETS = 2 ** 20;
const HASH = /^[0-9a-fA-F]{64}$/;
/** As long as what it makes (RFC 7518 section 3.2). */
const LEAST_SECRET_SIZE = 32;
/** RFC 7518 section 3.3. */
const LEAST_RSA_BITS = 2048;

/** SHA-256 of each key, lower case hexadecimal. Behind a hash may stand whose it is; lines that begin with # are skipped. */
export function readKeyHashes(file: string): Result<readonly string[], string> {
  const read = readRegularFile(file, MAX_FILE_OCTETS);
  if (!read.ok) return err(`cannot be read: ${read.error}`);
  const hashes: string[] = [];
  for (const [index, raw] of new TextDecoder('latin1').decode(read.value.octets).split('\n').entries()) {
    const [hash = ''] = raw.trim().split(/\s+/);
    if (hash === '' || hash.startsWith('#')) continue;
    if (!HASH.test(hash))
      return err(`line ${index + 1} must begin with a SHA-256 in 64 hexadecimal digits, found ${hash.length} other characters`);
    hashes.push(hash.toLowerCase());
  }
  return hashes.length === 0 ? err('holds no SHA-256 of a key; one a line is needed') : ok(hashes);
}

/** Of HS256 the secret, hexadecimal in the file; otherwise a public key, PEM. */
export function readTokenKey(file: string, algorithm: 'HS256' | 'RS256' | 'ES256'): Result<Uint8Array, string> {
  const read = readRegularFile(file, MAX_FILE_OCTETS);
  if (!read.ok) return err(`cannot be read: ${read.error}`);
  const { octets } = read.value;
  if (algorithm === 'HS256') {
    const text = new TextDecoder('latin1').decode(octets).trim();
    const isSecret = /^(?:[0-9a-fA-F]{2})+$/.test(text) && text.length >= 2 * LEAST_SECRET_SIZE;
    return isSecret
      ? ok(Uint8Array.from(Buffer.from(text, 'hex')))
      : err(`must hold a secret of at least ${2 * LEAST_SECRET_SIZE} hexadecimal digits, found ${text.length} characters`);
  }
  const wanted = algorithm === 'RS256' ? `an RSA key of at least ${LEAST_RSA_BITS} bits` : 'a key on the curve P-256';
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(Buffer.from(octets));
    const isRight =
      algorithm === 'RS256'
        ? asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_RSA_BITS
        : asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isRight ? ok(octets) : err(`must hold ${wanted}, found ${asymmetricKeyType ?? 'another key'}`);
  } catch {
    return err(`must hold ${wanted} in PEM, found no public key`);
  }
}

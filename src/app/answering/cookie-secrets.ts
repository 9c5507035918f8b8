// Which secrets DNS Cookies are made and checked with: those of the file that the configuration names, or a random one that
// lasts as long as the process, or none where cookies are off.

import { randomBytes } from 'node:crypto';
import type { Problem } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import { readCookieSecrets } from '../../config/cookie-secrets.ts';
import type { Snapshot } from '../../model/snapshot.ts';

const SECRET_SIZE = 16;

interface Previous {
  readonly snapshot: Snapshot;
  readonly cookieSecrets: readonly Uint8Array[];
}

/** Secrets of 16 octets each, the one that signs first. A random secret of the previous load is kept. */
export function cookieSecretsOf(snapshot: Snapshot, previous?: Previous): Result<readonly Uint8Array[], readonly Problem[]> {
  const { enabled, secretFile } = snapshot.server.cookies;
  if (!enabled) return ok([]);
  if (secretFile !== null) return readCookieSecrets(secretFile);
  const before = previous?.snapshot.server.cookies;
  if (before?.enabled && before.secretFile === null) return ok(previous!.cookieSecrets);
  return ok([Uint8Array.from(randomBytes(SECRET_SIZE))]);
}

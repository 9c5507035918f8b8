// Tokens: 256 random bits as text, known by their hash alone. A plain SHA-256 is enough for what cannot be guessed: the slow hashes
// that passwords need protect only what has little entropy.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AdminToken } from '../model/admin.ts';

const OCTETS = 32;
const PREFIX = 'mrd_';
/** Longer ones are not looked at. */
const MAX_LENGTH = 128;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A token, to be shown once, and its hash as the configuration takes it. */
export function newToken(): { readonly token: string; readonly hash: string } {
  const token = `${PREFIX}${randomBytes(OCTETS).toString('base64url')}`;
  return { token, hash: `sha256:${sha256(token).toString('hex')}` };
}

/** Whose token this is; undefined if nobody's. Takes as long for a near miss as for a far one, and looks at all of them. */
export function ownerOf(token: string, tokens: readonly AdminToken[]): AdminToken | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  const hash = sha256(token);
  let owner: AdminToken | undefined;
  for (const candidate of tokens) if (timingSafeEqual(hash, Buffer.from(candidate.sha256, 'hex'))) owner = candidate;
  return owner;
}

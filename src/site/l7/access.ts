// Who may use a route: API keys, known by their SHA-256 alone, or a JSON Web Token (RFC 7519, RFC 7515) of one configured algorithm. What the
// token says of its own algorithm chooses nothing: it must be the configured one (RFC 8725 section 3.1).

import { createHash, createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { HttpAccess } from '../../model/site-http.ts';
import type { Fields } from './fields.ts';
import type { RequestHead } from './request-head.ts';
import { headerOf } from './routes.ts';

type Jwt = Extract<HttpAccess, { kind: 'jwt' }>;
type Claims = Readonly<Record<string, unknown>>;

const MOST_TOKEN_SIZE = 8192;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

export class Access {
  readonly #rule: HttpAccess;
  readonly #key: KeyObject | null;

  /** The key has been checked before. */
  constructor(rule: HttpAccess) {
    this.#rule = rule;
    this.#key = rule.kind === 'jwt' && rule.algorithm !== 'HS256' ? createPublicKey(Buffer.from(rule.key)) : null;
  }

  /** Null = the request may go on; otherwise the fields of the 401 that refuses it. */
  refusal(head: RequestHead, nowMs: number): Fields | null {
    const rule = this.#rule;
    if (rule.kind === 'api-key') {
      const given = headerOf(head, rule.header);
      // Hashes are compared, of which nobody can choose the beginning: how long it takes tells nothing.
      const isKnown = given !== null && rule.hashes.includes(createHash('sha256').update(given, 'latin1').digest('hex'));
      return isKnown ? null : ['www-authenticate', 'ApiKey'];
    }
    const token = /^Bearer +([^ ]+)$/i.exec(headerOf(head, 'authorization') ?? '')?.[1];
    if (token === undefined) return ['www-authenticate', 'Bearer'];
    const claims = this.#claimsOf(token, rule);
    return claims !== null && areGood(claims, rule, nowMs / 1000) ? null : ['www-authenticate', 'Bearer error="invalid_token"'];
  }

  /** Null = nobody whom we believe has signed it. */
  #claimsOf(token: string, { algorithm, key }: Jwt): Claims | null {
    const parts = token.split('.');
    if (token.length > MOST_TOKEN_SIZE || parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return null;
    const header = objectIn(parts[0]!);
    // Extensions that must be understood are not (RFC 7515 section 4.1.11).
    if (header === null || header['alg'] !== algorithm || 'crit' in header) return null;
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`, 'latin1');
    const signature = Buffer.from(parts[2]!, 'base64url');
    return this.#isSigned(signed, signature, algorithm, key) ? objectIn(parts[1]!) : null;
  }

  #isSigned(signed: Buffer, signature: Buffer, algorithm: Jwt['algorithm'], secret: Uint8Array): boolean {
    if (algorithm === 'HS256') {
      const wanted = createHmac('sha256', secret).update(signed).digest();
      return signature.length === wanted.length && timingSafeEqual(signature, wanted);
    }
    // ES256 signs with two numbers in a row, not with their DER (RFC 7518 section 3.4).
    return verify('sha256', signed, { key: this.#key!, dsaEncoding: 'ieee-p1363' }, signature);
  }
}

/** A token without an end is refused: nobody could take it back. */
function areGood(claims: Claims, { issuer, audience, leewaySec }: Jwt, nowSec: number): boolean {
  const { exp, nbf = 0, iss, aud } = claims;
  if (typeof exp !== 'number' || typeof nbf !== 'number') return false;
  if (nowSec >= exp + leewaySec || nowSec < nbf - leewaySec) return false;
  if (issuer !== null && iss !== issuer) return false;
  return audience === null || (Array.isArray(aud) ? aud.includes(audience) : aud === audience);
}

/** Null = it is no JSON object. */
function objectIn(base64url: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}

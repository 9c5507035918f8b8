// The cookie that keeps a client with its server: a keyed hash of the server's id (HMAC-SHA-256, RFC 2104), so that nobody can choose a
// server, and nobody learns its name. Nothing is stored for a client.

import { createHmac } from 'node:crypto';
import { textKey } from '../../balance/key.ts';
import type { HttpStickiness } from '../../model/site-http.ts';
import type { HttpFrontCounts } from './counts.ts';
import type { RequestHead } from './request-head.ts';
import { cookieOf, headerOf } from './routes.ts';

type Settings = Extract<HttpStickiness, { kind: 'cookie' }>;

/** 128 bits cannot be guessed, and 22 characters are short. */
const TOKEN_SIZE = 16;

export class StickyCookie {
  readonly #settings: Settings;
  readonly #tokens = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * The server that the client's cookie names, of those that there are or were; null = none. The cookie is taken out of the request: it is
   * between the client and us, and a server that knew it could hand out places at others.
   */
  idOf(head: RequestHead, ids: readonly (string | null)[], counts: HttpFrontCounts): string | null {
    const token = cookieOf(head.cookie, this.#settings.name);
    if (token === null) return null;
    head.cookie = withoutCookie(head.cookie!, this.#settings.name);
    for (const id of ids) if (id !== null) this.#tokenOf(id);
    const id = this.#ids.get(token) ?? null;
    if (id === null) counts.forgedCookies++;
    return id;
  }

  /** Value of Set-Cookie for a client of this server. */
  cookieFor(id: string): string {
    const { name, maxAgeSec, secure, sameSite } = this.#settings;
    const maxAge = maxAgeSec === null ? '' : `; Max-Age=${maxAgeSec}`;
    return `${name}=${this.#tokenOf(id)}; Path=/${maxAge}; HttpOnly${secure ? '; Secure' : ''}; SameSite=${sameSite}`;
  }

  #tokenOf(id: string): string {
    const known = this.#tokens.get(id);
    if (known !== undefined) return known;
    const [token, ...older] = this.#settings.secrets.map((secret) =>
      createHmac('sha256', secret).update(id).digest().subarray(0, TOKEN_SIZE).toString('base64url'),
    );
    this.#tokens.set(id, token!);
    for (const one of [token!, ...older]) this.#ids.set(one, id);
    return token!;
  }
}

/** The other cookies; null = there are none. */
function withoutCookie(cookie: string, name: string): string | null {
  const others = cookie.split(';').filter((pair) => !pair.trim().startsWith(`${name}=`));
  return others.length === 0 ? null : others.map((pair) => pair.trim()).join('; ');
}

/** What hashing algorithms go by if a cookie or a header decides; null = the request does not have it. */
export function hashKeyOf(head: RequestHead, { kind, name }: Extract<HttpStickiness, { kind: `hash-${string}` }>): number | null {
  const value = kind === 'hash-cookie' ? cookieOf(head.cookie, name) : headerOf(head, name);
  return value === null ? null : textKey(value);
}

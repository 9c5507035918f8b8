// Who may do what, decided before anything of a request is read: the host it names, the token, the role of the route. An address
// that only this machine reaches is open, as far as the configuration says, while there are no tokens; no other ever is.

import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../base/loopback.ts';
import { ADMIN_ROLES, type AdminRole, type AdminSettings } from '../model/admin.ts';
import type { Guesses } from './guesses.ts';
import { refusal } from './problems.ts';
import { ownerOf } from './token.ts';

/** `public` asks for nothing: files without data alone. */
export type RouteRole = AdminRole | 'public';

export interface Caller {
  readonly name: string;
  readonly role: AdminRole;
  /** Came without a token, where none is needed. */
  readonly isOpen: boolean;
}

/** What of the settings a reload may change. */
export type AccessSettings = Pick<AdminSettings, 'tokens' | 'loopbackRole' | 'hosts'>;

export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Address of the client. */
  readonly from: string;
  readonly role: RouteRole;
}

const BEARER = /^Bearer ([!-~]+)$/i;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[^:]*)(?::\d{1,5})?$/;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export class Access {
  /** `address` is the one that is listened on. */
  readonly #address: string;
  readonly #settings: () => AccessSettings;
  readonly #guesses: Guesses;

  constructor(address: string, settings: () => AccessSettings, guesses: Guesses) {
    this.#address = address;
    this.#settings = settings;
    this.#guesses = guesses;
  }

  /** The caller; null for what is public. Throws a Refusal. */
  admit({ method, headers, from, role }: Asked): Caller | null {
    this.#checkHost(headers.host ?? '');
    if (!SAFE.has(method)) checkOrigin(headers);
    if (role === 'public') return null;
    const caller = this.#callerOf(headers.authorization, from);
    if (ADMIN_ROLES.indexOf(caller.role) < ADMIN_ROLES.indexOf(role)) {
      throw refusal('ERR_API_ROLE', `this needs the role ${role}, ${caller.name} has the role ${caller.role}`);
    }
    return caller;
  }

  #callerOf(authorization: string | undefined, from: string): Caller {
    const { tokens, loopbackRole } = this.#settings();
    const isOpen = tokens.length === 0 && loopbackRole !== null && isLoopback(this.#address);
    if (isOpen) return { name: 'loopback', role: loopbackRole, isOpen };
    const waitSec = this.#guesses.waitSec(from);
    const headers = { 'www-authenticate': 'Bearer realm="meridian"' };
    if (waitSec > 0) {
      const message = `too many wrong tokens from ${from}; wait ${waitSec} s`;
      throw refusal('ERR_API_GUESSING', message, { headers: { 'retry-after': String(waitSec) } });
    }
    const token = BEARER.exec(authorization ?? '')?.[1];
    const owner = token === undefined ? undefined : ownerOf(token, tokens);
    if (owner !== undefined) return { name: owner.name, role: owner.role, isOpen };
    if (authorization === undefined) throw refusal('ERR_API_TOKEN', 'send Authorization: Bearer TOKEN', { headers });
    this.#guesses.note(from);
    const what = token === undefined ? 'the Authorization header is not Bearer and a token' : 'the token is not known';
    throw refusal('ERR_API_TOKEN', what, { headers });
  }

  /** A page that has its own name resolve to loopback could otherwise read everything (DNS rebinding). */
  #checkHost(host: string): void {
    if (!isLoopback(this.#address)) return;
    const name = HOST.exec(host)?.[1]
      ?.toLowerCase()
      .replace(/^\[|\]$/g, '');
    const { hosts } = this.#settings();
    if (name === 'localhost' || name === this.#address || (name !== undefined && (isLoopback(name) || hosts.includes(name))))
      return;
    throw refusal(
      'ERR_API_ORIGIN',
      `the host "${host}" is not one of this address; allowed are localhost, ${this.#address} and admin.hosts`,
    );
  }
}

/** Browsers say which page a change comes from; others say nothing, and have no user who could be tricked. */
function checkOrigin({ origin, host }: IncomingHttpHeaders): void {
  if (origin === undefined) return;
  let from: string | undefined;
  try {
    from = new URL(origin).host;
  } catch {
    // "null": a page without an origin.
  }
  if (from !== undefined && from === host) return;
  throw refusal('ERR_API_ORIGIN', `changes are not taken from pages of "${origin}"`);
}

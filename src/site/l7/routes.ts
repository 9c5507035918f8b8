// Which route has a request: the first, in their order, of which everything holds. Routes are sorted by host once, so that a request is
// compared only with those that its host may have.

import type { HttpMatch, HttpRoute, HttpValueMatch } from '../../model/site-http.ts';
import { fieldOf } from './fields.ts';
import { comparedPath, isBelow, pathOf } from './path.ts';
import type { RequestHead } from './request-head.ts';

export class Routes<T extends { readonly route: HttpRoute }> {
  /** By `www.example.org`, `*.example.org`, and `*` for all others. */
  readonly #byHost = new Map<string, readonly T[]>();

  constructor(plans: readonly T[]) {
    const names = new Set(plans.flatMap(({ route }) => [...route.match.hosts]));
    for (const name of names) {
      const covers = (pattern: string): boolean =>
        pattern === name || (pattern.startsWith('*') && name.endsWith(pattern.slice(1)) && name !== pattern.slice(1));
      this.#byHost.set(
        name,
        plans.filter(({ route }) => route.match.hosts.length === 0 || route.match.hosts.some(covers)),
      );
    }
    this.#byHost.set(
      '*',
      plans.filter(({ route }) => route.match.hosts.length === 0),
    );
  }

  /** Null = no route; `bad-path` = a path that servers might read in different ways. */
  match(head: RequestHead): T | 'bad-path' | null {
    const path = comparedPath(pathOf(head.target));
    if (path === null) return 'bad-path';
    for (const plan of this.#candidates(hostOf(head.authority))) if (holds(plan.route.match, head, path)) return plan;
    return null;
  }

  #candidates(host: string): readonly T[] {
    if (this.#byHost.size > 1) {
      const known = this.#byHost.get(host);
      if (known !== undefined) return known;
      for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
        const wild = this.#byHost.get(`*${host.slice(dot)}`);
        if (wild !== undefined) return wild;
      }
    }
    return this.#byHost.get('*')!;
  }
}

/** Host of an authority: without port and final dot, lower case. */
export function hostOf(authority: string): string {
  const host = authority.replace(/:\d*$/, '').toLowerCase();
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** All but the hosts, by which it was found. */
function holds(match: HttpMatch, head: RequestHead, path: string): boolean {
  if (match.methods.length > 0 && !match.methods.includes(head.method)) return false;
  if (
    match.paths.length > 0 &&
    !match.paths.some((one) => (one.kind === 'exact' ? one.path === path : isBelow(path, one.path)))
  ) {
    return false;
  }
  const isEqual = (wanted: HttpValueMatch, found: string | null): boolean =>
    found !== null && (wanted.value === null || wanted.value === found);
  return (
    match.headers.every((wanted) => isEqual(wanted, headerOf(head, wanted.name))) &&
    match.cookies.every((wanted) => isEqual(wanted, cookieOf(head.cookie, wanted.name)))
  );
}

/** A header of a request by its name, also one that is kept apart from the fields. */
export function headerOf(head: RequestHead, name: string): string | null {
  if (name === 'host') return head.authority;
  if (name === 'cookie') return head.cookie;
  return fieldOf(head.fields, name);
}

/** Value of the first cookie of a name (RFC 6265 section 4.2), as sent; null = there is none. */
export function cookieOf(cookie: string | null, name: string): string | null {
  if (cookie === null) return null;
  for (const pair of cookie.split(';')) {
    const text = pair.trim();
    if (text.startsWith(name) && text.charCodeAt(name.length) === 61) return text.slice(name.length + 1);
  }
  return null;
}

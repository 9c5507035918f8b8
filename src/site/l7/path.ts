// The path that routes are compared with: as servers will see it once they have resolved dot segments and needless percent-encoding
// (RFC 3986 section 6.2.2), or `/public/../admin` would pass a route for `/public`. What is passed on stays as it was sent.

/** Path of a target, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Null: it is no path that a server could mean: it leads above the root, or holds an encoded slash, backslash or NUL. */
export function comparedPath(path: string): string | null {
  if (!/%|\/\.|\/\/|\\/.test(path)) return path;
  if (/%(?:2f|5c|00)|\\|%(?![0-9a-f]{2})/i.test(path)) return null;
  const decoded = path.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : code.toUpperCase();
  });
  const kept: string[] = [];
  const segments = decoded.split('/').slice(1);
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === '..' && kept.pop() === undefined) return null;
    if (segment === '.' || segment === '..') {
      if (isLast) kept.push('');
    } else if (segment !== '' || isLast) kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

/** Whether `path` is `prefix` or lies below it. */
export const isBelow = (path: string, prefix: string): boolean =>
  path.startsWith(prefix) && (prefix.endsWith('/') || path.length === prefix.length || path.charCodeAt(prefix.length) === 47);

/** Another prefix in place of `from`, whole segments. A target that does not begin with it stays. */
export function replacePrefix(target: string, from: string, to: string): string {
  const path = pathOf(target);
  if (!isBelow(path, from)) return target;
  const rest = target.slice(from.length);
  if (to.endsWith('/') && rest.startsWith('/')) return to + rest.slice(1);
  return rest.startsWith('/') || rest.startsWith('?') || rest === '' || to.endsWith('/') ? (to || '/') + rest : `${to}/${rest}`;
}

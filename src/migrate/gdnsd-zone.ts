// A zone file of gdnsd to one of Meridian. Both are master files; DYNA and DYNC become GSLB, @Z and @F the names they stand for, and what
// Meridian does not know is left as a comment, reported. Everything else stays as it is, comments and layout too (gdnsd.zonefile(5)).

import type { Draft } from './draft.ts';

const DYNAMIC = /^(.*?)(?:^|\s)(DYNA|DYNC)\s+([^\s;()]+)(.*)$/i;
const DIRECTIVE = /^\$(\S+)\s*(.*)$/;
const TTL = /^(\d+[smhdw]?)(?:\/(\d+[smhdw]?))?$/i;
const UNIT_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const DEFAULT_TTL_SEC = 86_400;
/** gdnsd's record type for an address that is dynamic, but for its own tests and challenges. */
const UNKNOWN_DIRECTIVES = /^ADDR_LIMIT_V[46]$/;

export interface GdnsdZone {
  /** Without the final dot. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
  /** The TTL of records without one, in seconds: `zones_default_ttl`. */
  readonly defaultTtlSec: number;
}

/** `policyFor` names the policy of a resource; undefined if it has none. */
export function convertZone(
  { name, file, text, defaultTtlSec }: GdnsdZone,
  draft: Draft,
  policyFor: (reference: string, where: string) => string | undefined,
): string {
  let ttl = String(defaultTtlSec);
  const lines = text.split(/\r?\n/).map((line, i) => {
    const where = `${file}:${i + 1}`;
    const [code, comment] = splitComment(line);
    const directive = DIRECTIVE.exec(code.trim());
    if (directive !== null) {
      const [, keyword = '', value = ''] = directive;
      if (keyword.toUpperCase() === 'TTL') ttl = value;
      if (!UNKNOWN_DIRECTIVES.test(keyword.toUpperCase())) return line;
      draft.lose(where, `$${keyword} has no counterpart; left out`);
      return `; ${line}`;
    }
    const named = code.replaceAll(/(^|[\s.])@[ZF](?=[\s)]|$)/g, `$1${name}.`);
    const dynamic = DYNAMIC.exec(named);
    if (dynamic === null || named.includes('"')) return `${named}${comment}`;
    const [, head = '', , reference = '', tail = ''] = dynamic;
    const policy = policyFor(reference, where);
    if (policy !== undefined) return `${withTtl(head, ttl)} GSLB ${policy}${tail}${comment}`;
    draft.lose(where, `${reference} has no policy; the record is left out`);
    return `; ${line}`;
  });
  const start = lines.some((line) => /^\$TTL\s/i.test(line)) ? '' : `$TTL ${defaultTtlSec}\n`;
  return `${start}${lines.join('\n').replace(/\n*$/, '\n')}`;
}

export const defaultTtlSec = (text: string | undefined): number => Number(text ?? DEFAULT_TTL_SEC);

/** Owner, TTL and class with the least TTL that gdnsd would use: half of the TTL unless the record says otherwise. */
function withTtl(head: string, standard: string): string {
  const tokens = head.trimEnd().split(/(\s+)/);
  const at = tokens.findIndex((token, i) => i > 0 && TTL.test(token));
  const found = TTL.exec(at < 0 ? standard : tokens[at]!);
  const most = found?.[1] ?? String(DEFAULT_TTL_SEC);
  const least = found?.[2] ?? String(Math.max(1, Math.floor(secondsOf(most) / 2)));
  const ttl = `${most}/${least}`;
  if (at < 0) return `${head.trimEnd()} ${ttl}`;
  return [...tokens.slice(0, at), ttl, ...tokens.slice(at + 1)].join('');
}

const secondsOf = (text: string): number => Number.parseInt(text, 10) * (UNIT_SEC[text.slice(-1).toLowerCase()] ?? 1);

/** A line before and from the semicolon that begins its comment, if there is one outside of quotes. */
function splitComment(line: string): readonly [string, string] {
  let isQuoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (c === '\\') i++;
    else if (c === '"') isQuoted = !isQuoted;
    else if (c === ';' && !isQuoted) return [line.slice(0, i), line.slice(i)];
  }
  return [line, ''];
}

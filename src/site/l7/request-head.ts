// The head of a request, from HTTP/1.1 text (RFC 9112) or put together by HTTP/2. Fields of the connection, of the framing, and what
// proxies say of a client are taken out of the fields and kept apart: what is left is what a server may see as it is.

import { type Fields, isKeepAlive, lengthOf, listOf, readFields, tokenEnd } from './fields.ts';

/** Size of a body that is sent in chunks. */
export const CHUNKED = -1;

export class RequestHead {
  method = '';
  /** Path and query, `*` for OPTIONS. */
  target = '';
  /** As the client wrote it, with its port; empty only in HTTP/1.0. */
  authority = '';
  /** Without what the properties below hold. */
  fields: Fields = [];
  /** Of the body: octets, or CHUNKED. */
  bodySize = 0;
  /** Whether the client's connection may be used again, as far as the client says. */
  keepsAlive = true;
  isHttp10 = false;
  expectsContinue = false;
  /** The protocol to change to; null = none. */
  upgrade: string | null = null;
  /** It was a CONNECT of HTTP/2 that names a protocol (RFC 8441), and is worth nothing without a tunnel. */
  isExtendedConnect = false;
  /** Several fields are joined. */
  cookie: string | null = null;
  forwardedFor: string | null = null;
  forwardedProto: string | null = null;
  forwardedHost: string | null = null;
  forwarded: string | null = null;
}

/** The status that says what is wrong. */
export type Refusal = 400 | 414 | 417 | 431 | 501 | 505;

interface HeadLimits {
  readonly targetSize: number;
  readonly mostHeaders: number;
}

/** Reads a whole head: `text` is latin1 and ends with the blank line. */
export function readRequestHead(text: string, limits: HeadLimits): RequestHead | Refusal {
  const head = new RequestHead();
  const methodEnd = tokenEnd(text, 0);
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== 32) return 400;
  head.method = text.slice(0, methodEnd);
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  const lineEnd = text.indexOf('\r\n');
  if (targetEnd < 0 || targetEnd > lineEnd) return 400;
  if (targetEnd - methodEnd - 1 > limits.targetSize) return 414;
  const version = versionOf(text, targetEnd + 1, lineEnd);
  if (typeof version === 'number') return version;
  head.isHttp10 = version === 'HTTP/1.0';
  const reader = new FieldReader(head);
  const why = readFields(text, lineEnd + 2, text.length - 2, limits.mostHeaders, reader.take);
  if (why !== null) return why === 'malformed' ? 400 : why === 'excess' ? 431 : why;
  return reader.finish() ?? placeTarget(head, text.slice(methodEnd + 1, targetEnd)) ?? head;
}

function versionOf(text: string, from: number, to: number): 'HTTP/1.1' | 'HTTP/1.0' | Refusal {
  const version = text.slice(from, to);
  if (version === 'HTTP/1.1' || version === 'HTTP/1.0') return version;
  return /^HTTP\/\d\.\d$/.test(version) ? 505 : 400;
}

/** Takes the fields of one request, and judges what only all of them together say. */
export class FieldReader {
  readonly #head: RequestHead;
  #hosts = 0;
  #hasLength = false;
  #isChunked = false;
  /** Lower case. */
  #connection: string | null = null;

  constructor(head: RequestHead) {
    this.#head = head;
  }

  readonly take = (name: string, value: string): Refusal | null => {
    // Most fields are none of these: their length alone tells.
    switch (name.length) {
      case 2:
        if (name === 'te') return null;
        break;
      case 4:
        if (name === 'host') return this.#takeHost(value);
        break;
      case 6:
        if (name === 'cookie') return this.#takeCookie(value);
        if (name === 'expect') return this.#takeExpect(value);
        break;
      case 7:
        if (name === 'upgrade') return this.#takeUpgrade(value);
        break;
      case 9:
        if (name === 'forwarded') return this.#takeForwarded('forwarded', value);
        break;
      case 10:
        if (name === 'connection') return this.#takeConnection(value);
        if (name === 'keep-alive') return null;
        break;
      case 14:
        if (name === 'content-length') return this.#takeLength(value);
        if (name === 'content_length') return null;
        break;
      case 15:
        if (isLike(name, 'x-forwarded-for')) return name.includes('_') ? null : this.#takeForwarded('forwardedFor', value);
        break;
      case 16:
        if (name === 'proxy-connection') return null;
        if (isLike(name, 'x-forwarded-host')) return name.includes('_') ? null : this.#takeForwarded('forwardedHost', value);
        break;
      case 17:
        if (name === 'transfer-encoding') return this.#takeCoding(value);
        if (name === 'transfer_encoding') return null;
        if (isLike(name, 'x-forwarded-proto')) return name.includes('_') ? null : this.#takeForwarded('forwardedProto', value);
        break;
    }
    this.#head.fields.push(name, value);
    return null;
  };

  /** After the last field. */
  finish(): Refusal | null {
    const head = this.#head;
    if (this.#hosts !== 1 && !(head.isHttp10 && this.#hosts === 0)) return 400;
    // Two ways to say where the body ends: somebody on the way would take the other one (RFC 9112 section 6.1).
    if (this.#isChunked && (this.#hasLength || head.isHttp10)) return 400;
    if (this.#isChunked) head.bodySize = CHUNKED;
    if (this.#connection === null) {
      if (head.isHttp10) head.keepsAlive = false;
      head.upgrade = null;
      return null;
    }
    if (!head.isHttp10 && isKeepAlive(this.#connection)) {
      head.upgrade = null;
      return null;
    }
    const options = listOf(this.#connection);
    head.keepsAlive = head.isHttp10 ? options.includes('keep-alive') : !options.includes('close');
    if (!options.includes('upgrade') || head.isHttp10) head.upgrade = null;
    removeNamed(head, options);
    return null;
  }

  #takeHost(value: string): Refusal | null {
    this.#hosts++;
    this.#head.authority = value;
    return isAuthority(value) ? null : 400;
  }

  #takeCookie(value: string): null {
    const { cookie } = this.#head;
    this.#head.cookie = cookie === null ? value : `${cookie}; ${value}`;
    return null;
  }

  #takeExpect(value: string): Refusal | null {
    if (value.toLowerCase() !== '100-continue') return 417;
    this.#head.expectsContinue = !this.#head.isHttp10;
    return null;
  }

  #takeUpgrade(value: string): null {
    this.#head.upgrade = value;
    return null;
  }

  #takeConnection(value: string): null {
    this.#connection = this.#connection === null ? value : `${this.#connection},${value}`;
    return null;
  }

  #takeLength(value: string): Refusal | null {
    const length = lengthOf(value);
    if (length < 0 || this.#hasLength) return 400;
    this.#hasLength = true;
    this.#head.bodySize = length;
    return null;
  }

  #takeCoding(value: string): Refusal | null {
    if (this.#isChunked) return 400;
    if (value.toLowerCase() !== 'chunked') return /^[a-z]+$/i.test(value) ? 501 : 400;
    this.#isChunked = true;
    return null;
  }

  #takeForwarded(which: 'forwarded' | 'forwardedFor' | 'forwardedHost' | 'forwardedProto', value: string): null {
    const before = this.#head[which];
    this.#head[which] = before === null ? value : `${before}, ${value}`;
    return null;
  }
}

/**
 * Servers that make variables of fields see `x_forwarded_for` and `x-forwarded-for` as one: what a client writes so is dropped, as are
 * the two fields of framing in that spelling.
 */
const isLike = (name: string, other: string): boolean =>
  name === other || (name.includes('_') && name.replaceAll('_', '-') === other);

/** Takes out the fields that Connection lists. Names that steer where a request goes or what it is are not for it to remove. */
function removeNamed(head: RequestHead, options: readonly string[]): void {
  for (const option of options) {
    if (option === 'close' || option === 'keep-alive' || option === 'upgrade') continue;
    if (option === 'cookie') head.cookie = null;
    const { fields } = head;
    for (let i = fields.length - 2; i >= 0; i -= 2) if (fields[i] === option) fields.splice(i, 2);
  }
}

/** Host with an optional port (RFC 3986 section 3.2, without user information). */
export function isAuthority(value: string): boolean {
  return value.length <= 261 && /^(?:[\w.~!$&'()*+;=%-]+|\[[0-9a-fA-F:.]+\])(?::\d{0,5})?$/.test(value);
}

/** Visible ASCII only: what is above is not a URI, and what is below would end the request line. */
const TARGET = /^[\x21-\x7e]+$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/** Puts a request target in its place: `/path?query`, `*`, or the whole URI, whose authority then counts (RFC 9112 section 3.2). */
export function placeTarget(head: RequestHead, target: string): Refusal | null {
  if (head.method === 'CONNECT') return 501;
  if (!TARGET.test(target) || target.includes('#')) return 400;
  head.target = target;
  if (target.charCodeAt(0) === 47) return null;
  if (target === '*') return head.method === 'OPTIONS' ? null : 400;
  const parts = ABSOLUTE.exec(target);
  if (parts === null || !isAuthority(parts[1]!)) return 400;
  head.authority = parts[1]!;
  const rest = parts[2]!;
  head.target = rest.startsWith('/') ? rest : `/${rest}`;
  return null;
}

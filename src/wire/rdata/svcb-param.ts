// The values of SVCB parameters: RFC 9460 section 7 and appendix A, dohpath of RFC 9461, ohttp of RFC 9540. A parameter of
// any other number, and any written as keyNNNNN, is a run of octets.

import { formatAddress, parseIpv4, parseIpv6 } from '../../base/address.ts';
import { fromBase64, toBase64 } from '../base-n.ts';
import { readU16 } from '../octets.ts';
import { quote, resolveEscapes } from './char-string.ts';
import { OctetWriter, RdataSyntaxError } from './codec.ts';

export interface ParamValue {
  /** Octets of a value as written, quotes taken off; empty if there is none. Throws RdataSyntaxError. */
  parse(text: string): Uint8Array;
  /** A sentence on what is wrong with the value `octets[at..end)`. */
  check(octets: Uint8Array, at: number, end: number): string | undefined;
  /** Text of a valid value, quotes included where needed; empty if there is none. */
  print(octets: Uint8Array, at: number, end: number): string;
}

export const PARAM = { MANDATORY: 0, ALPN: 1, NO_DEFAULT_ALPN: 2 } as const;
const NAMES = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp'];
/** Reserved as invalid (RFC 9460 section 14.3.2). */
const INVALID_KEY = 0xffff;

const COMMA = 0x2c;
const BACKSLASH = 0x5c;

export const paramName = (key: number): string => NAMES[key] ?? `key${key}`;

/** The number of a parameter's name; undefined if it is neither a known name nor key0 to key65534. */
export function paramKey(name: string): number | undefined {
  const known = NAMES.indexOf(name);
  if (known >= 0) return known;
  const generic = /^key(0|[1-9]\d{0,4})$/.exec(name);
  return generic !== null && Number(generic[1]) < INVALID_KEY ? Number(generic[1]) : undefined;
}

export const opaque: ParamValue = {
  parse: (text) => resolveEscapes(text, 'the value of a parameter'),
  check: () => undefined,
  print: (octets, at, end) => (at === end ? '' : quote(octets, at, end)),
};

const nothing: ParamValue = {
  parse: opaque.parse,
  check: (_octets, at, end) => (at === end ? undefined : 'has no value'),
  print: () => '',
};

const mandatory: ParamValue = {
  parse(text) {
    const keys = text.split(',').map((name) => {
      const key = paramKey(name);
      if (key === undefined) throw new RdataSyntaxError(`mandatory is a list of parameter names, found "${name}"`);
      return key;
    });
    const out = new OctetWriter();
    for (const key of keys.sort((a, b) => a - b)) out.u16(key);
    return out.octets.slice(0, out.length);
  },
  check(octets, at, end) {
    if (at === end || (end - at) % 2 !== 0) return 'is a list of one or more keys of two octets';
    let previous: number = PARAM.MANDATORY;
    for (let next = at; next < end; next += 2) {
      const key = readU16(octets, next);
      if (key <= previous) return 'lists keys in ascending order, none twice and not itself';
      previous = key;
    }
    return undefined;
  },
  print(octets, at, end) {
    const names: string[] = [];
    for (let next = at; next < end; next += 2) names.push(paramName(readU16(octets, next)));
    return names.join(',');
  },
};

/** A list of protocol identifiers; a comma or backslash inside one is written behind a backslash (appendix A.1). */
const alpn: ParamValue = {
  parse(text) {
    const octets = opaque.parse(text);
    const out = new OctetWriter();
    let lengthAt = 0;
    out.u8(0);
    const closeItem = (): void => {
      const length = out.length - lengthAt - 1;
      if (length < 1 || length > 255) throw new RdataSyntaxError(`a protocol in alpn has 1 to 255 octets, found ${length}`);
      out.octets[lengthAt] = length;
    };
    for (let i = 0; i < octets.length; i++) {
      if (octets[i] === COMMA) {
        closeItem();
        lengthAt = out.length;
        out.u8(0);
        continue;
      }
      const isEscape = octets[i] === BACKSLASH && (octets[i + 1] === COMMA || octets[i + 1] === BACKSLASH);
      if (octets[i] === BACKSLASH && !isEscape)
        throw new RdataSyntaxError('a backslash in alpn stands before a comma or backslash');
      if (isEscape) i++;
      out.u8(octets[i]!);
    }
    closeItem();
    return out.octets.slice(0, out.length);
  },
  check(octets, at, end) {
    let next = at;
    while (next < end && octets[next] !== 0) next += octets[next]! + 1;
    return next === end && at < end ? undefined : 'is a list of one or more protocols of 1 to 255 octets';
  },
  print(octets, at, end) {
    const out = new OctetWriter();
    for (let next = at; next < end; next += octets[next]! + 1) {
      if (next > at) out.u8(COMMA);
      for (let i = next + 1; i <= next + octets[next]!; i++) {
        if (octets[i] === COMMA || octets[i] === BACKSLASH) out.u8(BACKSLASH);
        out.u8(octets[i]!);
      }
    }
    return quote(out.octets, 0, out.length);
  },
};

const port: ParamValue = {
  parse(text) {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 0xffff) throw new RdataSyntaxError(`port is 0 to 65535, found "${text}"`);
    return Uint8Array.of(Number(text) >> 8, Number(text));
  },
  check: (_octets, at, end) => (end - at === 2 ? undefined : 'has two octets'),
  print: (octets, at) => String(readU16(octets, at)),
};

/** A list of addresses of `size` octets. */
const addresses = (size: 4 | 16): ParamValue => ({
  parse(text) {
    const items = text.split(',');
    const octets = new Uint8Array(items.length * size);
    const read = size === 4 ? parseIpv4 : parseIpv6;
    items.forEach((item, i) => {
      if (!read(item, octets, i * size))
        throw new RdataSyntaxError(`ipv${size === 4 ? 4 : 6}hint is a list of addresses, found "${item}"`);
    });
    return octets;
  },
  check: (_octets, at, end) => (at < end && (end - at) % size === 0 ? undefined : `is one or more addresses of ${size} octets`),
  print(octets, at, end) {
    const parts: string[] = [];
    for (let next = at; next < end; next += size) parts.push(formatAddress(octets, size === 4 ? 4 : 6, next));
    return parts.join(',');
  },
});

const ech: ParamValue = {
  parse(text) {
    const octets = fromBase64(text);
    if (octets === undefined) throw new RdataSyntaxError('ech is not base64');
    return octets;
  },
  check: (_octets, at, end) => (at < end ? undefined : 'needs a value'),
  print: toBase64,
};

const dohpath: ParamValue = {
  parse: opaque.parse,
  check(octets, at, end) {
    const path = quote(octets, at, end).slice(1, -1);
    return /^\/.*\{[^}]*\bdns\b[^}]*\}/.test(path) ? undefined : 'is a path with the variable dns, such as /dns-query{?dns}';
  },
  print: quote,
};

const VALUES: readonly ParamValue[] = [mandatory, alpn, nothing, port, addresses(4), ech, addresses(16), dohpath, nothing];

export const paramValue = (key: number): ParamValue => VALUES[key] ?? opaque;

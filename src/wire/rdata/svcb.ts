// SVCB and HTTPS: how to reach a service (RFC 9460). Parameters are written in any order and stand in ascending order of
// their keys on the wire, none twice; those that `mandatory` lists are there, and no-default-alpn comes with alpn.

import { readU16 } from '../octets.ts';
import { TYPE } from '../rrtype.ts';
import { RdataSyntaxError, type RdataText } from './codec.ts';
import { domainName, endsInside, type Field, rdataCodec, uint16 } from './field.ts';
import { opaque, PARAM, paramKey, paramName, paramValue } from './svcb-param.ts';

const WHAT = 'parameter';

interface Param {
  readonly key: number;
  readonly value: Uint8Array;
}

/** One `key`, `key=value` or `key="value"`. A key written as a number takes its value as octets, known or not. */
function parseParam(text: RdataText): Param {
  const word = text.param(WHAT);
  const nameEnd = word.includes('=') ? word.indexOf('=') : word.length;
  const name = word.slice(0, nameEnd);
  const raw = word.slice(nameEnd + 1);
  const key = paramKey(name);
  if (key === undefined)
    throw new RdataSyntaxError(`unknown parameter "${name}"; one without a name is written key0 to key65534`);
  const isQuoted = raw.length >= 2 && raw.startsWith('"') && raw.endsWith('"');
  const codec = /^key\d/.test(name) ? opaque : paramValue(key);
  return { key, value: codec.parse(isQuoted ? raw.slice(1, -1) : raw) };
}

/** A sentence on parameters that do not go together; `mandatoryAt` is the offset of the value of `mandatory`, or -1. */
function checkTogether(keys: ReadonlySet<number>, octets: Uint8Array, mandatoryAt: number): string | undefined {
  if (keys.has(PARAM.NO_DEFAULT_ALPN) && !keys.has(PARAM.ALPN)) return 'no-default-alpn stands without alpn';
  if (mandatoryAt < 0) return undefined;
  const end = mandatoryAt + readU16(octets, mandatoryAt - 2);
  for (let at = mandatoryAt; at < end; at += 2) {
    const key = readU16(octets, at);
    if (!keys.has(key)) return `mandatory lists ${paramName(key)}, which is not there`;
  }
  return undefined;
}

const params: Field = {
  what: WHAT,
  parse(text, out) {
    const list: Param[] = [];
    while (text.more()) list.push(parseParam(text));
    for (const { key, value } of list.sort((a, b) => a.key - b.key)) {
      if (value.length > 0xffff) throw new RdataSyntaxError(`value of ${paramName(key)} is over 65535 octets`);
      out.u16(key);
      out.u16(value.length);
      out.bytes(value);
    }
  },
  measure(octets, at, end) {
    const keys = new Set<number>();
    let previous = -1;
    let mandatoryAt = -1;
    for (let next = at; next < end; ) {
      if (end - next < 4) return endsInside(WHAT);
      const key = readU16(octets, next);
      const valueAt = next + 4;
      next = valueAt + readU16(octets, next + 2);
      if (next > end) return endsInside(WHAT);
      if (key === previous) return `parameter ${paramName(key)} stands twice`;
      if (key < previous) return 'parameters are not in ascending order of their keys';
      if (key === 0xffff) return 'parameter key 65535 is reserved';
      const problem = paramValue(key).check(octets, valueAt, next);
      if (problem !== undefined) return `parameter ${paramName(key)} ${problem}`;
      if (key === PARAM.MANDATORY) mandatoryAt = valueAt;
      keys.add(key);
      previous = key;
    }
    return checkTogether(keys, octets, mandatoryAt) ?? end - at;
  },
  print(octets, at, end) {
    const parts: string[] = [];
    for (let next = at; next < end; ) {
      const key = readU16(octets, next);
      const valueAt = next + 4;
      next = valueAt + readU16(octets, next + 2);
      const value = paramValue(key).print(octets, valueAt, next);
      parts.push(value === '' ? paramName(key) : `${paramName(key)}=${value}`);
    }
    return parts.join(' ');
  },
};

const FIELDS = [uint16('priority'), domainName('target'), params];

export const svcb = rdataCodec(TYPE.SVCB, FIELDS);
export const https = rdataCodec(TYPE.HTTPS, FIELDS);

// Fields that the DNSSEC types share: algorithm numbers with their mnemonics (RFC 4034 appendix A.1 and the IANA registry
// "DNS Security Algorithm Numbers"), times of signatures, and the salt of NSEC3.

import { fromHex, toHex } from '../base-n.ts';
import { readU32 } from '../octets.ts';
import { RdataSyntaxError } from './codec.ts';
import { endsInside, type Field, fixed } from './field.ts';

const ALGORITHMS: Readonly<Record<string, number>> = {
  DELETE: 0,
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  'RSASHA1-NSEC3-SHA1': 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  SM2SM3: 17,
  'ECC-GOST12': 23,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};

/** An algorithm by number or mnemonic; printed as its number. */
export const algorithm: Field = {
  what: 'algorithm',
  parse(text, out) {
    const word = text.word('algorithm');
    const number = /^\d{1,3}$/.test(word) ? Number(word) : ALGORITHMS[word.toUpperCase()];
    if (number === undefined || number > 255) {
      throw new RdataSyntaxError(`algorithm is a number from 0 to 255 or a mnemonic such as ECDSAP256SHA256, found "${word}"`);
    }
    out.u8(number);
  },
  measure: fixed('algorithm', 1),
  print: (octets, at) => String(octets[at]!),
};

// Days from civil date and back in the Gregorian calendar: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
// Years begin in March there, so that the leap day is the last of its year.

/** Days since 1970-01-01 of a date from year 1 on; `month` from 1. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

/** The date `days` after 1970-01-01 as YYYYMMDD. */
function civilFromDays(days: number): string {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36524) + Math.floor(dayOfEra / 146096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = ((shifted + 2) % 12) + 1;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${year}${twoDigits(month)}${twoDigits(day)}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Seconds since 1970 as YYYYMMDDHHmmSS, in UTC. */
function timeToText(sec: number): string {
  const ofDay = sec % 86400;
  const hour = Math.floor(ofDay / 3600);
  const minute = Math.floor(ofDay / 60) % 60;
  return civilFromDays((sec - ofDay) / 86400) + twoDigits(hour) + twoDigits(minute) + twoDigits(ofDay % 60);
}

/** Seconds since 1970 from YYYYMMDDHHmmSS or from up to ten digits of seconds; undefined if it is neither. */
function timeFromText(text: string): number | undefined {
  const date = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (date === null) return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  const [year, month, day, hour, minute, second] = date.slice(1).map(Number) as [number, number, number, number, number, number];
  const sec = daysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  // A date that does not exist, such as February 30, comes back as another one.
  return sec >= 0 && timeToText(sec) === text ? sec : undefined;
}

/** When a signature begins or ends to be valid: 32 bits of seconds since 1970 (RFC 4034 section 3.2). */
export const signatureTime = (what: string): Field => ({
  what,
  parse(text, out) {
    const word = text.word(what);
    const sec = timeFromText(word);
    if (sec === undefined || sec > 0xffffffff) {
      throw new RdataSyntaxError(`${what} is YYYYMMDDHHmmSS or seconds since 1970, up to 21060207062815, found "${word}"`);
    }
    out.u32(sec);
  },
  measure: fixed(what, 4),
  print: (octets, at) => timeToText(readU32(octets, at)),
});

/** The salt of NSEC3 and NSEC3PARAM: a length octet and up to 255 octets, in hexadecimal; `-` if there is none. */
export const salt: Field = {
  what: 'salt',
  parse(text, out) {
    const word = text.word('salt');
    const octets = word === '-' ? new Uint8Array() : fromHex(word);
    if (octets === undefined || octets.length > 255) {
      throw new RdataSyntaxError(`salt is - or up to 255 octets in hexadecimal, found "${word}"`);
    }
    out.u8(octets.length);
    out.bytes(octets);
  },
  measure: (octets, at, end) => (at < end && at + octets[at]! < end ? octets[at]! + 1 : endsInside('salt')),
  print: (octets, at, end) => (end - at === 1 ? '-' : toHex(octets, at + 1, end)),
};

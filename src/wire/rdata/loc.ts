// LOC: where on Earth something is (RFC 1876). 16 octets: version 0, three sizes as mantissa and power of ten in
// centimetres, latitude and longitude in thousandths of an arc second around 2^31, altitude in centimetres above -100 km.

import { readU32 } from '../octets.ts';
import { TYPE } from '../rrtype.ts';
import { RdataSyntaxError, type RdataText } from './codec.ts';
import { endsInside, type Field, rdataCodec } from './field.ts';

const SIZE = 16;
const EQUATOR = 0x80000000;
const MS_PER_DEGREE = 3_600_000;
const SEA_LEVEL_CM = 10_000_000;
/** 42849672.95 m: the highest altitude that 32 bits hold. */
const MAX_ALTITUDE_CM = 0xffffffff - SEA_LEVEL_CM;
/** 90000000.00 m: mantissa 9, exponent 9. */
const MAX_SIZE_CM = 9e9;
/** Size 1 m, horizontal precision 10 km, vertical precision 10 m, where the text leaves them out. */
const DEFAULTS = [0x12, 0x16, 0x13];

/** `d [m [s]] N|S`, or E|W, as thousandths of an arc second around 2^31. */
function parseAngle(text: RdataText, what: string, maxDegrees: number, positive: string, negative: string): number {
  const form = `${what} is degrees up to ${maxDegrees}, then perhaps minutes and seconds, then ${positive} or ${negative}`;
  const scales = [MS_PER_DEGREE, 60_000, 1000];
  let sum = 0;
  let word = text.word(what).toUpperCase();
  for (let i = 0; i === 0 || (word !== positive && word !== negative); i++) {
    const isNumber = i === 2 ? /^\d{1,2}(\.\d{1,3})?$/.test(word) : /^\d{1,3}$/.test(word);
    if (i > 2 || !isNumber || (i > 0 && Number(word) >= 60)) throw new RdataSyntaxError(`${form}, found "${word}"`);
    sum += Math.round(Number(word) * scales[i]!);
    word = text.word(what).toUpperCase();
  }
  if (sum > maxDegrees * MS_PER_DEGREE) throw new RdataSyntaxError(form);
  return word === positive ? EQUATOR + sum : EQUATOR - sum;
}

/** Metres with at most two decimals and perhaps a final m, as centimetres. */
function parseMetres(text: RdataText, what: string, leastCm: number, mostCm: number): number {
  const word = text.word(what);
  const cm = /^-?\d{1,8}(\.\d{1,2})?m?$/i.test(word) ? Math.round(Number.parseFloat(word) * 100) : Number.NaN;
  if (cm >= leastCm && cm <= mostCm) return cm;
  throw new RdataSyntaxError(
    `${what} is metres from ${leastCm / 100} to ${mostCm / 100} with at most two decimals, found "${word}"`,
  );
}

/** Mantissa in the high four bits, exponent in the low; digits after the first are dropped, as in RFC 1876 appendix A. */
function packSize(cm: number): number {
  let exponent = 0;
  let mantissa = cm;
  for (; mantissa >= 10; exponent++) mantissa = Math.floor(mantissa / 10);
  return (mantissa << 4) | exponent;
}

function printAngle(value: number, positive: string, negative: string): string {
  const ms = Math.abs(value - EQUATOR);
  const minutes = Math.floor(ms / 60_000);
  const sec = ((ms % 60_000) / 1000).toFixed(3);
  return `${Math.floor(minutes / 60)} ${minutes % 60} ${sec} ${value < EQUATOR ? negative : positive}`;
}

/** Whole metres without decimals, as they are usually written. */
function printSize(octet: number): string {
  const cm = (octet >> 4) * 10 ** (octet & 15);
  return `${cm % 100 === 0 ? cm / 100 : (cm / 100).toFixed(2)}m`;
}

const location: Field = {
  what: 'location',
  parse(text, out) {
    const latitude = parseAngle(text, 'latitude', 90, 'N', 'S');
    const longitude = parseAngle(text, 'longitude', 180, 'E', 'W');
    const altitude = parseMetres(text, 'altitude', -SEA_LEVEL_CM, MAX_ALTITUDE_CM);
    const sizes = ['size', 'horizontal precision', 'vertical precision'].map((what, i) =>
      text.more() ? packSize(parseMetres(text, what, 0, MAX_SIZE_CM)) : DEFAULTS[i]!,
    );
    out.u8(0);
    for (const size of sizes) out.u8(size);
    out.u32(latitude);
    out.u32(longitude);
    out.u32(altitude + SEA_LEVEL_CM);
  },
  measure(octets, at, end) {
    if (end - at < SIZE) return endsInside('location');
    if (octets[at] !== 0) return `version of a location is 0, found ${octets[at]}`;
    for (let i = at + 1; i <= at + 3; i++) {
      const mantissa = octets[i]! >> 4;
      const exponent = octets[i]! & 15;
      const isNumber = mantissa >= 1 && mantissa <= 9 && exponent <= 9;
      if (octets[i] !== 0 && !isNumber) return 'size or precision is not a decimal digit and a power of ten';
    }
    if (Math.abs(readU32(octets, at + 4) - EQUATOR) > 90 * MS_PER_DEGREE) return 'latitude is beyond 90 degrees';
    if (Math.abs(readU32(octets, at + 8) - EQUATOR) > 180 * MS_PER_DEGREE) return 'longitude is beyond 180 degrees';
    return SIZE;
  },
  print(octets, at) {
    const latitude = printAngle(readU32(octets, at + 4), 'N', 'S');
    const longitude = printAngle(readU32(octets, at + 8), 'E', 'W');
    const altitude = `${((readU32(octets, at + 12) - SEA_LEVEL_CM) / 100).toFixed(2)}m`;
    const sizes = [1, 2, 3].map((i) => printSize(octets[at + i]!));
    return [latitude, longitude, altitude, ...sizes].join(' ');
  },
};

export const loc = rdataCodec(TYPE.LOC, [location]);

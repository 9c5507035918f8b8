// One record of a master file: `[owner] [ttl] [class] type rdata`, TTL and class in either order (RFC 1035 section 5.1),
// RDATA by fields or as `\# length hex` (RFC 3597 section 5). A and AAAA are read straight from the octets; every other
// type through its codec.

import { MAX_NAME_SIZE, MAX_TTL_SEC } from '../wire/constants.ts';
import { LOWER } from '../wire/name.ts';
import { readU32 } from '../wire/octets.ts';
import { RdataSyntaxError } from '../wire/rdata/codec.ts';
import { parseGeneric } from '../wire/rdata/generic.ts';
import { codecOf } from '../wire/rdata/registry.ts';
import { isMetaType, TYPE, typeFromName, typeName } from '../wire/rrtype.ts';
import { readIpv4, readIpv6 } from './address-text.ts';
import { checkGslb, isPolicyName, POLICY_NAME_FORM } from './gslb.ts';
import { type Lexer, ZoneTextError } from './lexer.ts';
import { readName, readPlainName } from './name-text.ts';
import { NO_OWNER, NO_TTL, type ParseState, UNREADABLE_OWNER } from './parse-state.ts';
import { readTimeSec } from './time-text.ts';

const SLASH = 0x2f;

/** Up to four octets of a word, lower-cased, as one integer. */
function packWord(octets: Uint8Array, start: number, stop: number): number {
  let packed = 0;
  for (let i = start; i < stop; i++) packed = (packed << 8) | LOWER[octets[i]!]!;
  return packed;
}

const packText = (text: string): number =>
  packWord(
    Uint8Array.from(text, (c) => c.charCodeAt(0)),
    0,
    text.length,
  );
const SHORT_TYPES: ReadonlyMap<number, number> = new Map(
  Object.entries(TYPE).flatMap(([name, type]) => (name.length <= 4 ? [[packText(name), type]] : [])),
);
const IN = packText('IN');

const name = new Uint8Array(MAX_NAME_SIZE + 1);

/** The TTL fields of the record being read. */
const ttl = { maxSec: NO_TTL, minSec: NO_TTL, isRange: false, at: 0, line: 0 };

/** Reads the record whose first token is current, and leaves the lexer at the end of the entry. Throws what placed() takes. */
export function readRecord(state: ParseState, lexer: Lexer, inheritsOwner: boolean): void {
  const line = lexer.tokenLine;
  state.checkRoom(lexer);
  if (!inheritsOwner) readOwner(state, lexer);
  else if (state.ownerAt === NO_OWNER)
    throw lexer.error('ERR_ZONE_NO_OWNER', 'the first record of a file has no owner to inherit');
  const type = readHead(lexer);
  const typeAt = lexer.start;
  const typeLine = lexer.tokenLine;
  if (ttl.isRange && type !== TYPE.GSLB) {
    throw new ZoneTextError('ERR_ZONE_TTL', `only GSLB takes max/min TTLs, not ${typeName(type)}`, ttl.at, ttl.line);
  }
  lexer.next();
  const { records } = state;
  // GSLB needs its TTL before its data; SOA may give the TTL by its data.
  if (type === TYPE.GSLB) {
    resolveTtl(state, typeAt, typeLine);
    readGslb(state, lexer);
  } else {
    readRdata(state, lexer, type);
    if (type === TYPE.SOA && state.soaMinimumSec === NO_TTL)
      state.soaMinimumSec = readU32(state.rdata.octets, state.rdata.length - 4);
    resolveTtl(state, typeAt, typeLine);
  }
  if (state.ownerAt === UNREADABLE_OWNER) return;
  const { octets, length } = state.rdata;
  records.add(state.ownerAt, type, ttl.maxSec, records.addOctets(octets, 0, length), length, state.file, line);
}

/** Reads the owner and moves past it. An owner written like the one before it shares its octets. */
function readOwner(state: ParseState, lexer: Lexer): void {
  const { text, start, stop } = lexer;
  const { records } = state;
  let octets: Uint8Array = name;
  let size = lexer.isQuoted ? 0 : readPlainName(text, start, stop, state.origin, name);
  if (size === 0) {
    const read = lexer.isQuoted
      ? `an owner is written without quotes, found ${lexer.shown()}`
      : readName(text, start, stop, state.origin);
    if (typeof read === 'string') {
      state.ownerAt = UNREADABLE_OWNER;
      throw lexer.error('ERR_ZONE_NAME', read);
    }
    octets = read;
    size = read.length;
  }
  if (state.ownerAt < 0 || !isAt(records.octets, state.ownerAt, octets, size)) {
    state.ownerAt = records.addOctets(octets, 0, size);
  }
  lexer.next();
}

/** Whether the name at `at` is, octet by octet, `octets[0..size)`. */
function isAt(arena: Uint8Array, at: number, octets: Uint8Array, size: number): boolean {
  for (let i = 0; i < size; i++) if (arena[at + i] !== octets[i]) return false;
  return true;
}

/** Reads TTL and class into `ttl`, and returns the type, whose token stays current. */
function readHead(lexer: Lexer): number {
  ttl.maxSec = NO_TTL;
  ttl.minSec = NO_TTL;
  ttl.isRange = false;
  let hasClass = false;
  for (;;) {
    if (!lexer.isWord) throw lexer.error('ERR_ZONE_TYPE', `a record type is missing before ${lexer.shown()}`);
    const first = lexer.text[lexer.start]!;
    if (first >= 0x30 && first <= 0x39) {
      if (ttl.maxSec !== NO_TTL) throw lexer.error('ERR_ZONE_TYPE', `a record type is missing before ${lexer.shown()}`);
      readTtl(lexer);
    } else {
      const type = typeOf(lexer);
      if (type >= 0) {
        if (isMetaType(type)) throw lexer.error('ERR_ZONE_TYPE', `${typeName(type)} exists in messages only, never in a zone`);
        return type;
      }
      checkClass(lexer);
      if (hasClass) throw lexer.error('ERR_ZONE_CLASS', 'the class is given twice');
      hasClass = true;
    }
    lexer.next();
  }
}

/** Number of the type that the current word names, or -1. */
function typeOf(lexer: Lexer): number {
  const { text, start, stop } = lexer;
  if (stop - start <= 4) return SHORT_TYPES.get(packWord(text, start, stop)) ?? -1;
  return typeFromName(lexer.token()) ?? -1;
}

function checkClass(lexer: Lexer): void {
  if (lexer.stop - lexer.start === 2 && packWord(lexer.text, lexer.start, lexer.stop) === IN) return;
  const word = lexer.token();
  if (/^class0*1$/i.test(word)) return;
  if (/^(ch|hs|cs|none|class\d+)$/i.test(word))
    throw lexer.error('ERR_ZONE_CLASS', `class ${word} is not served; the only class is IN`);
  throw lexer.error('ERR_ZONE_TYPE', `unknown record type ${lexer.shown()}; a type without a name is written TYPEnnn`);
}

function readTtl(lexer: Lexer): void {
  const { text, start, stop } = lexer;
  ttl.at = start;
  ttl.line = lexer.tokenLine;
  ttl.maxSec = readTimeSec(text, start, stop);
  ttl.minSec = ttl.maxSec;
  if (ttl.maxSec >= 0) return;
  const slash = text.subarray(start, stop).indexOf(SLASH);
  if (slash >= 0) {
    ttl.isRange = true;
    ttl.maxSec = readTimeSec(text, start, start + slash);
    ttl.minSec = readTimeSec(text, start + slash + 1, stop);
  }
  if (ttl.maxSec < 0 || ttl.minSec < 0) {
    throw lexer.error('ERR_ZONE_TTL', `TTL is 0 to ${MAX_TTL_SEC} seconds such as 3600 or 1h30m, found ${lexer.shown()}`);
  }
  if (ttl.minSec > ttl.maxSec) throw lexer.error('ERR_ZONE_TTL', `TTLs are written max/min, found ${lexer.shown()}`);
}

/** Takes over an explicit TTL as the last one, or fills in an omitted one. */
function resolveTtl(state: ParseState, typeAt: number, typeLine: number): void {
  if (ttl.maxSec !== NO_TTL) {
    state.lastTtlSec = ttl.maxSec;
    return;
  }
  if (state.defaultTtlSec !== NO_TTL) ttl.maxSec = state.defaultTtlSec;
  else ttl.maxSec = state.lastTtlSec !== NO_TTL ? state.lastTtlSec : state.soaMinimumSec;
  ttl.minSec = ttl.maxSec;
  if (ttl.maxSec === NO_TTL) {
    const message = 'TTL is missing: give one here, or set $TTL before';
    throw new ZoneTextError('ERR_ZONE_TTL', message, typeAt, typeLine);
  }
}

/** Reads the data of a record into `state.rdata`, up to the end of the entry. Throws RdataSyntaxError too. */
function readRdata(state: ParseState, lexer: Lexer, type: number): void {
  const { text, start, stop } = lexer;
  const { rdata, fields } = state;
  rdata.length = 0;
  if (type === TYPE.A && readIpv4(text, start, stop, rdata.octets)) {
    rdata.length = 4;
    lexer.next();
  } else if (type === TYPE.AAAA && readIpv6(text, start, stop, rdata.octets)) {
    rdata.length = 16;
    lexer.next();
  } else {
    fields.begin(lexer, state.origin);
    const codec = codecOf(type);
    if (codec !== undefined && !isGenericMark(lexer)) codec.parse(fields, rdata);
    else {
      parseGeneric(fields, rdata);
      const problem = codec?.check(rdata.octets, 0, rdata.length);
      if (problem !== undefined) throw new RdataSyntaxError(problem);
    }
  }
  expectEnd(lexer);
}

/** Whether the current token is the `\#` that begins generic data. */
const isGenericMark = (lexer: Lexer): boolean => lexer.stop - lexer.start === 2 && lexer.token() === '\\#';

function readGslb(state: ParseState, lexer: Lexer): void {
  const { rdata } = state;
  if (isGenericMark(lexer)) {
    const { start, tokenLine } = lexer;
    readRdata(state, lexer, TYPE.GSLB);
    const problem = checkGslb(rdata.octets, 0, rdata.length, ttl.maxSec);
    if (problem !== undefined) throw new ZoneTextError('ERR_ZONE_RDATA', problem, start, tokenLine);
    return;
  }
  const policy = lexer.token();
  if (!lexer.isWord || !isPolicyName(policy)) {
    throw lexer.error('ERR_ZONE_RDATA', `${POLICY_NAME_FORM}, found ${lexer.shown()}`);
  }
  rdata.length = 0;
  rdata.u32(ttl.minSec);
  rdata.bytes(lexer.text, lexer.start, lexer.stop);
  lexer.next();
  expectEnd(lexer);
}

/** Throws if anything follows on the entry. */
export function expectEnd(lexer: Lexer): void {
  if (!lexer.isEnd) throw lexer.error('ERR_ZONE_SYNTAX', `the entry should end before ${lexer.shown()}`);
}

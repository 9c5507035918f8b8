// $ORIGIN (RFC 1035 section 5.1) and $TTL (RFC 2308 section 4). $INCLUDE lives in parser.ts and $GENERATE in generate.ts.

import { MAX_TTL_SEC } from '../wire/constants.ts';
import type { Lexer } from './lexer.ts';
import { readName } from './name-text.ts';
import type { ParseState } from './parse-state.ts';
import { expectEnd } from './record-text.ts';
import { readTimeSec } from './time-text.ts';

/** The name that is the current token, completed by the origin; moves past it. Throws ZoneTextError. */
export function readNameArgument(state: ParseState, lexer: Lexer, what: string): Uint8Array {
  if (!lexer.isWord) throw lexer.error('ERR_ZONE_DIRECTIVE', `${what} is a domain name, found ${lexer.shown()}`);
  const name = readName(lexer.text, lexer.start, lexer.stop, state.origin);
  if (typeof name === 'string') throw lexer.error('ERR_ZONE_NAME', `${what}: ${name}`);
  lexer.next();
  return name;
}

/** The first argument is the current token, as for every directive here. */
export function originDirective(state: ParseState, lexer: Lexer): void {
  const origin = readNameArgument(state, lexer, '$ORIGIN');
  expectEnd(lexer);
  state.origin = origin;
}

export function ttlDirective(state: ParseState, lexer: Lexer): void {
  const sec = lexer.isWord ? readTimeSec(lexer.text, lexer.start, lexer.stop) : -1;
  if (sec < 0) {
    const message = `$TTL is 0 to ${MAX_TTL_SEC} seconds such as 3600 or 1h30m, found ${lexer.shown()}`;
    throw lexer.error('ERR_ZONE_TTL', message);
  }
  lexer.next();
  expectEnd(lexer);
  state.defaultTtlSec = sec;
}

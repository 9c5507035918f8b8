// $GENERATE range lhs [ttl] [class] type rhs (BIND's extension): one record for each value of the range, as if it had been
// written out. `rhs` is all that follows the type; BIND's own way of writing several fields, as one quoted string, works
// too. An error in a made record is reported once, at the token of the directive that it comes from.

import { expandTemplate, parseTemplate, type Template } from './generate-template.ts';
import { Lexer, ZoneTextError } from './lexer.ts';
import type { ParseState } from './parse-state.ts';
import { placed } from './rdata-fields.ts';
import { readRecord } from './record-text.ts';

/** A token of the directive as a template, and where it stands. */
interface Piece {
  readonly template: Template;
  readonly at: number;
  readonly line: number;
}

const RANGE = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/;
const MAX_VALUE = 0x7fffffff;
const TTL_OR_CLASS = /^(\d.*|in|ch|hs|cs|class\d+)$/i;

/** The range is the current token. Throws ZoneTextError. */
export function generateDirective(state: ParseState, lexer: Lexer): void {
  const range = RANGE.exec(lexer.token());
  const [first, last, step] = [Number(range?.[1]), Number(range?.[2]), Number(range?.[3] ?? 1)];
  if (range === null || first > last || last > MAX_VALUE || step < 1) {
    const message = `range is first-last or first-last/step with last up to ${MAX_VALUE}, found ${lexer.shown()}`;
    throw lexer.error('ERR_ZONE_GENERATE', message);
  }
  const count = Math.floor((last - first) / step) + 1;
  if (count > state.limits.generateCount) {
    throw lexer.error('ERR_ZONE_GENERATE', `range makes ${count} records; the most is ${state.limits.generateCount}`);
  }
  lexer.next();
  const pieces = readPieces(lexer);
  for (let value = first; value <= last; value += step) makeRecord(state, lexer, pieces, value);
}

function readPieces(lexer: Lexer): Piece[] {
  if (!lexer.isWord) throw lexer.error('ERR_ZONE_GENERATE', `owner template is a word, found ${lexer.shown()}`);
  const pieces = [takePiece(lexer)];
  while (lexer.isWord && TTL_OR_CLASS.test(lexer.token())) pieces.push(takePiece(lexer));
  if (!lexer.isWord) throw lexer.error('ERR_ZONE_TYPE', `a record type is missing before ${lexer.shown()}`);
  pieces.push(takePiece(lexer));
  if (lexer.isEnd) throw lexer.error('ERR_ZONE_GENERATE', 'data template is missing');
  // A single quoted string is the whole data in quotes; among other fields it is one of them.
  const inner = lexer.isQuoted ? lexer.token().slice(1, -1).replaceAll('\\"', '"') : undefined;
  const first = takePiece(lexer);
  if (inner !== undefined && lexer.isEnd) return [...pieces, { ...first, template: templateOf(inner, first) }];
  pieces.push(first);
  while (!lexer.isEnd) pieces.push(takePiece(lexer));
  return pieces;
}

/** The current token as a template; moves past it. */
function takePiece(lexer: Lexer): Piece {
  const place = { at: lexer.start, line: lexer.tokenLine };
  const template = templateOf(lexer.token(), place);
  lexer.next();
  return { template, ...place };
}

function templateOf(text: string, place: { at: number; line: number }): Template {
  const template = parseTemplate(text);
  if (typeof template === 'string') throw new ZoneTextError('ERR_ZONE_GENERATE', template, place.at, place.line);
  return template;
}

function makeRecord(state: ParseState, lexer: Lexer, pieces: readonly Piece[], value: number): void {
  let text = '';
  const ends: number[] = [];
  for (const piece of pieces) {
    const made = expandTemplate(piece.template, value);
    if (made === undefined) {
      throw new ZoneTextError('ERR_ZONE_GENERATE', `offset makes the value ${value} negative`, piece.at, piece.line);
    }
    text += `${made} `;
    ends.push(text.length);
  }
  state.countText(text.length, lexer);
  const made = new Lexer(
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
    pieces[0]!.line,
  );
  try {
    made.next();
    readRecord(state, made, false);
  } catch (error) {
    const problem = placed(error, state.fields);
    const piece = pieces[ends.findIndex((end) => problem.at < end)] ?? pieces[pieces.length - 1]!;
    throw new ZoneTextError(problem.code, `${problem.message} (in "${text.trim()}")`, piece.at, piece.line);
  }
}

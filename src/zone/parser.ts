// Zone text to records: RFC 1035 master files with $ORIGIN, $TTL, $INCLUDE and $GENERATE. Reading goes on after an error,
// at the next entry, so that one run reports everything that is wrong. Never throws on account of the text.
// Files are read through a port: which paths are allowed, and how they are found, is the business of the caller.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { originDirective, readNameArgument, ttlDirective } from './directives.ts';
import { generateDirective } from './generate.ts';
import { Lexer, ZoneTextError } from './lexer.ts';
import { DEFAULT_LIMITS, type ZoneLimits } from './limits.ts';
import { NO_OWNER, ParseState } from './parse-state.ts';
import { placed } from './rdata-fields.ts';
import { expectEnd, readRecord } from './record-text.ts';
import type { ZoneRecords } from './records.ts';

export interface ZoneFile {
  /** Name of the file for messages; the same file has the same name however it was asked for, or loops go unseen. */
  readonly file: string;
  readonly text: Uint8Array;
}

/** Finds a file that `fromFile` includes; the error is a sentence. */
export type IncludeReader = (path: string, fromFile: string) => Result<ZoneFile, string>;

export interface ZoneInput extends ZoneFile {
  /** Wire name of the zone's apex, and the origin the text begins with. */
  readonly origin: Uint8Array;
  readonly readInclude: IncludeReader;
  readonly limits?: Partial<ZoneLimits>;
}

export interface ParsedZone {
  /** All records that could be read; good for use only if no problem is an error. */
  readonly records: ZoneRecords;
  readonly problems: Problem[];
}

const DOLLAR = 0x24;

export function parseZone(input: ZoneInput): ParsedZone {
  const reader = new ZoneReader(input);
  reader.readFile(input, input.origin);
  return { records: reader.state.records, problems: reader.state.log.problems() };
}

class ZoneReader {
  readonly state: ParseState;
  readonly #readInclude: IncludeReader;
  /** Names of the files being read, the outermost first. */
  readonly #open: string[] = [];
  readonly #fileIndex = new Map<string, number>();
  #includes = 0;

  constructor(input: ZoneInput) {
    this.state = new ParseState(input.origin, input.text.length, { ...DEFAULT_LIMITS, ...input.limits });
    this.#readInclude = input.readInclude;
  }

  readFile(file: ZoneFile, origin: Uint8Array): void {
    const { state } = this;
    const outer = { file: state.file, origin: state.origin, ownerAt: state.ownerAt };
    state.file = this.#fileIndex.get(file.file) ?? state.records.files.push(file.file) - 1;
    this.#fileIndex.set(file.file, state.file);
    state.origin = origin;
    state.ownerAt = NO_OWNER;
    this.#open.push(file.file);
    const lexer = new Lexer(file.text);
    try {
      state.countText(file.text.length, lexer);
      refuseUtf16(lexer);
      this.#readEntries(lexer);
    } catch (error) {
      this.#report(error, lexer);
    }
    this.#open.pop();
    Object.assign(state, outer);
  }

  #readEntries(lexer: Lexer): void {
    while (!lexer.isExhausted && !this.state.isStopped) {
      try {
        this.#readEntry(lexer);
      } catch (error) {
        this.#report(error, lexer);
        const unclosed = lexer.skipEntry();
        if (unclosed !== undefined) this.#report(unclosed, lexer);
      }
      lexer.nextEntry();
    }
  }

  #report(error: unknown, lexer: Lexer): void {
    this.state.report(placed(error, this.state.fields), lexer);
  }

  #readEntry(lexer: Lexer): void {
    const { isIndented } = lexer;
    lexer.next();
    if (lexer.isEnd) return;
    if (lexer.text[lexer.start] === DOLLAR) this.#readDirective(lexer, isIndented);
    else readRecord(this.state, lexer, isIndented);
  }

  #readDirective(lexer: Lexer, isIndented: boolean): void {
    if (isIndented)
      throw lexer.error('ERR_ZONE_DIRECTIVE', `a directive begins in column 1, found ${lexer.shown()} behind a blank`);
    const read = this.#directive(lexer.token().toUpperCase());
    if (read === undefined) {
      const message = `directives are $ORIGIN, $TTL, $INCLUDE and $GENERATE, found ${lexer.shown()}`;
      throw lexer.error('ERR_ZONE_DIRECTIVE', message);
    }
    lexer.next();
    read(this.state, lexer);
  }

  #directive(name: string): ((state: ParseState, lexer: Lexer) => void) | undefined {
    if (name === '$ORIGIN') return originDirective;
    if (name === '$TTL') return ttlDirective;
    if (name === '$GENERATE') return generateDirective;
    return name === '$INCLUDE' ? (_state, lexer) => this.#include(lexer) : undefined;
  }

  /** $INCLUDE file [origin]. The file's own errors are its own; one that cannot be read is an error here. */
  #include(lexer: Lexer): void {
    const { state } = this;
    const { fields } = state;
    const { start, tokenLine } = lexer;
    const fail = (message: string): ZoneTextError => new ZoneTextError('ERR_ZONE_INCLUDE', message, start, tokenLine);
    if (lexer.isEnd) throw fail('$INCLUDE names no file');
    fields.begin(lexer, state.origin);
    const path = new TextDecoder().decode(fields.string('file'));
    const origin = lexer.isEnd ? state.origin : readNameArgument(state, lexer, 'origin of $INCLUDE');
    expectEnd(lexer);
    if (this.#open.length > state.limits.includeDepth)
      throw fail(`files are included more than ${state.limits.includeDepth} deep`);
    if (++this.#includes > state.limits.includes) throw fail(`more than ${state.limits.includes} files are included`);
    const read = this.#readInclude(path, this.#open[this.#open.length - 1]!);
    if (!read.ok) throw fail(read.error);
    if (this.#open.includes(read.value.file))
      throw fail(`"${path}" includes itself: ${[...this.#open, read.value.file].join(' -> ')}`);
    this.readFile(read.value, origin);
  }
}

/** UTF-16 would end in an error for every second octet; one that names the cause is better. */
function refuseUtf16(lexer: Lexer): void {
  const [first, second] = lexer.text;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw lexer.error('ERR_ZONE_SYNTAX', 'file is in UTF-16; save it in ASCII or UTF-8');
  }
}

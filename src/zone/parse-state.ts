// What the reader of a zone carries from line to line and from file to file. RFC 1035 section 5.1: origin and owner belong
// to the file and come back after an $INCLUDE; the default TTL, whoever set it, holds for all text that follows.

import { OctetWriter } from '../wire/rdata/codec.ts';
import { type Lexer, ZoneTextError } from './lexer.ts';
import type { ZoneLimits } from './limits.ts';
import { ProblemLog } from './problem-log.ts';
import { RdataFields } from './rdata-fields.ts';
import { ZoneRecords } from './records.ts';

export const NO_OWNER = -1;
/** The owner could not be read: indented lines that follow have no name to go to, and are checked but not kept. */
export const UNREADABLE_OWNER = -2;
export const NO_TTL = -1;

export class ParseState {
  readonly records: ZoneRecords;
  readonly log: ProblemLog = new ProblemLog();
  readonly limits: ZoneLimits;
  /** Origin that completes relative names, and offset of the owner that an indented line inherits, or one of the above. */
  origin: Uint8Array;
  ownerAt: number = NO_OWNER;
  /** Index of the file being read in `records.files`. */
  file = 0;
  /** Three sources of an omitted TTL, in order (RFC 2308 section 4, RFC 1035 section 5.1); NO_TTL where not known yet. */
  defaultTtlSec: number = NO_TTL;
  lastTtlSec: number = NO_TTL;
  soaMinimumSec: number = NO_TTL;
  textOctets = 0;
  /** Set once a limit is exceeded, that of errors too: nothing more is read. */
  isStopped = false;
  /** Reused for every record. */
  readonly fields: RdataFields = new RdataFields();
  readonly rdata: OctetWriter = new OctetWriter();

  /** `textSize`: octets of the zone's own file. */
  constructor(origin: Uint8Array, textSize: number, limits: ZoneLimits) {
    this.records = new ZoneRecords(origin, Math.min(textSize, limits.textOctets));
    this.origin = origin;
    this.limits = limits;
  }

  /** Counts text against the limit, before it is read. Throws ZoneTextError at the current token of `lexer`. */
  countText(octets: number, lexer: Lexer): void {
    this.textOctets += octets;
    if (this.textOctets > this.limits.textOctets) throw this.#exceeded('octets of text', this.limits.textOctets, lexer);
  }

  /** Checks that there is room for one more record. Throws ZoneTextError. */
  checkRoom(lexer: Lexer): void {
    const { records, limits } = this;
    if (records.count >= limits.records) throw this.#exceeded('records', limits.records, lexer);
    if (records.octetCount > limits.dataOctets) throw this.#exceeded('octets of names and data', limits.dataOctets, lexer);
  }

  report(error: ZoneTextError, lexer: Lexer): void {
    this.log.error(error.code, error.message, this.records.files[this.file]!, error.line, lexer.columnOf(error.at));
    if (this.log.isFull) this.isStopped = true;
  }

  #exceeded(what: string, most: number, lexer: Lexer): ZoneTextError {
    this.isStopped = true;
    return new ZoneTextError(
      'ERR_ZONE_LIMIT',
      `zone has more than ${most} ${what}; the rest is not read`,
      lexer.start,
      lexer.tokenLine,
    );
  }
}

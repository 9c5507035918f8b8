// nginx's stub_status page: what is under way in the whole of nginx. It tells neither servers nor limits, so `max` is the operator's.
//
//   Active connections: 291
//   server accepts handled requests
//    16630948 16630948 31070465
//   Reading: 6 Writing: 179 Waiting: 106

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { countOf } from '../numbers.ts';
import { failure, quote } from '../problem.ts';

export interface StubStatus {
  /** Connections with a request: idle ones (Waiting) are no load. */
  readonly busy: number;
  /** Since nginx started. */
  readonly requests: number;
}

const PAGE =
  /^Active connections: (\d+)\s*\nserver accepts handled requests\s*\n (\d+) (\d+) (\d+)\s*\nReading: (\d+) Writing: (\d+) Waiting: (\d+)\s*$/;

/** The request for the page itself is one of those that are written; it does not count. */
export function parseStubStatus(text: string, where: string): Result<StubStatus, Problem> {
  const found = PAGE.exec(text)?.slice(1).map(countOf);
  if (found === undefined || found.includes(undefined)) {
    return failure('ERR_LOAD_FORM', `${where}: this is not a page of stub_status; it begins with "${quote(text.slice(0, 60))}"`);
  }
  const [, , , requests, reading, writing] = found as number[];
  return ok({ busy: Math.max(0, reading! + writing! - 1), requests: requests! });
}

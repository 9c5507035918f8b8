// What an HTTP check makes of a reply, whichever version brought it: status, body, redirect.

import type { Readable } from 'node:stream';
import { createContext, Script } from 'node:vm';
import { type CheckKind, OUTCOME, type Outcome } from '../model/probe.ts';

export type HttpCheck = Extract<CheckKind, { kind: 'http' }>;

/** So much of a body is looked at; then the connection is closed. */
const MAX_BODY_OCTETS = 5120;
/** So much of a header is taken, in octets. */
export const MAX_HEADER_OCTETS = 16_384;
/** A pattern that backtracks for ever would stop the whole prober. */
const MAX_MATCH_MS = 50;
/** Tries when the time passes without this process having had half of it: then the machine was busy, not the pattern slow. */
const MAX_MATCH_TRIES = 20;

export interface Judgement {
  readonly outcome: Outcome;
  readonly detail: string;
  /** As far as the check keeps it. */
  readonly body?: string;
}

const GOOD: Judgement = { outcome: OUTCOME.OK, detail: '' };

export const isGoodStatus = ({ statuses }: HttpCheck, status: number): boolean =>
  statuses.some(([low, high]) => status >= low && status <= high);

/** Where a redirect leads, if this check follows it: to the same host only, so that the address rules hold for it too. */
export function redirectOf(status: number, location: string | undefined, from: URL): URL | string | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, from.href)) return `redirect to something that is no URL: ${location}`;
  const to = new URL(location, from);
  if (to.protocol !== 'http:' && to.protocol !== 'https:') return `redirect to ${to.protocol} is not followed`;
  if (to.hostname !== from.hostname) return `redirect to another host, ${to.hostname}, is not followed`;
  return to;
}

/** Judges the beginning of a body; undefined while more of it may still bring what is looked for. */
function judgeBody(check: HttpCheck, octets: Buffer, isAll: boolean): Judgement | undefined {
  const { body } = check;
  const isKept = check.keepsBody === true;
  if (body === null && !isKept) return GOOD;
  const isLast = isAll || octets.length >= MAX_BODY_OCTETS;
  const text = octets.subarray(0, MAX_BODY_OCTETS).toString('utf8');
  if (isKept && !isLast) return undefined;
  const good: Judgement = isKept ? { ...GOOD, body: text } : GOOD;
  if (body === null) return good;
  if ('text' in body) {
    if (text.includes(body.text)) return good;
  } else if (isLast) {
    const isMatch = matches(body.pattern, text);
    if (isMatch === undefined) {
      return { outcome: OUTCOME.NOT_CHECKED, detail: `not checked: the body pattern takes longer than ${MAX_MATCH_MS} ms` };
    }
    if (isMatch) return good;
  }
  return isLast ? { outcome: OUTCOME.BAD_CONTENT, detail: 'the body is not as expected' } : undefined;
}

/** Reads as much of a body as it takes to judge it. */
export function readBody(stream: Readable, check: HttpCheck, judged: (judgement: Judgement) => void): void {
  let octets = Buffer.alloc(0);
  const judge = (isAll: boolean): void => {
    const judgement = judgeBody(check, octets, isAll);
    if (judgement !== undefined) judged(judgement);
  };
  if (check.body === null && check.keepsBody !== true) {
    judge(true);
    return;
  }
  stream.on('data', (chunk: Buffer) => {
    octets = Buffer.concat([octets, chunk]);
    judge(false);
  });
  stream.on('end', () => judge(true));
  stream.on('aborted', () => judged({ outcome: OUTCOME.RESET, detail: 'connection closed inside the body' }));
}

const sandbox = createContext(Object.create(null) as object);
const matching = new Script('new RegExp(pattern, "u").test(text)');

/** Whether a pattern matches; undefined if it takes too long to tell. */
function matches(pattern: string, text: string): boolean | undefined {
  Object.assign(sandbox, { pattern, text });
  for (let tries = 1; ; tries++) {
    const before = process.cpuUsage();
    try {
      return matching.runInContext(sandbox, { timeout: MAX_MATCH_MS }) as boolean;
    } catch {
      const { user, system } = process.cpuUsage(before);
      if (tries === MAX_MATCH_TRIES || user + system >= (MAX_MATCH_MS * 1000) / 2) return undefined;
    }
  }
}

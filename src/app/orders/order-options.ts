// What the commands that give orders share on their command lines: why, for how long, in whose name.

import { userInfo } from 'node:os';
import { err, ok, type Result } from '../../base/result.ts';
import { parseDuration } from '../../config/units.ts';
import type { OptionValues } from '../commands/args.ts';
import { SERVER_HELP, SERVER_OPTIONS } from '../process/running-server.ts';
import { oneLine } from '../text/plain-text.ts';
import type { OrderRequest } from './orders.ts';

export const ORDER_OPTIONS = {
  ...SERVER_OPTIONS,
  reason: { type: 'string' },
  for: { type: 'string' },
  author: { type: 'string' },
  tool: { type: 'boolean' },
  'break-glass': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const ORDER_HELP = `  --reason TEXT   why, for those who find it; needed
  --for TIME      ends by itself after this time, such as 30m or 2h (default: stands until it is taken back)
  --author NAME   who orders it (default: your login name)
  --break-glass   do it although a safety rule (admin.safety) forbids it; the audit has it
  --tool          it is a tool that orders it; orders of people are stronger
${SERVER_HELP}
  --json          print what was done as JSON`;

/** What GLOB may be, for the help. */
export const GLOB_HELP = `GLOB is a site, a pool or a member by its name, or says which: site:fra, pool:web, web/fra; or a server
inside a site, server:fra/web/server-1. * and ? stand for any text and any one character: 'web/*', 'site:eu-*'.`;

const MAX_REASON_LENGTH = 1000;
const MAX_AUTHOR_LENGTH = 512;
const LONGEST_MS = 3650 * 86_400_000;

export type OrderTerms = Pick<OrderRequest, 'source' | 'author' | 'reason' | 'forMs' | 'breaksGlass'>;

/** The terms of an order, or a sentence on what is wrong with them. */
export function readTerms(values: OptionValues, loginName: () => string = userName): Result<OrderTerms, string> {
  const reason = oneLine(String(values['reason'] ?? '')).trim();
  if (reason === '') return err('--reason is missing: say why, for those who find it');
  if (reason.length > MAX_REASON_LENGTH)
    return err(`--reason has at most ${MAX_REASON_LENGTH} characters, found ${reason.length}`);
  const author = oneLine(String(values['author'] ?? loginName())).trim();
  if (author === '' || author.length > MAX_AUTHOR_LENGTH)
    return err(`--author has 1 to ${MAX_AUTHOR_LENGTH} characters, found ${author.length}`);
  const text = values['for'];
  const forMs = typeof text === 'string' ? parseDuration(text) : null;
  if (forMs === undefined || (forMs !== null && (forMs < 1000 || forMs > LONGEST_MS))) {
    return err(`--for takes a time from 1s to 3650d such as 30m or 1h30m, found "${text}"`);
  }
  const glass = values['break-glass'] === true ? { breaksGlass: true } : {};
  return ok({ source: values['tool'] === true ? 'tool' : 'human', author, reason, forMs, ...glass });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in the system's list, as in many containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

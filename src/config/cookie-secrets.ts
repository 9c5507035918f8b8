// The file of DNS Cookie secrets: one or two lines of 32 hexadecimal digits, the first for signing. Blank lines and lines that
// begin with # are skipped. A complaint never quotes the file: it may hold a secret with a slip in it.

import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readRegularFile } from './files.ts';

const MAX_FILE_OCTETS = 4096;
/** One in use, and its successor or predecessor while it is being changed (RFC 9018 section 5). */
const MAX_SECRETS = 2;
const SECRET = /^[0-9a-fA-F]{32}$/;

/** Secrets of 16 octets each, at least one. */
export function readCookieSecrets(file: string): Result<readonly Uint8Array[], readonly Problem[]> {
  const problem = (message: string, line?: number): Problem => ({
    severity: 'error',
    code: 'ERR_CONFIG_COOKIE_SECRET',
    message,
    file,
    ...(line === undefined ? {} : { line }),
  });
  const read = readRegularFile(file, MAX_FILE_OCTETS);
  if (!read.ok) return err([problem(`cookie secrets cannot be read: ${read.error}`)]);
  const secrets: Uint8Array[] = [];
  const problems: Problem[] = [];
  for (const [index, raw] of new TextDecoder('latin1').decode(read.value.octets).split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (SECRET.test(line)) secrets.push(Uint8Array.from(Buffer.from(line, 'hex')));
    else problems.push(problem(`a secret must be 32 hexadecimal digits, found ${line.length} other characters`, index + 1));
  }
  if (problems.length === 0 && (secrets.length === 0 || secrets.length > MAX_SECRETS)) {
    problems.push(problem(`there must be 1 to ${MAX_SECRETS} cookie secrets, found ${secrets.length}`));
  }
  return problems.length > 0 ? err(problems) : ok(secrets);
}

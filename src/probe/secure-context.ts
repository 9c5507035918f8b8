// What TLS needs from files, kept for a while: making a context parses every authority of the system, which takes longer than
// a check. Files are read again after a minute, so a renewed certificate needs no reload.

import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { err, ok, type Result } from '../base/result.ts';
import { codeOf, messageOf } from './finding.ts';

interface Files {
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}

const KEPT_MS = 60_000;
/** More combinations of files than any configuration has; beyond it, all are forgotten. */
const MAX_KEPT = 1000;

const kept = new Map<string, { readonly context: SecureContext; readonly madeMs: number }>();

/** A context, or why there can be none. */
export function secureContext({ caFile, certificateFile, keyFile }: Files): Result<SecureContext, string> {
  const key = JSON.stringify([caFile, certificateFile, keyFile]);
  const known = kept.get(key);
  const nowMs = performance.now();
  if (known !== undefined && nowMs - known.madeMs < KEPT_MS) return ok(known.context);
  try {
    const context = createSecureContext({
      ...(caFile === null ? {} : { ca: readFileSync(caFile) }),
      ...(certificateFile === null ? {} : { cert: readFileSync(certificateFile) }),
      ...(keyFile === null ? {} : { key: readFileSync(keyFile) }),
    });
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(key, { context, madeMs: nowMs });
    return ok(context);
  } catch (error) {
    const files = [caFile, certificateFile, keyFile].filter((file) => file !== null).join(', ');
    return err(`TLS files ${files} cannot be used: ${codeOf(error) || messageOf(error)}`);
  }
}

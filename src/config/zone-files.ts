// A zone from its files: read, parsed, checked by itself, and checked against the policies its GSLB records name.
// $INCLUDE stays inside the directory of the zone's own file, symbolic links resolved, so that whoever may write a zone
// cannot have other files of the machine read into an error message or an answer.

import { realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { hasErrors, type Problem } from '../base/errors.ts';
import { reasonOf } from '../base/file-reason.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { ZoneSource } from '../model/snapshot.ts';
import type { SteeringModel } from '../model/steering.ts';
import { checkZone } from '../zone/check.ts';
import { DEFAULT_LIMITS } from '../zone/limits.ts';
import { type IncludeReader, parseZone } from '../zone/parser.ts';
import type { ZoneRecords } from '../zone/records.ts';
import { type FileStamp, type FileText, readRegularFile } from './files.ts';
import { checkGslbUses, findGslbUses, type GslbUse } from './gslb-uses.ts';

export interface LoadedZone {
  /** Absent if there is any error. */
  readonly records?: ZoneRecords;
  /** Errors and warnings, in order of the checks. */
  readonly problems: readonly Problem[];
  /** Every file that was read, included ones too: unchanged files (areUnchanged) make the same zone. */
  readonly files: readonly FileStamp[];
  /** The zone's use of policies, to be checked again (checkGslbUses) when policies change and the zone does not. */
  readonly gslbUses: readonly GslbUse[];
}

/** Never throws for what is in the files. With a `draft` as if the zone's own file held that text. */
export function loadZone(source: ZoneSource, model: SteeringModel, draft?: Uint8Array): LoadedZone {
  const text = draft === undefined ? readRegularFile(source.file, DEFAULT_LIMITS.textOctets) : ok(draftOf(source.file, draft));
  if (!text.ok) return unreadable(source.file, text.error);
  const directory = dirname(source.file);
  const realDirectory = realPath(directory);
  if (!realDirectory.ok) return unreadable(source.file, realDirectory.error);
  const files = [text.value.stamp];

  const readInclude: IncludeReader = (path, fromFile) => {
    const real = realPath(resolve(dirname(fromFile), path));
    if (!real.ok) return real;
    const inside = relative(realDirectory.value, real.value);
    if (/^\.\.(\/|$)/.test(inside)) return err(`it lies outside ${directory}, the directory of the zone`);
    const file = join(directory, inside); // one name for one file, however it was asked for
    const included = readRegularFile(file, DEFAULT_LIMITS.textOctets);
    if (!included.ok) return included;
    files.push(included.value.stamp);
    return ok({ file, text: included.value.octets });
  };

  const { records, problems } = parseZone({ origin: source.origin, file: source.file, text: text.value.octets, readInclude });
  const gslbUses = findGslbUses(records);
  const all = [...problems, ...checkZone(records, !hasErrors(problems)), ...checkGslbUses(gslbUses, model)];
  return { ...(hasErrors(all) ? {} : { records }), problems: all, files, gslbUses };
}

const draftOf = (file: string, octets: Uint8Array): FileText => ({
  octets,
  stamp: { file, size: octets.length, mtimeMs: Number.NaN }, // never that of the file, so it is never taken for it
});

function unreadable(file: string, reason: string): LoadedZone {
  const message = `zone file cannot be read: ${reason}`;
  return { problems: [{ severity: 'error', code: 'ERR_ZONE_FILE', message, file }], files: [], gslbUses: [] };
}

function realPath(file: string): Result<string, string> {
  try {
    return ok(realpathSync(file));
  } catch (error) {
    return err(reasonOf(error));
  }
}

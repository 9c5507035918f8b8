// The semantic check of a zone: everything that its records must not say together. It works on columns and integers, so
// that a million names cost half a second and no objects; see check-view.ts for what the parts have in common.

import type { Problem } from '../base/errors.ts';
import { checkAliases } from './check-aliases.ts';
import { checkApex, checkOwners } from './check-owners.ts';
import { checkRrsets } from './check-rrsets.ts';
import { checkTargets } from './check-targets.ts';
import { ZoneView } from './check-view.ts';
import { ProblemLog } from './problem-log.ts';
import type { ZoneRecords } from './records.ts';

/**
 * Errors and warnings, with the line of the record each is about (column 1). Policies of GSLB records are not looked up.
 * `isWhole`: whether the text had no errors. If it had, an unreadable line may hold what seems to be missing, so nothing
 * is said to be missing.
 */
export function checkZone(records: ZoneRecords, isWhole = true): Problem[] {
  const view = new ZoneView(records, new ProblemLog());
  if (isWhole) checkApex(view);
  checkOwners(view);
  checkRrsets(view);
  checkTargets(view, isWhole);
  checkAliases(view);
  return view.log.problems();
}

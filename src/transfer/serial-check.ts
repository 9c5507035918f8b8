// A new version of a zone beside the one before: do secondaries have a chance to see that it is new? The serial is the operator's
// and nobody else's: steering, health and reloads never change it.

import type { Problem } from '../base/errors.ts';
import { nameToText } from '../wire/name.ts';
import { APEX, type ZoneImage } from '../zone/image.ts';
import { isAfter } from './serial.ts';
import { fingerprint } from './static-records.ts';

/** The ERR_ZONE_SERIAL warning that the new version deserves, if any. `file` is where its SOA record is. */
export function checkSerial(before: ZoneImage, after: ZoneImage, file: string): Problem | undefined {
  if (isAfter(after.serial, before.serial)) return undefined;
  const isSame = after.serial === before.serial;
  if (isSame && fingerprint(after) === fingerprint(before)) return undefined;
  const name = nameToText(after.octets, after.nameOffset(APEX));
  const message = isSame
    ? `zone ${name} has other records than before but the same serial ${after.serial}; secondaries will not take them over, raise it`
    : `zone ${name} has serial ${after.serial}, which does not come after ${before.serial} (RFC 1982); secondaries will not take it over`;
  return { severity: 'warning', code: 'ERR_ZONE_SERIAL', message, file };
}

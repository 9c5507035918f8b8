// The steering record: `owner max/min GSLB policy`. Its RDATA (see records.ts) is the minimum TTL and the policy's name;
// it never leaves the server.

import { readU32 } from '../wire/octets.ts';
import { latin1 } from './lexer.ts';
import type { ZoneRecords } from './records.ts';

/** Octets before the policy's name in the RDATA. */
export const GSLB_NAME_AT = 4;

const POLICY_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

export const isPolicyName = (text: string): boolean => POLICY_NAME.test(text);

export const gslbMinTtlSec = (octets: Uint8Array, offset: number): number => readU32(octets, offset);

/** Name of the policy in valid RDATA. */
export const gslbPolicy = (octets: Uint8Array, offset: number, length: number): string =>
  latin1(octets, offset + GSLB_NAME_AT, offset + length);

/** Name of the policy of a GSLB record. */
export const policyOf = (records: ZoneRecords, record: number): string =>
  gslbPolicy(records.octets, records.rdataOffset[record]!, records.rdataLength[record]!);

/** A sentence on what is wrong with RDATA that came as octets, or undefined. `maxTtlSec` is the TTL of the record. */
export function checkGslb(octets: Uint8Array, offset: number, length: number, maxTtlSec: number): string | undefined {
  if (length <= GSLB_NAME_AT) return 'data of GSLB is a minimum TTL of four octets and the name of a policy';
  if (gslbMinTtlSec(octets, offset) > maxTtlSec) return `minimum TTL is above the TTL of ${maxTtlSec} seconds`;
  return isPolicyName(gslbPolicy(octets, offset, length)) ? undefined : POLICY_NAME_FORM;
}

export const POLICY_NAME_FORM = 'name of a policy is 1 to 64 letters, digits, "_", "." and "-"';

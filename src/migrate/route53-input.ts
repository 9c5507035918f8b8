// What `aws route53 list-resource-record-sets` and `list-health-checks` print, as far as it matters here (Route 53 API reference,
// ResourceRecordSet and HealthCheckConfig). JSON that has another shape is an error that names the file.

import { err, ok, type Result } from '../base/result.ts';
import { type Fields, isFields, number, text } from './fields.ts';

export interface RecordSet {
  /** Absolute, in the notation of master files, lower case. */
  readonly name: string;
  readonly type: string;
  readonly ttlSec: number | undefined;
  readonly values: readonly string[];
  readonly id: string | undefined;
  readonly weight: number | undefined;
  readonly region: string | undefined;
  readonly failover: string | undefined;
  readonly isMultivalue: boolean;
  readonly geolocation: Readonly<Record<string, unknown>> | undefined;
  readonly geoproximity: Readonly<Record<string, unknown>> | undefined;
  readonly isCidr: boolean;
  readonly alias: { readonly name: string; readonly evaluatesHealth: boolean } | undefined;
  readonly healthCheck: string | undefined;
  /** Made by a traffic policy, whose rules are not in the export. */
  readonly isOfTrafficPolicy: boolean;
}

export interface HealthCheck {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Route53Document {
  readonly recordSets: readonly RecordSet[];
  readonly healthChecks: readonly HealthCheck[];
  /** The output ends before the list does. */
  readonly isTruncated: boolean;
}

const TEXT_TYPES = ['TXT'];

/** The error is a sentence. */
export function readRoute53(text: string): Result<Route53Document, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return err(`is not JSON: ${(error as Error).message}`);
  }
  if (!isFields(json)) return err('must be an object with ResourceRecordSets or HealthChecks');
  const { ResourceRecordSets: sets, HealthChecks: checks } = json;
  if (!Array.isArray(sets) && !Array.isArray(checks)) return err('has neither a list ResourceRecordSets nor a list HealthChecks');
  const recordSets: RecordSet[] = [];
  for (const [i, set] of (Array.isArray(sets) ? sets : []).entries()) {
    const read = isFields(set) ? recordSet(set) : undefined;
    if (read === undefined)
      return err(`ResourceRecordSets[${i}] must have a Name, a Type, and ResourceRecords or an AliasTarget`);
    recordSets.push(read);
  }
  const healthChecks: HealthCheck[] = [];
  for (const [i, check] of (Array.isArray(checks) ? checks : []).entries()) {
    const config = isFields(check) ? check['HealthCheckConfig'] : undefined;
    if (!isFields(check) || typeof check['Id'] !== 'string' || !isFields(config))
      return err(`HealthChecks[${i}] must have an Id and a HealthCheckConfig`);
    healthChecks.push({ id: check['Id'], config });
  }
  const isTruncated = json['IsTruncated'] === true || typeof json['NextToken'] === 'string';
  return ok({ recordSets, healthChecks, isTruncated });
}

function recordSet(set: Fields): RecordSet | undefined {
  const { Name: name, Type: type, AliasTarget: alias, ResourceRecords: records } = set;
  if (typeof name !== 'string' || typeof type !== 'string') return undefined;
  if (!isFields(alias) && !Array.isArray(records)) return undefined;
  const printed = (Array.isArray(records) ? records : []).flatMap(
    (record) => text(isFields(record) ? record['Value'] : undefined) ?? [],
  );
  const values = TEXT_TYPES.includes(type) ? printed.map(decimalEscapes) : printed;
  const target = isFields(alias) ? text(alias['DNSName']) : undefined;
  if (target === undefined && values.length === 0) return undefined;
  const location = set['GeoLocation'];
  const proximity = set['GeoProximityLocation'];
  return {
    name: nameOf(name),
    type,
    ttlSec: number(set['TTL']),
    values,
    id: text(set['SetIdentifier']),
    weight: number(set['Weight']),
    region: text(set['Region']),
    failover: text(set['Failover']),
    isMultivalue: set['MultiValueAnswer'] === true,
    geolocation: isFields(location) ? location : undefined,
    geoproximity: isFields(proximity) ? proximity : undefined,
    isCidr: isFields(set['CidrRoutingConfig']),
    alias:
      target === undefined
        ? undefined
        : { name: nameOf(target), evaluatesHealth: isFields(alias) && alias['EvaluateTargetHealth'] === true },
    healthCheck: text(set['HealthCheckId']),
    isOfTrafficPolicy: text(set['TrafficPolicyInstanceId']) !== undefined,
  };
}

/** Absolute, lower case, an asterisk as itself. */
export const nameOf = (name: string): string =>
  `${decimalEscapes(name).replaceAll('\\042', '*').toLowerCase().replace(/\.$/, '')}.`;

/** Route 53 escapes octets in octal, master files in decimal. A backslash that is escaped itself begins neither. */
const decimalEscapes = (printed: string): string =>
  printed.replaceAll(/\\(?:([0-3][0-7]{2})|\\)/g, (whole, octal: string | undefined) =>
    octal === undefined ? whole : `\\${String(Number.parseInt(octal, 8)).padStart(3, '0')}`,
  );

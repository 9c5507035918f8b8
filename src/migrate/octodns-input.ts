// The records of a zone as octoDNS keeps them in YAML (its YamlProvider): a map from labels to one record or a list of them. The YAML itself
// is read by whoever calls; here its values get types. What is no record is an error that names the label.

import { err, ok, type Result } from '../base/result.ts';
import { type Fields, isFields, listOf, number, text } from './fields.ts';

export interface OctodnsRecord {
  /** Absolute. */
  readonly name: string;
  readonly type: string;
  readonly ttlSec: number;
  /** Text of simple types, maps of others. */
  readonly values: readonly unknown[];
  /** `dynamic`: pools and rules. */
  readonly dynamic: Fields | undefined;
  /** `geo`, the older way: place -> addresses. */
  readonly geo: Fields | undefined;
  readonly healthCheck: Fields | undefined;
  /** Other settings for octoDNS and its providers. */
  readonly settings: readonly string[];
}

export interface OctodnsZone {
  /** Without the final dot. */
  readonly name: string;
  readonly file: string;
  /** What the YAML of the file stands for. */
  readonly document: unknown;
  /** TTL of records without one, in seconds: `default_ttl` of the provider. */
  readonly defaultTtlSec: number;
}

/** Settings that are followed here, or concern only what octoDNS accepts. */
const FOLLOWED = ['healthcheck', 'ignored', 'lenient'];

/** The error is a sentence. */
export function readOctodns({ name: zone, document, defaultTtlSec }: OctodnsZone): Result<readonly OctodnsRecord[], string> {
  if (!isFields(document)) return err('must be a map from labels to records');
  const records: OctodnsRecord[] = [];
  for (const [label, entry] of Object.entries(document)) {
    for (const found of listOf(entry)) {
      const type = isFields(found) ? text(found['type']) : undefined;
      if (!isFields(found) || type === undefined) return err(`"${label}" must be a record with a type, or a list of such`);
      const settings = isFields(found['octodns']) ? found['octodns'] : {};
      if (settings['ignored'] === true) continue;
      records.push({
        name: label === '' || label === '@' ? `${zone}.` : `${label}.${zone}.`,
        type: type.toUpperCase(),
        ttlSec: number(found['ttl']) ?? defaultTtlSec,
        values: found['values'] === undefined ? listOf(found['value']) : listOf(found['values']),
        dynamic: isFields(found['dynamic']) ? found['dynamic'] : undefined,
        geo: isFields(found['geo']) ? found['geo'] : undefined,
        healthCheck: isFields(settings['healthcheck']) ? settings['healthcheck'] : undefined,
        settings: Object.keys(settings).filter((key) => !FOLLOWED.includes(key)),
      });
    }
  }
  return ok(records);
}

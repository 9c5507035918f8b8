// Zones that octoDNS keeps in YAML to a draft: plain records become lines of the zone, names with dynamic records get a GSLB record and a
// policy. octoDNS leaves SOA, and often NS, to the providers that it fills; here the zone gets some, which the report asks to be looked at.

import type { Problem } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import { Draft } from './draft.ts';
import { failed } from './failed.ts';
import { octodnsData } from './octodns-data.ts';
import { type OctodnsRecord, type OctodnsZone, readOctodns } from './octodns-input.ts';
import { isDynamic, OctodnsRules } from './octodns-rules.ts';

const SOA_TTL_SEC = 3600;
/** Refresh, retry, expire, and the TTL of what does not exist, in seconds. */
const SOA_TIMES = '3600 600 604800 300';
/** Record types that a dynamic record may have. */
const STEERED = ['A', 'AAAA', 'CNAME'];
/** Says of a server that is not there that it is not (RFC 6761, section 6.4). */
const NOBODY = 'invalid.';

export function importOctodns(zones: readonly OctodnsZone[]): Result<Draft, Problem> {
  const draft = new Draft();
  const rules = new OctodnsRules(draft);
  for (const zone of zones) {
    const records = readOctodns(zone);
    if (!records.ok) return failed(zone.file, records.error);
    draft.zones.set(zone.name, zoneText(zone, records.value, draft, rules));
  }
  if (draft.sites.size > 0)
    draft.lose(
      'sites',
      'octoDNS does not know where its pools are: each is a site at 0, 0, which matters only to "nearest" and to spill',
    );
  return ok(draft);
}

function zoneText(
  { name: zone, file }: OctodnsZone,
  records: readonly OctodnsRecord[],
  draft: Draft,
  rules: OctodnsRules,
): string {
  const origin = `${zone}.`;
  const servers = records
    .filter(({ name, type }) => name === origin && type === 'NS')
    .flatMap(({ values }) => values.map(String));
  const primary = servers[0] ?? NOBODY;
  if (servers.length === 0)
    draft.lose(file, `no NS record at ${origin}, where providers put their own; "${NOBODY}" stands there and must be replaced`);
  draft.lose(file, 'octoDNS keeps no SOA record; one was made up');
  const lines = [
    `; Zone ${origin} as octoDNS had it.`,
    `${origin} ${SOA_TTL_SEC} SOA ${primary} hostmaster.${origin} 1 ${SOA_TIMES}`,
    ...(servers.length === 0 ? [`${origin} ${SOA_TTL_SEC} NS ${NOBODY}`] : []),
  ];
  const steered = new Set(records.filter((record) => STEERED.includes(record.type) && isDynamic(record)).map(({ name }) => name));
  for (const { name, type, settings } of records)
    for (const setting of settings)
      draft.lose(
        `${name} ${type}`,
        `the setting ${setting} of octoDNS, for single providers, is not followed; the record is taken`,
      );
  for (const record of records) {
    if (steered.has(record.name) && STEERED.includes(record.type)) continue;
    const where = `${record.name} ${record.type}`;
    if (isDynamic(record)) draft.lose(where, 'dynamic records of this type have no counterpart; its plain values are taken');
    const data = record.values.map((value) => octodnsData(record.type, value));
    if (data.length === 0 || data.includes(undefined)) draft.lose(where, unknown(record));
    else for (const each of data) lines.push(`${record.name} ${record.ttlSec} ${record.type} ${each}`);
  }
  for (const name of steered) {
    const own = records.filter((record) => record.name === name && STEERED.includes(record.type));
    const isAlone = name !== origin && records.every((record) => record.name !== name || own.includes(record));
    if (own.some(({ type }) => type === 'CNAME') && !isAlone) {
      draft.lose(name, 'a CNAME cannot stand at the apex or beside other records; left out');
      continue;
    }
    const policy = rules.policyOf(own);
    if (policy === undefined) {
      draft.lose(name, 'nothing of its dynamic record could be carried over; left out');
      continue;
    }
    const made = draft.addPolicy(name.replace(/\.$/, '').replaceAll('*', 'any'), policy);
    lines.push(`${name} ${Math.min(...own.map(({ ttlSec }) => ttlSec))} GSLB ${made}`);
  }
  return `${lines.join('\n')}\n`;
}

const unknown = ({ type }: OctodnsRecord): string =>
  type === 'ALIAS'
    ? 'an ALIAS has no counterpart (a GSLB record with addresses may stand at the apex); left out'
    : type === 'SPF'
      ? 'records of the type SPF are obsolete (RFC 7208, section 3.1), a TXT record says the same; left out'
      : 'this type, or one of its values, is not known; left out';

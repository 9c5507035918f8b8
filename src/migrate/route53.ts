// Hosted zones of Route 53, as exported by its command line, to a draft: what is plain goes into the zone as it is, names that are routed or
// are aliases get a GSLB record and a policy.

import type { Problem } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import { Draft } from './draft.ts';
import { failed } from './failed.ts';
import { Route53Health } from './route53-health.ts';
import { type HealthCheck, type RecordSet, readRoute53 } from './route53-input.ts';
import { kindOf, Route53Rules } from './route53-rules.ts';

/** What Route 53 answers for an alias, which has no TTL of its own, in seconds. */
const ALIAS_TTL_SEC = 60;
const ADDRESS_TYPES = ['A', 'AAAA', 'CNAME'];

export interface Document {
  readonly file: string;
  readonly text: string;
}

export function importRoute53(documents: readonly Document[]): Result<Draft, Problem> {
  const draft = new Draft();
  const zones: { file: string; sets: readonly RecordSet[] }[] = [];
  const checks: HealthCheck[] = [];
  for (const { file, text } of documents) {
    const document = readRoute53(text);
    if (!document.ok) return failed(file, document.error);
    if (document.value.isTruncated)
      draft.lose(
        file,
        'the output says that it is cut off: what follows its last entry is missing; export it whole, without --max-items',
      );
    checks.push(...document.value.healthChecks);
    if (document.value.recordSets.length > 0) zones.push({ file, sets: document.value.recordSets });
  }
  const health = new Route53Health(draft, checks);
  for (const { file, sets } of zones) {
    const origin = sets.find(({ type }) => type === 'SOA')?.name;
    if (origin === undefined) return failed(file, 'there is no SOA record, which names the zone');
    draft.zones.set(origin.replace(/\.$/, ''), zoneText(origin, sets, draft, new Route53Rules(draft, health, sets)));
  }
  if (draft.sites.has('unplaced'))
    draft.lose(
      'sites',
      'what Route 53 gives no region is at the site "unplaced" at 0, 0, which matters only to "nearest" and to spill',
    );
  return ok(draft);
}

function zoneText(origin: string, sets: readonly RecordSet[], draft: Draft, rules: Route53Rules): string {
  const lines = [`; Zone ${origin} as it was in Route 53.`];
  const soaFirst = sets.toSorted((a, b) => rank(a) - rank(b));
  const dynamic = new Set(sets.filter((set) => ADDRESS_TYPES.includes(set.type) && isDynamic(set)).map(({ name }) => name));
  for (const set of soaFirst) {
    if (set.isOfTrafficPolicy)
      draft.lose(
        `${set.name} ${set.type}`,
        'a traffic policy made it, whose rules are not in the export; what it is now is taken',
      );
    if (ADDRESS_TYPES.includes(set.type) && dynamic.has(set.name)) continue;
    if (set.type === 'SPF')
      draft.lose(
        `${set.name} SPF`,
        'records of the type SPF are obsolete (RFC 7208, section 3.1), a TXT record says the same; left out',
      );
    else if (set.alias !== undefined) draft.lose(`${set.name} ${set.type}`, 'an alias of this type has no counterpart; left out');
    else if (kindOf(set) !== 'simple')
      draft.lose(`${set.name} ${set.type} ${set.id ?? ''}`.trim(), 'routing of this type has no counterpart; left out');
    else for (const value of set.values) lines.push(`${set.name} ${set.ttlSec ?? ALIAS_TTL_SEC} ${set.type} ${value}`);
  }
  for (const name of dynamic) {
    const own = sets.filter((set) => set.name === name && ADDRESS_TYPES.includes(set.type));
    const isAlone = name !== origin && sets.every((set) => set.name !== name || ADDRESS_TYPES.includes(set.type));
    const leadsAway = own.some(
      ({ type, alias }) => type === 'CNAME' || (alias !== undefined && !sets.some((set) => set.name === alias.name)),
    );
    if (leadsAway && !isAlone) {
      draft.lose(
        name,
        'an alias to a name elsewhere is a CNAME here, which cannot stand at the apex or beside other records; left out',
      );
      continue;
    }
    const found = rules.ruleOf(name);
    if (found === undefined) {
      draft.lose(name, 'nothing of it could be carried over; left out');
      continue;
    }
    const policy = draft.addPolicy(name.replace(/\.$/, '').replaceAll('*', 'any'), {
      rule: found.rule,
      ...(found.answers > 1 ? { answers: found.answers } : {}),
    });
    const ttlSec = Math.min(...own.map((set) => set.ttlSec ?? ALIAS_TTL_SEC));
    lines.push(`${name} ${ttlSec} GSLB ${policy}`);
  }
  return `${lines.join('\n')}\n`;
}

const isDynamic = (set: RecordSet): boolean => set.alias !== undefined || kindOf(set) !== 'simple';
const rank = ({ type }: RecordSet): number => (type === 'SOA' ? 0 : type === 'NS' ? 1 : 2);

// Places that a `map` knows: the codes of other servers are not always ISO's, and their networks may have bits behind the prefix. A place
// that does not exist here is left out and told, so that one of many does not make the whole result unusable.

import { formatAddress, maskOctets, parseAddress, parseCidr } from '../base/address.ts';
import { COUNTRIES } from '../geo/centroids.ts';
import type { DraftMap, DraftRule } from './draft-rule.ts';

type Rules = Readonly<Record<string, DraftRule>>;
type Tell = (what: string) => void;

const CONTINENTS = new Set([...COUNTRIES.values()].map(({ continent }) => continent));
const IPV4_BITS = 32;
const IPV6_BITS = 128;
const MAX_ASN = 4_294_967_295;

/** The rule with the places that exist, in all maps within. */
export function withKnownPlaces(rule: DraftRule, tell: Tell): DraftRule {
  if ('failover' in rule) return { failover: rule.failover.map((each) => withKnownPlaces(each, tell)) };
  if ('weighted' in rule) return { weighted: rule.weighted.map((each) => ({ ...each, rule: withKnownPlaces(each.rule, tell) })) };
  if (!('map' in rule)) return rule;
  const { default: otherwise, ...maps } = rule.map;
  const known = Object.entries(maps).flatMap(([kind, rules]) => {
    const kept = knownOf(kind as keyof typeof maps, rules as Rules, tell);
    return Object.keys(kept).length > 0 ? [[kind, kept] as const] : [];
  });
  const last = withKnownPlaces(otherwise, tell);
  return known.length === 0 ? last : { map: { ...Object.fromEntries(known), default: last } as DraftMap };
}

function knownOf(kind: Exclude<keyof DraftMap, 'default'>, rules: Rules, tell: Tell): Rules {
  const kept: Record<string, DraftRule> = {};
  for (const [written, rule] of Object.entries(rules)) {
    const key = KEYS[kind](written);
    if (key === undefined) {
      tell(`${written} is not a ${kind} here; its clients are answered by the rule around it`);
      continue;
    }
    if (key !== written) tell(`${written} is written ${key}`);
    kept[key] ??= withKnownPlaces(rule, tell);
  }
  return kept;
}

/** The key as it is written here; undefined if there is no such place. */
const KEYS: Readonly<Record<Exclude<keyof DraftMap, 'default'>, (text: string) => string | undefined>> = {
  continent: (code) => (CONTINENTS.has(code) ? code : undefined),
  country,
  subdivision: (code) => {
    const [, of = '', part] = /^(..)-([A-Z0-9]{1,3})$/.exec(code) ?? [];
    const known = country(of);
    return known === undefined || part === undefined ? undefined : `${known}-${part}`;
  },
  asn: (text) => (/^(?:AS)?[1-9]\d{0,9}$/.test(text) && Number(text.replace('AS', '')) <= MAX_ASN ? text : undefined),
  network,
};

function country(code: string): string | undefined {
  return COUNTRIES.has(code) ? code : code === 'UK' ? 'GB' : undefined; // the code that everybody writes, and ISO reserves
}

/** Without the bits behind the prefix. */
function network(text: string): string | undefined {
  if (parseCidr(text) !== undefined) return text;
  const [, written = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(written);
  if (address === undefined) return undefined;
  const { octets, family } = address;
  if (Number(length) > (family === 4 ? IPV4_BITS : IPV6_BITS)) return undefined;
  maskOctets(octets, Number(length), octets.length);
  return `${formatAddress(octets, family)}/${length}`;
}
